"""A session's watchers, and what they spare a refresh to look at."""

from __future__ import annotations

import contextlib
import os
import weakref
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from modcache._refresh.know import Knowledge

if TYPE_CHECKING:
    from modcache._watch import Lookout, Watcher

__all__ = ["Paths", "Watching"]

Paths = Iterable[str | os.PathLike[str]]


class Watching:
    """Who watches the files of a session, and what has changed since the last look."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._watchers: list[Watcher] = []
        self._lookout: Lookout | None = None
        weakref.finalize(self, _close_all, self._watchers)  # also at exit, if somebody is in the middle of `watch`

    def folders(self) -> tuple[str, ...]:
        """The real paths of the folders that hold the roots' sources: they are what is watched."""
        roots = self._knowledge.roots
        return tuple(dict.fromkeys([*roots.folders, *map(os.path.dirname, roots.files)]))

    def begin(self) -> Watcher:
        """One more watcher; :meth:`end` is for when it has had enough."""
        from modcache._watch import Watcher

        watcher = Watcher(self.folders)
        self._watchers.append(watcher)
        return watcher

    def end(self, watcher: Watcher) -> None:
        """A watcher is not wanted any more."""
        watcher.close()
        self._watchers.remove(watcher)

    def end_all(self) -> None:
        """Wake all who watch; they end. Does not wait for anything."""
        _close_all(self._watchers)

    @contextlib.contextmanager
    def changes(self, paths: Paths | None) -> Iterator[tuple[list[str] | None, bool]]:
        """Which files may have changed (None: any), and whether a watcher says so."""
        if paths is not None:
            yield [os.fspath(path) for path in paths], False
        elif (lookout := self._looking_out()) is None or (found := lookout.changes()) is None:
            yield None, False
            if lookout is not None:
                lookout.looked()
        else:
            yield list(found), True
            lookout.looked()

    def _looking_out(self) -> Lookout | None:
        """While somebody watches, refreshes that are told of no paths look at those that changed only."""
        if not self._watchers:
            self.stop_looking_out()
        elif self._lookout is None:
            from modcache._watch import Lookout

            self._lookout = Lookout(self.folders)
            self._knowledge.watches = self._lookout.covers
        return self._lookout

    def stop_looking_out(self) -> None:
        """Forget which files changed: the next look is at all of them."""
        if self._lookout is not None:
            self._lookout.close()
            self._lookout = None


def _close_all(watchers: list[Watcher]) -> None:
    for watcher in list(watchers):
        watcher.close()
