"""What an execution on the stage comes to, for the report: the statements, and what they may have done besides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from modcache._model.doubts import Doubt, DoubtKind
from modcache._model.report import PlannedStatement

if TYPE_CHECKING:
    from modcache._refresh.transplant import Transplant

__all__ = ["tell", "tell_dangling"]


def tell(transplant: Transplant, outside: Iterable[str]) -> None:
    """Write into a transplant's result what was executed; ``outside``: the registries of the process that changed."""
    staging, result, planner = transplant.staging, transplant.result, transplant.planner
    for name, indexes in staging.executed.items():
        result.statements += len(indexes)
        result.executed[name] = tuple(_rows(transplant, name, indexes))
        # in one row, by name alone: what stands from refresh to refresh must not grow with every line that moves
        if called := sorted(set(_unseen_calls(transplant, name, indexes))):
            what = f"{name} calls {', '.join(called)}, which may act on something outside"
            result.doubts[Doubt(what, DoubtKind.CALLS)] = None
    for (name, line), doubt in planner.stored.items():
        if not staging.exchange.is_whole(name, line, something=True):
            result.doubts[doubt] = None
    for name, unit in staging.new_units.items():
        if name in planner.ahead and any(facts.effect for facts in unit.all_facts):
            result.doubts[planner.ahead[name]] = None
    for registry in outside:
        result.doubts[f"executing new code changed the process's {registry}"] = None
    result.new_units.update(staging.new_units)


def tell_dangling(transplant: Transplant) -> None:
    """Functions that will not find a name that is gone, when they are called."""
    world, result = transplant.world, transplant.result
    for where in result.removed:
        module, _, key = where.partition(":")
        if not key or module not in world:
            continue
        for other in world.mentioning(module, key):
            for qualname, body in world.unit(other).loaders.get(key, ()):
                if transplant.planner.loads(module, key, other, body):
                    result.dangling[f"{other}:{qualname} uses {module}.{key}, which is gone"] = None


def _rows(transplant: Transplant, name: str, indexes: Iterable[int]) -> Iterator[PlannedStatement]:
    unit = transplant.staging.new_units.get(name) or transplant.world.unit(name)
    steps = transplant.planner.steps.get(name, {})
    for index in indexes:
        statement, step = unit.statements[index], steps.get(index)
        reason, chain = (step.reason, step.chain) if step is not None else ("the module is new", ())
        yield PlannedStatement(statement.lineno, statement.headline, reason, chain)


def _unseen_calls(transplant: Transplant, name: str, indexes: Iterable[int]) -> Iterator[str]:
    """What these statements call outside the roots that may have done something that nobody saw."""
    exchange, outside = transplant.staging.exchange, transplant.planner.effects.outside
    for index in indexes:
        for callee, seen in outside.get((name, index), {}).items():
            if not (seen and exchange.is_whole(name, transplant.world.unit(name).statements[index].lineno)):
                yield callee
