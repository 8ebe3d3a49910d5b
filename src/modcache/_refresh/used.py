"""What a plan executes, and what that uses of objects which are made anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modcache._runtime.peek import home, mro_of, qualname_of

if TYPE_CHECKING:
    from modcache._refresh.planner import Planner

__all__ = ["runs_tainted"]


def runs_tainted(planner: Planner) -> bool:
    """May what is executed run tainted code of an object that is made anew: a method of an instance?"""
    for module, steps in planner.steps.items():
        unit = planner.world.unit(module)
        for facts in map(unit.facts, steps):
            used = {(module, name) for name in facts.active & facts.reads}
            for base, attribute in facts.gets:
                if (held := planner.world.module_of(module, base)) is not None:
                    used.add((held, attribute))
            if any(_is_of_tainted(planner, *one) for one in used):
                return True
    return False


def _is_of_tainted(planner: Planner, module: str, name: str) -> bool:
    taint = planner.taints.get((module, name))
    if taint is None or not taint.value:
        return False
    kinds = mro_of(type(planner.world.live(module, name)))
    of_kinds = [planner.taints.get((home(kind), qualname_of(kind))) for kind in kinds]
    return any(found is not None and found.content and not found.value for found in of_kinds)
