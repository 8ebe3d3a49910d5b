"""Looking at what stands in a module cache without waking it: no code of a module, a proxy or a loader is run.

A module may be any object, with a ``__getattr__`` that imports, logs or raises, or be loaded by the first look at it
(``importlib.util.LazyLoader``). So types are asked for what objects are, and dicts for what is in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import (
    BuiltinFunctionType,
    ClassMethodDescriptorType,
    FunctionType,
    GetSetDescriptorType,
    MethodDescriptorType,
    MethodType,
    MethodWrapperType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any, TypeGuard, TypeVar, overload

__all__ = [
    "Kinds",
    "answers",
    "bases_of",
    "field_of",
    "home",
    "is_a",
    "is_module",
    "is_open",
    "loader_of",
    "mro_of",
    "namespace_of",
    "origin_of",
    "qualname_of",
    "said",
    "source_of",
    "spec_of",
]

T = TypeVar("T")
_MODULE_DICT: Any = vars(ModuleType)["__dict__"]
_TYPE_DICT: Any = vars(type)["__dict__"]
_TYPE_NAMES: dict[str, Any] = {name: vars(type)[name] for name in ("__module__", "__qualname__", "__name__")}
_MRO: Any = vars(type)["__mro__"]
_BASES: Any = vars(type)["__bases__"]
_PLAIN_CALLABLES = (
    FunctionType, BuiltinFunctionType, MethodDescriptorType, ClassMethodDescriptorType, WrapperDescriptorType,
    MethodWrapperType,
)  # fmt: skip


@overload
def is_a(value: object, kind: type[T], /) -> TypeGuard[T]: ...
@overload
def is_a(value: object, /, *kinds: Any) -> bool: ...
def is_a(value: object, /, *kinds: Any) -> bool:
    """Is it of one of these types (or unions of them), by what it is and not by what it says?

    ``isinstance`` would ask an object that is not for its ``__class__``: that may raise, or be a proxy's answer.
    """
    return issubclass(type(value), kinds)


class Kinds:
    """Some types, asked by identity: the metaclass of any other may have a ``__hash__`` or ``__eq__`` of its own."""

    __slots__ = ("_kinds",)

    def __init__(self, *kinds: type) -> None:
        self._kinds = {id(kind): kind for kind in kinds}

    def __contains__(self, kind: object) -> bool:
        return id(kind) in self._kinds


def home(value: type | FunctionType) -> str:
    """The name of the module that a class or function says it is of, whatever its metaclass is; empty if it is none."""
    return said(value, "__module__")


def said(value: object, name: str) -> str:
    """What a class, a function or another object says its ``__module__``, ``__qualname__`` or ``__name__`` is.

    Empty if it says nothing, or no text. Only what stands there is looked at: no metaclass or ``__getattr__`` is asked.
    """
    found: object = ""
    if is_a(value, type):
        found = _TYPE_NAMES[name].__get__(value)
    elif type(value) is MethodType:
        return said(value.__func__, name)
    elif issubclass(type(value), _PLAIN_CALLABLES):
        found = getattr(value, name, "")
    else:
        spaces = (namespace_of(value), *map(_TYPE_DICT.__get__, mro_of(type(value))))
        found = next((space[name] for space in spaces if name in space), "")
    return found if type(found) is str else ""


def qualname_of(value: type | FunctionType) -> str:
    """The qualified name of a class or function, whatever its metaclass is."""
    return said(value, "__qualname__")


def mro_of(kind: type) -> tuple[type, ...]:
    """The order of a class's bases, whatever its metaclass makes of ``__mro__``."""
    found: tuple[type, ...] = _MRO.__get__(kind)
    return found


def bases_of(kind: type) -> tuple[type, ...]:
    """A class's own bases, whatever its metaclass makes of ``__bases__``."""
    found: tuple[type, ...] = _BASES.__get__(kind)
    return found


def field_of(kind: type, name: str) -> Any:
    """What CPython has for a class under ``__flags__``, ``__base__``, ``__basicsize__``, ..., past its metaclass."""
    return vars(type)[name].__get__(kind)


def answers(value: object, special: str) -> bool:
    """Has the class of an object this special method?"""
    return any(special in _TYPE_DICT.__get__(kind) for kind in mro_of(type(value)))


def is_module(value: object) -> bool:
    """Is it a module? ``isinstance`` would ask an object for its ``__class__``, which a proxy answers with its own."""
    return issubclass(type(value), ModuleType)


def is_open(value: object) -> bool:
    """Is it a module whose attributes can be read without code of its own (or its loading) coming in between?"""
    if not is_module(value):
        return False
    kinds = mro_of(type(value))
    own = kinds[: kinds.index(ModuleType)]
    return not any(name in _TYPE_DICT.__get__(kind) for kind in own for name in ("__getattribute__", "__dict__"))


def namespace_of(value: object) -> dict[str, Any]:
    """The names in a module, or in another object that stands for one; empty for what has no plain namespace."""
    if is_module(value):
        # a module that was made by __new__ alone has none
        return _MODULE_DICT.__get__(value) or {}
    for owner in mro_of(type(value)):
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
