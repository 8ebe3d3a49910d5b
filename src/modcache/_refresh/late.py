"""Instances that other threads made while a refresh was under way: after the look at the heap, before the commit."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from typing import Any

from modcache._model.report import counted
from modcache._refresh.shape import Default, Lack
from modcache._refresh.turns import Turn, owns
from modcache._runtime.many import ABSENT, set_every
from modcache._runtime.peek import home, qualname_of

__all__ = ["Late"]

_CONTAINERS: tuple[Any, ...] = (list, dict, set)


class Late:
    """What such instances are to have. Made with the look at the heap; :meth:`settle` is called after the commit.

    They were made by old code, so they lack what comes; who was made since by new code does not.
    """

    def __init__(self, turns: Mapping[type, Turn], instances: Mapping[type, list[Any]]) -> None:
        self._before = _old_collections()
        self._wanted: dict[type, list[tuple[str, Default | Lack]]] = {
            kind: [
                (name, way if turn.may_hold(name) and not turn.by_hook else Lack.UNKNOWN)
                for name, way in turn.added.items()
                if isinstance(way, Default) or way is Lack.UNKNOWN
            ]
            for kind, turn in turns.items()
        }
        unknown = [kind for kind, rows in self._wanted.items() if any(not isinstance(way, Default) for _, way in rows)]
        self._told = {id(one) for kind in unknown for one in instances.get(kind, ())}

    def translate(self, value: Callable[[Any], Any]) -> None:
        """Keep nothing of the stage: what is staged is gone when this is used."""
        for rows in self._wanted.values():
            rows[:] = [(name, _lasting(way, value)) for name, way in rows]

    def settle(self) -> list[str]:
        """Give them what is the same for all; says what those lack that can't be given anything."""
        kinds, found = set(map(id, self._wanted)), dict[type, list[Any]]()
        for value in self._young():
            if id(type(value)) in kinds:
                found.setdefault(type(value), []).append(value)
        return [row for kind, rows in found.items() for row in self._give(kind, rows)]

    def _young(self) -> list[Any]:
        # only the two youngest generations can hold them, unless somebody has collected more
        if self._before != _old_collections():
            return gc.get_objects()
        return [*gc.get_objects(generation=0), *gc.get_objects(generation=1)]

    def _give(self, kind: type, instances: list[Any]) -> list[str]:
        told = []
        for name, way in self._wanted[kind]:
            lacking = [one for one, own in zip(instances, owns(kind, name, instances), strict=True) if own is ABSENT]
            if isinstance(way, Default):
                set_every(lacking, name, way.given(lacking)).call()()
            elif lacking := [one for one in lacking if id(one) not in self._told]:
                made = f"{counted(len(lacking), 'instance')} made meanwhile by another thread"
                told.append(f"{home(kind)}:{qualname_of(kind)}: {made} lack {name}")
        return told


def _lasting(way: Default | Lack, value: Callable[[Any], Any]) -> Default | Lack:
    if not isinstance(way, Default):
        return way
    if way.make is None:
        return Default(value(way.value))
    return way if way.make in _CONTAINERS else Lack.UNKNOWN


def _old_collections() -> list[int]:
    return [int(stats["collections"]) for stats in gc.get_stats()[1:]]
