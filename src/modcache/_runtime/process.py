"""The interpreter's own module cache: C code reads it whatever stands in ``sys.modules``, and leaves things in it."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Iterator
from typing import Any

__all__ = ["lend", "process_cache", "restoring"]

_process: dict[Any, Any] = sys.modules
_MISSING: Any = object()


def process_cache() -> dict[Any, Any]:
    """The interpreter's own module cache."""
    return _process


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
