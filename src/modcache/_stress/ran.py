"""Which functions of some files run while modules are imported: seen, where a plan can only say what may."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType

from modcache._stress.calls import each_call

__all__ = ["Ran"]


class Ran:
    """The functions that ran while somebody watched.

    ``owns``: whether a file is one of those that matter.
    """

    def __init__(self, owns: Callable[[str], bool]) -> None:
        self._owns = owns
        self._seen: set[tuple[str, str, int]] = set()
        self._answered: set[str] = set()
        self._whole = True

    @contextmanager
    def watching(self) -> Iterator[None]:
        """While this lasts, note what runs. Threads that are left behind may run on unseen: then nothing is known."""
        before = threading.active_count()
        with each_call(self._owns, self._note):
            yield
        self._whole = self._whole and threading.active_count() <= before

    @property
    def known(self) -> bool:
        """Was everything seen?"""
        return self._whole

    def __call__(self, path: str, name: str, line: int) -> bool:
        """Did the function of that name run that begins at this line, decorators included?"""
        return (path, name, line) in self._seen

    def answered(self, path: str) -> bool:
        """Did the module's own ``__getattr__`` run, for a name that is not special?"""
        return path in self._answered

    def _note(self, code: CodeType) -> bool:
        self._seen.add((code.co_filename, code.co_name, code.co_firstlineno))
        if code.co_qualname != "__getattr__" or code.co_filename in self._answered:
            return False
        if _is_special(_argument(code)):
            return True  # the import system asks every module for its ``__path__``: it may be asked for more
        self._answered.add(code.co_filename)
        return False


def _argument(code: CodeType) -> object:
    """What the function whose call is just being noted was given first."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code is not code:
        frame = frame.f_back
    return frame.f_locals.get(code.co_varnames[0]) if code.co_argcount else None


def _is_special(name: object) -> bool:
    return type(name) is str and name.startswith("__") and name.endswith("__")
