"""Which containers can be emptied and filled without running code of what is in them."""

from __future__ import annotations

import weakref
from collections import deque
from contextvars import ContextVar
from types import CodeType, FunctionType
from typing import Any

from modcache._runtime.functions import raw_dict
from modcache._runtime.peek import Kinds, is_a

__all__ = ["is_fillable", "is_hashed_by_code"]

_SAFE_KEYS = Kinds(str, int, bytes, float, bool, type(None), FunctionType, CodeType, ContextVar)

_KEYED: tuple[Any, ...] = (dict, set, frozenset)


def is_fillable(value: Any) -> bool:
    """A container that can be emptied and filled without running anybody's ``__hash__`` or ``__eq__``."""
    if is_a(value, list | deque):
        return True
    return all(map(_is_safe_key, value))


def is_hashed_by_code(value: Any) -> bool:
    """Is it a dict or set, of whatever kind, of which a key has its hash from code? Putting something in runs that."""
    keys = next((kind.__iter__(value) for kind in _KEYED if is_a(value, kind)), None)
    return keys is not None and not is_fillable(tuple(keys))


def _is_safe_key(key: Any) -> bool:
    kind: Any = type(key)
    if is_a(key, type):
        return kind.__hash__ is type.__hash__ and kind.__eq__ is type.__eq__
    if kind is tuple or kind is frozenset:
        return all(map(_is_safe_key, key))
    if kind is weakref.ref:  # hashed as what it refers to
        return _is_safe_key(key())
    return kind in _SAFE_KEYS or _is_told_by_identity(kind)


def _is_told_by_identity(kind: type) -> bool:
    """Is an object of this type equal to itself alone, by what ``object`` has for that?"""
    for name, own in _OWN.items():
        if next(raw_dict(base)[name] for base in _MRO.__get__(kind) if name in raw_dict(base)) is not own:
            return False
    return True


_MRO: Any = vars(type)["__mro__"]
_OWN = {name: vars(object)[name] for name in ("__hash__", "__eq__")}
