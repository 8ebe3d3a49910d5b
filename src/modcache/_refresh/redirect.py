"""What could not survive, a class or another object: who refers to it is led to what takes its place.

What refers to an old one is looked for in the heap, before the commit: once, and once more for each layer of what is
immutable and has to be made anew. Each holder gets an operation (see :mod:`~modcache._refresh.lead`). What is left over
is named: an iterator, a key with a hash of its own, anything that is written in C.
"""

from __future__ import annotations

import enum
import functools
import gc
import types
import weakref
from collections.abc import Collection, Iterable
from types import MethodType
from typing import Any

from modcache._refresh.fillable import is_fillable
from modcache._refresh.holding import NO_HOLDERS, described, every_class, is_subclass_table, renewed, weak_holds
from modcache._refresh.lead import Leading
from modcache._refresh.retire import holders_of, retire, unseen_by_nature
from modcache._refresh.translate import alias_like, like
from modcache._runtime.collector import hides
from modcache._runtime.functions import forget_aliases, raw_dict, retype
from modcache._runtime.operations import Operations
from modcache._runtime.peek import bases_of, field_of, is_a, mro_of
from modcache._runtime.referrers import referrers

__all__ = ["Redirection"]

_LAYERS = 8
_IMMUTABLE = (tuple, frozenset, MethodType, types.GenericAlias, types.UnionType, weakref.ref)
_HEAP = 1 << 9
_TRACKED = 1 << 14
"""``Py_TPFLAGS_HAVE_GC``: the collector knows the instances of such a type."""

Row = tuple[type, type, str]
"""An old class, the new one, and the name of both."""
Other = tuple[Any, Any, str]
"""The same of another object."""


class Redirection:
    """Adds to ``operations`` what leads every reference to an old class to its successor.

    ``own``: ids of containers that are ours, and are left alone. ``others``: rows of objects that are no classes. Makes
    its operations first: what is written down after it for the same place has the last word, and asks :meth:`value` for
    what it writes.
    """

    def __init__(
        self, rows: Iterable[Row], operations: Operations, own: Collection[int], others: Iterable[Other] = ()
    ) -> None:
        self.operations = operations
        self.left: dict[str, None] = {}
        """Who could not be led: names of classes, with what holds them."""
        self.departing: dict[str, weakref.ref[type]] = {}
        """Of what is left, the rows of old classes that may be held by nobody later."""
        self.led: dict[int, object] = {}
        """By id, instances of the old classes: what goes on as them, themselves or a copy."""
        self._own = set(own)
        self._final: dict[int, tuple[Any, Any]] = {}
        self._fixed: dict[int, Any] = {}
        """Immutables that refer to old classes: made anew when all that they refer to is known."""
        self._names: dict[int, str] = {}
        self._copied: set[int] = set()
        self._retyped: dict[int, tuple[Any, type]] = {}
        self._rows = [row for row in rows if row[0] is not row[1]]
        self._leading = Leading(operations, self.value, self._leave)
        for old, new, where in self._rows:
            self._lead(old, new, where)
            for name, member in _members(old).items():
                if name in _members(new):
                    self._lead(member, _members(new)[name], f"{where}.{name}")
        self._others = list(others)
        for old, new, where in self._others:
            self._lead(old, new, where)

    def run(self) -> None:
        """Look for who refers to the old classes, and write down the operations."""
        forget_aliases()
        gc.collect(0)  # what the stage has made and let go of would count as somebody's; it is young
        opaque: list[Any] = []
        holders = self._holders()
        # after them: it refers to every class, the old ones among them, and would be led as somebody's
        classes = {id(held): kind for kind in every_class() for held in gc.get_referents(raw_dict(kind))}
        for holder in holders:
            if id(holder) not in classes:
                if not self._leading.lead(holder) and not self._is_settled(holder):
                    opaque.append(holder)
            elif id(classes[id(holder)]) not in self._names:
                self._leading.members(classes[id(holder)], holder)
        holder = None  # it would count, and so would they
        holders.clear()
        self._leave_opaque(opaque, {key for key, kind in classes.items() if id(kind) in self._names})
        classes.clear()
        self._leave_unseen()
        for holder, kind in self._retyped.values():
            self.operations.retype(holder, kind)
        for old, _, where in self._rows:
            if not field_of(old, "__flags__") & _TRACKED:
                self.left[f"{where}: its instances can't be found"] = None
        for old, _, where in sorted(self._rows, key=lambda row: -len(mro_of(row[0]))):  # a base after what it is one of
            self._retire(old, where)
        if gc.get_freeze_count() and hides(gc.get_objects()):
            self.left["what gc.freeze() has hidden may hold classes that could not survive"] = None

    def value(self, value: Any) -> Any:
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

    def _lead(self, old: Any, new: Any, where: str) -> None:
        self._final[id(old)] = (old, new)
        self._names[id(old)] = where

    def _is_settled(self, holder: Any) -> bool:
        """Is a holder one only as an instance of an old class, and is that seen to?"""
        return id(holder) in self._final or id(holder) in self._retyped

    # -- who refers to them

    def _holders(self) -> list[Any]:
        """Whatever refers to an old class, to an immutable that does, or to an instance that has to be copied."""
        found: list[Any] = []
        layer = [old for old, _ in self._final.values()]
        rows = [*self._rows, *self._others]
        layer += [reference for old, _, where in rows for reference in self._weak(old, where)]
        lines = {id(line) for kind in every_class() for line in (mro_of(kind), bases_of(kind))}
        mine = (found, lines, self._final, self._fixed, self._rows, self._others, self._retyped, self._names, rows)
        seen = self._own | lines | set(map(id, (*mine, self.__dict__, *rows, *layer)))
        for _ in range(_LAYERS):
            seen |= {id(layer), *map(id, self._final.values()), *map(id, self._retyped.values())}
            rows = [row for row in referrers(layer) if id(row) not in seen and not is_a(row, NO_HOLDERS)]
            seen.update(map(id, rows))
            rows = [row for row in rows if not is_subclass_table(row)]
            seen.add(id(rows))
            layer = [row for row in rows if self._spreads(row)]
            found += [row for row in rows if not is_a(row, _IMMUTABLE)]
            if not layer:
                break
        return found

    def _weak(self, old: Any, where: str) -> list[Any]:
        """The weak references to what is old; who holds one is led to one to what is new."""
        rows = weak_holds(old)
        for reference in rows:
            self._names[id(reference)] = where
            if is_a(reference, weakref.ref):
                self._fixed[id(reference)] = reference
            else:
                self._leave(reference)
        return rows

    def _spreads(self, holder: Any) -> bool:
        """Will another object stand for a holder, so that who refers to it has to be found too?"""
        if is_a(holder, _IMMUTABLE):
            self._fixed[id(holder)] = holder
            self._names[id(holder)] = self._name_of(holder)
            return True
        old = type(holder)
        kind = self._final[id(old)][1] if id(old) in self._final else old
        if kind is old or id(holder) in self._final:
            return False
        try:  # as at the commit, and back: only the object itself knows whether its layout allows it
            retype(holder, kind)
            retype(holder, old)
        except TypeError:
            return self._replaced(holder, kind)
        self._retyped[id(holder)] = (holder, kind)
        self.led[id(holder)] = holder
        return False

    def _replaced(self, holder: Any, kind: type) -> bool:
        """An instance whose layout is another now: one like it, with the same attributes, takes its place."""
        old = type(holder)
        finalised = any("__del__" in raw_dict(base) for base in mro_of(old))
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
        if is_a(value, weakref.ref):
            return renewed(value, self.value)
        if is_a(value, tuple):
            return tuple.__new__(self.value(type(value)), [self.value(item) for item in value])
        if type(value) is frozenset:
            items = tuple(map(self.value, value))
            return frozenset(items) if is_fillable(value) and is_fillable(items) else None
        if type(value) is MethodType:
            return MethodType(self.value(value.__func__), self.value(value.__self__))
        if is_a(value, types.GenericAlias):
            return alias_like(value, self.value(value.__origin__), tuple(map(self.value, value.__args__)))
        return functools.reduce(lambda one, other: one | other, map(self.value, value.__args__))

    def _retire(self, old: type, where: str) -> None:
        """Nobody refers to an old class any more: its bases need not count it as a subclass until it is collected."""
        if all(not field_of(base, "__flags__") & _HEAP or id(base) in self._names for base in bases_of(old)):
            return
        held = id(old) in self._copied or any(row.startswith(where) for row in self.left)
        if held or not retire(self.operations, old):
            row = f"{where} is no more, but its bases still count it as a subclass until it is collected"
            self.left[row] = None
            self.departing[row] = weakref.ref(old)

    def _leave_opaque(self, opaque: list[Any], dicts: set[int]) -> None:
        """Nothing leads these away from an old class. What only old classes hold (``dicts``), goes with them."""
        if not opaque:
            return
        rows, unseen = holders_of(opaque)
        ours = {id(opaque), *dicts, *self._own, *map(id, opaque), *(id(old) for old, _, _ in self._others)}
        held = {id(one) for row in rows if id(row) not in ours for one in gc.get_referents(row)}
        held |= {id(opaque[index]) for index in range(len(opaque)) if unseen[index] > unseen_by_nature()}
        todo = [one for one in opaque if id(one) in held]
        for one in todo:  # what is held holds others
            self._leave(one)
            inner = set(map(id, gc.get_referents(one))) - held
            held |= inner
            todo += [other for other in opaque if id(other) in inner]

    def _leave_unseen(self) -> None:
        """What a local variable of a running function has: nobody sees that, or leads it."""
        rows = [(old, where, "") for old, _, where in self._rows]
        copied = [key for key in self.led if key in self._final]
        rows += [(self._final[key][0], self._names[key], "an instance of ") for key in copied]
        unseen = holders_of([row[0] for row in rows])[1] if rows else []
        for row, count in zip(rows, unseen, strict=True):
            if count > unseen_by_nature():
                why = f"a running function, or code in C, still holds {row[2]}the old one"
                self.left[f"{row[1]} could not survive, and {why}"] = None

    def _leave(self, holder: Any) -> None:
        where = self._names.get(id(holder)) or self._name_of(holder)
        self.left[f"{where} could not survive, and {described(holder)} still holds the old one"] = None


def _members(kind: type) -> dict[str, Any]:
    """The members of an enumeration."""
    found = raw_dict(kind).get("_member_map_") if is_a(kind, enum.EnumMeta) else None
    return found if type(found) is dict else {}
