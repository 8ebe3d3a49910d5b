"""All the state of an import system, as it was at one moment, and the way back to it."""

from __future__ import annotations

from typing import Any

from modcache._runtime.layers import Layer, cache_of, parent_of, stack_of, within
from modcache._runtime.native import is_native, why_not_twice
from modcache._runtime.operations import Operations
from modcache._runtime.peek import is_module, namespace_of
from modcache._runtime.system import ImportSystem

__all__ = ["LISTS", "State"]

LISTS = ("meta_path", "path", "path_hooks")
_CODECS = "encodings"


class State:
    """What stood in the cache in which order, below which parents, and what fills it."""

    def __init__(self, system: ImportSystem) -> None:
        stack = stack_of(system)
        with stack.lock:
            self.modules: dict[str, Any] = dict(cache_of(system))
            self.layers: tuple[Layer, ...] = tuple(stack.layers)
            self.lists = {name: getattr(system, name) for name in LISTS}
            self.items = {name: list(held) for name, held in self.lists.items()}
            self.cache: Any = system.path_importer_cache
            self.importers = dict(self.cache)
            self.attributes = _attributes(system, self.modules)

    def kept(self, now: State) -> set[str]:
        """Names that have come since and must not go: codecs, and packages with a native module that can't go."""
        new = now.modules.keys() - self.modules.keys()
        lasting = {name for name in new if is_native(now.modules[name]) and why_not_twice(now.modules[name])}
        tops = {_top(name, self.modules) for name in lasting}
        return {name for name in new if within(name, _CODECS) or any(within(name, top) for top in tops)}

    def restore(self, system: ImportSystem, now: State) -> None:
        """Make it so again, in one step. Other state of the modules is theirs."""
        kept = self.kept(now)
        wanted = {**self.modules, **{name: value for name, value in now.modules.items() if name in kept}}
        operations = Operations()
        if list(wanted) != list(now.modules) or _differ(wanted, now.modules):
            operations.do(dict.clear, cache_of(system))
            operations.do(dict.update, cache_of(system), wanted)
        self._restore_attributes(operations, now, kept)
        for name, held in self.lists.items():
            if getattr(system, name) is not held:
                operations.do(setattr, system.sys, name, held)
            operations.fill_list(held, self.items[name])
        if system.path_importer_cache is not self.cache:
            operations.do(setattr, system.sys, "path_importer_cache", self.cache)
        operations.fill_dict(self.cache, self.importers)
        operations.run()

    def _restore_attributes(self, operations: Operations, now: State, kept: set[str]) -> None:
        for name in {**self.attributes, **now.attributes}:
            parent = self.modules.get(parent_of(name))
            if not is_module(parent) or name in kept:
                continue
            child, names = name.rpartition(".")[2], namespace_of(parent)
            if name in self.attributes:
                operations.put(names, child, self.attributes[name])
            elif names.get(child) is now.modules.get(name):
                operations.drop(names, child)


def _attributes(system: ImportSystem, modules: dict[str, Any]) -> dict[str, Any]:
    """What parents have under the names of their submodules; without those that are the interpreter's."""
    found = {}
    for name in modules:
        above, _, child = name.rpartition(".") if type(name) is str else ("", "", "")
        parent = modules.get(above)
        names = namespace_of(parent) if is_module(parent) else {}
        if child in names and not system.is_foreign(above, parent):
            found[name] = names[child]
    return found


def _differ(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return any(one[name] is not other[name] for name in one)


def _top(name: str, known: dict[str, Any]) -> str:
    """The uppermost package above a name that has come since."""
    parts = name.split(".")
    above = [".".join(parts[:count]) for count in range(1, len(parts) + 1)]
    return next(one for one in above if one not in known)
