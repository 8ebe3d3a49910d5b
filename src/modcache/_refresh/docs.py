"""Docstrings as the compiler makes them, of modules and of classes whose statements are not executed."""

from __future__ import annotations

import ast
import dis
import sys
from collections.abc import Iterable, Iterator
from types import CodeType
from typing import Any

from modcache._model.source import Statement, first_line
from modcache._model.unit import Unit
from modcache._runtime.functions import raw_dict
from modcache._runtime.peek import home, is_a, qualname_of

__all__ = ["assigned", "class_docstrings", "docstring_of", "find_class", "followed"]


def docstring_of(unit: Unit) -> str | None:
    """The ``__doc__`` that a module gets."""
    if not unit.statements:
        return None
    return _literal(unit.statements[0].fragment.node)


def class_docstrings(node: ast.AST, prefix: str = "") -> Iterator[tuple[str, str | None]]:
    """(qualified name, docstring) of the classes of a statement that are not inside a function."""
    if isinstance(node, ast.ClassDef):
        prefix = f"{prefix}{node.name}."
        yield prefix[:-1], _literal(node.body[0])
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield from class_docstrings(child, prefix)


def class_lines(node: ast.AST, prefix: str = "") -> Iterator[tuple[str, int]]:
    """(qualified name, first line within the statement's own count) of the classes that are not inside a function."""
    if isinstance(node, ast.ClassDef):
        prefix = f"{prefix}{node.name}."
        yield prefix[:-1], first_line(node)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield from class_lines(child, prefix)


def followed(
    before: Statement, after: Statement, live: dict[str, Any], module: str
) -> Iterator[tuple[type, str, str, object]]:
    """What classes of a statement that is not executed get by their text alone: (class, name, member, value).

    Docstrings where they were edited; from 3.13 on the line of each class.
    """
    olds = dict(class_docstrings(before.fragment.node)) if before.fragment is not after.fragment else {}
    for name, doc in class_docstrings(after.fragment.node):
        if olds.get(name, doc) != doc and (kind := find_class(live, name, module)) is not None:
            yield kind, name, "__doc__", doc
    if sys.version_info >= (3, 13) and isinstance(node := after.fragment.node, ast.stmt):
        for name, line in class_lines(node):
            kind = find_class(live, name, module)
            if kind is not None and "__firstlineno__" in raw_dict(kind):
                yield kind, name, "__firstlineno__", line - first_line(node) + after.lineno


def assigned(
    codes: Iterable[list[CodeType]], live: dict[str, Any], module: str
) -> Iterator[tuple[type, str, str, object]]:
    """``__static_attributes__`` of the classes of a statement (3.13): what their methods assign to ``self``."""
    for code in (code for row in codes for code in row):
        kind = find_class(live, code.co_qualname, module)
        names = _stored(code, "__static_attributes__") if kind is not None else None
        # the order is that of a set: the same names are no change
        if kind is not None and names is not None and set(names) != set(raw_dict(kind)["__static_attributes__"]):
            yield kind, code.co_qualname, "__static_attributes__", names


def _stored(code: CodeType, name: str) -> tuple[str, ...] | None:
    """The constant that the body of a class binds to a name."""
    constant = None
    for instruction in dis.get_instructions(code):
        if instruction.opname == "STORE_NAME" and instruction.argval == name:
            return constant if isinstance(constant, tuple) else None
        constant = instruction.argval if "CONST" in instruction.opname else None
    return None


def find_class(namespace: dict[str, Any], qualname: str, module: str) -> type | None:
    """The live class of a qualified name, if it is the module's own."""
    first, *rest = qualname.split(".")
    found = namespace.get(first)
    for part in rest:
        found = raw_dict(found).get(part) if is_a(found, type) else None
    if is_a(found, type) and home(found) == module and qualname_of(found) == qualname:
        return found
    return None


def _literal(node: ast.stmt) -> str | None:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return _compiled(node.value.value)
    return None


def _compiled(text: str) -> str:
    # since 3.13 the compiler strips the indentation of docstrings: let it do that
    namespace: dict[str, Any] = {}
    exec(compile(repr(text), "<docstring>", "exec"), namespace)
    return str(namespace["__doc__"])
