"""Which members of a class its source says, before the edit and after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modcache._refresh.members import body_names, inner_classes

if TYPE_CHECKING:
    from modcache._refresh.planner import Planner
    from modcache._refresh.world import World

__all__ = ["MemberSources"]


class MemberSources:
    """Asked for a class by where it is: ``"module:qualified.name"``."""

    def __init__(self, world: World, planner: Planner) -> None:
        self._world = world
        self._planner = planner

    def fresh(self, where: str) -> set[str] | None:
        """The members that are made anew; None: all that there are."""
        module, _, qualname = where.partition(":")
        if module not in self._world:
            return None
        top, *inner = qualname.split(".")
        members = self._planner.members_of(module, top)
        if not inner or members is None:
            return members
        return None if inner[0] in members else set()

    def written(self, where: str) -> set[str]:
        """The members that the body of the old version binds."""
        module, _, qualname = where.partition(":")
        if module not in self._world:
            return set()
        top, *inner = qualname.split(".")
        unit = self._world.entry(module).unit
        nodes = [unit.statements[index].fragment.node for index in unit.binders.get(top, ())]
        return {name for node in nodes for found in inner_classes(node, inner) for name in body_names(found)}
