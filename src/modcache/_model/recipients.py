"""To whom a statement gives what a name stands for, or what is made of it: those may call methods of it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from modcache._model.facts import chain_of

__all__ = ["recipients"]

_Loop = ast.comprehension | ast.For


def recipients(node: ast.stmt, name: str) -> list[tuple[str, ...] | None]:
    """The callees of the calls that are given a name, or what is made of it; None where it is not known who is.

    ``f(C())`` and ``f({"a": C()})`` give it to ``f``; ``f(C()).go()`` also to a method of what that made, and a loop
    over ``(C, D)`` to whatever it calls.
    """
    executed = list(_executed([node]))
    calls = [one for one in executed if isinstance(one, ast.Call)]
    given = [call for call in calls if _stands_in([*call.args, *call.keywords], name)]
    known = set(map(id, given))
    of_result = any(id(inner) in known for call in calls for inner in _executed([call.func]))
    looped = any(isinstance(one, _Loop) and _stands_in([one.iter], name) for one in executed)
    callees = [chain_of(call.func) for call in given]
    return [*callees, None] if of_result or (looped and calls) else callees


def _stands_in(parts: Iterable[ast.AST], name: str) -> bool:
    for one in _executed(parts):
        if (isinstance(one, ast.Name) and one.id == name) or (isinstance(one, ast.Attribute) and one.attr == name):
            return True
    return False


def _executed(parts: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All nodes but those of the bodies of functions."""
    todo = list(parts)
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            todo += [*node.decorator_list, node.args]
        else:
            todo.extend(ast.iter_child_nodes(node))
