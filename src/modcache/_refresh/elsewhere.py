"""Functions that no name of their module leads to: in a table, with a registry, with whoever asked for them."""

from __future__ import annotations

import ast
import weakref
from collections import Counter
from collections.abc import Iterable, Iterator
from types import FunctionType
from typing import Any

from modcache._model.source import Fragment, first_line
from modcache._model.unit import Unit

__all__ = ["Elsewhere", "forget_elsewhere"]

_Function = ast.FunctionDef | ast.AsyncFunctionDef
Made = tuple[str, int]
"""Name and line of a function; the line as its code has it."""


class Elsewhere:
    """What is known of the functions that some statements (``indexes``) of a version made when they were executed.

    A statement makes its functions once. So when all of the heap was searched for them, what was found is remembered
    with the statement's fragment, until it is executed again: an edit further up must not cost a search each time.
    """

    def __init__(self, unit: Unit, indexes: Iterable[int]) -> None:
        self._unit = unit
        self._statements = [unit.statements[index] for index in indexes]

    def known(self) -> Iterator[FunctionType]:
        """The functions that an earlier search found."""
        for statement in self._statements:
            for reference in statement.fragment.__dict__.get("elsewhere", ()):
                if (function := reference()) is not None:
                    yield function

    def unmet(self, found: Iterable[FunctionType]) -> bool:
        """Is a function that a statement made neither among these nor known to be gone?"""
        codes = {id(function.__code__): function.__code__ for function in found}.values()
        met = Counter((code.co_name, code.co_firstlineno) for code in codes)
        # a line may have many lambdas, each with a code of its own: to have met one of them is not enough
        made = Counter(
            (name, line + statement.lineno)
            for statement in self._statements
            if "elsewhere" not in statement.fragment.__dict__
            for name, line in _made_by(statement.fragment)
        )
        return not made <= met

    def learn(self, indexes: Iterable[int], found: Iterable[FunctionType], namespace: dict[str, Any]) -> None:
        """These are all functions of the module's file that there are; ``namespace``: the module's own.

        ``indexes``: the statements of which that is to be remembered.
        """
        by_fragment: dict[int, list[weakref.ref[FunctionType]]] = {}
        for function in found:
            if function.__globals__ is namespace:
                index = self._unit.source.statement_at(function.__code__.co_firstlineno)
                if index is not None:
                    fragment = self._unit.statements[index].fragment
                    by_fragment.setdefault(id(fragment), []).append(weakref.ref(function))
        for index in indexes:
            fragment = self._unit.statements[index].fragment
            fragment.__dict__["elsewhere"] = by_fragment.get(id(fragment), [])


def forget_elsewhere(unit: Unit, indexes: Iterable[int] | None = None) -> None:
    """These statements (all of them) are executed again, or were: they make functions anew."""
    if unit.source.is_parsed:
        for index in range(len(unit.statements)) if indexes is None else indexes:
            unit.statements[index].fragment.__dict__.pop("elsewhere", None)


def _made_by(fragment: Fragment) -> tuple[Made, ...]:
    """The functions that a statement makes when it is executed; lines are counted from its first."""
    known: tuple[Made, ...] | None = fragment.__dict__.get("made_by")
    if known is None:
        start = first_line(fragment.node)
        found = ((name, line - start) for name, line in _functions(fragment.node))
        known = fragment.__dict__["made_by"] = tuple(found)
    return known


def _functions(node: ast.AST) -> Iterator[Made]:
    stack = [node]
    while stack:
        found = stack.pop()
        if isinstance(found, _Function):
            yield found.name, first_line(found)
            stack.extend([*found.decorator_list, found.args])
        elif isinstance(found, ast.Lambda):
            yield "<lambda>", found.lineno
            stack.append(found.args)
        else:
            stack.extend(ast.iter_child_nodes(found))
