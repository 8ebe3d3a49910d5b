"""What a statement finds when it is executed anew: what it found then, and not what came of that further below."""

from __future__ import annotations

from functools import cached_property
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING

from modcache._model.facts import Facts
from modcache._refresh.effects import Name
from modcache._refresh.harmless import IMMUTABLE
from modcache._refresh.readings import Readings
from modcache._refresh.taint import Chain
from modcache._refresh.world import MISSING
from modcache._runtime.peek import is_a

if TYPE_CHECKING:
    from modcache._refresh.planner import Planner

__all__ = ["Inputs"]


class Inputs:
    """Has what a statement needs executed as well, for one planner."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner
        self._world = planner.world
        self._readings = Readings(planner.world)
        self._known: dict[str, dict[str, list[int]]] = {}

    def of(self, module: str, index: int, facts: Facts, chain: Chain) -> None:
        """Everything that a statement finds, which is to be executed."""
        self._not_there(module, index, facts, chain)
        self._bound_again(module, index, facts, chain)
        self._changed(module, index, facts)

    def _not_there(self, module: str, index: int, facts: Facts, chain: Chain) -> None:
        """What a statement reads, and a later one deletes, has to be there again."""
        live, unit = self._world.namespace(module), self._world.unit(module)
        for name in facts.reads:
            binders = unit.binders.get(name, ())
            # what is bound only after its use is not there in a fresh process: nor must it be in the stage
            if binders and (name not in live or binders[0] > index):
                for binder in binders:
                    self._planner.step(module, binder, f"{name} is needed here", chain)

    def _bound_again(self, module: str, index: int, facts: Facts, chain: Chain) -> None:
        """What a name held then, where another statement binds it below: for itself, and for functions that it runs."""
        unit = self._world.unit(module)
        runs = facts.calls or facts.operates or facts.active or facts.bases
        for name, binders in self._rebound(module).items():
            needed = name in facts.reads or (runs and unit.asks_for(name))
            if needed and binders[0] < index <= binders[-1]:
                for binder in binders:
                    self._planner.step(module, binder, f"{name} is needed here as it was then", chain)
            for binder in binders if name in facts.binds else ():
                if binder > index:  # that is what it holds in the end
                    self._planner.step(module, binder, f"{name} is bound above, and here again", chain)

    def _rebound(self, module: str) -> dict[str, list[int]]:
        """The names that several statements of a module bind, star imports among them -> those statements."""
        known = self._known.get(module)
        if known is None:
            unit = self._world.unit(module)
            stars = [index for index, *_ in unit.sites.get("*", ())]
            known = self._known[module] = dict(unit.rebound)
            for name, binders in unit.binders.items() if stars else ():
                if self._world.star_offers(module, name):
                    known[name] = sorted({*binders, *stars})
        return known

    def _changed(self, module: str, index: int, facts: Facts) -> None:
        """What a statement uses, and a later statement changes: that is built anew first, to be as it was then."""
        used = facts.active | {name for call in facts.calls for name in call.passed}
        for name in used & facts.reads:
            live = self._world.live(module, name)
            if live is MISSING or type(live) in IMMUTABLE or is_a(live, ModuleType, FunctionType, type):
                continue
            self._as_it_was(self._world.definition(module, name), module, index)
        for origin in self._readings.of(module, facts):
            self._as_it_was(origin, module, index)

    def _as_it_was(self, origin: Name | None, module: str, index: int) -> None:
        if origin is not None and self._changed_later(origin, module, index):
            line = self._world.unit(module).statements[index].lineno
            self._planner.rebuild(*origin, (f"{module}:{line} uses {origin[1]}",))

    def _changed_later(self, origin: Name, module: str, index: int) -> bool:
        for other in self._world.mentioning(*origin):
            for position in self._world.unit(other).users.get(origin[1], ()):
                facts = self._world.unit(other).facts(position)
                below = position > index if other == module else self._is_later(other, module)
                if below and (facts.calls or facts.stores) and origin in self._planner.effects.of(other, position):
                    return True
        return False

    def _is_later(self, other: str, module: str) -> bool:
        """May a module execute when another one has? It imports that, or was imported after it, and not by it."""
        if other in self._world.dependents(module):
            return True
        order = self._order
        return order.get(other, len(order)) > order.get(module, -1) and module not in self._world.dependents(other)

    @cached_property
    def _order(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self._world.knowledge.system.modules)}
