"""Whose hash may be another when a plan is carried out: what their ``__hash__`` uses is edited, or comes out otherwise.

By words: who loads a name may use what is edited under it, and is asked for under its own name in turn. Who is named
here for nothing costs a look at the containers that are keyed by its instances, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from modcache._model.diff import Alignment
from modcache._refresh.docs import find_class
from modcache._refresh.effects import Name
from modcache._refresh.members import body_names, changed_members

if TYPE_CHECKING:
    from modcache._refresh.engine import Attempt
    from modcache._refresh.planner import Planner
    from modcache._refresh.world import World

__all__ = ["hashed_anew"]

_HASH = "__hash__"
_MANY = 2000


def hashed_anew(attempt: Attempt, planner: Planner) -> Iterator[type]:
    """The classes of the roots of which that is so; their subclasses have it from them."""
    world = attempt.world
    hashing = [name for name in world.knowledge.entries if world.unit(name).contains(_HASH)]
    if not hashing:
        return
    found = _users(world, set(_changed(attempt, planner)))
    for module in hashing:
        for function in world.unit(module).functions:
            owner, _, name = function.rpartition(".")
            if name == _HASH and (found is None or (module, function) in found):
                kind = find_class(world.namespace(module), owner, module)
                if kind is not None:
                    yield kind


def _changed(attempt: Attempt, planner: Planner) -> Iterator[Name]:
    """What holds something else afterwards, and what is edited: names of modules, and of members of their classes."""
    yield from (place for place, taint in planner.taints.items() if taint.value)
    for module, alignment in attempt.alignments.items():
        yield from ((module, name) for name in _edited(attempt.world, module, alignment))


def _edited(world: World, module: str, alignment: Alignment) -> set[str]:
    """The names that an edited module binds otherwise, and those of the members of its classes."""
    before, after = world.entry(module).unit, world.unit(module)
    found = set().union(*(before.facts(index).binds for index in alignment.gone))
    for match in alignment.matches:
        if match.verdict == "same":
            continue
        found |= after.facts(match.new).binds
        if match.old is not None:
            found |= before.facts(match.old).binds
            members = changed_members(before.statements[match.old], after.statements[match.new])
            found |= members if members is not None else body_names(after.statements[match.new].fragment.node)
    return found


def _users(world: World, names: set[Name]) -> set[Name] | None:
    """All functions that may use one of some names when they run, as (module, qualified name); None: too many."""
    found, seen, todo = set[Name](), set(names), [*names]
    while todo:
        module, word = todo.pop()
        for other in world.mentioning(module, word):
            for qualname, _ in world.unit(other).loaders.get(word, ()):
                found.add((other, qualname))
                if (name := (other, _asked_as(qualname))) not in seen:
                    seen.add(name)
                    todo.append(name)
        if len(seen) > _MANY:
            return None
    return found


def _asked_as(qualname: str) -> str:
    """By what name one comes to a function: a special method is run by making, or using, an object of the class."""
    owner, _, name = qualname.rpartition(".")
    return owner.rpartition(".")[2] if owner and name.startswith("__") and name.endswith("__") else name
