"""A plan cross-examined: what keeps it from being a proof, in all that depends on a change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from modcache._model.diff import Alignment
from modcache._model.unit import Unit
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

    def run(self) -> None:
        """Look for what keeps the plan from being a proof, in all that depends on a change."""
        for why in suspicions(self.world.reach):
            self.planner.doubt(why)
        for module, steps in self.planner.steps.items():
            for index in steps:
                stored = self.effects.stores_outside(module, index)
                if stored is not None:
                    line = self.world.unit(module).statements[index].lineno
                    self.planner.doubt(f"{module}:{line} stores into {stored}, which is none of the roots' own")
        for module, alignment in self.planner.alignments.items():
            self._imports_moved(module, alignment)

    def _imports_moved(self, module: str, alignment: Alignment) -> None:
        """The order of imports decides the order of effects, and what is not imported any more is not there afresh."""
        before, after = self.world.entry(module).unit, self.world.unit(module)
        if _imports_stay(before, after, alignment):
            return
        old = [target for index in range(len(before.statements)) for target in self._roots_imported(before, index)]
        new = [target for index in range(len(after.statements)) for target in self._roots_imported(after, index)]
        common = [target for target in dict.fromkeys(new) if target in old]
        if [target for target in dict.fromkeys(old) if target in common] != common:
            self.planner.doubt(f"{module} imports modules of the roots in another order than before")
        for target in dict.fromkeys(new):
            if target not in old and self._too_early(module, target):
                self.planner.doubt(
                    f"{module} imports {target} now, which may ask it for names that it does not have yet"
                )
        for target in dict.fromkeys(old):
            if target not in new and not self.world.importers.get(target, set()) - {module}:
                self.planner.unwanted.append(target)
            elif target not in new:
                self.planner.doubt(f"{module} does not import {target} any more; others that import it may do so later")

    def _too_early(self, module: str, target: str) -> bool:
        """Does a new import make a cycle in which somebody uses, while it executes, what is bound after the import?"""
        unit = self.world.unit(module)
        at = next((i for i in range(len(unit.statements)) if target in self._roots_imported(unit, i)), 0)
        early = {name for name, binders in unit.binders.items() if binders[0] < at}
        for other in self.world.dependencies([target]):
            if other != module:
                for index, facts in enumerate(self.world.unit(other).all_facts):
                    if module in self._roots_imported(self.world.unit(other), index):
                        if any(ref.name not in (None, *early) for ref in facts.imports):
                            return True
                    for base, attribute in facts.gets:
                        if attribute not in early and self.world.module_of(other, base) == module:
                            return True
        return False

    def _roots_imported(self, unit: Unit, index: int) -> Iterator[str]:
        for ref in unit.facts(index).imports:
            base = unit.absolute(ref.level, ref.module)
            if base in self.world and base != unit.name:
                yield base
            if ref.name is not None and f"{base}.{ref.name}" in self.world:
                yield f"{base}.{ref.name}"


def _imports_stay(before: Unit, after: Unit, alignment: Alignment) -> bool:
    """Is no statement with an import among those that differ, and none in another place?"""
    kept = [match.old for match in alignment.matches if match.verdict == "same" and match.old is not None]
    differing = [match for match in alignment.matches if match.verdict != "same"]
    news = [match.new for match in differing]
    olds = [*alignment.gone, *(match.old for match in differing if match.old is not None)]
    return kept == sorted(kept) and not any(
        unit.facts(index).imports for unit, indexes in ((before, olds), (after, news)) for index in indexes
    )
