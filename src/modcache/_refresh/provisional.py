"""Doubts that hold only if somebody has an old object when the commit is done: looked into then.

What a commit itself overwrites (tables that are built anew, defaults, members of classes) has the old object until
then. So has the way back, from then on; that does not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import ModuleType
from typing import Any

from modcache._refresh.holding import own_containers
from modcache._refresh.retire import is_held
from modcache._runtime.operations import Operations
from modcache._runtime.peek import home, is_a

__all__ = ["Provisional"]

_OURS = (
    "modcache._refresh.",
    "modcache._runtime.stage",
    "modcache._runtime.operations",
    "modcache._runtime.many",
)
"""What of this package waits to be collected when the commit is done."""
_MANY = 16
"""Each object costs some walks over the heap; of more than so many the doubts stand as they are."""


class Provisional:
    """The provisional doubts of one attempt, each with the objects that it is about."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[object, ...]] = {}
        self._makers: set[int] = set()
        self._named: set[int] = set()

    def add(self, doubt: str, olds: Sequence[object], makers: Iterable[object] = (), *, named: bool = False) -> None:
        """``makers``: containers of what has made the old objects, and keeps them: they are no holders.

        ``named``: names of modules that have the old objects are seen to.
        """
        self._rows[doubt] = (*self._rows.get(doubt, ()), *olds)
        self._makers.update(map(id, makers))
        if named:
            self._named.update(map(id, olds))

    def unfounded(self, roots: Iterable[Any], way_back: Iterable[Operations], spaces: Iterable[object]) -> list[str]:
        """After the commit: the doubts about what nobody has any more.

        ``roots``: objects of ours that lead to where the old ones are written down. ``spaces``: all modules.
        """
        every = [old for olds in self._rows.values() for old in olds]
        if not every or len(every) > _MANY:
            return []
        names = {id(module.__dict__) for module in spaces if is_a(module, ModuleType)}
        done = list(way_back)
        own = own_containers([self, *roots, *done], names) | self._makers | {id(every)}
        own |= {id(copy) for operations in done for copy in operations.copies()}

        def is_dropped(holder: object, value: object) -> bool | None:
            if id(holder) in names:
                return id(value) in self._named
            return True if home(type(holder)).startswith(_OURS) else None

        held = {id(every[-1]): is_held(every.pop(), own, is_dropped) for _ in range(len(every))}
        return [doubt for doubt, olds in self._rows.items() if not any(held[id(old)] for old in olds)]
