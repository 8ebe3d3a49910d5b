"""Classes that are gone, or gave way: where nobody holds them any more, they are subclasses of their bases no more.

Who still is held is asked for again with each commit; what the way back holds does not count.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from modcache._refresh.holding import own_containers
from modcache._refresh.retire import is_held, retire
from modcache._runtime.peek import home, is_a, mro_of, qualname_of

if TYPE_CHECKING:
    from modcache._refresh.transplant import Transplant
    from modcache._refresh.world import World

__all__ = ["Departed", "class_that_goes", "depart"]

Departed = Mapping[str, "weakref.ref[type]"]
"""Row of a report -> the class that it is about."""
_SUBCLASSES = "is gone, but its bases still count it as a subclass until it is collected"


def depart(transplant: Transplant, gone: Mapping[str, type]) -> None:
    """Classes whose names go with this commit, and those that earlier ones left: take them from their bases."""
    attempt, result = transplant.attempt, transplant.result
    classes: dict[str, type] = {f"{where} {_SUBCLASSES}": kind for where, kind in gone.items()}
    for row, reference in attempt.departed.items():
        kind = reference()
        if kind is not None:
            classes[row] = kind
        result.settled.add(row)
    kind = None
    if not classes:
        return
    own = own_containers([attempt, transplant, gone, classes, *attempt.way_back], transplant.program())
    own |= transplant.stage.own()
    for operations in (transplant.operations, *attempt.way_back):
        own |= {id(copy) for copy in operations.copies()}
    namespaces = _Namespaces(transplant)
    # not by items: their tuple would hold the class; those first that others may be the bases of
    for row in sorted(classes, key=lambda row: -len(mro_of(classes[row]))):
        if not is_held(classes[row], own, namespaces.lets_go) and retire(transplant.operations, classes[row]):
            continue
        result.departed[row] = weakref.ref(classes[row])
        if row not in attempt.departed:
            result.doubts[row] = None
        result.settled.discard(row)


def class_that_goes(world: World, module: str, value: object) -> type | None:
    """The class that may go with a name of a module: the module's own, or one that a function made for that name."""
    kind = value if is_a(value, type) else type(value)
    if home(kind) not in world:
        return None
    return kind if "<locals>" in qualname_of(kind) or (kind is value and home(kind) == module) else None


class _Namespaces:
    """Which names go with this commit."""

    def __init__(self, transplant: Transplant) -> None:
        world = transplant.world
        self._modules = world.knowledge.system.modules
        self._roots = {id(world.namespace(name)): name for name in world.knowledge.entries}
        self._dropped = {where.rpartition(":")[::2] for where in transplant.result.removed} | transplant.rebound

    def lets_go(self, holder: Any, value: Any) -> bool | None:
        """Does a module's namespace drop all names of an object; None for what is no such namespace."""
        name = self._roots.get(id(holder))
        if name is not None:
            return all((name, key) in self._dropped for key, held in holder.items() if held is value)
        if type(holder) is dict and type(holder.get("__name__")) is str:
            module = self._modules.get(holder["__name__"])
            return False if getattr(module, "__dict__", None) is holder else None
        return None
