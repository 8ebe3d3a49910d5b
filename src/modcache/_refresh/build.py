"""Turn pairs into the operations of a commit: what survivors are given, what names are bound and dropped."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import EnumType
from types import CodeType, FunctionType, GetSetDescriptorType, MemberDescriptorType
from typing import Any

from modcache._model.literals import same_but_lines, same_constant
from modcache._refresh.extras import Extras
from modcache._refresh.harmless import IMMUTABLE
from modcache._refresh.pair import Pairing, raw_dict
from modcache._refresh.shape import listed, slots_of
from modcache._refresh.translate import Translation
from modcache._refresh.understudy import attributes_of
from modcache._runtime.functions import docstring_of, instance_dict
from modcache._runtime.operations import Operations, Step
from modcache._runtime.peek import answers, bases_of, is_a, mro_of, qualname_of

__all__ = ["Builder", "patch_code"]

_NEVER = frozenset({"_abc_impl", "__abstractmethods__"})


def patch_code(operations: Operations, function: FunctionType, code: CodeType) -> bool:
    """Give a function other code, and the docstring that comes with it; True if more than its lines differs."""
    old = function.__code__
    if old is code:
        return False
    operations.assign(function, "__code__", code)
    before, after = docstring_of(old), docstring_of(code)
    if before != after and function.__doc__ == before:
        operations.assign(function, "__doc__", after)
    return not same_but_lines(old, code)


class Builder:
    """Adds to ``operations`` what makes the survivors of a pairing new.

    ``fresh(class name)``: which members of a class are to be as the new source makes them even if they are plain data
    (None: all); ``sourced(class name)``: the names that the old source had in the class's body; ``made(object, name)``:
    was that put on a function or class when it was made (None: not known)? ``extras``: follow what is.
    """

    def __init__(
        self,
        operations: Operations,
        pairing: Pairing,
        translation: Translation,
        *,
        fresh: Callable[[str], set[str] | None],
        sourced: Callable[[str], set[str]],
        made: Callable[[FunctionType | type, str], bool | None],
        extras: Extras,
    ) -> None:
        self.operations = operations
        self.pairing = pairing
        self.value = translation.value
        self.fresh = fresh
        self.sourced = sourced
        self.made = made
        self.extras = extras
        self.patched: dict[str, None] = {}
        self.kept: dict[str, None] = {}
        self.doubts: dict[str, None] = {}
        self._state: list[str] = []
        """Members of classes that stay as they are, whose object was paired with the one that was made anew."""
        self.reshaped = False
        """Did classes get other members or bases?"""
        self.abstract: list[type] = []
        """Survivors whose abstract methods changed: their subclasses have to follow."""

    def survivors(self) -> None:
        """Functions, classes, instances and containers that live on."""
        for old, new, where in self.pairing.functions:
            if self._function(old, new, where):
                self.patched[where] = None
        for old_globals, new_globals in self.pairing.globals.values():
            for name, value in new_globals.items():
                if name != "__builtins__":
                    self.operations.put(old_globals, name, self.value(value))
        for old_class, new_class, where in self.pairing.classes:
            if self._class(old_class, new_class, where):
                self.patched[where] = None
                self.reshaped = True
        for old_instance, new_instance, where in self.pairing.instances:
            if not self._is_within_state(where):
                self._instance(old_instance, new_instance, where)
                self._slots(old_instance, new_instance, where)
        for old_wrapper, new_wrapper, where in self.pairing.dressed:
            self._wrapper(old_wrapper, new_wrapper, where)
        for old_items, new_items, where in self.pairing.containers:
            if not self._is_within_state(where):
                self._container(old_items, new_items, where)
            elif len(old_items) != len(new_items):
                self.kept[where] = None
        self.follow_abstract()
        survivors: list[tuple[Any, Any, str]] = [*self.pairing.functions, *self.pairing.classes]
        for old_one, new_one, _ in survivors:
            self.extras.follow(self.operations, old_one, new_one)

    def _function(self, old: FunctionType, new: FunctionType, where: str) -> bool:
        operations, before = self.operations, len(self.operations)
        changed = False
        if self.pairing.is_staged(new) or new.__code__ is not old.__code__:
            changed = patch_code(operations, old, self.pairing.code_for(new))
            before = len(operations) if not changed else before
        defaults = self.value(new.__defaults__)
        if not _equal(old.__defaults__, defaults):
            operations.assign(old, "__defaults__", defaults)
        if not _equal_dict(old.__kwdefaults__, new.__kwdefaults__, self.value):
            operations.assign(old, "__kwdefaults__", _translated(new.__kwdefaults__, self.value))
        if not same_constant(old.__doc__, new.__doc__):
            operations.assign(old, "__doc__", new.__doc__)
        self._annotations(old, new)
        parameters = getattr(new, "__type_params__", None)
        if parameters != getattr(old, "__type_params__", None):
            operations.assign(old, "__type_params__", self.value(parameters))
        self._extras(old, new, where)
        for cell, other in zip(old.__closure__ or (), new.__closure__ or (), strict=True):
            if cell is not other:
                self._cell(cell, other)
        return changed or len(operations) > before

    def _extras(self, old: FunctionType, new: FunctionType, where: str) -> None:
        for name, value in new.__dict__.items():
            if not same_constant(old.__dict__.get(name, self), self.value(value)):
                self.operations.put(old.__dict__, name, self.value(value))
        for name in [name for name in old.__dict__ if name not in new.__dict__]:
            if name.startswith("__") or self._goes(old, name, where):
                self.operations.drop(old.__dict__, name)

    def _goes(self, old: FunctionType | type, name: str, where: str) -> bool:
        """Was something put on a function or class when it was made, which the new making does not put there?"""
        made = self.made(old, name)
        if not made:
            self.kept[f"{where}.{name}"] = None
            if made is None:
                self.doubts[f"{where}.{name}: it may be the program's, or of how that was made"] = None
        return bool(made)

    def _annotations(self, old: Any, new: Any) -> None:
        if hasattr(new, "__annotate__"):  # 3.14: evaluated when asked for
            if old.__annotate__ is not None or new.__annotate__ is not None:
                self.operations.assign(old, "__annotate__", self.value(new.__annotate__))
            return
        final = old.__annotations__
        if not _equal_dict(final, new.__annotations__, self.value):
            final = _translated(new.__annotations__, self.value)
            self.operations.assign(old, "__annotations__", final)
        self.pairing.final.put(new.__annotations__, final)  # wrappers have the same dict

    def _cell(self, cell: Any, other: Any) -> None:
        try:
            value = self.value(other.cell_contents)
        except ValueError:
            return
        try:
            if same_constant(cell.cell_contents, value):
                return
        except ValueError:
            pass
        self.operations.cell(cell, value)

    # -- classes

    def _class(self, old: type, new: type, where: str) -> bool:
        before = len(self.operations)
        fresh, olds, news = self.fresh(where), raw_dict(old), raw_dict(new)
        sourced = self.sourced(where) | listed(old)
        for name, member in news.items():
            if name in _NEVER or _is_layout(name, member):
                continue
            value = self.value(member)
            stays = name in olds and fresh is not None and name not in fresh and _is_state(old, name)
            if name in olds and (olds[name] is value or same_constant(olds[name], value)):
                if stays and type(value) not in IMMUTABLE:
                    self._state.append(f"{where}.{name}")
                continue
            if stays:
                self.kept[f"{where}.{name}"] = None
                if name not in sourced:  # a statement beside the class has put it there, now and before
                    self.doubts[f"{where}.{name}: it may be the program's, or of how that was made"] = None
            else:
                self.operations.member(old, name, value)
        self._drop_members(old, new, where, sourced)
        self._abstract(old, new)
        bases = tuple(self.value(base) for base in bases_of(new))
        if len(bases) != len(bases_of(old)) or any(a is not b for a, b in zip(bases, bases_of(old), strict=True)):
            self._bases(old, bases)
        return len(self.operations) > before

    def _is_within_state(self, where: str) -> bool:
        """Is it what a member of a class holds that stays as the program has it, or in that?"""
        return any(where == state or where.startswith((f"{state}.", f"{state}[")) for state in self._state)

    def _abstract(self, old: type, new: type) -> None:
        """The abstract methods of a survivor, and of the subclasses that inherit them."""
        before, after = raw_dict(old).get("__abstractmethods__"), raw_dict(new).get("__abstractmethods__")
        if after is not None and before != after:
            self.operations.member(old, "__abstractmethods__", after)
            self.abstract.append(old)

    def follow_abstract(self) -> None:
        """Subclasses of classes whose abstract methods changed, and that are not executed themselves."""
        paired = {id(old): new for old, new, _ in self.pairing.classes}
        todo: list[type] = [sub for kind in self.abstract for sub in _subclasses(kind)]
        while todo:
            kind = todo.pop()
            if id(kind) in paired or "__abstractmethods__" not in raw_dict(kind):
                continue
            todo.extend(_subclasses(kind))
            names = {n for base in mro_of(kind) for n in _abstract_names(paired.get(id(base), base))}
            names |= raw_dict(kind)["__abstractmethods__"]
            found = frozenset(name for name in names if _is_abstract(kind, name, paired))
            if found != raw_dict(kind)["__abstractmethods__"]:
                self.operations.member(kind, "__abstractmethods__", found)

    def _bases(self, old: type, bases: tuple[type, ...]) -> None:
        back = Step(type.__setattr__, old, "__bases__", bases_of(old))
        self.operations.add(Step(type.__setattr__, old, "__bases__", bases), back)

    def _drop_members(self, old: type, new: type, where: str, sourced: set[str]) -> None:
        news = raw_dict(new)
        for name, member in list(raw_dict(old).items()):
            if name in news or name in _NEVER or _is_layout(name, member):
                continue
            own = type(member) is FunctionType and qualname_of(member) == f"{qualname_of(old)}.{name}"
            written = name in sourced or own or (name.startswith("__") and name.endswith("__"))
            if written or self._goes(old, name, where):
                self.operations.drop_member(old, name)

    # -- instances and containers

    def _instance(self, old: object, new: object, where: str) -> None:
        before, after = instance_dict(old), instance_dict(new)
        if before is None or after is None:
            return
        for name, value in list(after.items()):
            if not same_constant(before.get(name, self), self.value(value)):
                self.operations.put(before, name, self.value(value))
                self.patched[where] = None
        for name in [name for name in before if name not in after]:
            self.operations.drop(before, name)

    def _slots(self, old: object, new: object, where: str) -> None:
        slots = slots_of(type(old))
        if not slots:
            return
        before, after = ({n: v for n, v in attributes_of(one).items() if n in slots} for one in (old, new))
        for name, value in after.items():
            if not same_constant(before.get(name, self), final := self.value(value)):
                self.operations.attributes([old], name, [final], [before[name]] if name in before else None)
                self.patched[where] = None
        for name in before.keys() - after.keys():
            self.operations.drop_attributes([old], name, [before[name]])

    def _wrapper(self, old: object, new: object, where: str) -> None:
        """What a wrapper has copied from what it wraps; what else was put on it stays."""
        before, after = instance_dict(old) or {}, instance_dict(new) or {}
        for name, value in after.items():
            if not _alike(before.get(name, self), final := self.value(value)):
                self.operations.put(before, name, final)
                self.patched[where] = None
        for name in before.keys() - after.keys():
            if name.startswith("__"):
                self.operations.drop(before, name)

    def _container(self, old: Any, new: Any, where: str) -> None:
        if is_a(old, dict):
            items = {self.value(key): self.value(value) for key, value in new.items()}
            same = len(items) == len(old) and all(
                a is b and same_constant(x, y) for (a, x), (b, y) in zip(old.items(), items.items(), strict=True)
            )
            if not same:
                self.operations.fill_dict(old, items)
        elif is_a(old, list | deque):
            rows = [self.value(item) for item in new]
            if len(rows) != len(old) or not all(same_constant(a, b) for a, b in zip(old, rows, strict=True)):
                self.operations.fill_list(old, rows)
        else:
            members = {self.value(item) for item in new}
            if members != old:
                self.operations.fill_set(old, members)


def _is_layout(name: str, member: object) -> bool:
    """Is it what CPython puts into a class for the layout of its instances?"""
    if name in ("__dict__", "__weakref__"):
        return type(member) is GetSetDescriptorType
    return type(member) is MemberDescriptorType


def _subclasses(kind: type) -> list[type]:
    found: list[type] = type.__subclasses__(kind)
    return found


def _abstract_names(kind: type) -> frozenset[str]:
    found: frozenset[str] = raw_dict(kind).get("__abstractmethods__", frozenset())
    return found


def _is_abstract(kind: type, name: str, paired: dict[int, type]) -> bool:
    for base in mro_of(kind):
        members = raw_dict(paired.get(id(base), base))
        if name in members:
            return getattr(members[name], "__isabstractmethod__", False) is True
    return False


def _is_state(owner: type, name: str) -> bool:
    """Plain data in a class, which the program may have changed since; not what ``enum`` looks its members up by."""
    if name.startswith("__") and name.endswith("__"):
        return False
    if is_a(owner, EnumType) and name.startswith("_") and name.endswith("_"):
        return False
    value = raw_dict(owner)[name]
    return not is_a(value, type) and not answers(value, "__get__") and not callable(value)


def _equal(old: tuple[Any, ...] | None, new: Any) -> bool:
    if old is None or new is None:
        return old is new
    return len(old) == len(new) and all(same_constant(a, b) for a, b in zip(old, new, strict=True))


def _alike(old: object, new: object) -> bool:
    if type(old) is dict and type(new) is dict:
        return _equal_dict(old, new, lambda value: value)
    return same_constant(old, new)


def _equal_dict(old: dict[str, Any] | None, new: dict[str, Any] | None, value: Callable[[Any], Any]) -> bool:
    if not old or not new:
        return not old and not new
    return list(old) == list(new) and all(same_constant(old[key], value(new[key])) for key in old)


def _translated(found: dict[str, Any] | None, value: Callable[[Any], Any]) -> dict[str, Any] | None:
    return None if found is None else {key: value(item) for key, item in found.items()}
