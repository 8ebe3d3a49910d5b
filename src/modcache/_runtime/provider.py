"""A finder that provides modules which stand nowhere on a path, and the packages above them that are missing."""

from __future__ import annotations

from collections.abc import Callable
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from modcache._runtime.layers import Layer, within
from modcache._runtime.screens import behind
from modcache._runtime.system import ImportSystem

__all__ = ["Given", "Offer", "Provided", "Provider", "spec_behind", "stand"]

Offer = Callable[[str], ModuleSpec | None]
"""The spec of a name that is to be provided; None if it is not."""


class Provider:
    """The finder of one layer: first what is offered; then, with ``parents``, those that nobody else can find."""

    def __init__(self, system: ImportSystem, layer: Layer, offer: Offer, *, parents: bool = True) -> None:
        self._system = system
        self._layer = layer
        self._offer = offer
        self._parents = parents

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """See :meth:`importlib.abc.MetaPathFinder.find_spec`."""
        spec = self._offer(name)
        if spec is None and self._parents and any(within(root, name) for root in self._layer.roots):
            spec = spec_behind(self._system, self._layer, name, path) or self._parent(name)
        return spec

    def _parent(self, name: str) -> ModuleSpec:
        """An empty package; the layer's own from now on, with all that is below."""
        self._layer.roots = (*self._layer.roots, name)
        return ModuleSpec(name, _Empty(), origin=self._layer.title, is_package=True)

    def __repr__(self) -> str:
        return f"<the finder of {self._layer.title}>"


class Provided(Loader):
    """The base of the loaders of modules that stand in no file: what tells them from others."""


class Given(Provided):
    """Loads an object that is there already: whatever it is, nothing of it is changed."""

    def __init__(self, system: ImportSystem, value: object) -> None:
        self._system = system
        self._value = value

    def create_module(self, spec: ModuleSpec) -> None:
        """A module for the time of the import only."""

    def exec_module(self, module: ModuleType) -> None:
        """The object takes the module's place, as a module may that executes; the import then gives and binds it."""
        stand(self._system, module, self._value)


class _Empty(Provided):
    def create_module(self, spec: ModuleSpec) -> None:
        """A plain module will do."""

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing in it."""


def stand(system: ImportSystem, module: ModuleType, value: object) -> None:
    """Put an object in the place of the module that is being executed.

    Raises ``ImportError`` if the module stands there already for good, which is when it is reloaded.
    """
    spec: Any = module.__spec__
    if not getattr(spec, "_initializing", False):
        message = f"{spec.name!r} was given as an object ({spec.origin}): it has no source that could be executed again"
        raise ImportError(message, name=spec.name)
    system.modules[spec.name] = value


def spec_behind(system: ImportSystem, layer: Layer, name: str, path: Any) -> ModuleSpec | None:
    """What the finders behind the layer's own find: those before it have been asked by who asks it."""
    for finder in behind(system, layer):
        find = getattr(finder, "find_spec", None)
        spec: ModuleSpec | None = find(name, path, None) if find is not None else None
        if spec is not None:
            return spec
    return None
