"""The functions that a module holds, found without walking the heap; and the walk, for when that is not enough."""

from __future__ import annotations

import functools
import gc
import sys
import typing
from collections.abc import Callable, Iterable, Iterator
from types import CellType, CodeType, FunctionType, GetSetDescriptorType, MemberDescriptorType, MethodType, ModuleType
from typing import Any

from modcache._runtime.peek import Kinds, namespace_of

__all__ = [
    "defaults_of",
    "docstring_of",
    "forget_aliases",
    "functions_of",
    "inner_values",
    "raw_dict",
    "retype",
    "sweep",
]

_DEPTH = 6
_TYPE_DICT: Any = vars(type)["__dict__"]
_SLOTS = Kinds(GetSetDescriptorType, MemberDescriptorType)
_MRO: Any = vars(type)["__mro__"]
_HAS_DOCSTRING = 0x4000000  # inspect.CO_HAS_DOCSTRING

retype: Callable[[object, type], None] = vars(object)["__class__"].__set__
"""Give an object another class of the same layout, whatever its class says that ``__class__`` is: proxies have a
property of that name, which ``object.__setattr__`` heeds. A C callable. Raises ``TypeError`` for another layout."""


def functions_of(module: ModuleType, filename: str, names: Iterable[str] | None = None) -> list[FunctionType]:
    """Every function made from ``filename`` that can be reached by the module's names, classes and wrappers.

    ``names``: by these only.
    """
    found: dict[int, FunctionType] = {}
    seen: set[int] = set()
    namespace = module.__dict__
    values = list(namespace.values()) if names is None else [namespace.get(name) for name in names]
    stack: list[tuple[object, int]] = [(value, 0) for value in values]
    while stack:
        value, depth = stack.pop()
        if type(value) is FunctionType:
            if id(value) in seen:
                continue
            seen.add(id(value))
            if value.__code__.co_filename == filename:
                found[id(value)] = value
            if value.__closure__ is None and not value.__dict__:
                continue
        elif id(value) in seen or depth > _DEPTH:
            continue
        else:
            seen.add(id(value))
        stack.extend((inner, depth + 1) for inner in inner_values(value, module.__dict__.get("__name__")))
    return list(found.values())


def inner_values(value: object, module: object = None) -> Iterable[object]:
    """What a function, a class of the module or a well-known wrapper holds, raw."""
    kind = type(value)
    if kind is FunctionType:
        return _of_function(value)  # type: ignore[arg-type]
    if issubclass(kind, type):  # isinstance would ask a proxy for its class, and wake a lazy module
        members = raw_dict(value)  # type: ignore[arg-type]
        return list(members.values()) if module is None or members.get("__module__") == module else ()
    if kind is property:
        return (value.fget, value.fset, value.fdel)  # type: ignore[attr-defined]
    if kind is staticmethod or kind is classmethod or kind is MethodType:
        return (value.__func__,)  # type: ignore[attr-defined]
    if kind is functools.partial:
        return (value.func, *value.args, *value.keywords.values())  # type: ignore[attr-defined]
    if kind in _ATOMIC:
        return ()
    return _of_wrapper(value)


_ATOMIC = Kinds(int, str, bytes, float, bool, type(None), list, dict, set, tuple, frozenset, ModuleType)


def _of_function(value: FunctionType) -> Iterator[object]:
    for cell in value.__closure__ or ():
        content = cell_content(cell)
        if callable(content):
            yield content
    yield from value.__dict__.values()


def _of_wrapper(value: object) -> Iterable[object]:
    """Objects that wrap a function: by their instance dict, their slots of note, or ``__wrapped__``."""
    namespace = namespace_of(value)
    if namespace:
        return [inner for inner in namespace.values() if callable(inner)]
    if issubclass(type(value), functools.partialmethod | functools.cached_property):
        return (value.func,)  # type: ignore[attr-defined]
    return ()


def instance_dict(value: object) -> dict[str, Any] | None:
    """The ``__dict__`` of an instance without running anybody's code, or None."""
    for owner in _MRO.__get__(type(value)):
        found = _TYPE_DICT.__get__(owner).get("__dict__")
        if found is not None:  # of the interpreter's making, or the class has something of its own by that name
            names = found.__get__(value) if type(found) in _SLOTS else None
            return names if type(names) is dict else None
    return None


def raw_dict(owner: type) -> dict[str, Any]:
    """A class's own attributes, raw."""
    found: dict[str, Any] = _TYPE_DICT.__get__(owner)
    return found


def cell_content(cell: CellType) -> object:
    """What a cell holds; None if it is empty."""
    try:
        return cell.cell_contents
    except ValueError:
        return None


def defaults_of(function: FunctionType) -> dict[str, Any]:
    """The defaults of a function, by the names of its parameters."""
    code, values = function.__code__, function.__defaults__ or ()
    names = code.co_varnames[: code.co_argcount]
    return {**dict(zip(reversed(names), reversed(values), strict=False)), **(function.__kwdefaults__ or {})}


def docstring_of(code: CodeType) -> str | None:
    """The docstring that a function made of this code gets (as ``PyFunction_New`` finds it)."""
    if sys.version_info >= (3, 14) and not code.co_flags & _HAS_DOCSTRING:
        return None
    first = code.co_consts[0] if code.co_consts else None
    return first if isinstance(first, str) else None


def sweep(filenames: frozenset[str]) -> list[FunctionType]:
    """Every live function made from these files: one walk over the heap."""
    return [o for o in gc.get_objects() if type(o) is FunctionType and o.__code__.co_filename in filenames]


def forget_aliases() -> None:
    """Have :mod:`typing` forget what it was asked for; it makes it again when it is asked again."""
    for clear in getattr(typing, "_cleanups", ()):
        clear()
