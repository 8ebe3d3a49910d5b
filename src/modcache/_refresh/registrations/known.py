"""What is known of functions outside the roots that register things: all that they do is seen by looking on."""

from __future__ import annotations

from abc import ABCMeta
from collections import OrderedDict, defaultdict, deque
from types import MethodDescriptorType
from typing import Any

__all__ = ["is_keeper", "is_seen", "keeps"]

_STANDING = frozenset({
    "atexit", "logging", "logging.handlers", "logging.config", "warnings", "_warnings", "_py_warnings", "signal",
    "_signal", "copyreg",
})  # fmt: skip
_DIRECT = frozenset({"codecs", "_codecs", "mimetypes"})
_NAMED = frozenset({
    "shutil.register_archive_format", "shutil.register_unpack_format", "shutil.unregister_archive_format",
    "shutil.unregister_unpack_format", "functools.singledispatch.<locals>.register",
})  # fmt: skip
_CONTAINERS: frozenset[type] = frozenset({dict, list, set, deque, OrderedDict, defaultdict})
_KEEPERS = frozenset({"flask", "quart", "click", "typer", "rich_click", "fastapi", "starlette", "bottle", "blinker"})
"""Packages whose functions and methods, as modules call them, keep what they are given in the object that they are
called on or make: they neither run it nor look into its body, and leave nothing anywhere else."""


def is_seen(value: Any, *, directly: bool) -> bool:
    """Does calling it register things in places alone that are looked at?

    ``directly``: the statement itself calls it, and is looked at more closely than the functions that it calls.
    """
    module = getattr(value, "__module__", None)
    if not isinstance(module, str | None):
        return False
    if module in _STANDING:
        return True
    if isinstance(value, MethodDescriptorType) and value.__objclass__ in _CONTAINERS:
        return directly
    return directly and (module in _DIRECT or value is ABCMeta.register or f"{module}.{_qualname(value)}" in _NAMED)


def keeps(value: Any) -> bool:
    """Does it only keep what it is given, or decorates, for later?"""
    module = getattr(value, "__module__", None)
    if not isinstance(module, str):
        return False
    return is_seen(value, directly=True) or is_keeper(value)


def is_keeper(value: Any) -> bool:
    """Is it of a package that is known to keep things in its own objects, and nowhere else?"""
    module = getattr(value, "__module__", None)
    return isinstance(module, str) and module.partition(".")[0] in _KEEPERS


def _qualname(value: Any) -> str:
    found = getattr(value, "__qualname__", "")
    return found if isinstance(found, str) else ""
