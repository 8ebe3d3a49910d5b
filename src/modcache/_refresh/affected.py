"""Which modules a change may reach while they are imported: more than those that import what changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from modcache._model.diff import Alignment
from modcache._refresh.effects import Effects
from modcache._refresh.world import World
from modcache._runtime.peek import home, is_a, mro_of

__all__ = ["affected"]


def affected(world: World, effects: Effects, alignments: Mapping[str, Alignment]) -> frozenset[str]:
    """The dependents of what changed, and of those into whose objects these put something, and so on.

    Who asks a registry need not import who filled it, nor need who asks a class for its subclasses. ``effects``: those
    of the versions that are to be.
    """
    heirs = any(world.unit(name).contains("__subclasses__") for name in world.knowledge.entries)
    owners = {owner for name, alignment in alignments.items() for owner in _owners_before(world, name, alignment)}
    found = _dependents(world, {*world.found, *owners})
    todo = list(found)
    while todo and len(found) < len(world.knowledge.entries):
        module = todo.pop()
        owners = {*_owners(effects, module, range(len(world.unit(module).statements)))}
        new = _dependents(world, owners.union(_bases(world, module) if heirs else ())) - found
        found |= new
        todo += new
    return frozenset(found)


def _dependents(world: World, modules: Iterable[str]) -> set[str]:
    return set().union(*map(world.dependents, modules))


def _bases(world: World, module: str) -> Iterator[str]:
    """The modules of the classes that those of a module are derived from."""
    for value in list(world.namespace(module).values()):
        if is_a(value, type) and home(value) == module:
            yield from filter(world.__contains__, map(home, mro_of(value)))


def _owners_before(world: World, module: str, alignment: Alignment) -> Iterator[str]:
    """The modules whose objects were changed by statements of the old version that are no more."""
    edited = (match.old for match in alignment.matches if match.old is not None and match.verdict != "same")
    return _owners(Effects(world.leaving(module)), module, [*alignment.gone, *edited])


def _owners(effects: Effects, module: str, indexes: Iterable[int]) -> Iterator[str]:
    """The modules whose objects some statements may change when they are executed."""
    for index in indexes:
        facts = effects.world.unit(module).facts(index)
        if facts.calls or facts.stores or facts.bases:
            yield from (owner for owner, _ in effects.of(module, index) if owner != module)
