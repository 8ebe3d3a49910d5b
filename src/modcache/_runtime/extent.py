"""How much memory the content of a module takes, counted without running anybody's code."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import CodeType, FunctionType
from typing import Any

from modcache._runtime.peek import Kinds

__all__ = ["extent_of"]

_PLAIN = Kinds(str, bytes, bytearray, int, float, complex, tuple, list, dict, set, frozenset)
_ROWS = Kinds(tuple, list, set, frozenset)
_CLASS_DICT: Any = vars(type)["__dict__"]
_WRAPPERS = Kinds(staticmethod, classmethod)


def extent_of(name: str, namespace: dict[str, Any]) -> int:
    """Bytes of a module's names and of what it holds itself: functions and classes made in it, plain values, code."""
    size = dict.__sizeof__(namespace)
    seen: set[int] = set()
    todo: list[object] = list(namespace.values())
    while todo:
        value = todo.pop()
        if id(value) not in seen:
            seen.add(id(value))
            own, inner = _measured(value, name)
            size += own
            todo.extend(inner)
    return size


def _measured(value: Any, module: str) -> tuple[int, Iterable[object]]:
    """The size of one object, and what belongs to it; nothing for what is somebody else's, or of an unknown kind."""
    kind = type(value)
    if kind is FunctionType:
        # __module__ may have been set to anything; the namespace that a function runs in is not
        own = value.__globals__.get("__name__") == module
        return (object.__sizeof__(value), [value.__code__, value.__defaults__]) if own else (0, ())
    if kind is CodeType:
        return sys.getsizeof(value), [value.co_consts, value.co_names]
    if kind in _PLAIN:
        return sys.getsizeof(value), _items(value)
    if kind in _WRAPPERS:
        return object.__sizeof__(value), [value.__func__]
    if kind is property:
        return object.__sizeof__(value), [value.fget, value.fset, value.fdel]
    if issubclass(kind, type):
        names = _CLASS_DICT.__get__(value)
        return (type.__sizeof__(value), list(names.values())) if names.get("__module__") == module else (0, ())
    return 0, ()


def _items(value: Any) -> Iterable[object]:
    if type(value) is dict:
        return [*value.keys(), *value.values()]
    return list(value) if type(value) in _ROWS else ()
