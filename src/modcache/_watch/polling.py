"""Events found by looking: for file systems that tell nobody, and systems where nothing better is installed."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable

from modcache._watch.settling import Signature, signature
from modcache._watch.tree import Event, walk

__all__ = ["Polling"]

_PERIOD = 0.3
_SHARE = 10  # of the time at most one part in so many goes into looking


class Polling:
    """The source files below some folders, looked at every 0.3 s (less often if a look takes over 30 ms)."""

    exact = False

    def __init__(self, folders: Iterable[str]) -> None:
        self._roots = tuple(folders)
        self._woken = threading.Event()
        self._next = 0.0
        self._states = self._look()

    def follow(self, roots: tuple[str, ...]) -> None:
        """Watch these folders and no others."""
        self._roots = roots

    def wait(self, timeout: float | None) -> None:
        """Block until it is time to look again, somebody called ``wake``, or ``timeout`` seconds are over."""
        rest = max(0.0, self._next - time.monotonic())
        self._woken.wait(rest if timeout is None else min(rest, timeout))
        self._woken.clear()

    def wake(self) -> None:
        """End the ``wait`` of another thread."""
        self._woken.set()

    def close(self) -> None:
        """Nothing is held."""

    def drain(self) -> list[Event]:
        """What differs from the last time; it looks only when it is time to."""
        if time.monotonic() < self._next:
            return []
        before, self._states = self._states, self._look()
        paths = before.keys() | self._states.keys()
        return [Event(path) for path in sorted(paths) if before.get(path) != self._states.get(path)]

    def _look(self) -> dict[str, Signature]:
        start = time.monotonic()
        files = [os.path.join(folder, name) for root in self._roots for folder, names in walk(root) for name in names]
        states = {path: state for path in files if (state := signature(path)) is not None}
        end = time.monotonic()
        self._next = end + max(_PERIOD, _SHARE * (end - start))
        return states
