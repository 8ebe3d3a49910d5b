"""Who imports whom, kept from one refresh to the next: only what changed is looked at again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

from modcache._model.unit import Unit
from modcache._refresh.reach import Reach
from modcache._refresh.words import WordIndex

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
        self.homes: dict[str, str] = {}
        """Second names of modules in the cache -> their own."""
        self._versions: dict[str, Versions] = {}
        self._names: list[str] = []
        self._units: list[Unit] = []
        self._coming: tuple[str, ...] = ()
        self._targets: dict[str, frozenset[str]] = {}
        self.words = WordIndex()
        self._edition = 0
        self._dependents: dict[str, frozenset[str]] = {}
        self._wild_dependents: frozenset[str] | None = None
        self._dependencies: dict[tuple[int, frozenset[str]], frozenset[str]] = {}
        self._reaches: dict[frozenset[str], Reach] = {}

    def update(self, names: list[str], units: list[Unit], coming: Mapping[str, Unit]) -> None:
        """Take note of the units as they are now, by name, and of those that are to come in their place.

        Next to nothing has changed since the last time, and there may be thousands: so it is a matter of few passes.
        """
        pairs = zip(names, units, strict=True)
        if names == self._names:
            loaded = {name: unit for (name, unit), known in zip(pairs, self._units, strict=True) if unit is not known}
        else:
            loaded = dict(pairs)
            self._forget(self._versions.keys() - loaded.keys())
        for name in dict.fromkeys([*loaded, *self._coming, *coming]):
            unit = loaded.get(name) or self._versions.get(name, (None,))[0]
            if unit is not None:
                self._take(name, (unit, coming.get(name)))
        self._names, self._units, self._coming = names, units, tuple(coming)

    def _forget(self, names: Iterable[str]) -> None:
        for name in names:
            self._retarget(name, frozenset())
            self._mark(name, self.wild, False)
            self._mark(name, self.stars, False)
            self.words.forget(name)
            del self._versions[name]
            self._edited()

    def _take(self, name: str, versions: Versions) -> None:
        known = self._versions.get(name)
        if known is None:
            self._edited()
        if known is None or known[0] is not versions[0] or known[1] is not versions[1]:
            self._versions[name] = versions
            for reach in self._reaches.values():
                reach.renewed.add(name)
            self._note(name, [unit for unit in versions if unit is not None])

    def _note(self, name: str, units: list[Unit]) -> None:
        # while a module changes, the edges of both its versions count
        targets = frozenset().union(*(unit.targets for unit in units))
        self._retarget(name, targets.union(filter(None, map(self.homes.get, targets))))
        for found, marks in ((self.wild, _WILD), (self.stars, ("import *",))):
            self._mark(name, found, any(unit.contains(mark) for unit in units for mark in marks))

    def _mark(self, name: str, found: set[str], marked: bool) -> None:
        if marked is not (name in found):
            (found.add if marked else found.discard)(name)
            self._edited()

    def _retarget(self, name: str, targets: frozenset[str]) -> None:
        old = self._targets.get(name, frozenset())
        if old == targets:
            return
        for target in old - targets:
            self.importers[target].discard(name)
        for target in targets - old:
            self.importers[target].add(name)
        self._targets[name] = targets
        self._edited()

    def _edited(self) -> None:
        self._edition += 1
        self._dependencies.clear()
        self._dependents.clear()
        self._wild_dependents = None

    def dependents(self, module: str) -> frozenset[str]:
        """The module itself and all that import it, over any number of steps; the wild ones may import anything."""
        known = self._dependents.get(module)
        if known is None:
            known = self._dependents[module] = self._closed(module)
        return known

    def _closed(self, module: str) -> frozenset[str]:
        if self._wild_dependents is None:
            self._wild_dependents = self._reached(self.wild, frozenset())
        if module in self._wild_dependents:
            return self._wild_dependents
        for name in (seen := self._reached([module], self._wild_dependents)):
            known = self._dependents.get(name)
            if known is not None and module in known:
                return known  # each depends on the other, so the same depend on both: one set serves a whole cycle
        return seen

    def _reached(self, modules: Iterable[str], known: frozenset[str]) -> frozenset[str]:
        """Add to what is known (with the dependents of it all) some modules and their transitive dependents."""
        seen = set(known)
        stack = [name for name in modules if name in self._versions]
        while stack:
            name = stack.pop()
            if name not in seen:
                seen.add(name)
                stack.extend(self.importers.get(name, ()))
                stack.extend(self._by_package(name))
        return frozenset(seen)

    def _by_package(self, name: str) -> Iterator[str]:
        """Who asks a package for a module in it, that somebody else has imported: by ``package.module``, or inside."""
        package, _, module = name.rpartition(".")
        words = f"{package.rpartition('.')[2]}.{module}"
        for other in self.importers.get(package, ()) if package else ():
            if any(unit is not None and unit.contains(words) for unit in self._versions.get(other, ())):
                yield other
        for unit in self._versions.get(package, ()):
            if unit is not None and module not in unit.binders and (module in unit.loaders or module in unit.users):
                yield package

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

    def reach(self, modules: frozenset[str], unit: Callable[[str], Unit]) -> Reach:
        """What may run while these modules are imported; the closure of an earlier time, where nothing of it changed.

        ``unit``: gives the version of a module.
        """
        known = self._reaches.get(modules)
        if known is not None and known.edition == self._edition:
            changed = {name: unit(name) for name in known.renewed if name in known.every}
            own = {name: version for name, version in changed.items() if name in known.units}
            fresh = Reach({**known.units, **own}, {**known.every, **changed}, self._edition)
            fresh.inherit(known, changed)
        else:
            every = {name: unit(name) for name in sorted(self.dependencies(modules))}
            fresh = Reach({name: unit(name) for name in sorted(modules)}, every, self._edition)
            if known is not None and known.every.keys() == every.keys():
                fresh.inherit(known, [name for name in every if every[name] is not known.every[name]])
            elif len(self._reaches) >= _KEPT:
                self._reaches.clear()
        self._reaches[modules] = fresh
        return fresh
