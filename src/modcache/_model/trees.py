"""Syntax trees compared without their positions: as wholes, and without the bodies of their functions (as *shells*).

Two trees are walked side by side up to the first difference. To write each of them out and compare the texts, as
``ast.dump`` would have it, costs as much for those that differ in the first line as for those that are the same.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Any

__all__ = ["Shape", "nodes", "same_shell", "same_tree"]

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Pair = tuple[Any, Any]


class Shape:
    """A statement's tree as the key of a dict: equal where the trees say the same."""

    __slots__ = ("_label", "_node")

    def __init__(self, node: ast.stmt) -> None:
        self._node = node
        names: list[ast.alias] = getattr(node, "names", None) or []
        self._label = type(node), getattr(node, "name", ""), tuple(getattr(alias, "name", alias) for alias in names)

    def __hash__(self) -> int:
        return hash(self._label)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Shape) and self._label == other._label and same_tree(self._node, other._node)


def same_tree(one: ast.AST, other: ast.AST) -> bool:
    """Do two trees say the same?"""
    stack: list[_Pair] = [(one, other)]
    while stack:
        left, right = stack.pop()
        if left is not right and not _same_fields(left, right, type(left)._fields, stack):
            return False
    return True


def same_shell(one: ast.stmt, other: ast.stmt) -> bool:
    """Do two statements say the same but for the bodies of their functions? Then to patch the functions is enough.

    What a decorator, a metaclass or the compiler sees of a body counts: that it is a generator, that it uses
    ``super`` or ``__class__``, and the docstring wherever somebody may read it while the module executes.
    """
    functions: list[tuple[_Function, _Function, bool]] = []
    stack: list[tuple[Any, Any, bool]] = [(one, other, False)]
    while stack:
        left, right, read = stack.pop()
        parts: list[_Pair] = []
        if isinstance(left, _Function | ast.ClassDef):
            if not _same_fields(left, right, _HEADS[type(left)], parts):
                return False
            if isinstance(left, ast.ClassDef):
                read = read or bool(left.bases or left.keywords or left.decorator_list)
                if not _same_items(_class_body(left, read), _class_body(right, read), parts):
                    return False
            else:
                functions.append((left, right, read))
        elif left is not right and not _same_fields(left, right, type(left)._fields, parts):
            return False
        stack.extend((a, b, read) for a, b in parts)
    # last, since it takes a walk over the bodies
    return all(_marks(left, read) == _marks(right, read) for left, right, read in functions)


def _same_fields(left: Any, right: Any, fields: Iterable[str], parts: list[_Pair]) -> bool:
    """Are two nodes of one kind, with the same values? Their inner nodes are added to ``parts``, to be compared."""
    if type(left) is not type(right):
        return False
    for name in fields:
        one, other = getattr(left, name, None), getattr(right, name, None)
        if isinstance(one, list):
            if not (isinstance(other, list) and _same_items(one, other, parts)):
                return False
        elif isinstance(one, ast.AST):
            parts.append((one, other))
        elif not _same_value(one, other):
            return False
    return True


def _same_items(one: list[Any], other: list[Any], parts: list[_Pair]) -> bool:
    if len(one) != len(other):
        return False
    for left, right in zip(one, other, strict=True):
        if isinstance(left, ast.AST):
            parts.append((left, right))
        elif not _same_value(left, right):
            return False
    return True


def _same_value(one: object, other: object) -> bool:
    # by what it looks like: 1, 1.0 and True are equal, and not the same
    return one is other or (
        type(one) is type(other) and (one == other if type(one) is str else repr(one) == repr(other))
    )


def _class_body(node: ast.ClassDef, read: bool) -> list[ast.stmt]:
    return node.body if read or ast.get_docstring(node) is None else node.body[1:]


def _marks(node: _Function, read: bool) -> set[str]:
    """What is seen of a function's body from outside."""
    marks = set()
    for inner in nodes(node.body):
        if isinstance(inner, ast.Yield | ast.YieldFrom):
            marks.add("generator")
        elif isinstance(inner, ast.Name) and inner.id in {"super", "__class__"}:
            marks.add("super")
    doc = ast.get_docstring(node, clean=False)
    if doc is not None and (read or node.decorator_list):
        marks.add(f"doc {doc}")
    return marks


def nodes(statements: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All nodes below, in no order: ``ast.walk`` takes twice as long, and this is where a first plan's time goes."""
    stack: list[Any] = list(statements)
    while stack:
        node = stack.pop()
        yield node
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, ast.AST):
                stack.append(value)
            elif isinstance(value, list):
                stack.extend(item for item in value if isinstance(item, ast.AST))


_HEADS = {
    kind: tuple(name for name in kind._fields if name != "body")
    for kind in (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
}
