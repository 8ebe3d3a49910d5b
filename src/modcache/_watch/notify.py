"""Events from ``watchfiles``: for systems other than Linux."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from modcache._watch.tree import Event, ignored, is_source, walk

if TYPE_CHECKING:
    from watchfiles._rust_notify import RustNotify

__all__ = ["Notify"]

_STEP = 5  # ms between two looks at what the operating system said: 0.5 % of a core, and at most that late
_DEBOUNCE = 10
_POLL_DELAY = 300  # ms; asked for by the interface, used only where the system has nothing better
_FOREVER = 3600.0


class Notify:
    """The source files below some folders, watched by ``watchfiles``; ``ImportError`` if it is not installed."""

    exact = False

    def __init__(self, folders: Iterable[str]) -> None:
        from watchfiles._rust_notify import RustNotify

        self._make = RustNotify
        self._rust: RustNotify | None = None
        self._woken = threading.Event()
        self._lock = threading.Lock()
        self._raw: set[str] = set()
        self._files: set[str] = set()
        self._roots: tuple[str, ...] = ()
        self._wanted: tuple[str, ...] = ()
        self.follow(tuple(folders))

    def follow(self, roots: tuple[str, ...]) -> None:
        """Watch these folders and no others; one that does not exist is watched once it does."""
        there = tuple(root for root in roots if os.path.isdir(root))
        self._wanted = roots
        if there == self._roots and self._rust is not None:
            return
        rust = self._make(list(there), False, False, _POLL_DELAY, True, True) if there else None
        files = {os.path.join(folder, name) for root in there for folder, names in walk(root) for name in names}
        with self._lock:
            self._raw |= self._files ^ files if self._roots else set()
        old, self._rust, self._roots, self._files = self._rust, rust, there, files
        if old is not None:
            old.close()

    def wait(self, timeout: float | None) -> None:
        """Block until there may be something to drain, somebody called ``wake``, or ``timeout`` seconds are over."""
        if self._rust is None:
            self._woken.wait(timeout)
        elif not self._raw:
            self._ask(_DEBOUNCE, _STEP, _FOREVER if timeout is None else timeout)
        self._woken.clear()

    def wake(self) -> None:
        """End the ``wait`` of another thread."""
        self._woken.set()

    def close(self) -> None:
        """Stop watching."""
        if self._rust is not None:
            self._rust.close()

    def drain(self) -> list[Event]:
        """What happened since the last time."""
        if self._roots != self._wanted:
            self.follow(self._wanted)
        if self._rust is not None and not self._raw:
            self._ask(1, 0, 0.001)
        with self._lock:
            raw, self._raw = self._raw, set()
        return [Event(path) for happened in raw for path in self._sources(happened)]

    def _ask(self, debounce: int, step: int, timeout: float) -> None:
        assert self._rust is not None
        changes = self._rust.watch(debounce, step, max(1, round(timeout * 1000)), self._woken)
        if changes == "signal":
            raise KeyboardInterrupt
        if isinstance(changes, set):
            with self._lock:
                self._raw |= {path for _, path in changes}

    def _sources(self, path: str) -> Iterator[str]:
        """The source files that an event at ``path`` is about: for a folder that came or went, those in it."""
        if any(self._hidden(root, path) for root in self._roots):
            return
        if is_source(os.path.basename(path)):
            self._files.add(path)
            yield path
        elif os.path.isdir(path):
            found = {os.path.join(folder, name) for folder, names in walk(path) for name in names}
            yield from found - self._files
            self._files |= found
        else:
            gone = {file for file in self._files if file.startswith(path + os.sep)}
            yield from gone
            self._files -= gone

    def _hidden(self, root: str, path: str) -> bool:
        if not path.startswith(root + os.sep):
            return False
        folder, *parts = root, *path[len(root) + 1 :].split(os.sep)[:-1]
        for part in parts:
            if ignored(folder, part):
                return True
            folder = os.path.join(folder, part)
        return False
