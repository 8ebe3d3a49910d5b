"""Classes that are no more: their bases need not count them as subclasses for as long as a way back keeps them."""

from __future__ import annotations

import functools
import gc
import sys
from collections.abc import Callable, Collection, Iterator
from types import FrameType
from typing import Any

from modcache._refresh.bases import may_be_tried, misfits
from modcache._runtime.functions import raw_dict
from modcache._runtime.operations import Operations, Step
from modcache._runtime.peek import bases_of, field_of, mro_of
from modcache._runtime.referrers import referrers

__all__ = ["holders_of", "is_held", "retire", "unseen_by_nature"]

_HEAP = 1 << 9
_LAYERS = 8
_MANY = 1_000


def retire(operations: Operations, kind: type) -> bool:
    """Take a class that nobody holds from its bases, where CPython lets after all that is done before."""
    before = operations.rebased()
    for bases in _graves(kind):
        if may_be_tried(kind, bases) and not misfits([*before, (kind, bases, "")]):
            back = Step(type.__setattr__, kind, "__bases__", bases_of(kind))
            operations.add(Step(type.__setattr__, kind, "__bases__", bases), back)
            return True
    return False


def _graves(kind: type) -> Iterator[tuple[type, ...]]:
    """Bases that are nobody's, of the layouts that a class may need: its built-in ones, or an empty class.

    CPython wants the new base to add to the same base what the old one adds to it (``compatible_for_assignment``).
    """
    built_in = tuple(base for base in bases_of(kind) if not field_of(base, "__flags__") & _HEAP and base is not object)
    if built_in:
        yield built_in
    solid: Any = field_of(kind, "__base__") or object
    while (below := field_of(solid, "__base__")) is not None and field_of(below, "__flags__") & _HEAP:
        if _layout(solid) != _layout(below):
            break
        solid = below
    base = field_of(solid, "__base__") or object
    if type(type(base)) is type:
        # the base may be laid in a grave as well, later
        mro = {"mro": lambda grave: [grave, _Quiet, *(one for one in mro_of(base) if one is not _Quiet)]}
        quiet = type.__new__(type, "_Undertaker", (type(base),), mro)
        for names in ({}, {"__slots__": raw_dict(solid).get("__slots__", ())}, {"__slots__": ()}):
            # past what the metaclass does, and the base: a grave is no class that anybody has to know of
            yield (type.__new__(quiet, "_Grave", (base,), dict(names)),)


class _Quiet:
    """Goes before a base that would act when it is inherited from."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        pass


def _layout(kind: type) -> list[int]:
    fields = ("__basicsize__", "__itemsize__", "__dictoffset__", "__weakrefoffset__")
    return [field_of(kind, name) for name in fields]


def is_held(old: object, own: Collection[int], lets_go: Callable[[Any, Any], bool | None]) -> bool:
    """Does anything but what is ours (``own``: ids of containers), or waits to be collected, still lead to an object?

    ``lets_go(holder, object)``: does this namespace drop the object with this commit; None if it is no namespace. Goes
    back from holder to holder. A reference that nobody is seen to have (a local variable of a running function has no
    holder that the collector knows) shows in the number of references.
    """
    layer: list[Any] = [old]
    seen = {id(old)}
    del old  # it would count as a reference
    for _ in range(_LAYERS):
        rows, unseen = holders_of(layer)
        if max(unseen) > unseen_by_nature() or any(type(row) is FrameType for row in rows):
            return True
        found = []
        while rows:
            row = rows.pop()
            if row is layer or id(row) in seen or id(row) in own:
                continue
            going = [lets_go(row, one) for one in layer if any(one is held for held in gc.get_referents(row))]
            if None in going:
                seen.add(id(row))
                found.append(row)
            elif not all(going):
                return True
        row, layer = None, found
        if not layer or len(seen) > _MANY:
            break
    return bool(layer)


def holders_of(objects: list[Any]) -> tuple[list[Any], list[int]]:
    """Who refers to some objects, and of each object the number of references that none of those has."""
    rows = referrers(objects)
    counts = dict.fromkeys(map(id, objects), 0)
    for row in rows:
        for held in (id(row), *map(id, gc.get_referents(row))):  # itself: the list of holders holds it
            if held in counts:
                counts[held] += 1
    row = None  # it would count, too
    return rows, [sys.getrefcount(objects[index]) - counts[id(objects[index])] for index in range(len(objects))]


@functools.cache
def unseen_by_nature() -> int:
    """What that number is of an object that nobody refers to but who asks: it differs between versions of CPython."""
    return holders_of([[]])[1][0]
