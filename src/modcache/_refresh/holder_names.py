"""Who holds an object, in words: the nearest holder that has a name."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from types import FrameType, FunctionType, ModuleType
from typing import Any

from modcache._runtime.peek import home, is_a, namespace_of, qualname_of
from modcache._runtime.referrers import referrers

__all__ = ["TRACEBACK", "holder_names"]

TRACEBACK = "the traceback of the error"

_LAYERS = 5
_MANY = 2_000


def holder_names(objects: Sequence[Any], own: Iterable[Any] = ()) -> dict[int, str]:
    """``id(object)`` -> who holds it. ``own``: objects that are not held for being held by one another.

    Goes from holder to holder, one walk over the heap for each layer, until a name of a module, a class, a function, a
    thread or a running frame is found.
    """
    search = _Search(objects, own)
    while search.layer and search.depth < _LAYERS and len(search.origins) < _MANY:
        search.next()
    return search.names()


class _Search:
    def __init__(self, objects: Sequence[Any], own: Iterable[Any]) -> None:
        self.found: dict[int, str] = {}
        self.last_resort: dict[int, str] = {}
        self.through: dict[int, int] = {}
        """One that was asked for -> another one that holds it."""
        self.origins = {id(value): id(value) for value in objects}
        """Object -> the first of those that were asked for that it leads to."""
        self.layer: list[Any] = list(objects)
        self.depth = 0
        self._own = {id(value) for value in own}
        self._written = {id(objects), id(own), id(self.__dict__), id(self.origins)}
        self._named = _Named()

    def next(self) -> None:
        """One layer of holders."""
        rows = referrers(self.layer)
        ours = {id(self.layer), id(rows), *self._written}
        reached: list[Any] = []
        for row in rows:
            if id(row) in ours:
                continue
            origin = next((self.origins[id(one)] for one in gc.get_referents(row) if id(one) in self.origins), None)
            if origin is None or origin in self.found:
                continue
            if id(row) in self.origins:
                self.through.setdefault(origin, self.origins[id(row)])
                continue
            self.origins[id(row)] = origin
            name = None if id(row) in self._own else self._named(row, {id(one) for one in self.layer})
            if name is None:
                reached.append(row)
            elif name == TRACEBACK:
                self.last_resort[origin] = name
            elif name:
                self.found[origin] = name
        self.depth += 1
        self.layer = [row for row in reached if self.origins[id(row)] not in self.found]

    def names(self) -> dict[int, str]:
        """What was found, also for what is held only by others that are."""
        found = {**self.last_resort, **self.found}
        for origin in self.through.keys() - found.keys():
            seen, holder = {origin}, self.through[origin]
            while holder in self.through and holder not in found and holder not in seen:
                seen.add(holder)
                holder = self.through[holder]
            if holder in found:
                found[origin] = found[holder]
        return found


class _Named:
    """What is said of a holder: empty of what is no holder, None of what has no name of its own."""

    def __init__(self) -> None:
        self._running = set(map(id, _running()))
        self._modules: dict[int, str] = {}
        self._names: dict[int, str] = {}
        for name, module in list(sys.modules.items()):
            if is_a(module, ModuleType):
                self._modules[id(namespace_of(module))] = name
                for key, value in list(namespace_of(module).items()):
                    self._names.setdefault(id(value), f"{name}:{key}")

    def __call__(self, row: Any, held: Iterable[int]) -> str | None:
        if type(row) is FrameType:
            if str(row.f_globals.get("__name__")).startswith("modcache."):
                return ""
            return f"code that runs ({row.f_code.co_qualname})" if id(row) in self._running else TRACEBACK
        if id(row) in self._modules:
            keys = [key for key, value in list(row.items()) if id(value) in held]
            return ", ".join(f"{self._modules[id(row)]}:{key}" for key in keys[:3])
        if id(row) in self._names and not is_a(row, ModuleType):
            return self._names[id(row)]
        if is_a(row, threading.Thread):
            return f"the thread {row.name}"
        if is_a(row, FunctionType | type):
            return f"{home(row)}:{qualname_of(row)}"
        return None


def _running() -> Iterator[FrameType]:
    """The frames of all threads. (Those of generators that wait are not among them.)"""
    for top in list(sys._current_frames().values()):
        frame: FrameType | None = top
        while frame is not None:
            yield frame
            frame = frame.f_back
