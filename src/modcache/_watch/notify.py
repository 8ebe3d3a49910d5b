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


class Notify:
    """The source files below some folders, watched by ``watchfiles``; ``ImportError`` if it is not installed.

    A thread of its own waits in it, without a time limit: when a limit is over, watchfiles clears what it has
    gathered, and an event that came in that moment is lost (seen here once in some hundred saves).
    """

    exact = False

    def __init__(self, folders: Iterable[str]) -> None:
        from watchfiles._rust_notify import RustNotify

        self._make = RustNotify
        self._stop = threading.Event()
        self._told = threading.Condition()
        self._raw: set[str] = set()
        self._woken = False
        self._files: set[str] = set()
        self._roots: tuple[str, ...] = ()
        self._wanted: tuple[str, ...] = ()
        self.follow(tuple(folders))

    def follow(self, roots: tuple[str, ...]) -> None:
        """Watch these folders and no others; one that does not exist is watched once it does."""
        there = tuple(root for root in roots if os.path.isdir(root))
        self._wanted = roots
        if there == self._roots:
            return
        before, self._stop = self._stop, threading.Event()
        if there:
            rust = self._make(list(there), False, False, _POLL_DELAY, True, True)
            threading.Thread(target=self._listen, args=(rust, self._stop), name="modcache-notify", daemon=True).start()
        before.set()
        files = {os.path.join(folder, name) for root in there for folder, names in walk(root) for name in names}
        if self._roots:
            self._tell(self._files ^ files)
        self._roots, self._files = there, files

    def wait(self, timeout: float | None) -> None:
        """Block until there is something to drain, somebody called ``wake``, or ``timeout`` seconds are over."""
        with self._told:
            self._told.wait_for(lambda: self._raw or self._woken, timeout)
            self._woken = False

    def wake(self) -> None:
        """End the ``wait`` of another thread."""
        with self._told:
            self._woken = True
            self._told.notify_all()

    def close(self) -> None:
        """Stop watching."""
        self._stop.set()

    def drain(self) -> list[Event]:
        """What happened since the last time."""
        if self._roots != self._wanted:
            self.follow(self._wanted)
        with self._told:
            raw, self._raw = self._raw, set()
        return [Event(path) for happened in raw for path in self._sources(happened)]

    def _listen(self, rust: RustNotify, stop: threading.Event) -> None:
        with rust:
            while not isinstance(changes := rust.watch(_DEBOUNCE, _STEP, 0, stop), str):
                self._tell({path for _, path in changes})

    def _tell(self, paths: set[str]) -> None:
        with self._told:
            self._raw |= paths
            self._told.notify_all()

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
