"""Methods of C code that are bound to an object, and hold it: ``[].append``, ``{}.get``, ``"".__len__``."""

from __future__ import annotations

from types import BuiltinMethodType, MethodDescriptorType, MethodWrapperType, WrapperDescriptorType
from typing import Any

from modcache._runtime.functions import raw_dict
from modcache._runtime.peek import is_a, mro_of

__all__ = ["BOUND", "bound_to"]

BOUND = (BuiltinMethodType, MethodWrapperType)
"""Their types."""


def bound_to(method: Any, owner: object) -> Any:
    """A bound method of C code as that of another owner; itself, where it is bound to that or can't be."""
    for kind in mro_of(type(owner)) if method.__self__ is not owner else ():
        found: Any = raw_dict(kind).get(method.__name__)
        if is_a(found, MethodDescriptorType, WrapperDescriptorType):
            return found.__get__(owner)
    return method
