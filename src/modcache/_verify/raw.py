"""Reading objects without running a line of their own code.

A ``__getattr__``, a ``__dict__`` that is a property, a metaclass with an ``__eq__``: none of it may run while a
process is described, so everything here goes through the descriptors of ``type`` and ``object`` themselves. For the
same reason classes are never keys: hashing one may run its metaclass.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = [
    "bases_of",
    "full_name",
    "instance_dict",
    "is_class",
    "is_module",
    "module_of",
    "mro_of",
    "names_of",
    "qualname_of",
    "resolve",
    "slot_values",
    "subclasses_of",
]

_OF_TYPE: Mapping[str, Any] = vars(type)
_names = _OF_TYPE["__dict__"].__get__
_mro = _OF_TYPE["__mro__"].__get__
_bases = _OF_TYPE["__bases__"].__get__
_qualname = _OF_TYPE["__qualname__"].__get__
_MISSING: Any = object()
# Members that C types expose about their layout: addresses, or told elsewhere.
_NO_SLOTS = frozenset(("__weakref__", "__dict__", "__vectorcalloffset__", "__weaklistoffset__", "__dictoffset__"))


def is_class(thing: object) -> bool:
    """Whether ``thing`` is a class, asked of its type alone (``isinstance`` would ask its ``__class__`` too)."""
    kind = type(thing)
    return kind is type or any(base is type for base in _mro(kind))


def is_module(thing: object) -> bool:
    """Whether ``thing`` is a module, asked of its type alone."""
    kind = type(thing)
    return kind is types.ModuleType or any(base is types.ModuleType for base in _mro(kind))


def names_of(cls: type) -> Mapping[str, Any]:
    """The class's own names."""
    found: Mapping[str, Any] = _names(cls)
    return found


def mro_of(cls: type) -> tuple[type, ...]:
    """The classes in which an attribute of ``cls`` is looked up."""
    found: tuple[type, ...] = _mro(cls) or ()
    return found


def bases_of(cls: type) -> tuple[type, ...]:
    """The bases that ``cls`` was given."""
    found: tuple[type, ...] = _bases(cls)
    return found


def subclasses_of(cls: type) -> list[type]:
    """The direct subclasses that are alive."""
    return type.__subclasses__(cls)


def qualname_of(cls: type) -> str:
    """The qualified name of a class."""
    return str(_qualname(cls))


def module_of(thing: Any) -> str:
    """The name of the module that a class or a function says it is of; an empty string if it says none."""
    if is_class(thing):
        name = names_of(thing).get("__module__", "builtins")
        return name if type(name) is str else "builtins"
    name = thing.__module__
    return name if type(name) is str else ""


def full_name(cls: type) -> str:
    """``module.qualname`` of a class."""
    return f"{module_of(cls)}.{qualname_of(cls)}"


def instance_dict(thing: object) -> dict[str, Any] | None:
    """The real ``__dict__`` of an instance, or None; a property of that name is passed over."""
    for cls in mro_of(type(thing)):
        found = names_of(cls).get("__dict__")
        if type(found) is types.GetSetDescriptorType:
            held = found.__get__(thing)
            return held if type(held) is dict else None
    return None


def slot_values(thing: object) -> Iterator[tuple[str, Any]]:
    """The slots of an instance that hold something."""
    for cls in mro_of(type(thing)):
        for name, member in list(names_of(cls).items()):
            if type(member) is types.MemberDescriptorType and name not in _NO_SLOTS:
                try:
                    yield name, member.__get__(thing)
                except (AttributeError, TypeError):
                    continue


def resolve(namespace: Mapping[str, Any], qualname: str) -> Iterator[Any]:
    """What stands under a qualified name: the object itself, then what a method wrapper around it holds."""
    if not qualname or "<" in qualname:
        return
    found: Any = _MISSING
    for part in qualname.split("."):
        found = namespace.get(part, _MISSING)
        if found is _MISSING:
            return
        namespace = names_of(found) if is_class(found) else {}
    yield found
    yield from _wrapped(found)


def _wrapped(found: Any) -> Iterator[Any]:
    kind = type(found)
    if kind is staticmethod or kind is classmethod:
        yield found.__func__
    elif kind is property:
        yield from (found.fget, found.fset, found.fdel)
