"""Functions, classes and enum members at home in some modules: each is to be the same object after a refresh."""

from __future__ import annotations

import enum
import functools
from collections.abc import Iterator, Mapping
from types import FunctionType, ModuleType
from typing import Any

from modcache._runtime.functions import raw_dict
from modcache._runtime.peek import home, is_a, said

__all__ = ["Homes"]

_CACHED: type = type(functools.lru_cache(lambda: None))
Home = tuple[str, str]
"""(module, qualified name)."""


class Homes:
    """What stands where at one moment; keeps it alive, so that no identity comes twice."""

    def __init__(self, modules: Mapping[str, ModuleType]) -> None:
        self._found: dict[Home, object] = {}
        for name, module in modules.items():
            for key, value in list(module.__dict__.items()):
                if _is_at_home(value, name):
                    self._found[name, key] = value
                    if issubclass(type(value), type):
                        self._found.update({(name, f"{key}.{inner}"): held for inner, held in _members(value)})

    def lost(self, later: Homes) -> list[Home]:
        """Where another object stands later on."""
        return [home for home, value in self._found.items() if later._found.get(home, value) is not value]


def _is_at_home(value: Any, module: str) -> bool:
    if issubclass(type(value), type):
        return bool(raw_dict(value).get("__module__") == module)
    return (type(value) is FunctionType or type(value) is _CACHED) and said(value, "__module__") == module


def _members(owner: Any) -> Iterator[tuple[str, object]]:
    """The functions of a class, bare; of an enumeration, its members too."""
    for name, member in list(raw_dict(owner).items()):
        function = member.__func__ if is_a(member, staticmethod, classmethod) else member
        if type(function) is FunctionType and function.__module__ == home(owner):
            yield name, function
    if issubclass(type(owner), enum.EnumMeta):
        yield from owner.__members__.items()
