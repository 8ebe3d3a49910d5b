"""What the stage made and nobody should hold any more: looked for after the commit, and led to what stands for it.

Code outside the roots may have kept a staged function or class: a registry, a cache, a decorator's closure. Weak
references tell whether any is still alive; only then is the heap walked, once for each layer of what holds them.
"""

from __future__ import annotations

import gc
import sys
import typing
import weakref
from collections.abc import Callable, Iterable
from types import AsyncGeneratorType, CoroutineType, FrameType, FunctionType, GeneratorType, ModuleType
from typing import Any

from modcache._refresh.holding import every_class
from modcache._refresh.identity import IdentityMap
from modcache._refresh.translate import Translation
from modcache._runtime.functions import forget_aliases, raw_dict
from modcache._runtime.peek import home, is_a, qualname_of
from modcache._runtime.referrers import referrers

__all__ = ["Leftovers", "Overloads", "full_collections", "let_go"]

_LAYERS = 3
_TUPLES = (tuple, frozenset)
_SUSPENDED = (GeneratorType, CoroutineType, AsyncGeneratorType)


def full_collections() -> int:
    """How often the collector has gone over everything so far."""
    return int(gc.get_stats()[-1]["collections"])


def let_go(before: int) -> None:
    """What was staged in vain goes: else it would count among the subclasses, and the holders, of what lives.

    It is no older than the second generation, unless somebody, as staged code itself, had everything collected since
    there were ``before`` :func:`full_collections`. The caches of :mod:`typing` have it only if it was subscripted.
    """
    forget_aliases()
    gc.collect(1 if full_collections() == before else 2)


class Leftovers:
    """The staged objects of one commit that something else stands for, by weak references.

    ``aliased``: the caches of :mod:`typing` hold some.
    """

    def __init__(self, final: IdentityMap, *, aliased: bool) -> None:
        self._aliased = aliased
        self._rows: list[tuple[weakref.ref[Any], object]] = []
        for staged in final.staged():
            if is_a(staged, FunctionType | type):
                self._rows.append((weakref.ref(staged), final.get(staged)))

    def settle(self) -> list[str]:
        """Lead who still holds a staged object to what stands for it; says which of them are held all the same."""
        if not self._rows:
            return []
        if self._aliased:
            forget_aliases()
        gc.collect(1)
        if self._alive():
            self._redirect()
            gc.collect()
        alive = self._alive()
        return sorted({f"{_name(alive[index])}: {_why(alive, index)}" for index in range(len(alive))})

    def _alive(self) -> list[Any]:
        return [staged for reference, _ in self._rows if (staged := reference()) is not None]

    def _redirect(self) -> None:
        holders = _Holders(self._alive())
        final = IdentityMap()
        for reference, successor in self._rows:
            if (staged := reference()) is not None:
                final.put(staged, successor)
        Translation(final, holders.found).run()


class _Holders:
    """Who refers to some objects, and to the immutables that do."""

    def __init__(self, objects: list[Any]) -> None:
        self.found: list[Any] = []
        seen = {id(value) for value in objects}
        layer = objects
        for _ in range(_LAYERS):
            ours = {id(layer), id(objects), id(self.found), id(self.__dict__)}
            rows = [row for row in referrers(layer) if id(row) not in seen and id(row) not in ours]
            rows = [row for row in rows if type(row) is not FrameType and row is not layer]
            seen |= {id(row) for row in rows}
            self.found += rows
            layer = [row for row in rows if is_a(row, _TUPLES)]
            if not layer:
                break
        self._classes()

    def _classes(self) -> None:
        """A class is changed as a class, not by its dict."""
        dicts = {id(row) for row in self.found if type(row) is dict and "__module__" in row}
        if not dicts:
            return
        for kind in every_class():
            behind = [id(held) for held in gc.get_referents(raw_dict(kind))]
            if not dicts.isdisjoint(behind):
                self.found.append(kind)


class Overloads:
    """What ``typing.overload`` has noted of some modules: staged code must not note it among the live ones.

    Nor may what pydantic 1 has noted keep it from being executed: that refuses a validator whose name it has seen.
    """

    def __init__(self, modules: Iterable[str]) -> None:
        self._modules = list(modules)
        self._before = self._rows()
        self._noted: dict[tuple[str, str], dict[int, Any]] = {}
        self._validators = [(held, set(held)) for held in _validators()]
        for held, _ in self._validators:
            held -= {name for name in held if name.startswith(tuple(f"{module}." for module in self._modules))}

    def take(self, fresh: Iterable[str] = ()) -> None:
        """Take what was noted since, and put back what there was."""
        self._modules += [name for name in fresh if name not in self._modules]
        for held, names in self._validators:
            held |= names
        registry = _registry()
        for key, rows in self._rows().items():
            before = self._before.get(key, {})
            noted = {line: function for line, function in rows.items() if before.get(line) is not function}
            if noted:
                self._noted[key] = noted
                held = registry[key[0]][key[1]]
                held.clear()
                held.update(before)

    def commit(self, fill: Callable[[dict[Any, Any], dict[Any, Any]], None], value: Callable[[Any], Any]) -> None:
        """What is noted anew takes the place of what was, by ``fill(rows, new rows)``."""
        registry = _registry()
        for (module, qualname), noted in self._noted.items():
            fill(registry[module][qualname], {line: value(function) for line, function in noted.items()})

    def _rows(self) -> dict[tuple[str, str], dict[int, Any]]:
        registry = _registry()
        return {
            (module, qualname): dict(rows)
            for module in self._modules
            if module in registry
            for qualname, rows in registry[module].items()
        }


def _registry() -> Any:
    return getattr(typing, "_overload_registry", {})


def _validators() -> list[set[str]]:
    modules = (sys.modules.get(name) for name in ("pydantic.v1.class_validators", "pydantic.class_validators"))
    found = (getattr(module, "_FUNCS", None) for module in modules if isinstance(module, ModuleType))
    return [names for names in found if type(names) is set]


def _why(alive: list[Any], index: int) -> str:
    """(No local name for the object: that would be a holder.)"""
    if any(is_a(row, *_SUSPENDED) for row in gc.get_referrers(alive[index])):
        return "a generator or context manager that staged code made of it goes on with the names of the stage"
    return "something outside the roots holds the version that was made on the stage"


def _name(value: Any) -> str:
    return f"{home(value)}:{qualname_of(value)}"
