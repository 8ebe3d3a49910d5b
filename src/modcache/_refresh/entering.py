"""The module cache itself: what enters it with a commit, and what leaves it."""

from __future__ import annotations

from collections.abc import Callable, Container
from types import ModuleType
from typing import TYPE_CHECKING, Any

from modcache._refresh.refusals import replaced_by_new_code
from modcache._refresh.staging import Refused
from modcache._runtime.peek import is_a

if TYPE_CHECKING:
    from modcache._runtime.operations import Operations
    from modcache._runtime.stage import Stage

__all__ = ["enter", "leave", "turn_down_replaced"]


def turn_down_replaced(stage: Stage, loaded: Container[str]) -> None:
    """Raise :class:`Refused` if staged code has put something else in the place of a ``loaded`` module of the roots."""
    modules: Any = stage.system.modules
    replaced = [
        name
        for name, value in stage.entries.items()
        if name in loaded and value is not stage.modules.get(name) and value is not modules.get(name)
    ]
    if replaced:
        raise Refused(tuple(map(replaced_by_new_code, replaced)))


def enter(operations: Operations, stage: Stage, value: Callable[[Any], Any]) -> None:
    """New modules take their places in the cache, and in their parents; so does what staged code put there itself.

    ``value(staged)`` is what stands for a staged object from now on.
    """
    modules: Any = stage.system.modules
    for name, module in stage.fresh.items():
        entered = value(stage.entries.get(name, module))
        operations.put(modules, name, entered)
        parent, _, child = name.rpartition(".")
        holder = stage.fresh.get(parent) or modules.get(parent)
        if is_a(holder, ModuleType):
            operations.put(holder.__dict__, child, entered)
    for name, staged in stage.entries.items():
        if name not in stage.fresh and modules.get(name) is not (entered := value(staged)):
            operations.put(modules, name, entered)
    for name in stage.left:
        if name in modules:
            operations.drop(modules, name)


def leave(operations: Operations, stage: Stage, name: str) -> None:
    """A module whose file is gone leaves the cache, and its parent."""
    modules: Any = stage.system.modules
    operations.drop(modules, name)
    parent, _, child = name.rpartition(".")
    holder = modules.get(parent)
    if is_a(holder, ModuleType) and holder.__dict__.get(child) is modules.get(name):
        operations.drop(holder.__dict__, child)
