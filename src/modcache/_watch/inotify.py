"""Events straight from the Linux kernel, asked through ``ctypes``: no package is needed."""

from __future__ import annotations

import ctypes
import errno
import math
import os
import select
import struct
from collections.abc import Iterable, Iterator

from modcache._watch.tree import Event, ignored, is_source, walk

__all__ = ["Inotify"]

_MODIFY, _CLOSE_WRITE = 0x2, 0x8
_MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x40, 0x80, 0x100, 0x200
_DELETE_SELF, _MOVE_SELF, _OVERFLOW, _IGNORED, _ISDIR = 0x400, 0x800, 0x4000, 0x8000, 0x40000000
_ONLYDIR, _EXCL_UNLINK = 0x01000000, 0x04000000

_WANTED = _MODIFY | _CLOSE_WRITE | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE | _DELETE_SELF | _MOVE_SELF
_HEADER = struct.Struct("iIII")
_GONE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.ELOOP})


class Inotify:
    """The source files below some folders, watched by the kernel.

    Raises ``OSError`` where there is no inotify, or its limits are reached (``fs.inotify.max_user_watches``).
    """

    exact = True

    def __init__(self, folders: Iterable[str]) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        if not hasattr(self._libc, "inotify_init1"):
            raise OSError(errno.ENOSYS, "no inotify here")
        self._fd = self._checked(self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._poll = select.poll()
        self._poll.register(self._fd, select.POLLIN)
        self._poll.register(self._wake, select.POLLIN)
        self._folders: dict[int, str] = {}
        self._watches: dict[str, int] = {}
        self._files: dict[str, set[str]] = {}
        self._roots: tuple[str, ...] = ()
        try:
            self.follow(tuple(folders))
        except OSError:
            self.close()
            raise

    def follow(self, roots: tuple[str, ...]) -> None:
        """Watch these folders and no others; one that does not exist is watched as soon as it does."""
        for root in set(self._roots) - set(roots):
            list(self._drop(root))
        for root in roots:
            if root not in self._roots:
                list(self._add(root))
        self._roots = roots

    def wait(self, timeout: float | None) -> None:
        """Block until there may be something to drain, somebody called ``wake``, or ``timeout`` seconds are over."""
        # upwards: who wakes before the time is over has to sleep again
        self._poll.poll(None if timeout is None else max(0, math.ceil(timeout * 1000)))
        try:
            os.eventfd_read(self._wake)
        except BlockingIOError:
            pass

    def wake(self) -> None:
        """End the ``wait`` of another thread."""
        os.eventfd_write(self._wake, 1)

    def close(self) -> None:
        """Give the kernel's objects back."""
        os.close(self._fd)
        os.close(self._wake)

    def drain(self) -> list[Event]:
        """What happened since the last time; never blocks, and costs a microsecond if nothing did."""
        events: list[Event] = []
        # Asked first, since a read of nothing is an exception, which costs more than all else here.
        while self._poll.poll(0):
            try:
                events += self._parse(os.read(self._fd, 65536))
            except BlockingIOError:
                break  # it was somebody who wants to wake us
        for root in self._roots:
            if root not in self._watches and os.path.isdir(root):
                events += self._add(root)
        return events

    def _parse(self, data: bytes) -> list[Event]:
        events: list[Event] = []
        at = 0
        while at < len(data):
            watch, mask, _, length = _HEADER.unpack_from(data, at)
            at += _HEADER.size + length
            name = os.fsdecode(data[at - length : at].rstrip(b"\0"))
            if mask & _OVERFLOW:
                events += self._lost()
            elif watch in self._folders:
                events += self._happened(self._folders[watch], name, mask)
        return events

    def _happened(self, folder: str, name: str, mask: int) -> Iterable[Event]:
        if mask & (_DELETE_SELF | _MOVE_SELF | _IGNORED):
            # A folder inside another one that moves is told of by that one too, and found again at its new place.
            return self._drop(folder) if mask & _IGNORED or folder in self._roots else ()
        path = os.path.join(folder, name)
        if mask & _ISDIR:
            if ignored(folder, name):
                return ()
            return self._add(path) if mask & (_CREATE | _MOVED_TO) else self._drop(path)
        if not is_source(name):
            return ()
        files = self._files.setdefault(folder, set())
        (files.discard if mask & (_DELETE | _MOVED_FROM) else files.add)(name)
        return (Event(path, writing=bool(mask & (_CREATE | _MODIFY))),)

    def _add(self, root: str) -> Iterator[Event]:
        """Watch ``root`` and what is in it; each source file there is an event."""
        for folder, names in walk(root, self._watch):
            if folder in self._watches:
                self._files[folder] = set(names)
                yield from (Event(os.path.join(folder, name)) for name in names)

    def _watch(self, folder: str) -> None:
        watch = self._libc.inotify_add_watch(self._fd, os.fsencode(folder), _WANTED | _ONLYDIR | _EXCL_UNLINK)
        if watch < 0 and ctypes.get_errno() in _GONE:
            return
        self._folders[self._checked(watch)] = folder
        self._watches[folder] = watch

    def _drop(self, root: str) -> Iterator[Event]:
        """No longer watch ``root`` and what was in it; each source file that was there is an event."""
        inside = root + os.sep
        for folder in [folder for folder in self._watches if folder == root or folder.startswith(inside)]:
            watch = self._watches.pop(folder)
            self._folders.pop(watch, None)
            self._libc.inotify_rm_watch(self._fd, watch)
            yield from (Event(os.path.join(folder, name)) for name in self._files.pop(folder, ()))

    def _lost(self) -> list[Event]:
        """The kernel's queue ran over: anything may have happened, so everything is looked at again."""
        before = [event for folder in self._roots for event in self._drop(folder)]
        return before + [event for root in self._roots for event in self._add(root)]

    def _checked(self, result: int) -> int:
        if result < 0:
            code = ctypes.get_errno()
            raise OSError(code, f"inotify: {os.strerror(code)}")
        return result
