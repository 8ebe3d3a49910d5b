"""The locks of an import system: one per module while it is imported, all in the interpreter's own deadlock graph.

The lock class is the interpreter's (``importlib._bootstrap._ModuleLock``), because the graph of who waits for whom is
kept beside it. With a graph for each system, a circle of imports through two of them, in two threads, hangs.
"""

from __future__ import annotations

import _imp
import sys
import weakref
from collections.abc import Mapping
from threading import get_ident
from typing import Any, cast

__all__ = ["DeadlockError", "ImportLock", "Locks", "ProcessLocks"]

_bootstrap: Any = sys.modules["_frozen_importlib"]
DeadlockError: type[RuntimeError] = _bootstrap._DeadlockError
"""Raised to the thread that would close a circle of waiting threads."""


class ImportLock:
    """The process's one import lock: finders are called under it, and it guards the tables of module locks."""

    def __enter__(self) -> None:
        _imp.acquire_lock()

    def __exit__(self, *_: object) -> None:
        _imp.release_lock()


class _LockRef(weakref.ref[Any]):
    """A reference to a lock that knows under which name it is kept."""

    __slots__ = ("name",)
    name: str


class Locks:
    """The module locks of one private import system. Thread-safe."""

    def __init__(self) -> None:
        self._locks: dict[str, _LockRef] = {}

    def of(self, name: str) -> Any:
        """The lock of a module; it lives for as long as somebody holds it."""
        _imp.acquire_lock()
        try:
            ref = self._locks.get(name)
            lock = ref() if ref is not None else None
            if lock is None:
                lock = _bootstrap._ModuleLock(name)
                ref = self._locks[name] = _LockRef(lock, self._forget)
                ref.name = name
            return lock
        finally:
            _imp.release_lock()

    def _forget(self, ref: _LockRef) -> None:
        with ImportLock():
            if self._locks.get(ref.name) is ref:
                del self._locks[ref.name]

    def wait(self, name: str) -> None:
        """Wait until nobody imports the module; not if that would wait for ourselves: then it is met half done."""
        if self._is_ours(name):
            return
        lock = self.of(name)
        try:
            lock.acquire()
        except DeadlockError:
            return
        lock.release()

    def _is_ours(self, name: str) -> bool:
        """Whether this thread holds the lock of a module; then no other one can let go of it meanwhile."""
        ref = self._known().get(name)
        lock = ref() if ref is not None else None
        return lock is not None and lock.owner == get_ident()

    def _known(self) -> Mapping[str, weakref.ref[Any]]:
        return self._locks

    def __contains__(self, name: str) -> bool:
        return name in self._known()


class ProcessLocks(Locks):
    """The interpreter's module locks, those that its ``import`` statement takes."""

    def of(self, name: str) -> Any:
        """The interpreter's lock of a module."""
        return _bootstrap._get_module_lock(name)

    def _known(self) -> Mapping[str, weakref.ref[Any]]:
        return cast("Mapping[str, weakref.ref[Any]]", _bootstrap._module_locks)
