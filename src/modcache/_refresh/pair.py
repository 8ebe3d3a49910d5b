"""Pair: which staged object stands for which live one, as one map from staged objects to what they become.

A live function, class or enum member that can survive does, and gets the new content; a staged object without such a
counterpart is taken over as it is (functions: made anew over the live module's dict).
"""

from __future__ import annotations

import enum
import functools
import gc
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Collection, Mapping
from types import CodeType, FunctionType, MappingProxyType, MemberDescriptorType, MethodType, ModuleType
from typing import Any, cast

from modcache._model.literals import same_constant
from modcache._refresh.aliases import is_alias, same_alias
from modcache._refresh.bases import Rebased, may_be_tried
from modcache._refresh.enums import composites, holds_its_value
from modcache._refresh.fillable import is_fillable
from modcache._refresh.forward import dicts_of, functions_of, is_generated, parameters_of, wraps
from modcache._refresh.identity import IdentityMap
from modcache._refresh.shape import holds_only_attributes, member_of, slots_of
from modcache._refresh.understudy import attributes_of
from modcache._runtime.functions import cell_content, defaults_of, instance_dict, raw_dict
from modcache._runtime.peek import Kinds, bases_of, field_of, home, is_a, qualname_of
from modcache._runtime.stage import Stage, copy_function

__all__ = ["Pairing", "raw_dict"]

_LRU: type = type(functools.lru_cache(lambda: None))
_PARTS: dict[type, tuple[str, ...]] = {
    staticmethod: ("__func__",),
    classmethod: ("__func__",),
    MethodType: ("__func__", "__self__"),
    property: ("fget", "fset", "fdel"),
    functools.cached_property: ("func",),
    _LRU: ("__wrapped__",),
}
"""Wrappers, and the attributes under which they hold what they wrap."""
_FILLED = Kinds(list, dict, set, deque, OrderedDict, Counter, defaultdict)
_SKIPPED = frozenset({"__dict__", "__weakref__", "_abc_impl", "__subclasshook__"})


class Pairing:
    """Finds the survivors.

    ``code_for(staged function)`` gives the code that its module, compiled whole, has for it; ``anothers(old, new,
    where)`` tells whether an old object goes on under another name, as that of somebody else; ``rigid``: names of
    classes that were found not to take their new bases.
    """

    def __init__(
        self,
        stage: Stage,
        code_for: Callable[[FunctionType], CodeType],
        anothers: Callable[[object, object, str], bool],
        rigid: Collection[str] = (),
    ) -> None:
        self.rigid, self._anothers = rigid, anothers
        self.stage, self.code_for = stage, code_for
        self.final = IdentityMap()
        self.functions: list[tuple[FunctionType, FunctionType, str]] = []
        self.classes: list[tuple[type, type, str]] = []
        self.instances: list[tuple[object, object, str]] = []
        self.containers: list[tuple[Any, Any, str]] = []
        self.globals: dict[int, tuple[dict[str, Any], dict[str, Any]]] = {}
        """The globals, nobody's namespace, of survivors that were made from a text, and of their successors."""
        self.dressed: list[tuple[object, object, str]] = []
        """Surviving wrappers that have a ``__dict__`` of their own."""
        self.cached: list[Any] = []
        """Surviving ``lru_cache`` wrappers, to be emptied if what they wrap changed."""
        self.replaced: dict[str, tuple[type, type]] = {}
        """Where a definition could not survive: name -> (old, new)."""
        self.given_up: list[tuple[Any, Any, str]] = []
        """What else could not survive, with what took its place: (old, new, name)."""
        self.stale: dict[str, None] = {}
        """Enum members that could not be given their new value."""
        self.shifted: dict[str, None] = {}
        """Lists of nameless functions that grew or shrank: which is which is not known."""
        self.forwarded: list[tuple[FunctionType, FunctionType]] = []
        self.rehomed: set[int] = set()
        """Ids of the functions that were made anew: their code is new."""
        self.copies: list[Any] = []
        """Those functions, and the dicts that they have for themselves."""
        self._aliases: list[tuple[Any, Any, str]] = []
        self._natures: dict[int, tuple[bool, Mapping[str, MemberDescriptorType]]] = {}
        self._namespaces = {
            id(module.__dict__): module.__dict__ if name in stage.fresh else stage.system.modules[name].__dict__
            for name, module in stage.modules.items()
        }
        _give_built_in_names(stage)
        self.final.put(*stage.caches)
        for staged in stage.modules.values():
            if id(staged) in stage.originals:
                self.final.put(staged, stage.originals[id(staged)])
                self.final.put(staged.__dict__, self._namespaces[id(staged.__dict__)])  # a body may keep `globals()`
        self._twins = {key: live for key, live in stage.originals.items() if type(live) is FunctionType}

    def is_staged(self, function: FunctionType) -> bool:
        """Was a function made over the dict of a staged module that has a live counterpart?"""
        return id(function.__globals__) in self._namespaces

    def twins(self, young: list[Any]) -> None:
        """Map the twins to the functions that they are copies of."""
        for value in young:
            if type(value) is FunctionType and id(value) in self._twins:
                self.final.put_copy(value, self._twins[id(value)])

    def rehome(self, young: list[Any]) -> None:
        """Make every staged function that stands for no live one anew, over the live module's dict."""
        for value in young:
            if type(value) is FunctionType and self.is_staged(value) and value not in self.final:
                live = self._namespaces[id(value.__globals__)]
                copy = copy_function(value, self.code_for(value), live)
                self.final.put(value, copy)
                self.rehomed.add(id(copy))
                self.copies += [copy, *filter(None, dicts_of(copy))]

    def codes(self, young: list[Any]) -> None:
        """Who was given the code of a staged function has the code that its function gets: parts compile otherwise."""
        for value in young:
            if type(value) is FunctionType and self.is_staged(value):
                code = self.code_for(value)
                if code is not value.__code__:
                    self.final.put(value.__code__, code)

    # -- pairs

    def pair(self, old: Any, new: Any, where: str) -> None:
        """Let the old object survive for the new one, if it can; ``where`` names both."""
        if old is new or new in self.final or id(old) in self.final.taken:
            return
        if type(new) is FunctionType:
            if type(old) is FunctionType:
                self._functions(old, new, _own_name(new, where))
        elif is_a(new, type):
            if is_a(old, type):
                self._classes(old, new, _own_name(new, where))
        elif is_a(new, enum.Enum):
            self._members(old, new, where)
        elif is_alias(new):
            self._aliases.append((old, new, where))
            return
        elif (type(new) in _FILLED or self._nature(type(new))[0]) and self._anothers(old, new, where):
            return  # what can't be filled is looked into, by who holds it
        elif type(old) is self.final.get(type(new)):
            self._wrappers(old, new, where)
        if new not in self.final and not is_a(old, type, FunctionType):  # held here, these would count as held
            self.given_up.append((old, new, where))

    def aliases(self) -> None:
        """Aliases of types stay if they are of the same types: known when all else is paired."""
        for old, new, where in self._aliases:
            if new in self.final or id(old) in self.final.taken:
                continue
            if id(new) in self._made and same_alias(old, new, self.final.get):
                self.final.put(new, old)
            else:
                self.given_up.append((old, new, where))

    def _functions(self, old: FunctionType, new: FunctionType, where: str) -> None:
        if qualname_of(old) != qualname_of(new) or home(old) != home(new):
            return
        ours = self.is_staged(new) and self._namespaces[id(new.__globals__)] is old.__globals__
        if not ours and not self._generated(old, new) and not self._is_of_one_statement(old, new):
            return
        if old.__code__.co_freevars != new.__code__.co_freevars:
            self.forwarded.append((old, new))
            return
        self.final.put(new, old)
        self.functions.append((old, new, where))
        if old.__globals__ is not new.__globals__ and not ours:
            self.globals[id(old.__globals__)] = (old.__globals__, new.__globals__)
        for one, other in zip(old.__closure__ or (), new.__closure__ or (), strict=True):
            if one is not other:
                self.pair(cell_content(one), cell_content(other), where)
        for before, after in ((old.__dict__, new.__dict__), (defaults_of(old), defaults_of(new))):
            for name, value in after.items():
                if name in before:
                    self.pair(before[name], value, where)

    def _generated(self, old: FunctionType, new: FunctionType) -> bool:
        """Was a function made from a text, over the live module's dict or over a dict that is nobody's namespace?"""
        texts = is_generated(old) and is_generated(new)
        if id(new) not in self._made or not texts:
            return False
        if old.__globals__ is new.__globals__:
            return True
        known = self.globals.get(id(old.__globals__), (None, new.__globals__))
        private = not self._is_namespace(old.__globals__) and id(new.__globals__) not in self._namespaces
        return private and id(new.__globals__) in self._made and known[1] is new.__globals__

    def _is_of_one_statement(self, old: FunctionType, new: FunctionType) -> bool:
        """Are both made by the same ``def`` or ``lambda``, of code outside the roots?"""
        return old.__code__ is new.__code__ and (new.__closure__ is not None or id(new) in self._made)

    def _is_namespace(self, names: dict[str, Any]) -> bool:
        """Is a dict a module's own?"""
        module = self.stage.system.modules.get(names.get("__name__", ""))
        return is_a(module, ModuleType) and module.__dict__ is names

    def _classes(self, old: type, new: type, where: str) -> None:
        if home(old) != home(new) or qualname_of(old) != qualname_of(new):
            return
        if id(new) not in self._made or any(old is left for left, _ in self.replaced.values()):
            return
        self.pair(type(old), type(new), where)
        for before, after in zip(bases_of(old), bases_of(new), strict=False):
            if qualname_of(before) == qualname_of(after):
                self.pair(before, after, where)
        olds, survives = raw_dict(old), where not in self.rigid and self._compatible(old, new)
        if survives:
            self.final.put(new, old)
            self.classes.append((old, new, where))
        else:
            self.replaced[where] = (old, new)
        for name, value in raw_dict(new).items():
            # its functions survive it: who holds one, as a callback or bound to an instance, is led on by it
            if name in olds and name not in _SKIPPED and (survives or _is_function(value)):
                self.pair(olds[name], value, f"{where}.{name}")
        if survives:
            self._composites(old, new, where)
        self.forward_members(old, new)

    def _composites(self, old: type, new: type, where: str) -> None:
        """Flags without a name that stay are the same objects: their hash is that of the value."""
        for member, other in composites(old, new):
            if other is None or other in self.final:
                self.stale[f"{where}({member._value_})"] = None
            else:
                self.final.put(other, member)
                self.instances.append((member, other, f"{where}({member._value_})"))

    def forward_members(self, old: type, new: type) -> None:
        """The functions of a class that do not survive lead to what is found in their place in the other one."""
        for name, member in raw_dict(old).items():
            found = member_of(new, name)
            if type(member) is type(found):
                method = f"{qualname_of(old)}.{name}"
                for function, successor in zip(functions_of(member), functions_of(found), strict=False):
                    own = function.__qualname__ == method or wraps(function, method)
                    if own and successor is not function and successor not in self.final:
                        self.forwarded.append((function, successor))

    _made: frozenset[int] = frozenset()

    def is_made(self, value: object) -> bool:
        """Has the stage made an object?"""
        return id(value) in self._made

    def made(self, young: list[Any]) -> None:
        """Tell which objects the stage has made: only those may be taken apart."""
        self._made = frozenset(id(value) for value in young)

    def _compatible(self, old: type, new: type) -> bool:
        """May the old class take the new one's content? Metaclass, layout and bases have to agree."""
        if self.final.get(type(new)) is not type(old):
            return False
        bases = tuple(self.final.get(base) for base in bases_of(new))
        same_layout = all(
            field_of(old, attribute) == field_of(new, attribute)
            for attribute in ("__basicsize__", "__itemsize__", "__dictoffset__", "__weakrefoffset__")
        )
        slots = raw_dict(old).get("__slots__"), raw_dict(new).get("__slots__")
        if not same_layout or not same_constant(_plain(slots[0]), _plain(slots[1])):
            return False
        return _same(bases, bases_of(old)) or may_be_tried(old, bases)

    def rebased(self) -> list[Rebased]:
        """The survivors that get other bases, in the order in which they do."""
        found: list[Rebased] = []
        for old, new, where in self.classes:
            bases = tuple(cast("type", self.final.get(base)) for base in bases_of(new))
            if not _same(bases, bases_of(old)):
                found.append((old, bases, where))
        return found

    def _members(self, old: Any, new: Any, where: str) -> None:
        """Enum members that stay are the same objects."""
        if is_a(old, enum.Enum) and self.final.get(type(new)) is type(old) and old._name_ == new._name_:
            if holds_its_value(type(old)) and not same_constant(old._value_, new._value_):
                self.stale[where] = None  # the value is the object itself
                return
            self.final.put(new, old)
            self.instances.append((old, new, where))

    def _wrappers(self, old: Any, new: Any, where: str) -> None:
        kind = type(new)
        parts = next((names for wrapper, names in _PARTS.items() if issubclass(kind, wrapper)), None)
        if parts is not None:
            if kind is not _LRU or parameters_of(old) == parameters_of(new):
                self._through(parts, old, new, where)
            if kind is _LRU and new in self.final:
                self.cached.append(old)
        elif kind is MappingProxyType:
            self._views(old, new, where)
        elif is_a(new, functools.partial):
            self.pair(old.func, new.func, where)
        elif kind in _FILLED:
            if id(new) in self._made and is_fillable(new) and is_fillable(old) and self._goes_on(old, new, where):
                self.final.put(new, old)
                self.containers.append((old, new, where))
                self._items(old, new, where)
        elif id(new) in self._made:
            self._instances(old, new, where)

    def _goes_on(self, old: Any, new: Any, where: str) -> bool:
        """Is what a container has besides its items the same?"""
        if type(old) is defaultdict:
            self.pair(old.default_factory, new.default_factory, where)
            return self.final.get(new.default_factory) is old.default_factory
        return type(old) is not deque or bool(old.maxlen == new.maxlen)

    def _items(self, old: Any, new: Any, where: str) -> None:
        """Functions in containers have no names of their own: they are known by their place."""
        if is_a(new, dict):
            for key, value in new.items():
                if type(key) is str and key in old:
                    self.pair(old[key], value, f"{where}[{key!r}]")
        elif type(new) is list and len(old) == len(new):
            for index, (before, after) in enumerate(zip(old, new, strict=True)):
                self.pair(before, after, f"{where}[{index}]")
        elif type(new) is list and any(type(value) is FunctionType and value.__name__ == "<lambda>" for value in old):
            self.shifted[where] = None

    def _through(self, parts: tuple[str, ...], old: Any, new: Any, where: str) -> None:
        """A wrapper survives if all that it wraps does."""
        inner = [(getattr(old, part, None), getattr(new, part, None)) for part in parts]
        for before, after in inner:
            self.pair(before, after, where)
        if not all(self.final.get(after) is before for before, after in inner):
            return
        if type(new) is not property or getattr(old, "__doc__", None) == getattr(new, "__doc__", None):
            self.final.put(new, old)
            if instance_dict(new) is not None:
                self.dressed.append((old, new, where))

    def _views(self, old: Any, new: Any, where: str) -> None:
        """A view survives if what it shows does: a dict that is filled in place, or a class's own."""
        before, after = _shown(old), _shown(new)
        owners = [kind for kind, staged, _ in self.classes if _shown(raw_dict(staged)) is after]
        if type(before) is type(after) is dict and "__module__" not in after:  # no class's own
            self.pair(before, after, where)
        if self.final.get(after) is before or (owners and _shown(raw_dict(owners[0])) is before):
            self.final.put(new, old)

    def _instances(self, old: Any, new: Any, where: str) -> None:
        """Objects of plain Python classes, built anew, go on as the object that others hold."""
        plain, slots = self._nature(type(new))
        if not plain:
            namespace = instance_dict(new)
            if namespace is not None and "__wrapped__" in namespace:
                before = (instance_dict(old) or {}).get("__wrapped__")
                self.pair(before, namespace["__wrapped__"], where)
            return
        self.final.put(new, old)
        self.instances.append((old, new, where))
        before = attributes_of(old, self._nature(type(old))[1])
        for name, value in attributes_of(new, slots).items():
            if name in before:
                self.pair(before[name], value, f"{where}.{name}")

    def _nature(self, kind: type) -> tuple[bool, Mapping[str, MemberDescriptorType]]:
        """Are the instances of a class nothing but attributes, and nobody else's? And their slots."""
        known = self._natures.get(id(kind))
        if known is None:
            shared = home(kind).partition(".")[0] in sys.stdlib_module_names  # typing's aliases are anybody's
            known = self._natures[id(kind)] = not shared and holds_only_attributes(kind), slots_of(kind)
        return known


def _give_built_in_names(stage: Stage) -> None:
    """The functions of new modules are made anew as well, so that they find those names where all others do."""
    for module in stage.fresh.values():
        module.__dict__["__builtins__"] = stage.system.builtins


def _shown(view: Any) -> Any:
    """What a mapping proxy is a view of: the collector alone tells."""
    return gc.get_referents(view)[0]


def _is_function(value: object) -> bool:
    return type(value) is FunctionType or any(is_a(value, wrapper) for wrapper in _PARTS)


def _own_name(value: Any, where: str) -> str:
    """The name that a definition has by itself, wherever it was met; where it was met, if it has none."""
    return where if "<" in qualname_of(value) else f"{home(value)}:{qualname_of(value)}"


def _plain(slots: Any) -> Any:
    return tuple(slots) if isinstance(slots, list) else slots


def _same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))
