"""What came of executing modules anew, one by one or all together, and what all of that comes to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from modcache._model.doubts import DoubtKind
from modcache._model.findings import Finding, FindingKind, Findings, StressedModule

__all__ = ["Joint", "Trial", "findings_of"]


@dataclass(frozen=True, slots=True)
class Trial:
    """One module executed anew, and what that showed.

    ``module``: its figures; ``rows``: what was found, in it and in modules that were executed with it; ``executed``:
    which those are, itself included.
    """

    module: StressedModule
    rows: tuple[Finding, ...] = ()
    executed: tuple[str, ...] = ()

    @property
    def calm(self) -> bool:
        """Was all as before afterwards, here and outside?"""
        return not any(row.certain for row in self.rows)

    def to_dict(self) -> dict[str, Any]:
        """The trial as JSON-able data."""
        rows = [row.to_dict() for row in self.rows]
        return {"module": self.module.to_dict(), "rows": rows, "executed": list(self.executed)}

    @staticmethod
    def from_dict(data: dict[str, Any]) -> Trial:
        """The trial that :meth:`to_dict` told of."""
        rows = tuple(map(Finding.from_dict, data["rows"]))
        return Trial(StressedModule.from_dict(data["module"]), rows, tuple(data["executed"]))


@dataclass(frozen=True, slots=True)
class Joint:
    """All modules executed anew together, in one refresh, and what that showed.

    ``modules``: the figures of those that were; ``rows``: what was found, by the module that it is about; with no
    module if nobody can say whose doing it is. ``failed``: the module that raised, and so ended it: then it is all that
    is told of; ``aside``: it and its transitive dependents, without which the rest can be tried.
    """

    modules: tuple[StressedModule, ...] = ()
    rows: tuple[Finding, ...] = ()
    failed: str = ""
    aside: tuple[str, ...] = ()

    def __add__(self, other: Joint) -> Joint:
        """What both show: the second of what the first left aside nothing of."""
        return Joint((*self.modules, *other.modules), (*self.rows, *other.rows), other.failed, other.aside)

    @property
    def calm(self) -> frozenset[str]:
        """The modules about which nothing was seen; none if it can not be said whom something is about."""
        loud = {row.module for row in self.rows if row.certain}
        return frozenset() if "" in loud else frozenset(one.name for one in self.modules) - loud

    def to_dict(self) -> dict[str, Any]:
        """The trial as JSON-able data."""
        modules, rows = [one.to_dict() for one in self.modules], [row.to_dict() for row in self.rows]
        return {"modules": modules, "rows": rows, "failed": self.failed, "aside": list(self.aside)}

    @staticmethod
    def from_dict(data: dict[str, Any]) -> Joint:
        """The trial that :meth:`to_dict` told of."""
        modules = tuple(map(StressedModule.from_dict, data["modules"]))
        return Joint(modules, tuple(map(Finding.from_dict, data["rows"])), data["failed"], tuple(data["aside"]))


_BY_RUNNING = frozenset({DoubtKind.CALLS, DoubtKind.STORES, DoubtKind.IMPORTS, DoubtKind.LOOKS})
"""Doubts of what executing a module does: it was executed, and everything was looked at."""


def findings_of(
    modes: tuple[str, ...], trials: Iterable[Trial], seconds: float, joint: Joint | None = None
) -> Findings:
    """What some trials come to. A finding counts for the module that it is about, whichever trial showed it.

    ``joint`` speaks for the modules that have no trial of their own.
    """
    joint = joint or Joint()
    tried = _at_their_cause(list(trials))
    alone = {one.module.name for one in tried}
    calm = {one.module.name for one in tried if one.calm} | (joint.calm - alone)
    rows = _by_module([*(row for one in tried for row in one.rows), *joint.rows], calm)
    modules = {one.name: _with_rows(one, rows) for one in joint.modules if one.name not in alone}
    for one in tried:
        others = dict.fromkeys(row.module for row in one.rows if row.module != one.module.name)
        through = tuple(name for name in others if any(row.open for row in rows[name].values()))
        modules[one.module.name] = replace(_with_rows(one.module, rows), through=through)
    order = {one.name: place for place, one in enumerate(joint.modules)}
    ordered = sorted(modules.values(), key=lambda one: order.get(one.name, len(order)))
    return Findings(modes, tuple(ordered), seconds, tuple(row.detail for row in joint.rows if not row.module))


_Rows = dict[str, dict[object, Finding]]


def _by_module(found: Iterable[Finding], calm: set[str]) -> _Rows:
    """One for each kind and object: what is seen again, after a refresh of other modules, says nothing new."""
    rows: _Rows = {}
    for row in found:
        told = "" if row.object else row.detail
        rows.setdefault(row.module, {}).setdefault((row.kind, row.object, told), _looked_into(row, calm))
    return rows


def _with_rows(module: StressedModule, rows: _Rows) -> StressedModule:
    own = sorted(rows.get(module.name, {}).values(), key=lambda row: (not row.certain, not row.open, row.line))
    return replace(module, findings=tuple(own))


def _at_their_cause(trials: list[Trial]) -> list[Trial]:
    """What is done outside when a module is executed may be done by one that is executed with it: then it is its own.

    So it is if the trial of that one shows the same, without the first.
    """
    done: dict[str, list[Trial]] = {}
    for one in trials:
        for row in one.rows:
            if row.kind is FindingKind.OUTSIDE:
                done.setdefault(_act(row), []).append(one)
    return [replace(one, rows=tuple(_caused(row, one, done.get(_act(row), ())) for row in one.rows)) for one in trials]


def _caused(row: Finding, trial: Trial, others: Iterable[Trial]) -> Finding:
    if row.kind is not FindingKind.OUTSIDE:
        return row
    name = trial.module.name
    for other in others:
        if other.module.name in trial.executed and name not in other.executed:
            return next(its for its in other.rows if _act(its) == _act(row))
    return row


def _act(row: Finding) -> str:
    """What was done, without its figures."""
    return row.detail.partition(", which ")[0]


def _looked_into(row: Finding, calm: set[str]) -> Finding:
    if row.doubt in _BY_RUNNING and row.module in calm and not row.resolved:
        return replace(row, resolved="it was executed anew, and nothing was other afterwards, here or outside")
    return row
