"""When is a save over? The rules, as a pure class: time and file states are given, so no test waits."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["GRACE", "PATIENCE", "SETTLE", "Settling", "Signature", "signature"]

SETTLE = 0.020
GRACE = 0.250
PATIENCE = 2.0

Signature = tuple[int, int, int]
"""What tells one state of a file from another: size, modification time in ns, inode."""


def signature(path: str) -> Signature | None:
    """The state of the file at ``path``, or None if it is missing (or can't be asked for)."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ino


@dataclass(slots=True)
class _Unsettled:
    since: float
    touched: float
    state: Signature | None
    writing: bool


class Settling:
    """The files that were touched and are not known to be finished.

    ``settle``, ``grace`` and ``patience`` are seconds (see :mod:`modcache._watch`); ``look`` gives a file's state.
    Every method takes the time: the object has no clock, and nothing in it waits. Not safe for threads by itself.
    """

    def __init__(
        self,
        settle: float = SETTLE,
        *,
        grace: float = GRACE,
        patience: float = PATIENCE,
        look: Callable[[str], Signature | None] = signature,
    ) -> None:
        self._settle = settle
        self._grace = max(grace, settle)
        self._patience = max(patience, grace)
        self._look = look
        self._files: dict[str, _Unsettled] = {}
        self._empty: set[str] = set()

    def __bool__(self) -> bool:
        """True if anything was touched that was not handed out yet."""
        return bool(self._files)

    def note(self, path: str, now: float, *, writing: bool = False) -> None:
        """Something happened to ``path``; ``writing`` if it is known that whoever does it is not done."""
        file = self._files.get(path)
        if file is None:
            self._files[path] = _Unsettled(now, now, self._look(path), writing)
        else:
            file.touched, file.writing, file.state = now, writing, self._look(path)

    def ready(self, now: float) -> frozenset[str]:
        """The paths whose saves are over, each handed out once; mostly all of them, together, or none."""
        if not self._files or now < self._rest():
            return self._impatient(now)
        for path, file in self._files.items():
            self._observe(path, file, now)
        if all(now >= self._end(path, file) for path, file in self._files.items()):
            return self._hand_out(list(self._files))
        return self._impatient(now)

    def take(self) -> frozenset[str]:
        """All paths that were touched, finished or not: for somebody who wants the files as they are now."""
        return self._hand_out(list(self._files))

    def due(self, now: float) -> float | None:
        """In how many seconds it is worth asking again without a new event; None if nothing is unsettled."""
        if not self._files:
            return None
        end = max(self._end(path, file) for path, file in self._files.items())
        limit = min(file.since for file in self._files.values()) + self._patience
        return max(0.001, min(end, max(limit, now + self._settle)) - now)

    def _rest(self) -> float:
        """The earliest moment at which all can be over: before it, no file needs to be looked at."""
        return max(file.touched for file in self._files.values()) + self._settle

    def _end(self, path: str, file: _Unsettled) -> float:
        return file.touched + (self._grace if self._doubtful(path, file) else self._settle)

    def _doubtful(self, path: str, file: _Unsettled) -> bool:
        """Whether the file looks like the middle of a save: missing, still open, or emptied."""
        if file.state is None or file.writing:
            return True
        return file.state[0] == 0 and path not in self._empty

    def _observe(self, path: str, file: _Unsettled, now: float) -> None:
        state = self._look(path)
        if state != file.state:  # written to without an event (polling, a mapped file): it counts as one
            file.state, file.touched = state, now

    def _impatient(self, now: float) -> frozenset[str]:
        """Those that are over by themselves, once some file has kept all the others waiting for too long."""
        if not any(now - file.since >= self._patience for file in self._files.values()):
            return frozenset()
        for path, file in self._files.items():
            self._observe(path, file, now)
        return self._hand_out([path for path, file in self._files.items() if now >= self._end(path, file)])

    def _hand_out(self, paths: list[str]) -> frozenset[str]:
        for path in paths:
            state = self._files.pop(path).state
            (self._empty.add if state is not None and state[0] == 0 else self._empty.discard)(path)
        return frozenset(paths)
