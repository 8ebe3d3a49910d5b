"""A fingerprint of some modules: what every object that is reached from them is made of, by identity and in order.

It tells whether anything was left other than before: a dict in another order, a function with other code, a base that
is another class. It holds all that it has seen, so that no identity comes twice, and runs nobody's code.
"""

from __future__ import annotations

import functools
import gc
import sys
from collections.abc import Iterable, Mapping, Sized
from pathlib import PurePath
from types import CellType, CodeType, FrameType, FunctionType, GeneratorType, MethodType, ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from modcache._runtime.functions import instance_dict, raw_dict
from modcache._runtime.peek import Kinds, bases_of, home, mro_of, qualname_of

__all__ = ["Fingerprint", "by_name"]

_LARGEST = 500_000
_ABSTRACT: type = type(vars(Sized)["_abc_impl"])
_ATOMS = Kinds(str, bytes, int, float, complex, bool, type(None), CodeType)
_CLOSED = (PurePath, ModuleType, FrameType, GeneratorType, _ABSTRACT)
_CACHED: type = type(functools.lru_cache(lambda: None))
_SETS = (set, frozenset)
_CONSTANT = Kinds(tuple, frozenset)
"""What is made of the same objects all its life."""
_OURS = "modcache"
Page = tuple[Any, ...]


class Fingerprint:
    """What the objects behind some modules are, at one moment.

    ``modules``: their namespaces, by name; ``cache``: the module cache that they are in.
    """

    def __init__(self, modules: Mapping[str, dict[str, Any]], cache: Mapping[str, object]) -> None:
        self._modules = dict(modules)
        self._pages: dict[int, Page] = {}
        self._labels: dict[int, str] = {}
        self._constant: list[object] = []
        self._open: list[object] = []
        self._known: list[tuple[str, Page]] = []
        """What was found of each of those that are open: label and page."""
        self._cache = cache
        self._rows = self._cached()
        self._walk()

    def __len__(self) -> int:
        return len(self._pages)

    def differences(self) -> list[str]:
        """What is other by now: the names under which it was found.

        Looks at the objects that there were, and walks nowhere: what is made of the same objects as before leads to
        the same ones. A thousand times in a run, so it asks nobody about what never changes.
        """
        # by place: a refresh leads this list, as any other, to what takes an object's place
        rows = zip(self._open, self._known, strict=True)
        found = {label: None for one, (label, page) in rows if self._page(one) != page}
        mine = dict(self._rows)  # staged code may have had libraries imported that were not yet
        if [row for row in self._cached() if row[0] in mine] != self._rows:
            found["the module cache"] = None
        return list(found)

    def _cached(self) -> list[tuple[str, int]]:
        return [(name, id(module)) for name, module in list(self._cache.items()) if _is_foreign(name)]

    def look(self, value: object) -> Page:
        """What an object is made of now."""
        return self._page(value)

    def name(self, value: object) -> str:
        """The name under which an object was found, or what it is."""
        return self._labels.get(id(value)) or _named(value)

    def _walk(self) -> None:
        stack: list[tuple[object, str]] = []
        for name, namespace in self._modules.items():
            self._note(namespace, name)
            stack += [(value, f"{name}:{key}") for key, value in list(namespace.items()) if key != "__builtins__"]
        while stack and len(self._pages) < _LARGEST:
            value, label = stack.pop()
            if id(value) in self._pages or not self._is_open(value):
                continue
            self._note(value, label)
            label = label if " (in it: " in label else f"{label} (in it: "
            stack += [(inner, label) for inner in self._inner(value)]

    def _note(self, value: Any, label: str) -> None:
        named = f"{label}{_named(value)})" if " (in it: " in label else label
        self._labels[id(value)], self._pages[id(value)] = named, (page := self._page(value))
        if type(value) in _CONSTANT:
            self._constant.append(value)
        else:
            self._open.append(value)
            self._known.append((named, page))

    def _is_open(self, value: Any) -> bool:
        """Is it something that a refresh could change, and that belongs to the modules?"""
        kind = type(value)
        if kind in _ATOMS or issubclass(kind, _CLOSED) or _is_cache(value):
            return False
        if issubclass(type(value), type):
            return self._is_owned(raw_dict(value).get("__module__"))
        if kind is FunctionType:
            return self._is_owned(value.__module__)
        module = raw_dict(kind).get("__module__")
        return gc.is_tracked(value) and not (isinstance(module, str) and module.partition(".")[0] == _OURS)

    def _is_owned(self, module: object) -> bool:
        return isinstance(module, str) and module in self._modules

    def _inner(self, value: Any) -> Iterable[object]:
        if issubclass(type(value), type):
            return [*raw_dict(value).values(), *bases_of(value), type(value)]
        if type(value) is FunctionType:
            held = (value.__defaults__, value.__kwdefaults__, value.__dict__, value.__closure__)
            return [one for one in held if one is not None]
        if type(value) is _CACHED:
            return list((instance_dict(value) or {}).values())
        return gc.get_referents(value)

    def _page(self, value: Any) -> Page:
        if issubclass(type(value), type):
            return _class_page(value)
        if type(value) is FunctionType:
            return _function_page(value)
        if issubclass(type(value), dict):
            return tuple(_keyed(value))
        if type(value) is CellType:
            return tuple(map(id, gc.get_referents(value)))
        own = instance_dict(value)
        if type(value) is _CACHED:  # what it remembers comes back by itself
            return tuple(_keyed(own or {}))
        referents = [id(one) for one in gc.get_referents(value) if one is not own]
        if issubclass(type(value), _SETS):
            referents.sort()  # a set that was filled again may have another order of its own
        return (id(type(value)), *referents, *(_keyed(own) if own is not None else ()))


def by_name(page: Page) -> dict[object, object]:
    """What an object is made of, by the names that it has for it, or by place."""
    return dict(row if isinstance(row, tuple) and len(row) == 2 else (place, row) for place, row in enumerate(page))


def _is_cache(value: Any) -> bool:
    """Does it lead to what ``functools.singledispatch`` remembers? That is emptied, and comes back by itself."""
    return type(value) is MethodType and value.__func__ is WeakKeyDictionary.clear


def _named(value: Any) -> str:
    """An object by its own name, or its type's."""
    kind = type(value)
    if kind is FunctionType or issubclass(kind, type):
        return str(qualname_of(value))
    return f"a {home(kind)}.{qualname_of(kind)}"


def _class_page(value: type) -> Page:
    """Not in order: CPython has no way to put a member of a class back before others."""
    members = sorted((name, id(member)) for name, member in raw_dict(value).items() if type(name) is str)
    bases, order = bases_of(value), mro_of(value)
    return (id(type(value)), tuple(map(id, bases)), tuple(map(id, order)), *members)


def _function_page(value: FunctionType) -> Page:
    kept = value.__defaults__, value.__kwdefaults__, value.__closure__, value.__doc__, value.__globals__
    names = value.__name__, qualname_of(value), value.__module__
    annotations = _keyed(value.__annotations__) if sys.version_info < (3, 14) else ()
    return (id(value.__code__), *map(id, kept), names, *_keyed(value.__dict__), *annotations)


def _keyed(namespace: dict[Any, Any]) -> list[tuple[object, int]]:
    """The items of a dict by identity, in order; names by their text."""
    return [(key if type(key) is str else id(key), id(value)) for key, value in dict.items(namespace)]


def _is_foreign(name: str) -> bool:
    """Not the standard library's nor ours: what we load when it is first needed is no trace."""
    return name.partition(".")[0] not in sys.stdlib_module_names | {_OURS}
