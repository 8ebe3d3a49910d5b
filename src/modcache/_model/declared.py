"""A module's own word on how it is refreshed: ``__modcache__``, read from its text and never executed for that.

So a module can have a say without importing us, and the word of a new version counts before any of it has run.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modcache._model.unit import Unit

__all__ = ["NAME", "Declared", "declared_by"]

NAME = "__modcache__"
_WORDS = ("keep", "remake", "accept", "decline")


@dataclass(frozen=True, slots=True)
class Declared:
    """What a module says of itself.

    ``keep``: names whose objects stay whatever becomes of their statements; ``remake``: names that are built anew
    whenever the module is touched; ``accept``: modules (absolute names) whose changes it copes with itself;
    ``decline``: names whose change can't be made live, ``declines``: that is true of the whole module. ``mistakes``:
    what is wrong with the declaration, with its line.
    """

    keep: frozenset[str] = frozenset()
    remake: tuple[str, ...] = ()
    accept: frozenset[str] = frozenset()
    decline: frozenset[str] = frozenset()
    declines: bool = False
    mistakes: tuple[str, ...] = ()


_NOTHING = Declared()


def declared_by(unit: Unit) -> Declared:
    """What a version of a module declares; cheap where its text does not have the word."""
    if not unit.contains(NAME):
        return _NOTHING
    places = unit.binders.get(NAME, ())
    if not places:
        return _NOTHING
    statement = unit.statements[places[-1]]
    try:
        if len(places) > 1:
            raise _Mistake("is bound more than once: write it as one assignment")
        found = _literal(statement.fragment.node)
        names = {word: _names(word, found.get(word, ())) for word in _WORDS if found.get(word) is not True}
        declared = Declared(
            keep=frozenset(names["keep"]),
            remake=tuple(names["remake"]),
            accept=frozenset(_absolute(unit, name) for name in names["accept"]),
            decline=frozenset(names.get("decline", ())),
            declines=found.get("decline") is True,
        )
        _check(unit, declared)
    except _Mistake as mistake:
        return Declared(mistakes=(f"line {statement.lineno}: {NAME} {mistake}",))
    return declared


class _Mistake(Exception):
    """What is wrong with a declaration, in words that follow its name."""


def _literal(node: ast.stmt) -> dict[str, object]:
    match node:
        case ast.Assign(targets=[ast.Name()], value=value) | ast.AnnAssign(value=ast.expr() as value):
            try:
                found = ast.literal_eval(value)
            except (ValueError, TypeError, SyntaxError, RecursionError):
                found = None
            if isinstance(found, dict):
                unknown = [key for key in found if key not in _WORDS]
                if unknown:
                    raise _Mistake(f"has {unknown[0]!r}, which means nothing; there are {', '.join(_WORDS)}")
                return found
    raise _Mistake("can't be read: write it as one literal dict at the top level, it is not executed to be read")


def _names(word: str, found: object) -> tuple[str, ...]:
    if found is False and word == "decline":
        return ()
    if isinstance(found, list | tuple | set) and all(isinstance(name, str) for name in found):
        return tuple(found)
    ways = "a list of names, or True" if word == "decline" else "a list of names"
    raise _Mistake(f"has {found!r} for {word!r}: write {ways}")


def _absolute(unit: Unit, name: str) -> str:
    bare = name.lstrip(".")
    return unit.absolute(len(name) - len(bare), bare)


def _check(unit: Unit, declared: Declared) -> None:
    """Names that mean nothing are mistakes: what was meant by them would not happen, and nobody would know."""
    if both := declared.keep.intersection(declared.remake):
        raise _Mistake(f"both keeps and remakes {_first(both)}")
    if gone := _without(declared.keep | declared.decline, lambda name: _is_bound(unit, name)):
        raise _Mistake(f"names {_first(gone)}, which nothing in the module binds")
    if gone := _without(declared.remake, lambda name: name in unit.binders):
        raise _Mistake(f"remakes {_first(gone)}, which no statement of the module binds")
    if sure := [name for name in declared.keep if _is_definition(unit, name)]:
        raise _Mistake(f"keeps {_first(sure)}, a function or class: that stays by itself, and gets its new content")
    if strange := _without(declared.accept, lambda name: name in unit.targets):
        raise _Mistake(f"accepts {_first(strange)}, which the module does not import")


def _first(names: Iterable[str]) -> str:
    return repr(min(names))


def _without(names: Iterable[str], known: Callable[[str], bool]) -> list[str]:
    return [name for name in names if not known(name)]


def _is_bound(unit: Unit, name: str) -> bool:
    """May a name be bound: by a statement, by a function that has it as a global, or unseen?"""
    if name in unit.binders or unit.opaque or any(facts.kind == "star" for facts in unit.all_facts):
        return True
    return any(name in body.binds for _, body in unit.loaders.get(name, ()))


def _is_definition(unit: Unit, name: str) -> bool:
    return bool(kinds := set(_kinds(unit, name))) and kinds <= {"def", "class"}


def _kinds(unit: Unit, name: str) -> Iterator[str]:
    return (unit.facts(index).kind for index in unit.binders.get(name, ()))
