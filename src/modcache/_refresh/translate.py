"""Make everything that the stage has made refer to survivors instead of staged objects.

What is young belongs to nobody else yet, so it is changed in place; what is immutable is made anew.
"""

from __future__ import annotations

import functools
import gc
import types
import weakref
from collections import deque
from types import CellType, FunctionType, MemberDescriptorType, MethodType
from typing import Any

from modcache._refresh.functions import instance_dict
from modcache._refresh.pair import IdentityMap, raw_dict

__all__ = ["Translation"]

_LRU: type = type(functools.lru_cache(lambda: None))
_IMMUTABLE = (tuple, frozenset, MethodType, types.GenericAlias, types.UnionType, _LRU, weakref.ref)


class Translation:
    """Applies an identity map to the young objects, and to values on their way into live ones."""

    def __init__(self, final: IdentityMap, young: list[Any]) -> None:
        self.final = final
        self.young = {id(value) for value in young}
        self._objects = young
        self._busy: set[int] = set()

    def run(self) -> None:
        """Change every young object that refers to something staged."""
        self._make_immutables()
        hot = self.final.ids()
        for value in self._objects:
            if id(value) in hot and not isinstance(value, type):
                continue
            if any(id(referent) in hot for referent in gc.get_referents(value)):
                self._change(value)

    def _make_immutables(self) -> None:
        rest = [value for value in self._objects if isinstance(value, _IMMUTABLE) and not isinstance(value, type)]
        while True:
            hot = self.final.ids()
            again = [value for value in rest if id(value) not in hot]
            cold = [v for v in again if not any(id(r) in hot for r in gc.get_referents(v))]
            for value in again:
                self.value(value)
            if len(self.final.ids()) == len(hot):
                return
            rest = cold

    # -- values

    def value(self, value: Any) -> Any:
        """What stands for a value: itself, a survivor, or a new immutable that refers to survivors."""
        if value in self.final:
            return self.final.get(value)
        if id(value) not in self.young or id(value) in self._busy or not isinstance(value, _IMMUTABLE):
            return value
        self._busy.add(id(value))
        try:
            made = self._made_anew(value)
        finally:
            self._busy.discard(id(value))
        if made is not value:
            self.final.put(value, made)
        return made

    def _made_anew(self, value: Any) -> Any:
        if isinstance(value, tuple):
            items = [self.value(item) for item in value]
            return value if _same(items, value) else tuple.__new__(type(value), items)
        if type(value) is frozenset:
            items = [self.value(item) for item in value]
            return value if _same(items, value) else frozenset(items)
        if type(value) is MethodType:
            function, owner = self.value(value.__func__), self.value(value.__self__)
            same = function is value.__func__ and owner is value.__self__
            return value if same else MethodType(function, owner)
        if type(value) is _LRU:
            return self._lru(value)
        return self._typing(value)

    def _lru(self, value: Any) -> Any:
        wrapped = self.value(value.__wrapped__)
        if wrapped is value.__wrapped__:
            return value
        made = functools.lru_cache(**value.cache_parameters())(wrapped)
        made.__dict__.update({k: v for k, v in value.__dict__.items() if k != "__wrapped__"})
        return made

    def _typing(self, value: Any) -> Any:
        if type(value) is types.GenericAlias:
            arguments = self.value(value.__args__)
            origin = self.value(value.__origin__)
            same = arguments is value.__args__ and origin is value.__origin__
            return value if same else types.GenericAlias(origin, arguments)
        if type(value) is types.UnionType:
            arguments = [self.value(argument) for argument in value.__args__]
            return value if _same(arguments, value.__args__) else functools.reduce(lambda a, b: a | b, arguments)
        if type(value) is weakref.ref and value() is not None:
            target = value()
            found = self.value(target)
            return value if found is target else weakref.ref(found)
        return value

    # -- young objects, in place

    def _change(self, value: Any) -> None:
        kind = type(value)
        if kind is dict:
            self.mapping(value)
        elif kind is list or kind is deque:
            for index, item in enumerate(value):
                value[index] = self.value(item)
        elif kind is set:
            items = [self.value(item) for item in value]
            value.clear()
            value.update(items)
        elif kind is CellType:
            self.cell(value)
        elif kind is FunctionType:
            self.function(value)
        elif isinstance(value, type):
            self._class(value)
        elif kind in _CHANGERS:
            _CHANGERS[kind](self, value)
        else:
            self._instance(value)

    def mapping(self, value: dict[Any, Any]) -> None:
        """Translate a dict in place; its order stays."""
        if any(key in self.final for key in value):
            items = [(self.value(key), self.value(item)) for key, item in value.items()]
            value.clear()
            value.update(items)
            return
        for key, item in value.items():
            found = self.value(item)
            if found is not item:
                value[key] = found

    def cell(self, value: CellType) -> None:
        """Translate what a closure cell holds (the ``__class__`` of ``super()`` among others)."""
        try:
            value.cell_contents = self.value(value.cell_contents)
        except ValueError:
            return

    def function(self, value: FunctionType) -> None:
        """Translate what a function carries."""
        if value.__defaults__ is not None:
            value.__defaults__ = tuple(self.value(item) for item in value.__defaults__)
        for namespace in (value.__kwdefaults__, value.__dict__, _annotations(value)):
            if namespace:
                self.mapping(namespace)
        for cell in value.__closure__ or ():
            if id(cell) in self.young:
                self.cell(cell)

    def _class(self, value: type) -> None:
        """A young class: one that takes no survivor's place, or whose content a survivor will take."""
        for name, member in list(raw_dict(value).items()):
            found = self.value(member)
            if found is not member:
                type.__setattr__(value, name, found)
        bases = tuple(self.value(base) for base in value.__bases__)
        if value not in self.final and not _same(bases, value.__bases__):
            type.__setattr__(value, "__bases__", bases)
        meta = self.value(type(value))
        if meta is not type(value):
            type.__setattr__(value, "__class__", meta)

    def _property(self, value: property) -> None:
        parts = (self.value(value.fget), self.value(value.fset), self.value(value.fdel))
        property.__init__(value, *parts, value.__doc__)

    def _method(self, value: Any) -> None:
        namespace = dict(value.__dict__)
        type(value).__init__(value, self.value(value.__func__))
        value.__dict__.update(namespace)
        self.mapping(value.__dict__)

    def _partial(self, value: functools.partial[Any]) -> None:
        arguments = tuple(self.value(item) for item in value.args)
        keywords = {key: self.value(item) for key, item in value.keywords.items()}
        value.__setstate__((self.value(value.func), arguments, keywords, value.__dict__ or None))

    def _instance(self, value: Any) -> None:
        namespace = instance_dict(value)
        if namespace is not None:
            self.mapping(namespace)
        for base in type(value).__mro__:
            for member in raw_dict(base).values():
                if type(member) is MemberDescriptorType:
                    self._slot(value, member)
        kind = self.value(type(value))
        if kind is not type(value):
            object.__setattr__(value, "__class__", kind)

    def _slot(self, value: Any, member: MemberDescriptorType) -> None:
        try:
            held = member.__get__(value)
            found = self.value(held)
            if found is not held:
                member.__set__(value, found)
        except (AttributeError, TypeError):
            return


_CHANGERS: dict[type, Any] = {
    property: Translation._property,
    staticmethod: Translation._method,
    classmethod: Translation._method,
    functools.partial: Translation._partial,
}


def _annotations(function: FunctionType) -> dict[str, Any] | None:
    found: dict[str, Any] | None = getattr(function, "__annotations__", None)
    return found


def _same(one: Any, other: Any) -> bool:
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))

