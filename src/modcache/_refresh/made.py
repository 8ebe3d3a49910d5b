"""What a function or class holds besides what its own statement binds: made with it, or put there since?

A metaclass, a decorator, ``__init_subclass__`` and ``__set_name__`` put members into a class while it is made, and
statements below it too. If the new one has no such member, the old one's goes. What the program has put there since is
its state, and stays. Which is which is noted where the import was seen; for others only the text can tell.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from types import FunctionType
from typing import Any

from modcache._model.bodies import Body
from modcache._model.unit import Unit
from modcache._refresh.docs import find_class
from modcache._refresh.inherit import runs_when_inherited
from modcache._refresh.members import inner_classes
from modcache._refresh.world import World
from modcache._runtime.functions import raw_dict
from modcache._runtime.peek import bases_of, home, is_a, qualname_of

__all__ = ["was_made_with"]

Steps = Mapping[str, Collection[int]]
"""Module -> the statements that are executed."""
_MAKING = frozenset({"__init_subclass__", "__set_name__", "__new__", "__init__", "__prepare__"})


def was_made_with(world: World, steps: Steps, value: FunctionType | type, name: str) -> bool | None:
    """Was a member that its own statement does not bind put on an object when it was made? None: not known.

    By its own module, or by a statement of another one that is executed now (``steps``) or gone.
    """
    extras = world.knowledge.extras.of(value, home(value))
    if extras is not None:
        return name in extras or _was_put(world, steps, name)
    return _by_text(world, value, name) if is_a(value, type) else None


def _was_put(world: World, steps: Steps, name: str) -> bool | None:
    """Did code of the old version set an attribute of that name while it was imported? None: it may do so still."""
    was = is_left = False
    for module, entry in world.knowledge.entries.items():
        unit, executed = world.unit(module), steps.get(module, {})
        was = was or (entry.unit.mentions(name) and _puts(world, entry.unit, name))
        if unit.mentions(name):
            is_left = is_left or any(_stores(unit.facts(i).stores, name) for i in unit.users[name] if i not in executed)
            is_left = is_left or any(_stores(body.stores, name) for _, body in _bodies(unit))
    return was and (None if is_left else True)


def _puts(world: World, unit: Unit, name: str) -> bool:
    """Does a module set an attribute of that name, by a statement or by a function that runs while it is imported?"""
    if any(_stores(unit.facts(index).stores, name) for index in unit.users[name]):
        return True
    functions = (qualname for qualname, body in _bodies(unit) if _stores(body.stores, name))
    words = unit.executed_words
    return any(one.rpartition(".")[2] in words or world.reach.runs_function(one) for one in functions)


def _bodies(unit: Unit) -> Iterator[tuple[str, Body]]:
    for qualname, rows in unit.functions.items():
        for _, body in rows:
            yield qualname, body


def _by_text(world: World, kind: type, name: str) -> bool | None:
    decorators = _decorators(world, kind)
    if decorators == set() and _is_made_plainly(kind):
        return False
    made = later = False
    for module in world.knowledge.entries:
        unit = world.entry(module).unit
        if not unit.mentions(name):
            continue
        later = later or any(_stores(facts.stores, name) for facts in unit.all_facts)
        for bodies in unit.functions.values():
            for _, body in bodies:
                if _stores(body.stores, name):
                    made, later = (True, later) if _makes(body, decorators) else (made, True)
    return None if made and later else not later


def _decorators(world: World, kind: type) -> set[str] | None:
    """The last names of a class's decorators; None if no class statement of the roots made it."""
    if home(kind) not in world or not _stands_there(world, kind):
        return None
    top, *inner = qualname_of(kind).split(".")
    unit = world.entry(home(kind)).unit
    nodes = [unit.statements[index].fragment.node for index in unit.binders.get(top, ())]
    found: list[Any] = [one for node in nodes for one in inner_classes(node, inner) if isinstance(one, ast.ClassDef)]
    if not found:
        return None
    every = [node.func if isinstance(node, ast.Call) else node for one in found for node in one.decorator_list]
    return {str(getattr(node, "attr", None) or getattr(node, "id", "?")) for node in every}


def _stands_there(world: World, kind: type) -> bool:
    """Is a class what its name leads to? A base may have the name of the class that is made of it."""
    return find_class(world.namespace(home(kind)), qualname_of(kind), home(kind)) is kind


def _is_made_plainly(kind: type) -> bool:
    named = any(hasattr(type(member), "__set_name__") for member in raw_dict(kind).values())
    return not named and not any(runs_when_inherited(base) for base in bases_of(kind) if base is not object)


def _makes(body: Body, decorators: set[str] | None) -> bool:
    """Does a function run while classes are made?"""
    last = body.qualname.rpartition(".")[2]
    return last in _MAKING or (decorators is not None and last in decorators)


def _stores(chains: set[tuple[str, ...]], name: str) -> bool:
    """Is an attribute of that name stored, on something else than a method's own object?"""
    return any(len(chain) > 1 and chain[-1] == name and chain[:-1] != ("self",) for chain in chains)
