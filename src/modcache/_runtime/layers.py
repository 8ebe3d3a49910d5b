"""Alterations of a module cache as layers: each knows what it was laid over, so that any one can be taken away.

Layers may come and go in any order. What a name shows is what the uppermost layer that claims it put there; a layer
that is taken away from below hands what it was laid over to the next one above. So the last one to go leaves all as it
was.

One lock for each import system, held for dictionary work only: no import, no user's code runs under it.
"""

from __future__ import annotations

import os
import sys
import threading
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import repeat
from types import ModuleType
from typing import Any, Final

from modcache._runtime import screens
from modcache._runtime.operations import Operations
from modcache._runtime.process import process_cache
from modcache._runtime.system import ImportSystem

__all__ = ["MISSING", "Binding", "Layer", "Stack", "cache_of", "parent_of", "stack_of", "within"]


class _Missing:
    def __repr__(self) -> str:
        return "<nothing>"


MISSING: Final = _Missing()
"""What stands where nothing does."""


@dataclass(slots=True)
class Binding:
    """A name in a namespace that a layer gave another value (``over``); ``beneath`` was there before.

    ``firm``: it goes back whatever has become of it. Otherwise only if it still holds what the layer put there.
    """

    namespace: dict[str, Any]
    key: str
    beneath: object
    over: object
    firm: bool = True

    @property
    def place(self) -> tuple[int, str]:
        """Which name of which namespace."""
        return id(self.namespace), self.key


@dataclass(eq=False)
class Layer:
    """One alteration while it lasts.

    It claims ``roots`` and everything below them; a parent that it had to make is added to them. ``puts`` stands in the
    cache at once where it can; what ``finder`` finds comes with the first import; ``screens``: nobody finds the roots.
    """

    title: str
    roots: tuple[str, ...]
    puts: Mapping[str, object] = field(default_factory=dict)
    finder: Any = None
    screens: bool = False
    rebound: list[Binding] = field(default_factory=list)
    beneath: dict[str, object] = field(default_factory=dict)
    bindings: dict[tuple[int, str], Binding] = field(default_factory=dict)
    importers: dict[str, Any] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    """Names that are not taken back."""
    taken: list[object] = field(default_factory=list)
    """What it had put into the cache, and stands there no more."""

    def claims(self, name: object) -> bool:
        """Is the entry of that name this layer's to give and to take?"""
        return type(name) is str and any(within(name, root) for root in self.roots)


def within(name: str, root: str) -> bool:
    """Is it that module, or below it?"""
    return name == root or (name.startswith(root) and name[len(root)] == ".")


def parent_of(name: str) -> str:
    """The name of the package that a module is in; empty for one at the top."""
    return name.rpartition(".")[0]


def cache_of(system: ImportSystem) -> dict[Any, Any]:
    """The dict that is the system's cache: of the interpreter, the one that C code reads, whatever stands before it."""
    return process_cache() if system.sys is sys else system.modules


class Stack:
    """The layers of one import system, the uppermost last. Thread-safe."""

    def __init__(self, system: ImportSystem) -> None:
        self._system = weakref.ref(system)
        self.lock = threading.RLock()
        self.layers: list[Layer] = []
        self._order: dict[str, int] = {}
        """The place of every entry since the first layer came; entries that are out of the cache keep theirs."""

    @property
    def _modules(self) -> dict[str, Any]:
        system = self._system()
        assert system is not None
        return cache_of(system)

    @property
    def _owner(self) -> ImportSystem:
        system = self._system()
        assert system is not None
        return system

    # -- coming and going

    def enter(self, layer: Layer) -> None:
        """Lay it over everything that is there; one step for other threads."""
        with self.lock:
            self._note_order()
            modules = dict(self._modules)
            layer.importers = dict(self._owner.path_importer_cache)
            layer.beneath = {name: module for name, module in modules.items() if layer.claims(name)}
            puts = {name: value for name, value in layer.puts.items() if _has_place(name, modules, layer.puts)}
            layer.beneath.update({name: MISSING for name in puts if name not in modules})
            entries = {name: puts.get(name, MISSING) for name in layer.beneath}
            operations = Operations()
            self._add_entries(operations, entries)
            for binding in [*self._at_parents(layer, modules, entries), *layer.rebound]:
                if layer.bindings.setdefault(binding.place, binding) is binding:
                    _bind(operations, binding, binding.over)
            screens.add_arrival(operations, self._owner, layer)
            self.layers.append(layer)
            self._owner.layers = tuple(self.layers)
            operations.run()

    def leave(self, layer: Layer) -> None:
        """Take it away, from wherever it lies; one step for other threads."""
        with self.lock:
            self._note_order()
            above = self.layers[self.layers.index(layer) + 1 :]
            operations = Operations()
            for binding in [*layer.bindings.values(), *self._late_bindings(layer, above)]:
                if f"{binding.namespace.get('__name__')}.{binding.key}" not in layer.kept:
                    self._unbind(operations, binding, above)
            self._add_entries(operations, self._returning(layer, above))
            self._return_importers(operations, layer, above)
            screens.add_departure(operations, self._owner, layer)
            operations.run()
            self.layers.remove(layer)
            self._owner.layers = tuple(self.layers)
            self._bind_anew(above)
            if not self.layers:
                self._order.clear()

    def beneath(self) -> dict[str, object]:
        """What stood under the claimed names before the first layer that claims them; without what was not there."""
        found: dict[str, object] = {}
        with self.lock:
            for layer in self.layers:
                for name, value in layer.beneath.items():
                    found.setdefault(name, value)
        return {name: value for name, value in found.items() if value is not MISSING}

    def claims(self, name: object) -> bool:
        """Does any layer claim the name?"""
        return any(layer.claims(name) for layer in list(self.layers))

    # -- entries

    def _note_order(self) -> None:
        for name in list(self._modules):
            self._order.setdefault(name, len(self._order))

    def _returning(self, layer: Layer, above: list[Layer]) -> dict[str, object]:
        """The entries that are uncovered; what it covers under another layer becomes that one's to give back."""
        modules = dict(self._modules)
        for name in (*modules, *(name for upper in above for name in upper.beneath)):
            if name not in layer.beneath and layer.claims(name):
                layer.beneath[name] = MISSING  # it came while the layer was there
        entries: dict[str, object] = {}
        for name, old in layer.beneath.items():
            if name in layer.kept:
                continue
            upper = next((one for one in above if one.claims(name)), None)
            live = modules.get(name, MISSING) if upper is None else upper.beneath.get(name, MISSING)
            if live is not old and live is not MISSING:
                layer.taken.append(live)
            if upper is None:
                entries[name] = old
            else:
                upper.beneath[name] = old
        return entries

    def _add_entries(self, operations: Operations, entries: Mapping[str, object]) -> None:
        """Give entries their values; those that come back get their old place.

        The order is laid by C callables over what the cache holds at that very moment, so that nothing is lost that
        another thread imports meanwhile, and no name is missing for one byte code.
        """
        modules = self._modules
        present = {name: value for name, value in entries.items() if value is not MISSING}
        order = self._ordered(modules, entries, present)
        if order is None:
            for name, value in entries.items():
                if value is MISSING:
                    operations.drop(modules, name)
                else:
                    operations.put(modules, name, value)
            return
        held: dict[str, Any] = {}
        here = held.__contains__
        pairs = zip(filter(here, order), map(held.__getitem__, filter(here, order)), strict=False)
        absent = [name for name in entries if name not in present]
        operations.do(held.update, modules)
        operations.do(held.update, present)
        operations.do(list, map(held.pop, absent, repeat(None)))
        operations.do(dict.clear, modules)
        operations.do(dict.update, modules, pairs)  # drawn while it is laid
        operations.do(dict.update, modules, held)

    def _ordered(
        self, modules: Mapping[str, Any], entries: Mapping[str, object], present: Mapping[str, object]
    ) -> list[str] | None:
        """The names in the order that they are to stand in; None if they will without being moved."""
        last = len(self._order)
        place = self._order.get
        rest = [name for name in list(modules) if name not in entries]
        coming = sorted(present, key=lambda name: place(name, last))[::-1]
        wanted: list[str] = []
        for name in rest:
            while coming and place(coming[-1], last) < place(name, last):
                wanted.append(coming.pop())
            wanted.append(name)
        wanted += coming[::-1]
        untouched = [name for name in list(modules) if name not in entries or name in present]
        untouched += [name for name in present if name not in modules]
        return None if wanted == untouched else wanted

    # -- names in namespaces

    def _at_parents(self, layer: Layer, modules: Mapping[str, Any], entries: Mapping[str, object]) -> Iterator[Binding]:
        """The roots as attributes of their parents.

        One that is something else, which the parent calls so, is let be; but an import in the scope may bind over it.
        """
        for root in layer.roots:
            namespace = self._home(layer, root, modules)
            if namespace is None:
                continue
            child = root.rpartition(".")[2]
            old = namespace.get(child, MISSING)
            altered = old is MISSING or _stands_for(old, root, modules)
            yield Binding(namespace, child, old, entries.get(root, MISSING) if altered else old)

    def _home(self, layer: Layer, root: str, modules: Mapping[str, Any]) -> dict[str, Any] | None:
        """The namespace of a root's parent, if that is there, and neither this layer's own nor the interpreter's."""
        parent = parent_of(root)
        if not parent or layer.claims(parent) or self._owner.is_foreign(parent, modules.get(parent)):
            return None
        namespace = getattr(modules.get(parent), "__dict__", None)
        return namespace if type(namespace) is dict else None

    def _late_bindings(self, layer: Layer, above: list[Layer]) -> Iterator[Binding]:
        """Roots whose parent came while the layer was there: the import bound what it found."""
        modules = self._modules
        for root in layer.roots:
            namespace = self._home(layer, root, modules)
            child = root.rpartition(".")[2]
            if namespace is None or (id(namespace), child) in layer.bindings:
                continue
            upper = next((one for one in above if one.claims(root)), None)
            mine = modules.get(root, MISSING) if upper is None else upper.beneath.get(root, MISSING)
            if mine is not MISSING:
                yield Binding(namespace, child, MISSING, mine, firm=False)

    def _unbind(self, operations: Operations, binding: Binding, above: list[Layer]) -> None:
        upper = next((one.bindings[binding.place] for one in above if binding.place in one.bindings), None)
        if upper is not None:
            if binding.firm or upper.beneath is binding.over:
                upper.beneath = binding.beneath
        elif binding.firm or binding.namespace.get(binding.key, MISSING) is binding.over:
            _bind(operations, binding, binding.beneath)

    def _bind_anew(self, above: list[Layer]) -> None:
        """Parents may be others now: what the layers above put below them is to be seen there too."""
        modules = self._modules
        operations = Operations()
        for layer in above:
            for binding in self._at_parents(layer, modules, modules):
                if binding.place not in layer.bindings:
                    layer.bindings[binding.place] = binding
                    _bind(operations, binding, binding.over)
        operations.run()

    # -- importers of paths

    def _return_importers(self, operations: Operations, layer: Layer, above: list[Layer]) -> None:
        if above:
            above[0].importers = layer.importers
            return
        cache: Any = self._owner.path_importer_cache
        for path in list(cache):
            if path not in layer.importers:
                operations.drop(cache, path)
        for path, importer in layer.importers.items():
            operations.put(cache, path, importer)


def _has_place(name: str, modules: Mapping[str, Any], puts: Mapping[str, object]) -> bool:
    """May it stand in the cache already? Not without its parent: an import has to bind it there."""
    parent = parent_of(name)
    return not parent or name in modules or parent in modules or parent in puts


def _stands_for(value: object, name: str, modules: Mapping[str, Any]) -> bool:
    """Is a parent's attribute the module of that name, rather than something else that the parent calls so?"""
    if name in modules and modules[name] is value:
        return True
    return isinstance(value, ModuleType) and value.__dict__.get("__name__") == name


def _bind(operations: Operations, binding: Binding, value: object) -> None:
    if value is MISSING:
        operations.drop(binding.namespace, binding.key)
    else:
        operations.put(binding.namespace, binding.key, value)


_stacks: weakref.WeakKeyDictionary[ImportSystem, Stack] = weakref.WeakKeyDictionary()
_guard = threading.Lock()


def stack_of(system: ImportSystem) -> Stack:
    """The layers of an import system, made at first use."""
    with _guard:
        stack = _stacks.get(system)
        if stack is None:
            stack = _stacks[system] = Stack(system)
        return stack


def _after_fork() -> None:
    """The locks may be held by threads that are not in this child of a fork."""
    global _guard
    _guard = threading.Lock()
    for stack in list(_stacks.values()):
        stack.lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
