"""Classes that something written in C holds since they were staged: no survivor can take such a class's place there.

A validator that a model's metaclass has compiled makes instances of the class that it was given; the bound of a type
parameter is what it was when it was first asked for. So the new class itself has to go on, and the old one gives way.
"""

from __future__ import annotations

import functools
import gc
import types
import weakref
from collections import deque
from collections.abc import Iterable
from typing import Any

from modcache._refresh.pair import Pairing
from modcache._runtime.functions import instance_dict, raw_dict
from modcache._runtime.peek import is_a, mro_of

__all__ = ["pinned"]

_OPEN = (
    dict, list, set, tuple, frozenset, deque, type, property, staticmethod, classmethod, functools.partial, weakref.ref,
    types.CellType, types.FunctionType, types.MethodType, types.GenericAlias, types.UnionType, types.ModuleType,
    types.MemberDescriptorType, types.GetSetDescriptorType, types.CodeType, types.FrameType, types.GeneratorType,
    types.MappingProxyType, type(functools.lru_cache(lambda: None)),
)  # fmt: skip
"""What a translation can change or make anew, or what goes with the class that it belongs to."""


def pinned(pairing: Pairing, young: Iterable[Any]) -> list[str]:
    """The names of the classes that are to survive, and whose staged counterparts something can't be led away from."""
    staged = {id(new): where for _, new, where in pairing.classes}
    found: dict[str, None] = {}
    for value in young if staged else ():
        if not is_a(value, _OPEN):
            held = {id(one) for one in gc.get_referents(value)} & staged.keys()
            if held:
                found.update((staged[one], None) for one in held - _known(value))
    return list(found)


def _known(value: Any) -> set[int]:
    """The ids of what an object of Python code holds: its class, its attributes."""
    found = {id(type(value)), *map(id, (instance_dict(value) or {}).values())}
    for base in mro_of(type(value)):
        for member in raw_dict(base).values():
            if type(member) is types.MemberDescriptorType:
                try:
                    found.add(id(member.__get__(value)))
                except (AttributeError, TypeError):
                    continue
    return found
