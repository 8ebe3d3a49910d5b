"""Whose an object is that several names hold: of the name that it was made for, and nobody else's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import ModuleType

from modcache._refresh.effects import Name
from modcache._refresh.harmless import IMMUTABLE
from modcache._refresh.world import MISSING, World

__all__ = ["goes_on_elsewhere", "owners_of"]

_FIRST = re.compile(r"\w+")


def owners_of(world: World, module: str, name: str, value: object) -> Iterator[Name]:
    """The names that had a value before a name, or what that holds, had it: who holds it does not follow this name."""
    for other_module, other in world.names_by_id.get(id(value), ()):
        origin = world.definition(other_module, other)
        if origin is None or origin == (module, name):
            continue
        if origin[0] != module:
            if module in world.dependents(origin[0]) and origin[0] not in world.dependents(module):
                yield origin
        elif _bound_at(world, module, other) < _bound_at(world, module, name):
            yield origin


def goes_on_elsewhere(world: World, staged: Mapping[str, ModuleType], old: object, new: object, where: str) -> bool:
    """Does an older name go on with what stood in a place (``module:name…``), while that has something of its own now?

    ``S = R`` that became ``S = {}``: what R and its holders have must not be filled with what S has.
    """
    if type(old) in IMMUTABLE:
        return False
    module, _, place = where.partition(":")
    found = _FIRST.match(place)
    for owner, other in owners_of(world, module, found[0], old) if found and module in world else ():
        namespace = vars(staged[owner]) if owner in staged else world.namespace(owner)
        if namespace.get(other, MISSING) is not new and other in world.unit(owner).binders:
            return True
    return False


def _bound_at(world: World, module: str, name: str) -> int:
    """The statement that bound what a name of a module holds."""
    return world.unit(module).binders.get(name, [0])[-1]
