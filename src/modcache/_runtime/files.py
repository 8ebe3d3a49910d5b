"""Source files: where a module's is, what it holds, and what tells that it was written to."""

from __future__ import annotations

import os
import time
from types import ModuleType
from typing import Literal

from modcache._runtime.peek import namespace_of, spec_of

__all__ = ["Stat", "Trouble", "is_settled", "look", "read", "source_path", "stat_of"]

Stat = tuple[int, int, int, int]
"""Times of modification and of change, size, inode; the times in nanoseconds."""
Trouble = Literal["", "unreadable", "unstable"]
_RACY_NS = 50_000_000
_LOOKS = 3


def source_path(module: ModuleType) -> str | None:
    """The file that a module says it was made of; None if that is no source."""
    names = namespace_of(module)
    spec = spec_of(names)
    origin = spec.get("origin") if spec.get("_set_fileattr") else None
    path = origin or names.get("__file__")
    return path if type(path) is str and path.endswith((".py", ".pyw")) else None


def stat_of(path: str) -> Stat | None:
    """What tells of writes to the file; None if it is not there."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    # the change time, too: tools set back the modification time, and saves within a clock's tick share it
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def is_settled(stat: Stat | None) -> bool:
    """Would a write from now on show? One within the clock's grain of the last would leave no trace."""
    return stat is not None and time.time_ns() - max(stat[:2]) > _RACY_NS


def look(path: str) -> tuple[bytes | None, Stat | None, Trouble]:
    """What the file holds, and what it looks like from outside when it holds that; or why it can't be told.

    Nothing at all if it is gone. One that is written to while it is read is read again, a few times.
    """
    for _ in range(_LOOKS):
        stat = stat_of(path)
        data = read(path) if stat is not None else None
        if data is None:
            return None, None, "unreadable" if os.path.isfile(path) else ""
        if stat_of(path) == stat:
            return data, stat, ""
    return None, None, "unstable"


def read(path: str) -> bytes | None:
    """What the file holds; None if it can't be read."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None
