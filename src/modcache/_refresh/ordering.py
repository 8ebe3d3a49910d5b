"""Another order of imports: can it matter? A first import of the old text and of the new are laid side by side.

Only what acts beyond its own module, looks at what others act on, or may import more than it says can tell in which
order modules are executed. All else commutes.
"""

from __future__ import annotations

import itertools
import sys
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from modcache._model.executions import Executions, executions, imported
from modcache._model.facts import Facts
from modcache._model.unit import Unit
from modcache._refresh.cycles import Fresh
from modcache._refresh.inert import Inert

if TYPE_CHECKING:
    from modcache._refresh.planner import Planner

__all__ = ["Ordering"]

_Place = tuple[str, int]
"""(module, index of a statement of its new version)."""


class Ordering:
    """Compares the two for one plan, when it is asked. True is a proof; what is not proved is False."""

    def __init__(self, planner: Planner) -> None:
        self.planner = planner
        self.world = planner.world
        self._inert = Inert(self.world)
        self._kinds: dict[_Place, bool] = {}

    def tells_nothing(self) -> bool:
        """Does every statement find what it found before, whatever was executed earlier or later?"""
        before, after = ([place for place in row if self._may_tell(place)] for row in self._window)
        if before != after or self._packages(0) != self._packages(1):
            return False
        return all(map(self._is_entered_alike, {module for module, _ in self._window[0]}))

    def _packages(self, which: int) -> dict[str, int]:
        """Packages outside the roots -> how many statements that may tell come before the first import of each."""
        found: dict[str, int] = {}
        count, tops = 0, {name.partition(".")[0] for name in self._units}
        for place in self._window[which]:
            for ref in self._facts(*place).imports:
                top = ref.module.partition(".")[0]
                if not ref.level and top not in tops and top not in sys.stdlib_module_names:
                    found.setdefault(top, count)
            count += self._may_tell(place)
        return found

    def may_go(self, module: str) -> bool:
        """Is a module there all the same that is not imported where it was, and can nobody tell when it came?"""
        sure = module in self._executions[1].begun
        return sure and self.tells_nothing() and not self._is_attribute_asked(module)

    # -- the two first imports

    @cached_property
    def _executions(self) -> tuple[Executions, Executions]:
        known = self.world.knowledge
        old = executions({name: entry.unit for name, entry in known.entries.items()}, known.import_order())
        fresh = Fresh(self.planner)
        new = (unit for module in self.planner.alignments for unit in fresh.new_of(self.world.unit(module)))
        return old, executions({**self._units, **{unit.name: unit for unit in new}}, old.entries)

    @cached_property
    def _units(self) -> dict[str, Unit]:
        return {name: self.world.unit(name) for name in self.world.knowledge.entries}

    @cached_property
    def _window(self) -> tuple[list[_Place], list[_Place]]:
        """The statements of both in the order of each, from the first to the last that has another place."""
        old, new = self._executions
        after = {
            (name, match.old): match.new
            for name, alignment in self.planner.alignments.items()
            for match in alignment.matches
            if match.old is not None and match.verdict in ("same", "patch")
        }
        changed = self.planner.alignments
        olds = [(name, after.get((name, index), -1) if name in changed else index) for name, index in old.statements]
        both = set(olds).intersection(new.statements)
        rows = [[place for place in row if place in both] for row in (olds, new.statements)]
        differing = [index for index, pair in enumerate(zip(*rows, strict=True)) if pair[0] != pair[1]]
        first, last = (differing[0], differing[-1] + 1) if differing else (0, 0)
        return rows[0][first:last], rows[1][first:last]

    def _is_entered_alike(self, module: str) -> bool:
        """Do modules that import one another begin in the order of before?"""
        circle = self.world.dependencies([module]) & self.world.dependents(module)
        old, new = (sorted(circle & one.begun.keys(), key=one.begun.__getitem__) for one in self._executions)
        return old == new

    # -- what may tell the order

    def _may_tell(self, place: _Place) -> bool:
        if place not in self._kinds:
            module, index = place
            self._kinds[place] = self._acts(module, index) or self._imports_more(module, index)
        return self._kinds[place]

    def _acts(self, module: str, index: int) -> bool:
        """May a statement do more than bind its names, or see what others did? In a circle others see those names."""
        if not self._inert.is_inert(module, index):
            return True
        circular = len(self.world.dependencies([module]) & self.world.dependents(module)) > 1
        return circular and self._facts(module, index).effect

    def _imports_more(self, module: str, index: int) -> bool:
        """May a statement import what is not there yet: under a condition, or by a function that it runs?"""
        unit, facts = self.world.unit(module), self._facts(module, index)
        found = set(imported(unit, facts, self._units)) if facts.conditional else set()
        if facts.calls or facts.bases or facts.operates:
            words = self._words(module, index)
            found.update(*(self._lazy[word] for word in self._lazy.keys() & words))
        return any(self._is_later(name, module, index) for name in found)

    def _is_later(self, name: str, module: str, index: int) -> bool:
        """Is a module not there for sure when a statement is executed, in one of the two orders?"""
        if name not in self.world:
            return False
        return any(name not in one.begun or one.begun[name] > one.begun.get(module, 0) for one in self._executions)

    def _facts(self, module: str, index: int) -> Facts:
        return self.world.unit(module).facts(index)

    # -- words

    def _words(self, module: str, index: int) -> set[str]:
        """What a statement may load, and what the functions may that it runs, by whatever name they go."""
        facts = self._facts(module, index)
        seen = set(self.world.unit(module).executed_words_of(index))
        todo = set(seen) if facts.calls or facts.bases or facts.operates or facts.active else set()
        while todo:
            new = self._loads.get(todo.pop(), set()) - seen
            seen |= new
            todo |= new
        return seen

    @cached_property
    def _loads(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for name in self.world.knowledge.entries:
            for word, loads in self.world.unit(name).runs_by_name.items():
                found[word] |= loads
        return found

    @cached_property
    def _lazy(self) -> dict[str, set[str]]:
        """What functions import when they run, by their names."""
        found: dict[str, set[str]] = defaultdict(set)
        for name in self.world.knowledge.entries:
            unit = self.world.unit(name)
            for _, body in itertools.chain.from_iterable(unit.functions.values()):
                for level, base, _ in body.imports:
                    found[body.called_as].add(unit.absolute(level, base))
        return found

    # -- packages

    def _is_attribute_asked(self, module: str) -> bool:
        """May anybody have a module as an attribute of its package, without importing it?"""
        parent, _, child = module.rpartition(".")
        if not parent:
            return False
        others = self.world.mentioning(parent, child) if parent in self.world else []
        return any(other != module and module not in self.world.unit(other).targets for other in others)
