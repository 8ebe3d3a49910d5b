"""A refresh that is asked for by what a refresh, or an import, is executing in the same thread: that can't be."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from types import FrameType

from modcache import errors

__all__ = ["Nesting"]


class Nesting:
    """Which thread is executing what belongs to a refresh; one refresh at a time."""

    def __init__(self) -> None:
        self._thread: int | None = None

    def check(self) -> None:
        """Raise :class:`modcache.errors.NestedRefresh` if this thread is executing a module body or a hook."""
        if self._thread == threading.get_ident() or _importing():
            raise errors.NestedRefresh(
                "a refresh was asked for by the body of a module or by a hook, which is just being executed; ask for "
                "it outside of those (in a function that is called later), or in another thread (it will wait)"
            )

    @contextlib.contextmanager
    def executing(self) -> Iterator[None]:
        """While this lasts, the calling thread executes what belongs to a refresh."""
        before, self._thread = self._thread, threading.get_ident()
        try:
            yield
        finally:
            self._thread = before

    def at_work(self) -> str:
        """Who is, in words."""
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        return f"thread {names.get(self._thread, self._thread)!r} is at it" if self._thread else "it has just begun"

    def after_fork(self) -> None:
        """In the child of a fork the other threads are gone, and so are the refresh and the imports they were at."""
        self._thread = None


def _importing() -> bool:
    """Is the body of a module that is being imported on this thread's stack?"""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name == "<module>":
            spec = frame.f_globals.get("__spec__")
            if getattr(spec, "_initializing", False):
                return True
        frame = frame.f_back
    return False
