"""Make everything that the stage has made refer to survivors instead of staged objects.

What is young belongs to nobody else yet, so it is changed in place; what is immutable is made anew.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import types
import weakref
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from types import CellType, FunctionType, MemberDescriptorType, MethodType
from typing import Any, cast

from modcache._refresh.holding import led
from modcache._refresh.identity import IdentityMap
from modcache._refresh.keyed import Keyed
from modcache._refresh.pair import raw_dict
from modcache._refresh.shape import member_of
from modcache._refresh.understudy import blank
from modcache._runtime.bound import BOUND, bound_to
from modcache._runtime.functions import instance_dict, retype
from modcache._runtime.operations import Operations
from modcache._runtime.peek import Kinds, bases_of, field_of, home, is_a, mro_of, qualname_of

__all__ = ["Translation", "alias_like", "like"]

_LRU: type = type(functools.lru_cache(lambda: None))
_HEAP = 1 << 9
_OPEN = Kinds(dict, list, set, deque, tuple, frozenset, CellType, FunctionType)
_PROXIES = (weakref.ProxyType, weakref.CallableProxyType)
_IMMUTABLE = (tuple, frozenset, MethodType, types.GenericAlias, types.UnionType, _LRU, weakref.ref, *BOUND)


class Translation:
    """Applies an identity map to the young objects, and to values on their way into live ones."""

    def __init__(self, final: IdentityMap, young: list[Any]) -> None:
        self.final = final
        self.young = dict.fromkeys(map(id, young), True)
        self._objects = young
        self._busy: set[int] = set()
        self._changed: set[int] = set()
        self.misfits: dict[str, None] = {}
        """Classes of which young objects exist that can't become objects of the survivor."""
        self.after: Callable[[Any], Any] = lambda value: value
        """What leads from classes that gave way to their successors, once that is known."""
        self.aliased = False
        """Do aliases of :mod:`typing` refer to something staged? Then its caches do, too."""

    def run(self) -> None:
        """Change every young object that refers to something staged."""
        self._retype()
        self._make_immutables()
        hot, behind = self.final.ids(), self._behind_classes()
        rest = [v for v in self._objects if is_a(v, type) or not (id(v) in hot or id(v) in behind)]
        # first find them all: the dict of an instance is an object too, and may be changed before the instance
        touched = [value for value in rest if self._touches(value, hot)]
        self._changed = {id(value) for value in touched}
        self.keyed = Keyed(self._objects)
        for value in touched:
            self._change(value)
        self.keyed.translate(self._changed, self.value)  # the code that hashes their keys is translated by then
        hot |= self._changed
        self.aliased = any(home(type(value)) == "typing" and id(value) in hot for value in self._objects)

    def objects(self) -> list[Any]:
        """The young objects themselves."""
        return self._objects

    def _touches(self, value: object, hot: set[int]) -> bool:
        """Does a young object refer to something staged?"""
        if is_a(value, type):
            return True  # what it holds is behind its dict
        for referent in gc.get_referents(value):
            if id(referent) in hot:
                return True
            if type(referent) is dict and type(value) not in _OPEN:
                if any(id(inner) in hot for inner in referent.values()):
                    return True
        return False

    def _behind_classes(self) -> set[int]:
        """The dicts of young classes: changed behind a class's back they would leave its method cache stale."""
        kinds = [value for value in self._objects if is_a(value, type)]
        return {id(held) for kind in kinds for held in gc.get_referents(raw_dict(kind))}

    def _retype(self) -> None:
        """Objects of a staged class become objects of its survivor; where the layout forbids that, copies do."""
        for value in list(self._objects):
            kind = self.final.get(type(value))
            if kind is type(value) or is_a(value, type) or value in self.final:
                continue
            try:
                retype(value, cast("type", kind))
            except TypeError:
                self._remake(value, cast("type", kind))

    def _remake(self, value: Any, kind: type) -> None:
        made = like(value, kind)
        if made is None:
            self.misfits[f"{home(kind)}:{qualname_of(kind)}"] = None
            return
        self.final.put(value, made)
        self._objects.append(made)
        self.young[id(made)] = True

    def _make_immutables(self) -> None:
        """Make those anew that refer to something staged, and then those that refer to what was made anew."""
        self._lead_proxies()
        rest = [value for value in self._objects if is_a(value, _IMMUTABLE) and not is_a(value, type)]
        weak = [value for value in rest if is_a(value, weakref.ref)]  # what they refer to does not show
        holders: dict[int, list[Any]] = defaultdict(list)
        for value in rest:
            for referent in gc.get_referents(value):
                holders[id(referent)].append(value)
        done: set[int] = set()
        while new := self.final.ids() - done:
            done |= new
            for key in new:
                for value in holders.get(key, ()):
                    self.value(value)
            for value in weak:
                self.value(value)

    def _lead_proxies(self) -> None:
        """Weak proxies of staged objects: only the object knows its proxies, never the other way round."""
        for staged in list(self.final.staged()):
            for proxy in weakref.getweakrefs(staged):
                if type(proxy) in _PROXIES:
                    with contextlib.suppress(TypeError):  # what stands for it can have none
                        self.final.put(proxy, weakref.proxy(self.final.get(staged)))

    # -- values

    def value(self, value: Any) -> Any:
        """What stands for a value: itself, a survivor, or a new immutable that refers to survivors."""
        return self.after(self._value(value))

    def _value(self, value: Any) -> Any:
        if value in self.final:
            return self.final.get(value)
        if id(value) not in self.young or id(value) in self._busy or not is_a(value, _IMMUTABLE):
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
        if is_a(value, tuple):
            items = [self.value(item) for item in tuple.__iter__(value)]
            return value if _same(items, [*tuple.__iter__(value)]) else _tuple(value, items)
        if type(value) is frozenset:
            items = [self.value(item) for item in value]
            return value if _same(items, value) else frozenset(items)
        if type(value) is MethodType:
            function, owner = self.value(value.__func__), self.value(value.__self__)
            same = function is value.__func__ and owner is value.__self__
            return value if same else MethodType(function, owner)
        if is_a(value, BOUND):
            return bound_to(value, self.value(value.__self__))
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
        if is_a(value, types.GenericAlias):
            arguments = self.value(value.__args__)
            origin = self.value(value.__origin__)
            same = arguments is value.__args__ and origin is value.__origin__
            return value if same else alias_like(value, origin, arguments)
        if type(value) is types.UnionType:
            arguments = [self.value(argument) for argument in value.__args__]
            return value if _same(arguments, value.__args__) else functools.reduce(lambda a, b: a | b, arguments)
        return led(value, self.value) if is_a(value, weakref.ref) else value

    # -- young objects, in place

    def _change(self, value: Any) -> None:
        kind = type(value)
        if value in self.keyed:
            self._instance(value)
        elif kind is dict:
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
        elif is_a(value, type):
            self._class(value)
        else:
            changer = next(
                (changer for wrapper, changer in _CHANGERS.items() if issubclass(type(value), wrapper)), None
            )
            if changer is not None:
                changer(self, value)
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
        members = Operations()
        for name, member in list(raw_dict(value).items()):
            members.member(value, name, self.value(member))
        members.run()
        bases = tuple(self.value(base) for base in bases_of(value))
        if value not in self.final and not _same(bases, bases_of(value)):
            type.__setattr__(value, "__bases__", bases)
        meta = self.value(type(value))
        if meta is not type(value):
            type.__setattr__(value, "__class__", meta)

    def _property(self, value: property) -> None:
        parts = (self.value(value.fget), self.value(value.fset), self.value(value.fdel))
        namespace = dict(instance_dict(value) or {})
        doc = value.__doc__
        property.__init__(value, *parts, doc)
        if doc is None and type(value) is property:
            value.__doc__ = None  # it has taken its getter's, and the survivor has that of before still
        _restore(value, namespace)

    def _method(self, value: Any) -> None:
        namespace = dict(value.__dict__)
        kind = staticmethod if is_a(value, staticmethod) else classmethod
        kind.__init__(value, self.value(value.__func__))
        _restore(value, namespace)

    def _partial(self, value: Any) -> None:
        arguments = tuple(self.value(item) for item in value.args)
        keywords = {key: self.value(item) for key, item in value.keywords.items()}
        value.__setstate__((self.value(value.func), arguments, keywords, value.__dict__ or None))

    def _kind_of_dict(self, value: Any) -> None:
        """Somebody's own kind of dict, without the methods that they gave it."""
        plain: Any = OrderedDict if is_a(value, OrderedDict) else dict
        items = [(self.value(key), self.value(item)) for key, item in dict.items(value)]
        if any(key in self.final for key in dict.keys(value)):
            plain.clear(value)
        for key, item in items:
            plain.__setitem__(value, key, item)

    def _kind_of_list(self, value: Any) -> None:
        plain: Any = list if is_a(value, list) else deque
        for index, item in enumerate(list(plain.__iter__(value))):
            plain.__setitem__(value, index, self.value(item))

    def _kind_of_set(self, value: Any) -> None:
        items = [self.value(item) for item in set.__iter__(value)]
        set.clear(value)
        set.update(value, items)

    def _instance(self, value: Any) -> None:
        namespace = instance_dict(value)
        if namespace is not None:
            self.mapping(namespace)
        for base in mro_of(type(value)):
            for member in raw_dict(base).values():
                if type(member) is MemberDescriptorType:
                    self._slot(value, member)

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
    dict: Translation._kind_of_dict,
    list: Translation._kind_of_list,
    deque: Translation._kind_of_list,
    set: Translation._kind_of_set,
}


def alias_like(value: Any, origin: Any, arguments: tuple[Any, ...]) -> Any:
    """An alias of the same kind (those of ``collections.abc.Callable`` have one of their own), of other classes."""
    made: Any = types.GenericAlias.__new__(type(value), origin, arguments)
    return next(iter(made)) if getattr(value, "__unpacked__", False) else made


def like(value: Any, kind: type, *, shared: bool = False) -> Any:
    """A new object of a class, with the attributes of another; None where more than attributes makes such an object.

    ``shared``: by the same ``__dict__``, so that who still has the other one sees what becomes of it.
    """
    if shared and any(not field_of(base, "__flags__") & _HEAP and base is not object for base in mro_of(kind)):
        return None  # of a list there would be two
    made = blank(value, kind)
    if made is None:
        return None
    namespace = instance_dict(value)
    if shared and namespace is not None and instance_dict(made) is not None:
        object.__setattr__(made, "__dict__", namespace)
    else:
        _restore(made, namespace or {})
    for name, held in {**(namespace or {}), **_slots(value)}.items():
        member = member_of(kind, name)
        if type(member) is MemberDescriptorType:
            with contextlib.suppress(AttributeError, TypeError):
                member.__set__(made, held)
        elif name not in (namespace or {}) and (own := instance_dict(made)) is not None:
            own[name] = held
    return made


def _slots(value: Any) -> dict[str, Any]:
    """What the slots of an object hold, by their names."""
    found = {}
    for base in reversed(mro_of(type(value))):
        for name, member in raw_dict(base).items():
            if type(member) is MemberDescriptorType:
                with contextlib.suppress(AttributeError, TypeError):  # empty
                    found[name] = member.__get__(value)
    return found


def _restore(value: Any, namespace: dict[str, Any]) -> None:
    held = instance_dict(value)
    if held is not None:
        held.clear()
        held.update(namespace)


def _tuple(value: tuple[Any, ...], items: list[Any]) -> Any:
    """A tuple of the same kind, with other items."""
    made = tuple.__new__(type(value), items)
    _restore(made, instance_dict(value) or {})
    return made


def _annotations(function: FunctionType) -> dict[str, Any] | None:
    found: dict[str, Any] | None = getattr(function, "__annotations__", None)
    return found


def _same(one: Any, other: Any) -> bool:
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))
