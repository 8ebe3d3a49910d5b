"""What a layer does to the finders: its own comes first, and a screen hides names from those that are there.

A screen is how a module is missing just as one that is not installed: the cache has no entry (a None in its place would
be seen by who looks), the import system's own message is raised, and ``find_spec`` gives None.
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

__all__ = ["Screen", "add_arrival", "add_departure", "bare"]


class Screen:
    """Stands for a finder, and finds all that it finds but what the layer claims. Equal to the finder for who looks."""

    def __init__(self, finder: Any, layer: Layer) -> None:
        self.finder = finder
        self.layer = layer

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> Any:
        """See :meth:`importlib.abc.MetaPathFinder.find_spec`."""
        if self.layer.claims(name):
            return None
        find = getattr(self.finder, "find_spec", None)
        return find(name, path, target) if find is not None else None

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.finder, name)
        return functools.partial(self._distributions, value) if name == "find_distributions" else value

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
    """The layer's finder comes before all others; its screen, before each of them."""
    meta_path: Any = system.meta_path
    finders = [Screen(finder, layer) for finder in meta_path] if layer.screens else list(meta_path)
    if layer.finder is not None:
        finders.insert(0, layer.finder)
    if layer.screens or layer.finder is not None:
        operations.fill_list(meta_path, finders)


def add_departure(operations: Operations, system: ImportSystem, layer: Layer) -> None:
    """The finder goes, and so do the screens; others that came meanwhile stay where they are."""
    meta_path: Any = system.meta_path
    mine = layer.finder
    finders = [_without(finder, layer) for finder in meta_path if mine is None or bare(finder) is not mine]
    if layer.screens or mine is not None:
        operations.fill_list(meta_path, finders)


def _without(finder: Any, layer: Layer) -> Any:
    if not isinstance(finder, Screen):
        return finder
    inner = _without(finder.finder, layer)
    if finder.layer is layer:
        return inner
    return finder if inner is finder.finder else Screen(inner, finder.layer)
