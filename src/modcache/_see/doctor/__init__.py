"""The doctor: what is wrong with a module cache, and with what fills it, as data."""

from __future__ import annotations

import json
import sys

from modcache._model.finding import Finding
from modcache._runtime.entries import Cache
from modcache._runtime.system import ImportSystem, interpreter
from modcache._see.doctor import bytecode, circular, entries, installed, paths

__all__ = ["doctor", "examine"]


def doctor(error: BaseException | None = None, *, system: ImportSystem = interpreter) -> tuple[Finding, ...]:
    """What is wrong with a module cache, and with the places that its modules come from; the worst first.

    ``error``: an exception to explain, if it came of a circular import; by default the one that ended the program, or
    that an interactive session showed last. Imports nothing, changes nothing and runs no code of the modules.
    """
    cache = Cache(system) if system is not interpreter else interpreter.cache
    found = [*circular.explained(error if error is not None else _last())]
    for check in (entries.found, bytecode.found, paths.found):
        found += check(cache)
    if system is interpreter:
        found += installed.found()
    return tuple(sorted(found, key=lambda finding: finding.rank))


def examine(argument: str = "") -> str:
    """The findings on the process in which this runs, as JSON: called at its end."""
    return json.dumps([finding.to_dict() for finding in doctor()])


def _last() -> BaseException | None:
    error: BaseException | None = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    return error
