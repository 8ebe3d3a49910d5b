"""Values that are described by a text: constants, and what belongs to other libraries and has a name there."""

from __future__ import annotations

import functools
import itertools
import re
import sys
import types
from collections.abc import Callable, Mapping
from typing import Any

from modcache._verify.code import digest

__all__ = ["CLASS_ATTRIBUTE_TYPES", "OPAQUE", "atom_table", "is_lru_cache", "short"]

_LONG = 400

# Runtime machinery whose insides differ from process to process and say nothing about a project's code.
OPAQUE = frozenset(
    "_abc _asyncio _contextvars _frozen_importlib _frozen_importlib_external _io _thread _weakref _weakrefset abc"
    " asyncio concurrent importlib io linecache logging modcache multiprocessing queue selectors socket ssl"
    " subprocess tempfile threading warnings weakref zipimport".split()
)
# How C exposes methods and fields on classes: the class and the name say all.
CLASS_ATTRIBUTE_TYPES = (
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.ClassMethodDescriptorType,
)
# Standard types whose ``repr`` is their value and calls nobody else's; (module, names).
_PRINTABLE = (
    ("datetime", "date datetime time timedelta timezone"),
    ("decimal", "Decimal"),
    ("fractions", "Fraction"),
    ("ipaddress", "IPv4Address IPv4Network IPv6Address IPv6Network"),
    ("pathlib", "PosixPath PurePosixPath PureWindowsPath WindowsPath"),
    ("uuid", "UUID"),
)


def short(text: str) -> str:
    """The text, or for a long one its beginning and a digest."""
    return text if len(text) <= _LONG else f"{text[:_LONG]}… {len(text)} {digest(text)}"


def is_lru_cache(thing: object) -> bool:
    """Whether ``thing`` is what ``functools.lru_cache`` returns."""
    return type(thing) is functools._lru_cache_wrapper


def atom_table() -> Mapping[int, Callable[[Any], str]]:
    """By the id of a type (hashing a type may run its metaclass): how to print its values."""
    table: dict[int, Callable[[Any], str]] = dict(_BUILT_IN)
    for module, names in _PRINTABLE:
        loaded = sys.modules.get(module)
        for name in names.split() if loaded is not None else ():
            cls = vars(loaded).get(name)
            if cls is not None:
                table[id(cls)] = _printed
    return table


def _printed(thing: Any) -> str:
    return short(repr(thing))


def _text(thing: str) -> str:
    """A text; one that names a class by its id, as pydantic's schemas do (``app.C:140124``), by its name alone."""
    found = _NAMED_BY_ID.fullmatch(thing) if thing[-1:].isdigit() else None
    if found is not None and id(_class_named(found[1].split("."))) == int(found[2]):
        return short(repr(f"{found[1]}:<its id>"))
    return _printed(thing)


_NAMED_BY_ID = re.compile(r"([\w.]+):(\d{9,})")


def _class_named(parts: list[str]) -> object:
    """What a module's name and a qualified name lead to, without anything being run; None if nothing."""
    for count in range(len(parts) - 1, 0, -1):
        value: Any = sys.modules.get(".".join(parts[:count]))
        if type(value) is types.ModuleType:
            for part in parts[count:]:
                names = type.__getattribute__(value, "__dict__") if isinstance(value, type) else vars(value)
                value = names.get(part)
                if not isinstance(value, type):
                    return None
            return value
    return None


def _integer(thing: int) -> str:
    return repr(thing) if thing.bit_length() < 4000 else hex(thing)


def _described(thing: Any) -> str:
    return f"<{type(thing).__name__} {getattr(thing, '__objclass__', type).__qualname__}.{thing.__name__}>"


def _pattern(thing: re.Pattern[Any]) -> str:
    return short(f"re.compile({thing.pattern!r}, {thing.flags})")


_BUILT_IN: dict[int, Callable[[Any], str]] = {
    **{id(cls): repr for cls in (bool, float, complex, type(None), type(Ellipsis), type(NotImplemented), range)},
    **{id(cls): _printed for cls in (bytes, itertools.count)},
    id(str): _text,
    **{id(cls): _described for cls in CLASS_ATTRIBUTE_TYPES},
    id(int): _integer,
    id(re.Pattern): _pattern,
}
