"""Modules that are handed on as objects: where no analysis can follow them, what changed in them is in doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from modcache._model.facts import Call

if TYPE_CHECKING:
    from modcache._refresh.planner import Planner

__all__ = ["HandedOn"]

_BLIND: tuple[Any, ...] = (isinstance, issubclass, id, type, callable, repr, str, bool)
"""Functions that look at no attribute of a module."""


class HandedOn:
    """Tells a planner where a module that changes is given to code that may look at anything in it."""

    def __init__(self, planner: Planner) -> None:
        self.planner = planner
        self.world = planner.world

    def follow(self, module: str) -> None:
        """Something of a module that is handed on changes."""
        for other in sorted(self.world.dependents(module)):
            if self.planner.partaking.accepts(other, module):
                continue
            if functions := ", ".join(self.world.givers.handing(other, module)):
                self.planner.doubt(f"{other}: {functions} may hand on {module}, and who gets it may use what changed")
            if names := self.world.names_of(other, module):
                self._to_calls(module, other, names)

    def _to_calls(self, module: str, other: str, names: set[str]) -> None:
        unit = self.world.unit(other)
        for index in sorted({index for name in names for index in unit.users.get(name, ())}):
            for call in unit.facts(index).calls:
                if not names.isdisjoint(call.passed) and (seen := self._looks(other, call)) is not None:
                    callee = ".".join(call.callee or ("a call",))
                    self.planner.doubt(f"{other}: {callee} is given {module}, and may use what changed in it")
                    if seen:
                        self.planner.step(other, index, f"{callee} is given {module}", ())

    def _looks(self, other: str, call: Call) -> bool | None:
        """May a call look at what is given to it unseen: by itself (True), by passing it on (False), or not (None)?"""
        if call.callee is None:
            return True
        value = self.world.walk(other, call.callee)[0]
        body = self.planner.effects.body_of(value)
        if body is not None:
            return False if body[1].calls_parameter else None
        return None if any(value is blind for blind in _BLIND) else True
