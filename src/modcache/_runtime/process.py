"""The interpreter's own module cache: C code reads it whatever stands in ``sys.modules``, and leaves things in it."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Iterator
from typing import Any

__all__ = ["ProcessCache", "lend", "process_cache", "put_in_place", "restoring", "take_away"]

_process: dict[Any, Any] = sys.modules
_in_place: dict[Any, Any] = _process
"""What we have put into ``sys.modules`` in its place; itself, if nothing."""
_MISSING: Any = object()


def process_cache() -> dict[Any, Any]:
    """The interpreter's own module cache."""
    return _process


def put_in_place(value: dict[Any, Any]) -> None:
    """Let something else stand in ``sys.modules``, unless somebody has done that before us."""
    global _in_place
    if sys.modules is _process:
        sys.modules = _in_place = value


def take_away() -> None:
    """The end of that, unless somebody has put yet another thing there."""
    global _in_place
    if sys.modules is _in_place:
        sys.modules = _process
    _in_place = _process


class ProcessCache:
    """The attribute ``modules`` of the interpreter's import system: what ``sys.modules`` is, or would be without us.

    What alters the cache in one step does so on the dict itself, around the methods of what stands in its place.
    """

    def __get__(self, system: object, owner: type) -> Any:
        found = sys.modules
        return _process if found is _in_place else found

    def __set__(self, system: object, value: dict[Any, Any]) -> None:
        sys.modules = value


@contextlib.contextmanager
def restoring(name: str) -> Iterator[None]:
    """What C code puts under a name into the interpreter's own cache meanwhile is gone afterwards."""
    before = dict.get(_process, name, _MISSING)
    try:
        yield
    finally:
        if before is not _MISSING:
            dict.__setitem__(_process, name, before)
        else:
            dict.pop(_process, name, None)


class _Loan:
    """Calls what it was given when it goes, without a step of Python in between: a C callable in a slot."""

    __slots__ = ("__del__",)


def lend(name: str, module: Any, until: list[Any]) -> None:
    """Put a module under a name into the interpreter's own cache, for as long as the list ``until`` lives.

    ``PyImport_Import`` (Python/import.c) calls our ``__import__`` with a fresh list, throws away what it returned,
    reads the interpreter's cache and drops the list: no other thread comes in between, as nothing of Python runs there.
    So this must be the last that is done before ``__import__`` returns.
    """
    if type(_process) is not dict or _process.get(name) is module:
        return  # a deep dispatcher, which C asks; or what is shared
    loan: Any = _Loan()
    if name in _process:
        loan.__del__ = functools.partial(dict.__setitem__, _process, name, _process[name])
    else:
        loan.__del__ = functools.partial(dict.pop, _process, name, None)
    until.append(loan)
    del loan
    _process[name] = module
