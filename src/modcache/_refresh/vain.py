"""What was made on stages that came to nothing, by weak references: it should be gone, and whatever is not is told.

Code that lives on may have kept it: a registry of a library, an attribute, a thread. Classes among it count among the
subclasses of their bases, so it matters to others, too.
"""

from __future__ import annotations

import gc
import weakref
from collections.abc import Collection, Iterable, Mapping
from types import FunctionType, ModuleType
from typing import Any

from modcache._refresh.holder_names import TRACEBACK, holder_names
from modcache._runtime.caches import every_cache, forget, holds
from modcache._runtime.peek import home, is_a, said

__all__ = ["InVain"]

Made = tuple["weakref.ref[Any]", str]


class InVain:
    """Noted when a stage is given up; :meth:`look` is called when all has been let go of."""

    def __init__(self) -> None:
        self._noted: list[Made] = []
        self._held: list[Made] = []
        """What was found to be held, with what is said of it."""
        self._emptied: dict[str, None] = {}

    def note(self, modules: Mapping[str, ModuleType], young: Iterable[object]) -> None:
        """Remember what a stage has made. ``modules``: its own; ``young``: objects no older than it, maybe others'."""
        namespaces = {id(module.__dict__) for module in modules.values()}
        for value in young:
            if is_a(value, FunctionType):
                ours = id(value.__globals__) in namespaces and value.__name__ != "<module>"
            else:
                ours = is_a(value, type) and home(value) in modules
            if ours:
                self._noted.append((weakref.ref(value), f"{said(value, '__module__')}:{said(value, '__qualname__')}"))
        self._noted += [(weakref.ref(module), name) for name, module in modules.items()]

    def look(self) -> None:
        """Find out what is still there and who holds it; caches that do are emptied, as they forget when they like."""
        noted, self._noted = self._noted, []
        if not _alive(noted):
            return
        gc.collect()  # what was still in use when the stage was let go of has grown old by that
        if (alive := _alive(noted)) and self._empty_caches({id(value) for value, _ in alive}):
            alive = []
            gc.collect()
            alive = _alive(noted)
        self._held += _told(alive)

    def _empty_caches(self, wanted: Collection[int]) -> bool:
        found = [cache for cache in every_cache() if holds(cache, wanted)]
        for cache in found:
            forget(cache)
            name = f"{said(cache, '__module__')}:{said(cache, '__qualname__')}"
            self._emptied[f"{name}: its cache was emptied, which held what a stage in vain had made"] = None
        return bool(found)

    @property
    def pending(self) -> bool:
        """Was anything noted and not looked for yet?"""
        return bool(self._noted)

    @property
    def held(self) -> dict[str, None]:
        """What is still there by now, and who holds it, for reports."""
        self._held = [(reference, row) for reference, row in self._held if reference() is not None]
        return {row: None for _, row in self._held}

    def emptied(self) -> dict[str, None]:
        """The caches that were emptied since this was asked the last time, for the next report."""
        found, self._emptied = self._emptied, {}
        return found

    def forget(self) -> None:
        """Nothing of it is of any account."""
        self._held = []


def _alive(made: list[Made]) -> list[tuple[Any, str]]:
    return [(value, name) for reference, name in made if (value := reference()) is not None]


def _told(alive: list[tuple[Any, str]]) -> list[Made]:
    """One row for each; none for the functions of a class, nor for a module that has lent its name to what is held."""
    classes = {name for value, name in alive if is_a(value, type)}
    top = [(value, name) for value, name in alive if not any(name.startswith(f"{one}.") for one in classes)]
    top = [(value, name) for value, name in top if not is_a(value, ModuleType)] or top
    holders = holder_names([value for value, _ in top], [value for value, _ in alive])
    rows = []
    for value, name in top:
        holder = holders.get(id(value), "somebody who can't be seen")
        if holder != TRACEBACK or is_a(value, type):  # a function in there is nobody's business
            rows.append((weakref.ref(value), f"{name}: made on a stage that came to nothing, and held by {holder}"))
    return rows
