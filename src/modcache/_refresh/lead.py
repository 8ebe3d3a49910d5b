"""Leading: the operations by which a holder of each kind refers to the successors of what it refers to now."""

from __future__ import annotations

import functools
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from types import CellType, FunctionType, MemberDescriptorType, ModuleType
from typing import Any

from modcache._refresh.bases import may_be_tried, misfits
from modcache._refresh.fillable import is_fillable
from modcache._runtime.functions import instance_dict, raw_dict
from modcache._runtime.operations import Operations, Step
from modcache._runtime.peek import Kinds, bases_of, is_a, mro_of

__all__ = ["Leading"]

_PLAIN = Kinds(dict, list, set, deque)


class Leading:
    """Adds to ``operations`` what leads one holder after the other.

    ``value(object)``: what stands for it after the commit. ``leave(holder)`` is told of those that can't be led.
    """

    def __init__(self, operations: Operations, value: Callable[[Any], Any], leave: Callable[[Any], None]) -> None:
        self.operations = operations
        self._value = value
        self._leave = leave

    def lead(self, holder: Any) -> bool:
        """Lead a holder of any kind but the dict of a class; False if it holds nothing in a way that is known."""
        kind = type(holder)
        if kind is CellType:
            self.operations.cell(holder, self._value(holder.cell_contents))
        elif kind is FunctionType:
            self._function(holder)
        elif is_a(holder, type):
            self._class(holder)
        elif is_a(holder, functools.partial):
            self._partial(holder)
        elif kind in _PLAIN:
            self._items(holder)
        elif is_a(holder, dict | list | set | deque):
            led = self._items(holder)
            return self._attributes(holder) or led
        else:
            return self._attributes(holder)
        return True

    def members(self, owner: type, held: dict[str, Any]) -> None:
        """The dict of a class: changed by way of the class, whose method cache would be stale otherwise."""
        for name, item in list(held.items()):
            if self._value(item) is not item:
                self.operations.member(owner, name, self._value(item))

    # -- containers

    def _items(self, holder: Any) -> bool:
        if is_a(holder, dict):
            return self._mapping(holder)
        if is_a(holder, set):
            return self._set(holder)
        store: Any = list.__setitem__ if is_a(holder, list) else deque.__setitem__
        led = False
        for index, item in enumerate(holder):
            if (new := self._value(item)) is not item:
                self.operations.add(Step(store, holder, index, new), Step(store, holder, index, item))
                led = True
        return led

    def _mapping(self, holder: dict[Any, Any]) -> bool:
        rows = list(dict.items(holder))
        if any(self._value(key) is not key for key, _ in rows):
            ordered = is_a(holder, OrderedDict) and type(holder) is not OrderedDict  # its own code would run
            if ordered or not self._may_be_keys(dict.keys(holder)):
                self._leave(holder)
            else:
                self.operations.fill_dict(holder, {self._value(key): self._value(item) for key, item in rows})
            return True
        changed = [(key, item) for key, item in rows if self._value(item) is not item]
        for key, item in changed:
            if is_fillable((key,)):
                self.operations.put(holder, key, self._value(item))
            else:
                self._leave(holder)
        return bool(changed)

    def _set(self, holder: set[Any]) -> bool:
        items = list(set.__iter__(holder))
        if all(self._value(item) is item for item in items):
            return False
        if self._may_be_keys(items):
            self.operations.fill_set(holder, [self._value(item) for item in items])
        else:
            self._leave(holder)
        return True

    def _may_be_keys(self, keys: Iterable[Any]) -> bool:
        """Can these be led in a dict or set without running their code, and that of what stands for them?"""
        before = tuple(keys)
        return is_fillable(before) and is_fillable(tuple(map(self._value, before)))

    # -- functions and classes

    def _function(self, holder: FunctionType) -> None:
        if holder.__defaults__ is not None and self._value(holder.__defaults__) is not holder.__defaults__:
            self.operations.assign(holder, "__defaults__", self._value(holder.__defaults__))
        if not hasattr(holder, "__annotate__"):  # until 3.13 they may be kept as a tuple, until they are asked for
            self._mapping(holder.__annotations__)
        parameters = getattr(holder, "__type_params__", ())
        if self._value(parameters) is not parameters:
            self.operations.assign(holder, "__type_params__", self._value(parameters))

    def _partial(self, holder: Any) -> None:
        arguments = tuple(map(self._value, holder.args))
        keywords = {key: self._value(item) for key, item in holder.keywords.items()}
        now = (self._value(holder.func), arguments, keywords, holder.__dict__ or None)
        before = functools.partial.__reduce__(holder)[2]
        give: Any = functools.partial.__dict__["__setstate__"]
        self.operations.add(Step(give, holder, now), Step(give, holder, before))

    def _class(self, holder: type) -> None:
        """A subclass, whose statement is not executed; or a class of a metaclass that gave way."""
        bases = tuple(self._value(base) for base in bases_of(holder))
        same = all(one is other for one, other in zip(bases, bases_of(holder), strict=True))
        if same or not may_be_tried(holder, bases) or misfits([(holder, bases, "")]):
            self._leave(holder)
        else:
            back = Step(type.__setattr__, holder, "__bases__", bases_of(holder))
            self.operations.add(Step(type.__setattr__, holder, "__bases__", bases), back)

    # -- objects

    def _attributes(self, holder: Any) -> bool:
        """An object that refers to a class, or to what holds one, by its attributes."""
        namespace = None if is_a(holder, ModuleType) else instance_dict(holder)
        led = namespace is not None and self._mapping(namespace)
        for base in mro_of(type(holder)):
            for member in raw_dict(base).values():
                if type(member) is MemberDescriptorType and self._slot(holder, member):
                    led = True
        return led

    def _slot(self, holder: Any, member: Any) -> bool:
        try:
            held = member.__get__(holder)
            if self._value(held) is held:
                return False
            member.__set__(holder, held)  # what it is already: some members of types in C can only be read
            back = Step(member.__set__, holder, held)
            self.operations.add(Step(member.__set__, holder, self._value(held)), back)
        except (AttributeError, TypeError):
            return False
        return True
