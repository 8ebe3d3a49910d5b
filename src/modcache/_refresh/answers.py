"""What a module's own ``__getattr__`` (PEP 562) has answered: objects that no statement says where they come from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from modcache._model.unit import Unit

if TYPE_CHECKING:
    from modcache._refresh.planner import Planner
    from modcache._refresh.world import World

__all__ = ["unsure_answers"]

_ASKED = "__getattr__"
_IMPORTS = frozenset({"import", "from", "star"})


def unsure_answers(planner: Planner) -> Iterator[str]:
    """Why names that hold such an answer may be made of what changed: rows for a report.

    Those are not, of which it is seen that they are what another module's statements bind, and keep.
    """
    changed = [module for (module, _), taint in planner.taints.items() if taint.value]
    for module in planner.world.knowledge.entries if changed else ():
        if _ASKED in planner.world.unit(module).binders:
            reached = planner.world.dependencies((module,))
            near = [one for one in changed if one != module and (one in reached or one.startswith(f"{module}."))]
            for where, name, value in _answered(planner.world, module) if near else ():
                if not _is_kept(planner, name, value):
                    yield f"{where} is what {module}.{_ASKED} answered, which may be made of what changed in {near[0]}"


def _answered(world: World, module: str) -> Iterator[tuple[str, str, Any]]:
    """(where, name, value) of what it has answered to importers, or put into its own module."""
    unit = world.unit(module)
    for name, value in list(world.namespace(module).items()):
        if _is_asked_for(world, unit, name) and "*" not in unit.sites:
            yield f"{module}.{name}", name, value
    for other in world.importers.get(module, ()):
        if other in world and other != module:
            for name, index, bound in _from(world.unit(other), module):
                if _is_asked_for(world, unit, name):
                    line = world.unit(other).statements[index].lineno
                    yield f"{other}:{line} {module}.{name}", name, world.live(other, bound)


def _from(unit: Unit, module: str) -> Iterator[tuple[str, int, str]]:
    """(name, statement, name that holds it) of what a module takes from another one while it executes."""
    bases = {module.rpartition(".")[2]}
    for name, rows in unit.sites.items():
        for index, ref, base in rows:
            if base == module:
                yield name, index, ref.bound
            if f"{base}.{name}" == module:
                bases.add(ref.bound)
    for index, facts in enumerate(unit.all_facts):
        bases.update(ref.bound for ref in facts.imports if ref.name is None and ref.module == module)
        yield from ((attribute, index, "") for base, attribute in facts.gets if base in bases)


def _is_asked_for(world: World, unit: Unit, name: str) -> bool:
    """Is it a name that nothing but ``__getattr__`` can have given?"""
    special = name == "*" or (name.startswith("__") and name.endswith("__"))
    return not special and name not in unit.binders and f"{unit.name}.{name}" not in world.knowledge.system.modules


def _is_kept(planner: Planner, name: str, value: Any) -> bool:
    """Is it the very object that statements of another module bind to that name, and that stays?"""
    for module, key in planner.world.names_by_id.get(id(value), ()):
        unit, taint = planner.world.unit(module), planner.taints.get((module, key))
        if key == name and (taint is None or not taint.value):
            if any(unit.facts(index).kind not in _IMPORTS for index in unit.binders.get(key, ())):
                return True
    return False
