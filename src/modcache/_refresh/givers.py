"""Who uses modules as objects: passes them on, keeps them, returns them. Then anybody may look at what they hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from modcache._model.bodies import Body
from modcache._model.facts import ImportRef

if TYPE_CHECKING:
    from modcache._refresh.world import World

__all__ = ["Givers"]

_Users = dict[str, list[tuple[str, Body]]]


class Givers:
    """The uses of modules as objects in one look at the process; each module is read once for all that are asked for.

    ``earlier``: what another look has found holds for this one.
    """

    def __init__(self, world: World, earlier: Givers | None = None) -> None:
        self.world = world
        self._handed: dict[str, bool] = {} if earlier is None else earlier._handed
        self._given_by: dict[str, tuple[frozenset[str], list[ImportRef]]] = {}
        self._functions: dict[str, tuple[_Users, list[tuple[str, Body]]]] = {}

    def hand(self, module: str) -> bool:
        """Does any of its dependents hand a module on?"""
        known = self._handed.get(module)
        if known is None:
            known = self._handed[module] = any(self._hands(other, module) for other in self.world.dependents(module))
        return known

    def _hands(self, other: str, module: str) -> bool:
        names = self.world.names_of(other, module)
        given, in_classes = self._given(other)
        if not names.isdisjoint(given):
            return True
        if any(self.world.import_target(other, ref) == (module, None) for ref in in_classes):
            return True
        return any(self.handing(other, module))

    def _given(self, other: str) -> tuple[frozenset[str], list[ImportRef]]:
        """The names that the statements of a module use as such; the imports that stand in its classes."""
        known = self._given_by.get(other)
        if known is None:
            every = self.world.unit(other).all_facts
            in_classes = [ref for facts in every if facts.kind == "class" for ref in facts.imports]
            known = self._given_by[other] = frozenset().union(*(facts.whole for facts in every)), in_classes
        return known

    def handing(self, other: str, module: str) -> Iterator[str]:
        """The functions of a module that may run while it is imported and use another module as an object."""
        unit, names = self.world.unit(other), self.world.names_of(other, module)
        word = module.rpartition(".")[2]
        if names or unit.mentions(word):
            for qualname, body in self._functions_with(other, names, word):
                own = {ref.bound for ref in body.refs if self.world.import_target(other, ref) == (module, None)}
                if not body.whole.isdisjoint(names | own) and self.world.reach.runs_function(qualname):
                    yield qualname

    def _functions_with(self, other: str, names: set[str], word: str) -> Iterator[tuple[str, Body]]:
        """The functions of a module that use one of some names as such, or import something with a word in its name."""
        users, importing = self._functions_of(other)
        found = {id(row): row for name in names for row in users.get(name, ())}
        for row in importing:
            if any(word in (ref.name, ref.module.rpartition(".")[2]) for ref in row[1].refs):
                found[id(row)] = row
        yield from found.values()

    def _functions_of(self, other: str) -> tuple[_Users, list[tuple[str, Body]]]:
        known = self._functions.get(other)
        if known is None:
            users: _Users = defaultdict(list)
            rows = [
                (qualname, body) for qualname, bodies in self.world.unit(other).functions.items() for _, body in bodies
            ]
            for row in rows:
                for name in row[1].whole:
                    users[name].append(row)
            known = self._functions[other] = users, [row for row in rows if row[1].refs]
        return known
