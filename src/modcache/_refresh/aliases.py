"""Aliases of types (``list[int]``, ``Optional["X"]``, ``int | None``): values, told by what they are made of.

Those of :mod:`typing` come out of a cache, so that one object is anybody's who wrote the same; when the cache has
forgotten it, the same text makes another one.
"""

from __future__ import annotations

import enum
import types
import typing
from collections.abc import Callable, Iterator
from typing import Any

from modcache._model.literals import same_constant
from modcache._runtime.functions import instance_dict
from modcache._runtime.peek import Kinds, home, is_a

__all__ = ["is_alias", "is_of_types", "same_alias"]

_TYPING: type = type(typing.List[int])  # noqa: UP006  # the class of which all of typing's aliases are
_ALIASES = (types.GenericAlias, types.UnionType, typing.ForwardRef, _TYPING)
_CONSTANTS = Kinds(int, str, bytes, bool, type(None), type(...))
_TYPING_MODULES = frozenset({"typing", "typing_extensions"})
_REFERENCE = (
    "__forward_arg__", "__forward_module__", "__forward_is_argument__", "__forward_is_class__",
    "__forward_evaluated__", "__forward_value__", "__owner__", "__globals__", "__cell__",
)  # fmt: skip
"""What a reference by name has, of different versions of CPython."""


def is_alias(value: object) -> bool:
    """Is it an alias of types, or the name of a type in one?"""
    return is_a(value, *_ALIASES)


def same_alias(old: object, new: object, final: Callable[[object], object]) -> bool:
    """Are these aliases of the same? ``final``: what stands for a part of the new one after the commit."""
    if type(old) is not type(new):
        return False
    before, after = list(_parts(old)), list(_parts(new))
    if [name for name, _ in before] != [name for name, _ in after]:
        return False
    return all(_same(one, other, final) for (_, one), (_, other) in zip(before, after, strict=True))


def is_of_types(alias: object) -> bool:
    """Is an alias made of types, names and constants alone? ``Annotated`` may have any object in it."""
    return is_a(alias, typing.ForwardRef) or all(_is_plain(part) for _, part in _parts(alias))


def _same(old: Any, new: Any, final: Callable[[object], object]) -> bool:
    if is_alias(new):
        return final(new) is old or same_alias(old, new, final)
    if type(new) is tuple or type(new) is list:
        same = type(old) is type(new) and len(old) == len(new)
        return same and all(_same(one, other, final) for one, other in zip(old, new, strict=True))
    return final(new) is old or same_constant(old, new)


def _is_plain(part: object) -> bool:
    if is_alias(part):
        return is_of_types(part)
    if type(part) is tuple or type(part) is list:
        return all(map(_is_plain, part))
    # any form of typing's own, as ``Any`` or a type variable
    return is_a(part, type, enum.Enum) or type(part) in _CONSTANTS or home(type(part)) in _TYPING_MODULES


def _parts(alias: Any) -> Iterator[tuple[str, Any]]:
    if is_a(alias, typing.ForwardRef):
        yield from ((name, found) for name in _REFERENCE if (found := getattr(alias, name, _parts)) is not _parts)
    elif is_a(alias, types.UnionType):
        yield "__args__", alias.__args__
    elif is_a(alias, types.GenericAlias):
        yield from (("__origin__", alias.__origin__), ("__args__", alias.__args__))
        yield "__unpacked__", getattr(alias, "__unpacked__", False)
    else:
        yield from (instance_dict(alias) or {}).items()
