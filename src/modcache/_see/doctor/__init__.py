"""The doctor: what is wrong with a module cache, and with what fills it, as data."""

from __future__ import annotations

import sys

from modcache._model.diagnosis import Diagnosis
from modcache._runtime.system import ImportSystem, interpreter
from modcache._see.doctor import bytecode, circular, entries, installed, paths

__all__ = ["doctor", "examine"]


def doctor(error: BaseException | None = None, *, system: ImportSystem = interpreter) -> tuple[Diagnosis, ...]:
    """What is wrong with a module cache, and with the places that its modules come from; the worst first.

    ``error``: an exception to explain, if it came of a circular import; by default the one that ended the program, or
    that an interactive session showed last. Imports nothing, changes nothing and runs no code of the modules.
    """
    if error is None and system is interpreter:
        error = _last()
    found = [*circular.explained(error), *entries.found(system, circular.names_of(error))]
    found += [*bytecode.found(system.cache), *paths.found(system)]
    if system is interpreter:
        found += installed.found()
    return tuple(sorted(found, key=lambda diagnosis: diagnosis.rank))


def examine(argument: str = "") -> str:
    """The diagnoses on the process in which this runs, as a literal of Python's: called at its end.

    No JSON: the program may have a ``json.py`` of its own in the place of the standard library's.
    """
    return repr([diagnosis.to_dict() for diagnosis in doctor()])


def _last() -> BaseException | None:
    error: BaseException | None = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    return error
