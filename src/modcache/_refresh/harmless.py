"""What can be called without anybody noticing: functions and classes that change nothing but what they are given."""

from __future__ import annotations

import dis
import logging
import os
import warnings
from abc import ABCMeta
from types import FunctionType, MethodDescriptorType
from typing import Any

from modcache._runtime.functions import cell_content, raw_dict
from modcache._runtime.peek import Kinds, home, is_a, mro_of, said

__all__ = ["IMMUTABLE", "MAKERS", "PURE", "counts", "is_harmless"]

IMMUTABLE = Kinds(
    int,
    float,
    complex,
    str,
    bytes,
    bool,
    type(None),
    tuple,
    frozenset,
    range,
    type(...),
    type(NotImplemented),
    property,
)
PURE = frozenset({
    "get", "items", "keys", "values", "copy", "index", "count", "union", "intersection", "difference", "issubset",
    "issuperset", "symmetric_difference", "isdisjoint", "most_common", "elements", "__getitem__", "__contains__",
    "__len__",
})  # fmt: skip
"""Methods of the built-in containers that change nothing."""
MAKERS = frozenset({"__new__", "__init__", "__del__"})
"""What runs when an instance is made, or goes."""


def counts(value: Any) -> bool:
    """May a call change what a closure has captured: a container, or a variable that is ``nonlocal``?"""
    if type(value) is not FunctionType or not value.__closure__:
        return False
    if any(type(cell_content(cell)) in (list, dict, set) for cell in value.__closure__):
        return True
    free = set(value.__code__.co_freevars)
    return any(i.opname == "STORE_DEREF" and i.argval in free for i in dis.get_instructions(value.__code__))


_IDEMPOTENT: tuple[Any, ...] = (warnings.warn, logging.getLogger, os.getenv)
"""They may leave something behind, but nothing that a second call, or code of a module, would find other than it was:
a warning that was shown, a logger under the name that was asked for."""


def _is_made_by_builtins(kind: type) -> bool:
    """Does making an instance run nothing but what built-in types do, as of most exceptions and containers?"""
    made = all(home(base) == "builtins" or MAKERS.isdisjoint(raw_dict(base)) for base in mro_of(kind))
    return made and (type(kind) is type or type(kind) is ABCMeta)


def is_harmless(value: Any) -> bool:
    """Functions and classes outside the roots that change nothing but what they are given or make."""
    if is_a(value, MethodDescriptorType):
        pure = home(value.__objclass__) in {"builtins", "collections"} and value.__name__ in PURE
        return pure or value.__objclass__ in IMMUTABLE
    if any(value is known for known in _IDEMPOTENT):
        return True
    if is_a(value, type) and _is_made_by_builtins(value):
        return True
    return said(value, "__module__") in {
        "builtins", "typing", "types", "collections", "functools", "operator", "itertools", "enum", "dataclasses", "re",
        "abc", "contextlib", "math", "string", "datetime", "decimal", "fractions", "pathlib", "os.path", "posixpath",
        "textwrap", "struct", "json", "copy", "typing_extensions", "weakref", "threading", "_thread", "contextvars",
        "_contextvars", "collections.abc", "_collections", "_functools", "_operator", "uuid",
        "attr", "attr._make", "attr._next_gen",
    }  # fmt: skip
