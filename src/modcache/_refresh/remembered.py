"""What live code had before a stage, besides what the ledger notes: put back if the stage comes to nothing.

Staged code assigns to what is not staged: attributes of modules and classes that it has from elsewhere. And it has
functions that live on fill their caches, with what holds for the stage alone.
"""

from __future__ import annotations

import contextlib
import operator
import sys
from collections.abc import Callable, Container, Iterable, Mapping
from functools import partial
from typing import Any

from modcache._runtime.caches import LRU, Entries
from modcache._runtime.functions import raw_dict
from modcache._runtime.peek import home

__all__ = ["Remembered"]

_ABSENT = object()
_BY_INTERPRETER = frozenset({"__annotations__", "__annotations_cache__", "__annotate_func__", "__abstractmethods__"})
"""What CPython itself puts among the members of a class when somebody asks for it."""


class Remembered:
    """The names of some modules (name -> namespace), the members of their classes, the entries of their caches."""

    def __init__(self, namespaces: Iterable[tuple[str, dict[str, Any]]]) -> None:
        self._alone = _is_alone()
        self._names: list[tuple[dict[str, Any], dict[str, Any]]] = []
        self._members: list[tuple[type, dict[str, Any]]] = []
        self._caches: list[Entries] = []
        for module, namespace in namespaces:
            names = dict(namespace)
            self._names.append((namespace, names))
            self._caches += map(Entries, _caches(names))
            for kind in [value for value in names.values() if issubclass(type(value), type)]:
                if home(kind) == module:
                    members = raw_dict(kind).copy()
                    self._members.append((kind, members))
                    self._caches += map(Entries, _caches(members))

    def way_back(self, words: Container[str]) -> list[Callable[[], None]]:
        """What undoes what has been assigned since, and what was cached; it holds nothing of what stayed.

        ``words``: those of the code that may be executed while importing. Where other threads run, what has a name
        that is none of them was assigned by those.
        """
        ours = None if self._alone and _is_alone() else words
        found: list[Callable[[], None]] = []
        for namespace, before in self._names:
            found += [partial(_set, namespace, *row) for row in _changed(namespace, before, ours)]
        for kind, members in self._members:
            rows = _changed(raw_dict(kind), members, ours)
            found += [partial(_assign, kind, *row) for row in rows if row[0] not in _BY_INTERPRETER]
        return [*found, *(entries.take_back for entries in self._caches)]


def _caches(names: dict[str, Any]) -> list[Any]:
    """Those that stand under some names. (Millions are looked at: no calls.)"""
    wrapped = [
        one for one in names.values() if (kind := type(one)) is LRU or kind is staticmethod or kind is classmethod
    ]
    inner = [one if type(one) is LRU else one.__func__ for one in wrapped]
    return [one for one in inner if type(one) is LRU]


def _changed(now: Mapping[str, Any], before: dict[str, Any], words: Container[str] | None) -> list[tuple[str, Any]]:
    if len(now) == len(before) and all(map(operator.is_, now.values(), before.values())):
        return []
    names = [name for name, value in now.items() if before.get(name, _ABSENT) is not value]
    names += [name for name in before if name not in now]
    return [(name, before.get(name, _ABSENT)) for name in names if words is None or name in words]


def _set(namespace: dict[str, Any], name: str, value: Any) -> None:
    if value is _ABSENT:
        namespace.pop(name, None)
    else:
        namespace[name] = value


def _assign(kind: type, name: str, value: Any) -> None:
    """Past what the metaclass does. (What CPython does not let go of, it has put there by itself.)"""
    change: Callable[..., None] = type.__delattr__ if value is _ABSENT else type.__setattr__
    with contextlib.suppress(AttributeError, TypeError):
        change(kind, name, *(() if value is _ABSENT else (value,)))


def _is_alone() -> bool:
    return len(sys._current_frames()) == 1
