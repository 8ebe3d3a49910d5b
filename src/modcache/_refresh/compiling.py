"""The versions that were found, compiled before anything else: those that can't be are put aside."""

from __future__ import annotations

from modcache import errors
from modcache._model.unit import Unit
from modcache._refresh.entry import Found

__all__ = ["take_out_broken"]


def take_out_broken(found: dict[str, Found]) -> dict[str, BaseException]:
    """Compile every version that was found; take out those that don't, and return what they raised."""
    failures: dict[str, BaseException] = {}
    for name, one in list(found.items()):
        try:
            if one.unit is not None:
                one.unit.check()
                _check_declaration(one.unit)
        except (SyntaxError, ValueError, RecursionError) as error:
            failures[name] = error
            del found[name]
    return failures


def _check_declaration(unit: Unit) -> None:
    """Raise if what a new version declares can't be heeded: it would not be refreshed as it was meant."""
    for mistake in unit.declared.mistakes:
        raise errors.DeclarationMistaken(f"{unit.name}, {mistake} ({unit.source.filename})")
