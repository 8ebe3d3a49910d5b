"""The lookout: which files changed since somebody looked at all of them, so that the others need no look."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable

from modcache._watch.tree import ignored, is_source
from modcache._watch.watcher import Watcher

__all__ = ["Lookout"]


class Lookout:
    """Begins when it is made; then ask for :meth:`changes`, look at them, and say :meth:`looked`, again and again.

    It has a watcher of its own: what that hands out, nobody else would be told of. ``folders`` are those of
    :class:`Watcher`.
    """

    def __init__(self, folders: Callable[[], Iterable[str]]) -> None:
        self._watcher = Watcher(folders)
        self._folders = tuple(os.path.realpath(folder) for folder in folders())
        self._process = os.getpid()
        self._touched: set[str] = set()
        self._has_looked = False
        self._is_blind = not self._watcher.exact
        self._is_watched = functools.cache(self._watched)
        if self._is_blind:
            self._watcher.close()

    def changes(self) -> frozenset[str] | None:
        """The files that changed since the last look; None if that is not known, so that all are to be looked at."""
        if self._is_blind or self._process != os.getpid():
            return None
        try:
            self._touched |= self._watcher.take()
        except OSError:  # a limit of the kernel
            self._is_blind = True
        return frozenset(self._touched) if self._has_looked and not self._is_blind else None

    def looked(self) -> None:
        """All that the last :meth:`changes` said was looked at."""
        self._touched.clear()
        self._has_looked = True

    def covers(self, path: str) -> bool:
        """Whether a change to this file would be told of."""
        folder, name = os.path.split(path)
        return not self._is_blind and is_source(name) and not os.path.islink(path) and self._is_watched(folder)

    def close(self) -> None:
        """Stop looking out."""
        if not self._is_blind:
            self._watcher.close()

    def _watched(self, folder: str) -> bool:
        if os.path.realpath(folder) != folder:  # by a link, which may be made to lead elsewhere
            return False
        for root in self._folders:
            if folder == root:
                return True
            if folder.startswith(root.rstrip(os.sep) + os.sep):
                parent, name = os.path.split(folder)
                return not ignored(parent, name) and self._is_watched(parent)
        return False
