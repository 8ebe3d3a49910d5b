"""A plan cross-examined: what keeps it from being a proof, in all that depends on a change."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from modcache._model.diff import Alignment
from modcache._model.doubts import Doubt, DoubtKind
from modcache._model.rehearsal import Asker
from modcache._model.unit import Unit
from modcache._refresh.answers import unsure_answers
from modcache._refresh.cycles import new_uses_before_binding
from modcache._refresh.ordering import Ordering
from modcache._refresh.proof import suspicions

if TYPE_CHECKING:
    from modcache._refresh.planner import Planner

__all__ = ["Examination"]


class Examination:
    """Adds to a planner's doubts."""

    def __init__(self, planner: Planner) -> None:
        self.planner = planner
        self.world = planner.world
        self.effects = planner.effects
        self.ordering = Ordering(planner)

    def run(self) -> None:
        """Look for what keeps the plan from being a proof, in all that depends on a change."""
        for doubt in suspicions(self.world.reach):
            self.planner.doubt(doubt)
        for why in unsure_answers(self.planner):
            self.planner.doubt(why)
        self.planner.spread.lent.tell()
        for module, steps in self.planner.steps.items():
            for index in steps:
                stored = self.effects.stores_outside(module, index)
                if stored is not None:
                    line = self.world.unit(module).statements[index].lineno
                    why = f"{module}:{line} stores into {stored}, which is none of the roots' own"
                    self.planner.stored[module, line] = Doubt(why, DoubtKind.STORES)
        for module, alignment in self.planner.alignments.items():
            self._imports_moved(module, alignment)
        self._asked_too_early()
        for module in self.planner.steps:
            self._imported_below(module)

    def _imported_below(self, module: str) -> None:
        """What is executed of a module goes before what imports it: but not past what stands above the import there."""
        unit, steps, above = self.world.unit(module), self.planner.steps[module], ""
        there: set[str] = set()
        for index in range(len(unit.statements)):
            new = self.world.dependencies(self._roots_imported(unit, index)) - there
            there |= new
            for other in new & self.planner.steps.keys() if above else ():
                if self.planner.steps[other] and module not in self.world.dependencies([other]):
                    self.planner.doubt(f"{other} was executed before {above}, which stands above its import")
            if index in steps and any(owner != module for owner, _ in self.effects.of(module, index)):
                above = above or f"{module}:{unit.statements[index].lineno}"

    def _asked_too_early(self) -> None:
        """What is executed shows on the stage whether it asks too early; what is not is in doubt."""
        for early in new_uses_before_binding(self.planner):
            use = early.use
            if use.certain and self.planner.impossible is None:
                self.planner.impossible = use
            elif self._is_executed(use.asker):
                self.planner.early.setdefault(use.asker.unit.name, []).append(early)
            else:
                self.planner.doubt(str(use))

    def _is_executed(self, asker: Asker) -> bool:
        name = asker.unit.name
        steps = self.planner.steps.get(name, ())
        return name not in self.world or any(asker.unit.statements[index] is asker.statement for index in steps)

    def _imports_moved(self, module: str, alignment: Alignment) -> None:
        """The order of imports decides the order of effects, and what is not imported any more is not there afresh.

        Unless it is proved that nobody can tell.
        """
        before, after = self.world.entry(module).unit, self.world.unit(module)
        if _imports_stay(before, after, alignment):
            return
        old = [target for index in range(len(before.statements)) for target in self._roots_imported(before, index)]
        new = [target for index in range(len(after.statements)) for target in self._roots_imported(after, index)]
        self._first_imports(module, after)
        if not self.ordering.tells_nothing():
            self.planner.doubt(f"{module} imports modules of the roots in another order than before")
        left = [target for target in dict.fromkeys(old) if target not in new]
        later = [target for target in left if self._is_imported_by_others(target, module)]
        self.planner.unwanted += [target for target in left if target not in later]
        if told := [target for target in later if not self.ordering.may_go(target)]:
            names = ", ".join(told)
            self.planner.doubt(f"{module} does not import {names} any more; others that do may do so later")

    def _is_imported_by_others(self, target: str, module: str) -> bool:
        """Does the text of another module import one, or one in it?"""
        found = (names for name, names in self.world.importers.items() if f"{name}.".startswith(f"{target}."))
        return any(names - {module} for names in found)

    def _first_imports(self, module: str, unit: Unit) -> None:
        """A module that is imported first now, before others that have been for long."""
        later: list[str] = []
        for index in reversed(range(len(unit.statements))):
            for ref in unit.facts(index).imports:
                base = unit.absolute(ref.level, ref.module)
                for name in (base, f"{base}.{ref.name}"):
                    if name not in self.world and later:
                        why = f"{module} imports {name} before {later[-1]}, but what {later[-1]} did was done first"
                        self.planner.ahead.setdefault(name, why)
            later += self._roots_imported(unit, index)

    def _roots_imported(self, unit: Unit, index: int) -> Iterator[str]:
        """The modules of the roots that a statement imports, parents first; not those that are there by then anyway."""
        for ref in unit.facts(index).imports:
            base = unit.absolute(ref.level, ref.module)
            *parents, _ = itertools.accumulate(base.split("."), "{}.{}".format)
            submodule = [f"{base}.{ref.name}"] if ref.name is not None else []
            for name in (*parents, base, *submodule):
                if name in self.world and not f"{unit.name}.".startswith(f"{name}."):
                    yield name


def _imports_stay(before: Unit, after: Unit, alignment: Alignment) -> bool:
    """Is no statement with an import among those that differ, and none in another place?"""
    kept = [match.old for match in alignment.matches if match.verdict == "same" and match.old is not None]
    differing = [match for match in alignment.matches if match.verdict != "same"]
    news = [match.new for match in differing]
    olds = [*alignment.gone, *(match.old for match in differing if match.old is not None)]
    return kept == sorted(kept) and not any(
        unit.facts(index).imports for unit, indexes in ((before, olds), (after, news)) for index in indexes
    )
