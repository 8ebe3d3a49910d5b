"""Understudies: an object of the new class with the attributes of a live one, on which the class's own migration runs.

``__migrate__`` is code, and may fail; so it never runs on what the program holds. What it made of the understudy is
taken over by the commit.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Mapping
from types import MappingProxyType, MemberDescriptorType
from typing import Any

from modcache._refresh.shape import HOOK, member_of, slots_of
from modcache._runtime.functions import instance_dict, raw_dict
from modcache._runtime.peek import field_of, is_a, mro_of

__all__ = ["attributes_of", "blank", "run_hook", "understudy"]

_HEAP = 1 << 9
_VALUES = (int, float, complex, str, bytes, tuple)
"""Immutable types with a ``__getnewargs__`` in C, which says what an instance is made of."""


def attributes_of(value: object, slots: Mapping[str, MemberDescriptorType] | None = None) -> dict[str, Any]:
    """What an object holds, by name: in its dict and in its ``slots`` (found out, if not given). Runs nobody's code."""
    found = {}
    for name, member in (slots_of(type(value)) if slots is None else slots).items():
        with contextlib.suppress(AttributeError):  # empty
            found[name] = member.__get__(value)
    return {**found, **(instance_dict(value) or {})}


def understudy(value: Any, kind: type, attributes: Mapping[str, object]) -> Any:
    """An object of a class with these attributes, and the content of ``value`` if that is a list, an exception, …

    None where an object can't be made so: it is of a type in C that is not known.
    """
    made = blank(value, kind)
    if made is None:
        return None
    slots, namespace = slots_of(kind), instance_dict(made)
    for name, held in attributes.items():
        if name in slots:
            slots[name].__set__(made, held)
        elif namespace is not None:
            namespace[name] = held
    return made


def blank(value: Any, kind: type) -> Any:
    """An object of a class without attributes, with the content of ``value`` if its type in C has any that is known."""
    solid: Any = next(base for base in mro_of(kind) if not field_of(base, "__flags__") & _HEAP)
    if solid is object:
        return _empty(kind)
    if not is_a(value, solid):
        return None
    if issubclass(solid, BaseException):
        made = solid.__new__(kind, *value.args)
        for name in ("__traceback__", "__cause__", "__context__", "__suppress_context__"):
            setattr(made, name, getattr(value, name))
        return made
    if solid in _VALUES:
        return solid.__new__(kind, *solid.__getnewargs__(value))
    made = solid.__new__(kind)
    if solid is list or solid is deque:
        solid.extend(made, solid.__iter__(value))
    elif solid is dict:
        dict.update(made, dict.items(value))
    elif solid is set:
        set.update(made, set.__iter__(value))
    else:
        return None
    return made


def _empty(kind: type) -> Any:
    """An object of a class; of an abstract one too, since what it stands for was made before that became abstract."""
    abstract = raw_dict(kind).get("__abstractmethods__")
    try:
        if abstract:
            type.__setattr__(kind, "__abstractmethods__", frozenset())
        return object.__new__(kind)
    except TypeError:
        return None
    finally:
        if abstract:
            type.__setattr__(kind, "__abstractmethods__", abstract)


def run_hook(made: Any, old: Mapping[str, object], added: frozenset[str], removed: frozenset[str]) -> None:
    """Have a class migrate an understudy. Raises what its ``__migrate__`` raises."""
    hook = member_of(type(made), HOOK)
    hook.__get__(made, type(made))(MappingProxyType(dict(old)), added, removed)
