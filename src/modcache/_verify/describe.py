"""A process as plain data: every name of the given modules, and the graph of objects behind them.

A *value* is one of three things, so that a description is JSON:

- a text: a constant, or something of another library that has a name there;
- a number: the index of a *node*, an object that has an identity (function, class, instance, list, dict, cell, …);
- a list: a structure without an identity that matters (a tuple, a bound method, a typing alias), its kind first.

A node is ``{"k": kind, "h": home, "f": {step: value}}``. Its *home* is ``module:qualname``, for functions and classes
that are what stands under their qualified name. Which node a number means is decided by ``compare``, which walks two
graphs in step; numbers of two descriptions have nothing to do with each other. Nothing of the described program runs.
"""

from __future__ import annotations

import gc
import sys
import types
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from modcache._verify.atoms import atom_table, short
from modcache._verify.code import CodeDigests
from modcache._verify.objects import Writer
from modcache._verify.raw import full_name, is_class, is_module, module_of, names_of, qualname_of, resolve
from modcache._verify.structures import structure

__all__ = ["NOISE", "Walk", "describe"]

# Names that the import system puts into a module, and that say nothing about what the module is.
NOISE = frozenset(
    "__builtins__ __cached__ __loader__ __spec__ __warningregistry__ __annotate__ __conditional_annotations__".split()
)
_MAX_NODES = 2_000_000
_MAX_HOPS = 3


def describe(modules: Mapping[str, Any], *, collect: bool = True, codes: CodeDigests | None = None) -> dict[str, Any]:
    """Describe every name of ``modules`` and what is reachable from there.

    Takes the modules by their names in the cache. Returns a dict that can go through JSON: ``modules`` (module ->
    name -> value), ``nodes`` (the objects), ``codes`` (digests of all code seen). Runs no code of the modules.
    ``collect``: run the garbage collector first, so that classes that only wait for it do not count as subclasses.
    ``codes``: digests made for earlier descriptions, to go on from; ``codes`` of this one has theirs then, too.
    """
    if collect:
        gc.collect()
    walk = Walk(modules, codes or CodeDigests())
    roots = {name: walk.module(name) for name in sorted(modules)}
    walk.finish()
    return {
        "python": sys.version.split()[0],
        "modules": roots,
        "nodes": walk.nodes,
        "codes": sorted(walk.codes.seen),
    }


class Walk:
    """The walk over one process: hands out values, and writes each node once."""

    def __init__(self, modules: Mapping[str, Any], codes: CodeDigests) -> None:
        self.codes = codes
        self.nodes: list[dict[str, Any]] = []
        self._modules = {name: vars(module) for name, module in modules.items() if is_module(module)}
        self._loaded = dict(modules)
        self._spaces = {id(names): name for name, names in reversed(self._modules.items())}
        self._ids: dict[int, int] = {}
        self._alive: list[Any] = []
        self._queue: deque[tuple[Any, int, int]] = deque()
        self._atoms = atom_table()
        self._makers: dict[int, Callable[[Any, int], Any]] = {}
        self._writer = Writer(self)

    def module(self, name: str) -> dict[str, Any]:
        """The values of one module's names; for what is in the cache but no module, the object itself."""
        names = self._modules.get(name)
        if names is None:
            return {"": self.value(self._loaded[name])}
        if self._spaces[id(names)] != name:
            return {"": f"<module {self._spaces[id(names)]}>"}
        return {key: self.value(names[key]) for key in sorted(names) if key not in NOISE}

    def finish(self) -> None:
        """Write what is still waiting, nearest first."""
        while self._queue:
            thing, index, hops = self._queue.popleft()
            self._writer.write(self.nodes[index], thing, hops)

    def value(self, thing: Any, hops: int = 0) -> Any:
        """The value that stands for ``thing``; ``hops``: how far it is inside of other libraries' objects."""
        printed = self._atoms.get(id(type(thing)))
        if printed is not None:
            return printed(thing)
        maker = self._makers.get(id(type(thing))) or self._maker(type(thing), thing)
        found = maker(thing, hops)
        return found if found is not None else self.node(thing, hops)

    def node(self, thing: Any, hops: int = 0) -> int | str:
        """The index of the node of ``thing``, made at the first call."""
        index = self._ids.get(id(thing))
        if index is not None:
            return index
        cls = type(thing)
        if module_of(cls) in self._modules:
            hops = 0
        elif not any(cls is plain for plain in (dict, list, set, types.CellType)):
            hops += 1
        if hops > _MAX_HOPS or len(self.nodes) >= _MAX_NODES:
            return f"<{full_name(cls)} object>"
        return self._made(thing, hops)

    def values(self, things: Iterable[Any], hops: int) -> list[Any]:
        """The values of several things."""
        return [self.value(thing, hops) for thing in things]

    def space(self, names: dict[str, Any]) -> Any:
        """What a function's globals are: a module's dict, a dict that *was* one, or a dict of its own."""
        name = self._spaces.get(id(names))
        if name is not None:
            return name
        name = names.get("__name__")
        loaded = sys.modules.get(name) if type(name) is str else None
        if is_module(loaded) and vars(loaded) is names:
            return f"outside {name}"
        return f"stale {name}" if name in self._modules else f"own {short(repr(name))}"

    def home(self, thing: Any, module: str, qualname: str) -> str | None:
        """``module:qualname`` if the thing is what stands there, in one of the described modules."""
        for position, found in enumerate(resolve(self._modules.get(module, {}), qualname)):
            if found is thing:
                return f"{module}:{qualname}" + (f"#{position}" if position else "")
        return None

    def _maker(self, cls: type, thing: Any) -> Callable[[Any, int], Any]:
        """How to describe things of a type: asked of the type alone, once."""
        maker: Callable[[Any, int], Any]
        if is_class(thing):
            maker = self._class
        elif cls is types.FunctionType:
            maker = self._function
        elif is_module(thing):
            maker = self._module
        else:
            maker = partial(structure, self)
        self._makers[id(cls)] = maker
        self._alive.append(cls)
        return maker

    def _made(self, thing: Any, hops: int) -> int:
        index = self._ids[id(thing)] = len(self.nodes)
        self._alive.append(thing)
        self.nodes.append({"k": "", "f": {}})
        self._queue.append((thing, index, hops))
        return index

    def _class(self, cls: type, hops: int) -> int | str:
        index = self._ids.get(id(cls))
        if index is not None:
            return index
        module = module_of(cls)
        if module in self._modules or self._ours(cls, module):
            return self._made(cls, 0)
        return f"<class {module}.{qualname_of(cls)}>"

    def _ours(self, cls: type, module: str) -> bool:
        """A class that says it is of another library, has no name there, and has our functions in it."""
        loaded = sys.modules.get(module)
        if not is_module(loaded) or any(found is cls for found in resolve(vars(loaded), qualname_of(cls))):
            return False
        members = list(names_of(cls).values())
        return any(type(m) is types.FunctionType and id(m.__globals__) in self._spaces for m in members)

    def _function(self, function: types.FunctionType, hops: int) -> int | str:
        index = self._ids.get(id(function))
        if index is not None:
            return index
        module = module_of(function)
        if module not in self._modules and id(function.__globals__) not in self._spaces:
            loaded = sys.modules.get(module)
            names = vars(loaded) if is_module(loaded) else {}
            if any(found is function for found in resolve(names, function.__qualname__)):
                return f"<function {module}.{function.__qualname__}>"
        return self._made(function, 0)

    def _module(self, module: types.ModuleType, hops: int) -> str:
        names = types.ModuleType.__getattribute__(module, "__dict__")
        known = self._spaces.get(id(names))
        if known is not None:
            return f"<module {known}>"
        name = names.get("__name__")
        return f"<stale module {name}>" if name in self._modules else f"<module {name}>"
