"""The order in which staged modules are executed: that of a first import, which passes through the others as well."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from modcache._model.graph import components
from modcache._model.unit import Unit
from modcache._refresh.world import World
from modcache._runtime.stage import Stage

__all__ = ["Order", "parents"]


class Order:
    """Says what is entered when; ``stage``: the modules with something to be executed are those with a body."""

    def __init__(self, world: World, stage: Stage) -> None:
        self._world = world
        self._stage = stage
        self._passed: set[str] = set()

    def __iter__(self) -> Iterator[str]:
        """Dependencies first; a cycle is entered where the first import entered it: at the module that ends up last."""
        cached = {name: position for position, name in enumerate(list(self._world.knowledge.system.modules))}
        names = sorted(filter(self._is_staged, self._stage.modules), key=lambda name: cached.get(name, 0))
        reached = [name for name in [*names, *self._leading] if name in self._world]
        group = components({name: self._targets(name) for name in reached})
        for name in names:
            circle = filter(self._is_staged, group.get(name, [name]))
            for one in (max(circle, key=lambda other: cached.get(other, 0)), name):
                yield from filter(self._is_staged, parents(one))  # a package is always entered before what is in it
                yield one

    def entered(self, unit: Unit, index: int) -> Iterator[str]:
        """The staged modules that the imports of a statement enter, one after the other."""
        todo: list[Iterator[str]] = [self._imported(unit, index)]
        while todo:
            target = next(todo[-1], None)
            if target is None:
                todo.pop()
            elif self._is_staged(target):
                yield target
            elif target in self._leading and target not in self._passed:
                self._passed.add(target)  # it is not executed again, but a first import comes through it
                todo.append(iter(self._targets(target)))

    def _is_staged(self, name: str) -> bool:
        return name in self._stage.modules and name in self._stage.bodies

    @cached_property
    def _leading(self) -> set[str]:
        """The modules that are not staged, and that import one that is, over any number of steps."""
        found, todo = set[str](), list(filter(self._is_staged, self._stage.modules))
        while todo:
            new = self._world.importers.get(todo.pop(), set()) - found
            found |= new
            todo += new
        return {name for name in found if name in self._world and not self._is_staged(name)}

    def _targets(self, name: str) -> list[str]:
        unit = self._world.unit(name)
        return [target for index in range(len(unit.statements)) for target in self._imported(unit, index)]

    @staticmethod
    def _imported(unit: Unit, index: int) -> Iterator[str]:
        for ref in unit.facts(index).imports:
            base = unit.absolute(ref.level, ref.module)
            yield from parents(base)
            yield base
            if ref.name is not None:
                yield f"{base}.{ref.name}"


def parents(name: str) -> Iterable[str]:
    """The packages that a module is in, the outermost first."""
    above, found = name.rpartition(".")[0], list[str]()
    while above:
        found.append(above)
        above = above.rpartition(".")[0]
    return reversed(found)
