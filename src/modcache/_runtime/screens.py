"""What a layer does to the finders: a screen stands before one of them, finds for the layer, and hides names.

The list of the finders never gets longer or shorter by it: another thread that is looking through it for a module of
its own would miss a finder. And a screen is how a module is missing just as one that is not installed: the cache has no
entry (a None in its place would be seen by who looks), the import system's own message is raised, and ``find_spec``
gives None.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modcache._runtime.layers import Layer
    from modcache._runtime.operations import Operations
    from modcache._runtime.system import ImportSystem

__all__ = ["Screen", "add_arrival", "add_departure", "bare", "behind"]


class Screen:
    """Stands for a finder: asks the layer's own first, and then it, but not for what the layer hides.

    Equal to the finder for who looks for that.
    """

    def __init__(self, finder: Any, layer: Layer) -> None:
        self.finder = finder
        self.layer = layer

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> Any:
        """See :meth:`importlib.abc.MetaPathFinder.find_spec`."""
        if self.layer.screens and self.layer.claims(name):
            return None
        if self.layer.finder is not None and (spec := self.layer.finder.find_spec(name, path, target)) is not None:
            return spec
        find = getattr(self.finder, "find_spec", None)
        return find(name, path, target) if find is not None else None

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.finder, name)
        hides = name == "find_distributions" and self.layer.screens
        return functools.partial(self._distributions, value) if hides else value

    def _distributions(self, find: Any, *args: Any, **kwargs: Any) -> Iterator[Any]:
        for distribution in find(*args, **kwargs):
            if not self._hides(distribution):
                yield distribution

    def _hides(self, distribution: Any) -> bool:
        """Is it named like a module that is hidden, or brings no other?"""
        name = re.sub(r"[-.]+", "_", distribution.metadata["Name"] or "").lower()
        brings = (distribution.read_text("top_level.txt") or "").split()
        return self.layer.claims(name) or (bool(brings) and all(map(self.layer.claims, brings)))

    def __eq__(self, other: object) -> bool:
        return bool(bare(self) == bare(other))

    def __hash__(self) -> int:
        return hash(bare(self))

    def __repr__(self) -> str:
        return f"<{self.finder!r} behind {self.layer.title}>"


def bare(finder: Any) -> Any:
    """The finder behind all screens."""
    while isinstance(finder, Screen):
        finder = finder.finder
    return finder


def add_arrival(operations: Operations, system: ImportSystem, layer: Layer) -> None:
    """The layer's finder comes before all others; a layer that screens, before each of them."""
    meta_path: Any = system.meta_path
    finders = list(meta_path) or [None]
    count = len(finders) if layer.screens else 1 if layer.finder is not None else 0
    if count:
        operations.fill_list(meta_path, [*(Screen(finder, layer) for finder in finders[:count]), *finders[count:]])


def add_departure(operations: Operations, system: ImportSystem, layer: Layer) -> None:
    """Its screens go, wherever they are by now."""
    meta_path: Any = system.meta_path
    finders = [_without(finder, layer) for finder in meta_path]
    if any(new is not old for new, old in zip(finders, meta_path, strict=True)):
        operations.fill_list(meta_path, [finder for finder in finders if finder is not None])


def behind(system: ImportSystem, layer: Layer) -> list[Any]:
    """The finders that are asked after the layer's own."""
    finders = list(system.meta_path)
    for index, outer in enumerate(finders):
        finder = outer
        while isinstance(finder, Screen):
            if finder.layer is layer:
                return [finder.finder, *finders[index + 1 :]]
            finder = finder.finder
    return []


def _without(finder: Any, layer: Layer) -> Any:
    if not isinstance(finder, Screen):
        return finder
    inner = _without(finder.finder, layer)
    if finder.layer is layer:
        return inner
    return finder if inner is finder.finder else Screen(inner, finder.layer)
