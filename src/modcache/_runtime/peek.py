"""Looking at what stands in a module cache without waking it: no code of a module, a proxy or a loader is run.

A module may be any object, with a ``__getattr__`` that imports, logs or raises, or be loaded by the first look at it
(``importlib.util.LazyLoader``). So types are asked for what objects are, and dicts for what is in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import GetSetDescriptorType, ModuleType
from typing import Any

__all__ = ["is_a", "is_module", "is_open", "loader_of", "namespace_of", "origin_of", "source_of", "spec_of"]

_MODULE_DICT: Any = vars(ModuleType)["__dict__"]
_TYPE_DICT: Any = vars(type)["__dict__"]
_MRO: Any = vars(type)["__mro__"]


def is_a(value: object, *kinds: type) -> bool:
    """Is it of one of these types, by what it is and not by what it says? (As with :func:`is_module`.)"""
    return issubclass(type(value), kinds)


def is_module(value: object) -> bool:
    """Is it a module? ``isinstance`` would ask an object for its ``__class__``, which a proxy answers with its own."""
    return issubclass(type(value), ModuleType)


def is_open(value: object) -> bool:
    """Is it a module whose attributes can be read without code of its own (or its loading) coming in between?"""
    if not is_module(value):
        return False
    kinds = _MRO.__get__(type(value))
    own = kinds[: kinds.index(ModuleType)]
    return not any(name in _TYPE_DICT.__get__(kind) for kind in own for name in ("__getattribute__", "__dict__"))


def namespace_of(value: object) -> dict[str, Any]:
    """The names in a module, or in another object that stands for one; empty for what has no plain namespace."""
    if is_module(value):
        # a module that was made by __new__ alone has none
        return _MODULE_DICT.__get__(value) or {}
    for owner in _MRO.__get__(type(value)):
        found = _TYPE_DICT.__get__(owner).get("__dict__")
        if found is not None:
            names = found.__get__(value) if type(found) is GetSetDescriptorType else None
            return names if type(names) is dict else {}
    return {}


def spec_of(namespace: dict[str, Any]) -> dict[str, Any]:
    """The attributes of a module's spec; empty without one."""
    spec = namespace.get("__spec__")
    return namespace_of(spec) if spec is not None and issubclass(type(spec), ModuleSpec) else {}


def loader_of(namespace: dict[str, Any]) -> Any:
    """The loader of a module, or None."""
    return spec_of(namespace).get("loader") or namespace.get("__loader__")


def origin_of(namespace: dict[str, Any]) -> str | None:
    """Where a module is from: a file, or a word such as ``built-in``; None if nothing says it."""
    return next(_places(namespace), None)


def source_of(namespace: dict[str, Any]) -> str | None:
    """The source file that a module was made of; None if there is none."""
    return next((place for place in _places(namespace) if place.endswith((".py", ".pyw"))), None)


def _places(namespace: dict[str, Any]) -> Iterator[str]:
    """What is said of where a module is from."""
    loader = loader_of(namespace)
    # the interpreter takes the main script's __file__ away when that has ended (Python/pythonrun.c)
    path = namespace_of(loader).get("path") if issubclass(type(loader), SourceFileLoader) else None
    for found in (spec_of(namespace).get("origin"), namespace.get("__file__"), path):
        if type(found) is str:
            yield found
