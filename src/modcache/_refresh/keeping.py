"""Objects in which things are registered: does anything run those while modules are imported?"""

from __future__ import annotations

from types import FunctionType
from typing import Any

from modcache._refresh.registrations.known import is_keeper
from modcache._refresh.world import MISSING, World

__all__ = ["only_keeps"]


def only_keeps(world: World, module: str, name: str) -> bool:
    """Is a name used, while modules are imported, for nothing but to register things in its object?

    Then an edit of what was registered is nobody's business: the object has the very function.
    """
    if any(world.reach.runs_function(qualname) for qualname in world.loading(module, name)):
        return False
    for other, index in world.using(module, name):
        facts = world.unit(other).facts(index)
        if facts.kind in {"import", "from"} or name in facts.binds:
            continue
        if facts.kind == "class" and not facts.calls and (name,) in facts.bases:
            if all(only_keeps(world, other, heir) for heir in facts.binds):
                continue
            return False
        # what a decorator factory gave decorates: it is the factory's word that counts
        plain = [call for call in facts.calls if call.callee is not None or not call.decorator]
        calls = [call for call in plain if call.callee is None or name in (*call.callee, *call.passed)] or plain
        values = [world.walk(other, call.callee)[0] if call.callee else MISSING for call in calls]
        if not calls or not all(value is not MISSING and _keeps(world, value) for value in values):
            return False
    return True


def _keeps(world: World, value: Any) -> bool:
    body = world.runs.body_of(value) if type(value) is FunctionType else None
    if body is None:
        return is_keeper(value)
    return value.__qualname__ == body[1].qualname and body[1].only_keeps  # not of a function in a function
