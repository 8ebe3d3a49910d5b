"""Two versions of one class statement: which of its members differ, and which of its functions."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection

from modcache._model.facts import facts_of

__all__ = ["affected_members", "body_names", "changed_members", "function_text", "has_lambda"]

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def changed_members(before: ast.stmt, after: ast.stmt) -> set[str] | None:
    """The names in a class's body that differ; None where the class as such does (bases, decorators, keywords)."""
    if not isinstance(before, ast.ClassDef) or not isinstance(after, ast.ClassDef):
        return None
    if _head(before) != _head(after):
        return None
    one, other = _by_name(before), _by_name(after)
    common = [name for name in one if name in other]
    if common != [name for name in other if name in one] and _ordered(before):
        return None
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}


def affected_members(
    before: ast.stmt, after: ast.stmt, tainted: Collection[str], strings: bool
) -> set[str] | None:
    """The names in a class's body that will be other than they are: they differ, or use something that does.

    ``tainted``: identifiers that do; ``strings``: annotations are not executed. None: anything may, since a base, a
    decorator or the like does.
    """
    changed = changed_members(before, after)
    if changed is None or not isinstance(after, ast.ClassDef):
        return None
    words = {n.id for part in [*after.bases, *after.keywords, *after.decorator_list] for n in _names(part)}
    if not words.isdisjoint(tainted):
        return None
    while True:
        known = len(changed)
        for statement in after.body:
            facts = facts_of(statement, string_annotations=strings)
            if not facts.loads.isdisjoint(tainted) or not (facts.reads - facts.binds).isdisjoint(changed):
                changed |= facts.binds | ({"__annotations__"} if isinstance(statement, ast.AnnAssign) else set())
        if len(changed) == known:
            return changed


def _names(node: ast.AST) -> list[ast.Name]:
    return [inner for inner in ast.walk(node) if isinstance(inner, ast.Name)]


def _ordered(node: ast.ClassDef) -> bool:
    """Does the order of a class's body mean something? It may, if it holds more than functions."""
    return any(not isinstance(statement, _Function | ast.Expr | ast.Pass) for statement in node.body)


def _head(node: ast.ClassDef) -> list[str]:
    return [ast.dump(part) for part in [*node.bases, *node.keywords, *node.decorator_list]]


def _by_name(node: ast.ClassDef) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for index, statement in enumerate(node.body):
        if index == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            found["__doc__"].append(ast.dump(statement))
            continue
        names = facts_of(statement, string_annotations=False).binds or {"__body__"}
        for name in names:
            found[name].append(ast.dump(statement))
        if isinstance(statement, ast.AnnAssign):
            found["__annotations__"].append(ast.dump(statement.annotation))
    return found


def body_names(node: ast.stmt) -> set[str]:
    """The names that the body of a class statement binds."""
    if not isinstance(node, ast.ClassDef):
        return set()
    return {name for statement in node.body for name in facts_of(statement, string_annotations=True).binds}


def function_text(node: ast.stmt, qualname: str) -> list[str] | None:
    """The syntax of the functions of that name in a statement; None if there are none."""
    found = [ast.dump(function) for function in _named(node, qualname.split("."))]
    return found or None


def _named(node: ast.AST, parts: list[str]) -> list[ast.AST]:
    if isinstance(node, _Function | ast.ClassDef):
        if node.name != parts[0]:
            return []
        if len(parts) == 1:
            return [node]
        if isinstance(node, _Function):
            return []
        parts = parts[1:]
    found = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            found.extend(_named(child, parts))
    return found


def has_lambda(node: ast.AST) -> bool:
    """Does a statement make functions without a name?"""
    return any(isinstance(inner, ast.Lambda) for inner in ast.walk(node))
