"""A class that could not survive: who refers to it is led to the class that takes its place.

One look at the heap for all of them, before the commit. What refers to an old class by something that can be changed
gets an operation; what is immutable is made anew, and who refers to that is looked for in turn. What is left over is
named: an iterator, a key with a hash of its own, anything that is written in C.
"""

from __future__ import annotations

import enum
import functools
import gc
import types
import weakref
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator
from types import CellType, FrameType, FunctionType, GetSetDescriptorType, MemberDescriptorType, MethodType, ModuleType
from typing import Any

from modcache._refresh.bases import first_misfit, may_be_tried
from modcache._refresh.pair import is_fillable
from modcache._refresh.translate import like
from modcache._runtime.collector import hides
from modcache._runtime.functions import forget_aliases, inner_values, instance_dict, raw_dict, referrers
from modcache._runtime.operations import Operations, Step

__all__ = ["Redirection", "is_held", "own_containers", "retire"]

_LAYERS = 8
_SKIPPED = (FrameType, GetSetDescriptorType, MemberDescriptorType, Step)
_IMMUTABLE = (tuple, frozenset, MethodType, types.GenericAlias, types.UnionType)
_HEAP = 1 << 9
_TRACKED = 1 << 14
"""``Py_TPFLAGS_HAVE_GC``: the collector knows the instances of such a type."""


class Redirection:
    """Adds to ``operations`` what leads every reference to an old class to its successor.

    ``rows``: (old class, new class, name of both). ``own``: ids of containers that are ours, and are left alone.
    Makes its operations first: what is written down after it for the same place has the last word.
    """

    def __init__(self, rows: Iterable[tuple[type, type, str]], operations: Operations, own: Collection[int]) -> None:
        self.operations = operations
        self.left: dict[str, None] = {}
        """Who could not be led: names of classes, with what holds them."""
        self.led: dict[int, object] = {}
        """By id, instances of the old classes: what goes on as them, themselves or a copy."""
        self.freed: list[type] = []
        """Old classes that nothing refers to any more, once this is committed."""
        self._own = set(own)
        self._final: dict[int, tuple[Any, Any]] = {}
        self._fixed: dict[int, Any] = {}
        """Immutables that refer to old classes: made anew when all that they refer to is known."""
        self._names: dict[int, str] = {}
        self._copied: set[int] = set()
        self._retyped: list[tuple[Any, type]] = []
        self._rows = [row for row in rows if row[0] is not row[1]]
        for old, new, where in self._rows:
            self._lead(old, new, where)
            for name, member in _members(old).items():
                if name in _members(new):
                    self._lead(member, _members(new)[name], f"{where}.{name}")
        self._kinds: dict[int, type] = {}
        self._lines: set[int] = set()

    def run(self) -> None:
        """Look for who refers to the old classes, and write down the operations."""
        if not self._rows:
            return
        forget_aliases()
        gc.collect()  # what earlier rounds of this plan have made, and looked at, would count as somebody's
        self._kinds = {id(held): kind for kind in every_class() for held in gc.get_referents(raw_dict(kind))}
        self._lines = {id(line) for kind in every_class() for line in (kind.__mro__, kind.__bases__)}
        for holder in self._holders():
            self._redirect(holder)
        for holder, kind in self._retyped:
            self.operations.retype(holder, kind)
        for old, _, where in self._rows:
            if not old.__flags__ & _TRACKED:
                self.left[f"{where}: its instances can't be found"] = None
            self._retire(old, where)
        if hides(gc.get_objects()):
            self.left["what gc.freeze() has hidden may hold classes that could not survive"] = None
        self._kinds.clear()

    def _lead(self, old: Any, new: Any, where: str) -> None:
        self._final[id(old)] = (old, new)
        self._names[id(old)] = where

    def _value(self, value: Any) -> Any:
        """What stands for a value after the commit."""
        found = self._final.get(id(value))
        if found is not None:
            return found[1]
        if id(value) not in self._fixed:
            return value
        del self._fixed[id(value)]
        try:
            new = self._made_anew(value)
        except Exception:  # somebody's own kind of tuple
            new = None
        if new is None:
            self._leave(value)
            new = value
        self._final[id(value)] = (value, new)
        return new

    # -- who refers to them

    def _holders(self) -> list[Any]:
        """Whatever refers to an old class, to an immutable that does, or to an instance that has to be copied."""
        found: list[Any] = []
        layer = [old for old, _ in self._final.values()]
        seen = {id(value) for value in (found, self._final, self._fixed, self._rows, self._retyped, self.__dict__)}
        seen |= self._own | {id(row) for row in (*self._final.values(), *self._rows)} | set(map(id, layer))
        for _ in range(_LAYERS):
            seen |= {id(layer), *(id(row) for row in self._final.values()), *map(id, self._retyped)}
            rows = [row for row in referrers(layer) if id(row) not in seen and not isinstance(row, _SKIPPED)]
            rows = [row for row in rows if id(row) not in self._lines]
            seen |= {id(rows), *map(id, rows)}
            layer = [row for row in rows if self._spreads(row)]
            found += [row for row in rows if not isinstance(row, _IMMUTABLE)]
            if not layer:
                break
        return found

    def _spreads(self, holder: Any) -> bool:
        """Will another object stand for a holder, so that who refers to it has to be found too?"""
        if isinstance(holder, _IMMUTABLE):
            self._fixed[id(holder)] = holder
            self._names[id(holder)] = self._name_of(holder)
            return True
        old = type(holder)
        kind = self._final[id(old)][1] if id(old) in self._final else old
        if kind is old:
            return False
        try:  # as at the commit, and back: only the object itself knows whether its layout allows it
            object.__setattr__(holder, "__class__", kind)
            object.__setattr__(holder, "__class__", old)
        except TypeError:
            return self._replaced(holder, kind)
        self._retyped.append((holder, kind))
        self.led[id(holder)] = holder
        return False

    def _replaced(self, holder: Any, kind: type) -> bool:
        """An instance whose layout is another now: one like it, with the same attributes, takes its place."""
        old = type(holder)
        finalised = any("__del__" in raw_dict(base) for base in old.__mro__)
        new = None if finalised or weakref.getweakrefcount(holder) else like(holder, kind, shared=True)
        if new is None:
            self._leave(holder)
            return False
        self._copied.add(id(old))
        self._lead(holder, new, self._names[id(old)])
        self.led[id(holder)] = new
        return True

    def _name_of(self, holder: Any) -> str:
        return next((self._names[id(held)] for held in gc.get_referents(holder) if id(held) in self._names), "")

    def _made_anew(self, value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple.__new__(type(value), [self._value(item) for item in value])
        if type(value) is frozenset:
            return frozenset(self._value(item) for item in value) if is_fillable(value) else None
        if type(value) is MethodType:
            return MethodType(value.__func__, self._value(value.__self__))
        if type(value) is types.GenericAlias:
            return types.GenericAlias(self._value(value.__origin__), tuple(map(self._value, value.__args__)))
        return functools.reduce(lambda one, other: one | other, map(self._value, value.__args__))

    def _retire(self, old: type, where: str) -> None:
        """Nobody refers to an old class any more: its bases need not count it as a subclass until it is collected."""
        if all(not base.__flags__ & _HEAP or id(base) in self._names for base in old.__bases__):
            return
        held = id(old) in self._copied or any(row.startswith(where) for row in self.left)
        if held or not retire(self.operations, old):
            self.left[f"{where} is no more, but its bases still count it as a subclass until it is collected"] = None

    # -- each kind of holder

    def _redirect(self, holder: Any) -> None:
        kind = type(holder)
        if id(holder) in self._kinds:
            self._class_dict(self._kinds[id(holder)], holder)
        elif kind is dict:
            self._mapping(holder)
        elif kind is list:
            for index, item in enumerate(holder):
                if self._value(item) is not item:
                    self._item(holder, index, item)
        elif kind is set:
            self._set(holder)
        elif kind is CellType:
            self.operations.cell(holder, self._value(holder.cell_contents))
        elif kind is FunctionType:
            self._function(holder)
        elif isinstance(holder, type):
            self._class(holder)
        elif isinstance(holder, functools.partial):
            self._partial(holder)
        else:
            self._object(holder)

    def _item(self, holder: list[Any], index: int, item: Any) -> None:
        back = Step(list.__setitem__, holder, index, item)
        self.operations.add(Step(list.__setitem__, holder, index, self._value(item)), back)

    def _mapping(self, holder: dict[Any, Any]) -> None:
        if any(self._value(key) is not key for key in holder):
            if is_fillable(holder):
                items = {self._value(key): self._value(item) for key, item in holder.items()}
                self.operations.fill_dict(holder, items)
            else:
                self._leave(holder)
            return
        for key, item in list(holder.items()):
            if self._value(item) is not item:
                if is_fillable((key,)):
                    self.operations.put(holder, key, self._value(item))
                else:
                    self._leave(holder)

    def _set(self, holder: set[Any]) -> None:
        if is_fillable(holder):
            self.operations.fill_set(holder, [self._value(item) for item in holder])
        else:
            self._leave(holder)

    def _class_dict(self, owner: type, held: dict[str, Any]) -> None:
        for name, item in list(held.items()):
            if self._value(item) is not item and id(owner) not in self._names:
                self.operations.member(owner, name, self._value(item))

    def _function(self, holder: FunctionType) -> None:
        if holder.__defaults__ is not None and self._value(holder.__defaults__) is not holder.__defaults__:
            self.operations.assign(holder, "__defaults__", self._value(holder.__defaults__))
        if not hasattr(holder, "__annotate__"):  # until 3.13 they may be kept as a tuple, until they are asked for
            self._mapping(holder.__annotations__)

    def _partial(self, holder: Any) -> None:
        arguments = tuple(map(self._value, holder.args))
        keywords = {key: self._value(item) for key, item in holder.keywords.items()}
        now = (self._value(holder.func), arguments, keywords, holder.__dict__ or None)
        before = holder.__reduce__()[2]
        self.operations.add(Step(holder.__setstate__, now), Step(holder.__setstate__, before))

    def _class(self, holder: type) -> None:
        """A subclass, whose statement is not executed."""
        if id(holder) in self._names:
            return
        bases = tuple(self._value(base) for base in holder.__bases__)
        if (
            all(one is other for one, other in zip(bases, holder.__bases__, strict=True))
            or not may_be_tried(holder, bases)
            or first_misfit([(holder, bases, "")]) is not None
        ):
            self._leave(holder)
        else:
            back = Step(type.__setattr__, holder, "__bases__", holder.__bases__)
            self.operations.add(Step(type.__setattr__, holder, "__bases__", bases), back)

    def _object(self, holder: Any) -> None:
        """An instance of an old class, or an object that refers to one by its attributes."""
        done = id(holder) in self._final or any(holder is one for one, _ in self._retyped)
        namespace = None if isinstance(holder, ModuleType) else instance_dict(holder)
        if namespace is not None and any(self._value(item) is not item for item in namespace.values()):
            self._mapping(namespace)
            done = True
        for base in type(holder).__mro__:
            for name, member in raw_dict(base).items():
                if type(member) is MemberDescriptorType and self._slot(holder, name, member):
                    done = True
        if not done:
            self._leave(holder)

    def _slot(self, holder: Any, name: str, member: Any) -> bool:
        try:
            held = member.__get__(holder)
            if self._value(held) is held:
                return False
            back = Step(member.__set__, holder, held)
            self.operations.add(Step(member.__set__, holder, self._value(held)), back)
        except (AttributeError, TypeError):
            return False
        return True

    def _leave(self, holder: Any) -> None:
        where = self._name_of(holder)
        self.left[f"{where} could not survive, and {_described(holder)} still holds the old one"] = None


def retire(operations: Operations, kind: type) -> bool:
    """Take a class that nobody holds from its bases, where CPython lets; False where it does not."""
    for bases in _graves(kind):
        if may_be_tried(kind, bases) and first_misfit([(kind, bases, "")]) is None:
            back = Step(type.__setattr__, kind, "__bases__", kind.__bases__)
            operations.add(Step(type.__setattr__, kind, "__bases__", bases), back)
            return True
    return False


def _graves(kind: type) -> Iterator[tuple[type, ...]]:
    """Bases that are nobody's, of the layouts that a class may need: its built-in ones, or an empty class."""
    built_in = tuple(base for base in kind.__bases__ if not base.__flags__ & _HEAP and base is not object)
    if built_in:
        yield built_in
    solid: Any = kind.__base__ or object
    while solid.__base__ is not None and solid.__base__.__flags__ & _HEAP and _layout(solid) == _layout(solid.__base__):
        solid = solid.__base__
    base = solid.__base__ or object
    if type(type(base)) is type:
        mro = {"mro": lambda grave: [grave, _Quiet, *base.__mro__]}
        quiet = type.__new__(type, "_Undertaker", (type(base),), mro)
        for names in ({}, {"__slots__": ()}):
            # past what the metaclass does, and the base: a grave is no class that anybody has to know of
            yield (type.__new__(quiet, "_Grave", (base,), dict(names)),)


class _Quiet:
    """Goes before a base that would act when it is inherited from."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        pass


def _layout(kind: type) -> tuple[int, int, int, int]:
    return kind.__basicsize__, kind.__itemsize__, kind.__dictoffset__, kind.__weakrefoffset__


def is_held(kind: type, own: Collection[int], others: Collection[type]) -> bool:
    """Does anything refer to a class but itself, containers of ours (by id), and the ``others``?"""
    cells = _cells_of(kind)
    lines = {id(line) for other in others for line in (other.__mro__, other.__bases__)}
    for row in gc.get_referrers(kind):
        if id(row) in own or id(row) in cells or id(row) in lines or isinstance(row, _SKIPPED):
            continue
        if not any(row is other for other in others):
            return True
    return False


def _cells_of(kind: type) -> set[int]:
    """The ids of the closure cells of a class's functions: by one of them ``super()`` knows the class."""
    functions = [inner for member in raw_dict(kind).values() for inner in (member, *inner_values(member))]
    return {id(cell) for inner in functions if type(inner) is FunctionType for cell in inner.__closure__ or ()}


def own_containers(roots: Iterable[Any]) -> set[int]:
    """The ids of the containers by which objects of this package hold something; what they hold is nobody's."""
    found: set[int] = set()
    todo = list(roots)
    while todo:
        value = todo.pop()
        if id(value) in found:
            continue
        kind = type(value)
        if kind in (dict, list, set, tuple, defaultdict, deque) or kind.__module__.startswith("modcache."):
            found.add(id(value))
            todo.extend(gc.get_referents(value))
    return found


def every_class() -> Iterator[type]:
    todo, seen = [object], {id(object)}
    while todo:
        kind: Any = todo.pop()
        yield kind
        for sub in type.__subclasses__(kind):
            if id(sub) not in seen:
                seen.add(id(sub))
                todo.append(sub)


def _members(kind: type) -> dict[str, Any]:
    """The members of an enumeration."""
    found = raw_dict(kind).get("_member_map_") if isinstance(kind, enum.EnumMeta) else None
    return found if type(found) is dict else {}


def _described(holder: Any) -> str:
    kind = type(holder)
    if isinstance(holder, type):
        return f"its subclass {holder.__module__}:{holder.__qualname__}"
    return f"a {kind.__module__}.{kind.__qualname__}" if kind.__module__ != "builtins" else f"a {kind.__qualname__}"
