"""What is known to be blind: functions of others that neither run what they are given, or decorate, nor read its body.

They may well look at its head: its name and docstring, its annotations, the names in a class's body.
"""

from __future__ import annotations

from types import MethodDescriptorType
from typing import Any

from modcache._model.bodies import QUIET
from modcache._refresh.registrations.known import keeps
from modcache._runtime.peek import is_a, said

__all__ = ["is_blind"]

_BLIND: dict[str, str] = {
    "builtins": "property staticmethod classmethod isinstance issubclass id type callable",
    "functools": "cached_property cache lru_cache partial partialmethod wraps update_wrapper singledispatch "
    "singledispatchmethod singledispatchmethod.register total_ordering",
    "typing": "final overload override runtime_checkable no_type_check dataclass_transform cast",
    "typing_extensions": "final overload override runtime_checkable dataclass_transform deprecated",
    "abc": "abstractmethod",
    "contextlib": "contextmanager asynccontextmanager",
    "dataclasses": "dataclass field",
    "enum": "unique verify member nonmember property",
    "types": "DynamicClassAttribute",
    "warnings": "deprecated",
    "attr._make": "attrs attrib",
    "attr._next_gen": "define field",
}
"""Module -> names in it."""
_RUNS = {
    "enum.unique": {"name"},
    "enum.verify": {"name", "value"},
    "attr._make.attrs": {"__attrs_init_subclass__"},
    "attr._next_gen.define": {"__attrs_init_subclass__"},
}
"""The members of a class that they do run, by those names."""


def is_blind(value: Any, name: str, changed: set[str]) -> bool:
    """Is what decorates, or is called, blind to the functions of these names (members of what it is given)?

    ``name``: its last name in the text; some are known by that alone, from whatever package outside the roots they are.
    """
    if is_a(value, MethodDescriptorType):
        return value.__objclass__ is property
    where, known = said(value, "__module__"), said(value, "__qualname__")
    if not where or not known:
        return name in QUIET
    if known in _BLIND.get(where, "").split():
        return changed.isdisjoint(_RUNS.get(f"{where}.{known}", ()))
    return name in QUIET or keeps(value)
