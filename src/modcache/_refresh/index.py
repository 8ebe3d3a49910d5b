"""Who imports whom, kept from one refresh to the next: only what changed is looked at again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from modcache._model.unit import Unit
from modcache._refresh.reach import Reach

__all__ = ["ImportIndex"]

_WILD = ("import_module", "sys.modules", "__import__")
_KEPT = 32

Versions = tuple[Unit, Unit | None]
"""(the unit that is loaded, the one that is to be)."""


class ImportIndex:
    """The import statements of all units of the roots, as a graph. One refresh at a time may use it."""

    def __init__(self) -> None:
        self.importers: dict[str, set[str]] = defaultdict(set)
        """absolute name -> the modules whose text imports it."""
        self.wild: set[str] = set()
        """Modules that may import what their import statements do not name."""
        self.stars: set[str] = set()
        """Modules with a star import."""
        self._versions: dict[str, Versions] = {}
        self._targets: dict[str, frozenset[str]] = {}
        self._edition = 0
        self._dependencies: dict[tuple[int, frozenset[str]], frozenset[str]] = {}
        self._reaches: dict[tuple[str, ...], Reach] = {}

    def update(self, units: Mapping[str, Versions]) -> None:
        """Take note of the units as they are now."""
        for name in self._versions.keys() - units.keys():
            self._retarget(name, frozenset())
            self.wild.discard(name)
            self.stars.discard(name)
            del self._versions[name]
        for name, versions in units.items():
            known = self._versions.get(name)
            if known is None or known[0] is not versions[0] or known[1] is not versions[1]:
                self._versions[name] = versions
                self._note(name, [unit for unit in versions if unit is not None])

    def _note(self, name: str, units: list[Unit]) -> None:
        # while a module changes, the edges of both its versions count
        self._retarget(name, frozenset().union(*(unit.targets for unit in units)))
        for found, marks in ((self.wild, _WILD), (self.stars, ("import *",))):
            if any(unit.contains(mark) for unit in units for mark in marks):
                found.add(name)
            else:
                found.discard(name)

    def _retarget(self, name: str, targets: frozenset[str]) -> None:
        old = self._targets.get(name, frozenset())
        if old == targets:
            return
        for target in old - targets:
            self.importers[target].discard(name)
        for target in targets - old:
            self.importers[target].add(name)
        self._targets[name] = targets
        self._edition += 1
        self._dependencies.clear()

    def dependencies(self, modules: Iterable[str]) -> frozenset[str]:
        """These modules and all that they import, over any number of steps."""
        key = (self._edition, frozenset(modules))
        known = self._dependencies.get(key)
        if known is None:
            seen = set(key[1])
            stack = list(seen)
            while stack:
                for target in self._targets.get(stack.pop(), ()):
                    if target in self._versions and target not in seen:
                        seen.add(target)
                        stack.append(target)
            known = self._dependencies[key] = frozenset(seen)
        return known

    def reach(self, units: list[Unit], every: list[Unit]) -> Reach:
        """What may run while ``units`` are imported; the closure of an earlier time, where nothing of it changed."""
        key = tuple(unit.name for unit in units)
        fresh = Reach(units, every)
        known = self._reaches.get(key)
        if known is not None:
            fresh.inherit(known)
        elif len(self._reaches) >= _KEPT:
            self._reaches.clear()
        self._reaches[key] = fresh
        return fresh
