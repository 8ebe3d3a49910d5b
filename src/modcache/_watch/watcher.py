"""The watcher: where events, the rules of settling and whoever waits for settled saves come together."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Protocol

from modcache._watch.settling import GRACE, SETTLE, Settling
from modcache._watch.tree import is_remote

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Queue

    from modcache._watch.tree import Event

__all__ = ["Source", "Watcher"]

_SYSTEM: str = sys.platform  # a name of its own, so that the types of every system's branch are checked
_TICK = 1.0  # how often the folders are asked for again while nothing happens


class Source(Protocol):
    """Where events come from: ``Inotify``, ``Notify`` or ``Polling``, each in a file of its own."""

    exact: bool

    def follow(self, roots: tuple[str, ...]) -> None: ...
    def wait(self, timeout: float | None) -> None: ...
    def drain(self) -> list[Event]: ...
    def wake(self) -> None: ...
    def close(self) -> None: ...


class Watcher:
    """Settled saves below some folders; watching begins when the object is made.

    ``folders``: paths, or a function that gives them (asked again from time to time, so that folders may come and
    go). ``settle`` and ``grace``: seconds (see :mod:`modcache._watch`). ``clock`` and ``source`` are for tests.
    Iterate over it for a ``frozenset`` of real paths of ``*.py`` files each time saves have settled: written, made
    or deleted; ``async for`` does the same in asyncio. It ends when ``close()`` is called, from any thread.
    """

    def __init__(
        self,
        folders: Callable[[], Iterable[str]] | Iterable[str],
        *,
        settle: float = SETTLE,
        grace: float = GRACE,
        clock: Callable[[], float] = time.monotonic,
        source: Source | None = None,
    ) -> None:
        fixed = () if callable(folders) else tuple(folders)
        self._ask = folders if callable(folders) else lambda: fixed
        self._folders = self._wanted()
        self._settling = Settling(settle, grace=grace)
        self._clock = clock
        self._source = source or _source(self._folders)
        self._lock = threading.Lock()
        self._waiting = 0
        self._closed = threading.Event()
        self._process = os.getpid()

    def __iter__(self) -> Iterator[frozenset[str]]:
        """Block until saves have settled, and give their paths; again and again, until the watcher is closed."""
        while not self._closed.is_set() and not self._is_fork():
            paths = self.wait()
            if paths:
                yield paths

    async def __aiter__(self) -> AsyncIterator[frozenset[str]]:
        """The same for ``async for`` (asyncio). Leaving the loop closes the watcher, since a thread waits for it."""
        import asyncio

        loop = asyncio.get_running_loop()
        queue: Queue[frozenset[str] | BaseException | None] = asyncio.Queue()
        threading.Thread(target=self._pump, args=(loop, queue), name="modcache-watch", daemon=True).start()
        try:
            while (item := await queue.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            self.close()

    def wait(self, timeout: float | None = None) -> frozenset[str]:
        """Block until saves have settled, and return their paths; none after ``timeout`` seconds, or if closed."""
        end = None if timeout is None else self._clock() + timeout
        while not self._closed.is_set() and not self._is_fork():
            with self._lock:
                now = self._gather()
                paths = self._settling.ready(now)
                due = self._settling.due(now)
            if paths or (end is not None and now >= end):
                return paths
            self._sleep(min(_TICK if due is None else due, _TICK if end is None else max(0.0, end - now)))
        return frozenset()

    def pending(self) -> bool:
        """Whether anything changed that was not handed out yet, settled or not; does not block (2 us on Linux).

        Only where ``exact`` is True is a "no" the truth of this moment; elsewhere news takes its time to arrive.
        """
        if self._is_fork():
            return False
        with self._lock:
            self._gather()
            return bool(self._settling)

    def take(self) -> frozenset[str]:
        """All paths that changed and were not handed out yet, settled or not: for a refresh that won't wait."""
        if self._is_fork():
            return frozenset()
        with self._lock:
            self._gather()
            return self._settling.take()

    @property
    def exact(self) -> bool:
        """Whether ``pending()`` and ``take()`` know of every save that was over before they were called."""
        return self._source.exact

    def close(self) -> None:
        """Stop watching, and end every iteration; may be called from any thread, and more than once."""
        if self._closed.is_set() or self._is_fork():
            return
        with self._lock:
            if self._closed.is_set():
                return
            self._closed.set()
            if self._waiting:
                self._source.wake()
            else:
                self._source.close()

    def _is_fork(self) -> bool:
        """Whether this is a fork: the source is shared with the parent, and the lock may be held for ever."""
        return self._process != os.getpid()

    def _gather(self) -> float:
        """Note what happened since the last time; the moment at which that was done."""
        if not self._closed.is_set():
            for path, writing in self._source.drain():
                now = self._clock()
                self._settling.note(path, now, writing=writing)
                if os.path.islink(path):  # the name may be what is known, or what it stands for
                    self._settling.note(os.path.realpath(path), now, writing=writing)
        return self._clock()

    def _sleep(self, seconds: float) -> None:
        """Wait in the source, which must not be closed meanwhile: who closes the watcher then leaves that to us."""
        with self._lock:
            if self._closed.is_set():
                return
            self._waiting += 1
        try:
            self._source.wait(seconds)
        finally:
            with self._lock:
                self._waiting -= 1
                if self._closed.is_set() and not self._waiting:
                    self._source.close()
        folders = self._wanted()
        if folders != self._folders and not self._closed.is_set():
            with self._lock:
                self._source.follow(folders)
            self._folders = folders

    def _pump(self, loop: AbstractEventLoop, queue: Queue[frozenset[str] | BaseException | None]) -> None:
        try:
            for paths in self:
                loop.call_soon_threadsafe(queue.put_nowait, paths)
            loop.call_soon_threadsafe(queue.put_nowait, None)
        except Exception as error:
            if not loop.is_closed():  # else nobody is left to be told
                loop.call_soon_threadsafe(queue.put_nowait, error)

    def _wanted(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(os.path.realpath(folder) for folder in self._ask()))


def _source(folders: tuple[str, ...]) -> Source:
    """The best source for these folders: one that is told, unless it would not be told of all changes."""
    if not os.environ.get("MODCACHE_POLLING") and not any(map(is_remote, folders)):
        try:
            return _told(folders)
        except (ImportError, OSError):
            pass  # watchfiles is not installed, there is no inotify, or a limit of the kernel is reached
    from modcache._watch.polling import Polling

    return Polling(folders)


def _told(folders: tuple[str, ...]) -> Source:
    if _SYSTEM == "linux":
        from modcache._watch.inotify import Inotify

        return Inotify(folders)
    from modcache._watch.notify import Notify

    return Notify(folders)
