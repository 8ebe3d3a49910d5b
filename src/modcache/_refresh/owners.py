"""Whose an object is that several names hold: of the name that it was made for, and nobody else's."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from modcache._refresh.effects import Name
from modcache._refresh.harmless import IMMUTABLE
from modcache._refresh.shape import member_of
from modcache._refresh.world import MISSING, World
from modcache._runtime.functions import instance_dict
from modcache._runtime.peek import is_a

__all__ = ["Owners", "owners_of"]

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


class Owners:
    """Asked for one stage. ``staged``: its modules."""

    def __init__(self, world: World, staged: Mapping[str, ModuleType]) -> None:
        self._world = world
        self._staged = staged
        self._looked_up: dict[tuple[str, str, bool], set[int]] = {}

    def go_on(self, old: object, new: object, where: str) -> bool:
        """Do others go on with what stood in a place (``module:name…``), while that has something of its own now?

        ``S = R`` that became ``S = {}``: what R and its holders have must not be filled with what S has.
        """
        if type(old) in IMMUTABLE:
            return False
        module, _, place = where.partition(":")
        found = _FIRST.match(place)
        if not found or module not in self._world:
            return False
        for owner, other in owners_of(self._world, module, found[0], old):
            if self._namespace(owner).get(other, MISSING) is not new and other in self._world.unit(owner).binders:
                return True
        taken = id(old) in self._taken(module, found[0], before=True)
        return taken and id(new) not in self._taken(module, found[0], before=False)

    def _namespace(self, module: str) -> dict[str, Any]:
        return vars(self._staged[module]) if module in self._staged else self._world.namespace(module)

    def _taken(self, module: str, name: str, *, before: bool) -> set[int]:
        """The ids of what the statements of a name take from elsewhere, as ``D["a"]``, by what is there now."""
        known = self._looked_up.get((module, name, before))
        if known is None:
            unit = self._world.entry(module).unit if before else self._world.unit(module)
            names = self._world.namespace(module) if before else self._namespace(module)
            nodes = [unit.statements[index].fragment.node for index in unit.binders.get(name, ())]
            values = (_value(one, names) for node in nodes for one in ast.walk(node) if _is_lookup(one, name))
            known = self._looked_up[module, name, before] = set(map(id, values))
        return known


def _is_lookup(node: ast.AST, name: str) -> bool:
    """Of anything but the name itself, which holds what came of it by now?"""
    loads = isinstance(node, ast.Name | ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Load)
    return loads and not (isinstance(node, ast.Name) and node.id == name)


def _value(node: ast.AST, names: Mapping[str, Any]) -> Any:
    """What a plain lookup gives now, if that runs nobody's code."""
    match node:
        case ast.Name(id=name):
            return names.get(name, MISSING)
        case ast.Attribute(value=value, attr=name):
            owner = _value(value, names)
            own = (instance_dict(owner) or {}).get(name, MISSING) if owner is not MISSING else MISSING
            kind = owner if is_a(owner, type) else type(owner)
            return own if own is not MISSING or owner is MISSING else member_of(kind, name)
        case ast.Subscript(value=value, slice=ast.Constant(value=key)):
            owner = _value(value, names)
            if type(owner) is dict:
                return owner.get(key, MISSING)
            if type(owner) in (list, tuple) and type(key) is int and key < len(owner):
                return owner[key]
    return MISSING


def _bound_at(world: World, module: str, name: str) -> int:
    """The statement that bound what a name of a module holds."""
    return world.unit(module).binders.get(name, [0])[-1]
