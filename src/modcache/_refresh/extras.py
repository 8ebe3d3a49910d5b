"""What the source has put on functions and classes: the attributes that they had when their module had been executed.

A decorator, a metaclass or a statement may put something on them that stands nowhere in their own text. When they are
made anew without it, it has to go; what the program has put there since is the program's, and stays.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from types import FunctionType, ModuleType
from typing import Any

from modcache._runtime.functions import raw_dict
from modcache._runtime.operations import Operations
from modcache._runtime.peek import bases_of, is_a

__all__ = ["Extras"]

_DEPTH = 4
Row = tuple["weakref.ref[object]", tuple[str, ...]]


class Extras:
    """The names on functions and classes, by identity. Thread-safe: what is noted is noted by single steps."""

    def __init__(self) -> None:
        self._noted: dict[int, Row] = {}
        self._modules: set[str] = set()

    def note(self, module: ModuleType) -> None:
        """A module has just been executed: what its functions and classes have by now is of its source.

        What is noted already stays as it is.
        """
        name = module.__name__
        self._modules.add(name)
        for value, names in _rows(module.__dict__.values(), name, _DEPTH):
            known = self._noted.get(id(value))
            if known is None or known[0]() is not value:
                self._noted[id(value)] = (weakref.ref(value), names)

    def of(self, value: FunctionType | type, module: str) -> tuple[str, ...] | None:
        """What the source has put on an object of a module; None where nobody saw it when that was executed."""
        known = self._noted.get(id(value))
        if known is not None and known[0]() is value:
            return known[1]
        # a function that has nothing on it is not noted; one that another function made may not have been found
        found = type(value) is FunctionType and "<locals>" not in value.__code__.co_qualname
        return () if found and module in self._modules else None

    def follow(self, operations: Operations, old: FunctionType | type, new: FunctionType | type) -> None:
        """A survivor has what its new version has, once the operations have been run."""
        row: Row = (weakref.ref(old), tuple(_names(new)))
        before = self._noted.get(id(old))
        if before is None or before[1] != row[1]:
            operations.entry(self._noted, id(old), row)


def _rows(values: Iterable[Any], module: str, depth: int) -> Iterator[tuple[FunctionType | type, tuple[str, ...]]]:
    for value in list(values):
        kind = type(value)
        if kind is FunctionType:
            yield from _of_function(value, module, depth)
        elif issubclass(kind, type):
            namespace = raw_dict(value)
            if namespace.get("__module__") == module:
                yield value, tuple(namespace)
                if depth:
                    yield from _rows([*namespace.values(), *bases_of(value)], module, depth - 1)
        elif kind is staticmethod or kind is classmethod:
            yield from _rows((value.__func__,), module, depth)
        elif kind is property:
            yield from _rows((value.fget, value.fset, value.fdel), module, depth)


def _of_function(value: FunctionType, module: str, depth: int) -> Iterator[tuple[FunctionType, tuple[str, ...]]]:
    if value.__dict__:
        yield value, tuple(value.__dict__)
        inner = value.__dict__.get("__wrapped__")
        if type(inner) is FunctionType and depth:
            yield from _of_function(inner, module, depth - 1)


def _names(value: FunctionType | type) -> Iterable[str]:
    return raw_dict(value) if is_a(value, type) else value.__dict__
