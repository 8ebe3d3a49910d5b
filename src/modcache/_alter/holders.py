"""Who holds an object: the names of its referrers, and of what refers to those that have none."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from types import FrameType, FunctionType, ModuleType
from typing import Any

from modcache._runtime.layers import cache_of
from modcache._runtime.peek import home, is_a, is_module, namespace_of, qualname_of
from modcache._runtime.system import ImportSystem

__all__ = ["holders_of"]

_SWEEPS = 4
"""A default is held by a tuple and that by a function; a captured value by a cell, a tuple and a function."""
_ATOMS = (str, bytes, int, float, complex, bool, type(None))


def holders_of(system: ImportSystem, substitutes: list[object]) -> tuple[str, ...]:
    """Names of what refers to the substitutes, or to the functions and classes that were defined in them."""
    gc.collect()  # what only waits for the collector holds nothing
    level = [part for one in substitutes for part in _parts(one)]
    modules = {id(vars(module)): name for name, module in list(system.modules.items()) if type(module) is ModuleType}
    seen = {id(cache_of(system)), id(substitutes), *map(id, level)}
    own = {id(namespace_of(part)) for part in level if is_module(part)}
    seen.update(own)
    kinds = {id(part) for part in level}
    found: set[str] = set()
    for _ in range(_SWEEPS):
        seen.add(id(level))
        wanted = set(map(id, level))
        nameless: list[object] = []
        for holder in gc.get_referrers(*level) if level else ():
            if id(holder) in seen or is_a(holder, FrameType) or _is_inside(holder, own):
                continue
            # an instance of one of their classes is as much a part of them: who holds that one?
            names = [] if id(type(holder)) in kinds else list(_names(holder, modules, wanted))
            found.update(names)
            if not names and not _is_ours(holder):
                seen.add(id(holder))
                nameless.append(holder)
        level = nameless
    return tuple(sorted(found))


def _parts(substitute: object) -> Iterator[object]:
    if is_a(substitute, _ATOMS):
        return  # many hold it who never heard of the module
    yield substitute
    if is_module(substitute):
        names = namespace_of(substitute)
        for value in list(names.values()):
            if is_a(value, type | FunctionType) and home(value) == names.get("__name__"):
                yield value


def _names(holder: Any, modules: dict[int, str], wanted: set[int]) -> Iterator[str]:
    """The names that a holder goes by; none if it is of a kind that has none."""
    if type(holder) is dict:
        module = modules.get(id(holder)) or (holder.get("__name__") if "__spec__" in holder else None)
        if module is not None:
            yield from (f"{module}:{key}" for key, value in list(holder.items()) if id(value) in wanted)
    elif is_a(holder, type):
        yield f"{home(holder)}:{qualname_of(holder)}"
    elif is_a(holder, FunctionType):
        if home(holder) in modules.values():  # not one that was made by exec for some class
            yield f"{home(holder)}:{qualname_of(holder)}()"
    elif home(type(holder)).partition(".")[0] not in sys.stdlib_module_names and not _is_ours(holder):
        yield f"an instance of {home(type(holder))}:{qualname_of(type(holder))}"


def _is_inside(holder: object, own: set[int]) -> bool:
    """Is it a function of the substitute itself?"""
    return is_a(holder, FunctionType) and id(holder.__globals__) in own


def _is_ours(holder: object) -> bool:
    return home(type(holder)).startswith("modcache.")
