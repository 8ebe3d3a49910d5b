"""Attributes of classes and of instances, looked up without running anything."""

from __future__ import annotations

from typing import Any

from modcache._runtime.functions import instance_dict, raw_dict
from modcache._runtime.peek import is_a, mro_of

__all__ = ["MISSING", "member_of"]

MISSING: Any = object()


def member_of(value: Any, parts: list[str]) -> Any:
    """An attribute of a class or of an instance, looked up without running anything; MISSING if that can't be."""
    for part in parts:
        found = MISSING
        if is_a(value, type):
            found = _in_mro(value, part)
        else:
            found = (instance_dict(value) or {}).get(part, MISSING)
            if found is MISSING:
                found = _in_mro(type(value), part)
        if found is MISSING:
            return MISSING
        value = found.__func__ if is_a(found, staticmethod, classmethod) else found
    return value


def _in_mro(kind: type, name: str) -> Any:
    for base in mro_of(kind):
        namespace = raw_dict(base)
        if name in namespace:
            return namespace[name]
    return MISSING
