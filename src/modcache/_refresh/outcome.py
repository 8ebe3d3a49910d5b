"""What a refresh comes to: the run from phase to phase, and the report."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from modcache._model.lingering import Lingering
from modcache._model.report import Change, Outcome, Refusal, Report
from modcache._refresh.engine import Result
from modcache._refresh.entry import Found
from modcache._refresh.history import History
from modcache._refresh.hooks import Hooks
from modcache._runtime.checkpoints import reached

__all__ = ["Run", "Teller", "joined"]


@dataclass(slots=True)
class Run:
    """One refresh on its way: what is pending, what failed, how long each phase took."""

    pending: dict[str, Found]
    hooks: Hooks
    appeared: list[tuple[str, int, str]] = field(default_factory=list)
    changes: dict[str, Change] = field(default_factory=dict)
    failed: dict[str, BaseException] = field(default_factory=dict)
    error: BaseException | None = None
    refusals: tuple[Refusal, ...] = ()
    again: bool = False
    """Does it follow another one, of which a module could not cope with the change?"""
    lingering: tuple[Lingering, ...] = ()
    timings: dict[str, float] = field(default_factory=dict)
    started: float = field(default_factory=time.perf_counter)
    last: float = field(default_factory=time.perf_counter)

    def clock(self, phase: str) -> None:
        """The phase that is called so ends now."""
        now = time.perf_counter()
        self.timings[phase] = self.timings.get(phase, 0.0) + now - self.last
        self.last = now
        reached(phase)

    def total(self) -> dict[str, float]:
        """The times of the phases, and of all."""
        return {**self.timings, "total": time.perf_counter() - self.started}


class Teller:
    """Makes the reports, and remembers which doubts it has told already, and when."""

    def __init__(self) -> None:
        self._told: dict[str, int] = {}

    def unchanged(self, history: History, doubts: Iterable[str]) -> Report:
        """Nothing to do: then all is as the last commits left it, for better or worse."""
        standing, generation = history.standing, history.generation
        remains, doubts = tuple(history.remains), tuple({**standing.doubts, **dict.fromkeys(doubts)})
        complete = False if remains else None if doubts else True
        since = self._since(doubts, generation)
        return Report("unchanged", complete, generation, remains=remains, doubts=doubts, since=since)

    def committed(self, run: Run, result: Result, history: History, doubts: Iterable[str]) -> Report:
        """The commit is done; ``history`` has what it left behind, and ``doubts`` what is assumed besides."""
        standing, generation = history.standing, history.generation
        failed = {f"{name}: its new version failed and is not in use": None for name in run.failed}
        remains = tuple({**result.remains, **failed, **history.remains})
        every = tuple({**result.doubts, **dict.fromkeys(doubts), **standing.doubts, **history.in_vain.emptied()})
        return Report(
            "committed",
            False if remains else None if every else True,
            generation,
            changes=tuple(run.changes.values()),
            executed=result.executed,
            statements=result.statements,
            patched=tuple(result.patched),
            replaced=tuple(result.replaced),
            migrated=result.migrated,
            kept=tuple(result.kept),
            accepted=result.accepted,
            removed=tuple(result.removed),
            dangling=tuple(result.dangling),
            remains=remains,
            doubts=every,
            since=self._since(every, generation),
            lingering=run.lingering,
            failed=tuple(run.failed),
            error=run.error or next(iter(run.hooks.failures.values()), None),
            hooks=tuple(run.hooks.called),
            swept=result.swept,
            timings=run.total(),
        )

    @staticmethod
    def nothing(run: Run, history: History) -> Report:
        """Aborted or refused: all is as before, but for what was left in vain."""
        outcome: Outcome = "refused" if run.refusals and run.error is None else "aborted"
        unused = (f"{name}: its new version is not in use" for name in run.changes)
        return Report(
            outcome,
            False,
            history.generation,
            changes=tuple(run.changes.values()),
            remains=(*unused, *run.hooks.rows().values(), *history.in_vain.held),
            doubts=tuple(history.in_vain.emptied()),
            refusals=run.refusals,
            failed=tuple(run.failed),
            error=run.error,
            hooks=tuple(run.hooks.called),
            timings=run.total(),
        )

    def forget(self) -> None:
        """All doubts are gone; who has one again has a new one."""
        self._told.clear()

    def _since(self, doubts: tuple[str, ...], generation: int) -> dict[str, int]:
        since = {row: self._told[row] for row in doubts if row in self._told}
        self._told = {row: since.get(row, generation) for row in doubts}
        return since


def joined(first: Report, second: Report) -> Report:
    """One report of a refresh of two commits: the second since a module could not cope with the first by itself."""
    executed = {name: first.executed.get(name, ()) + second.executed.get(name, ()) for name in _both(first, second)}
    timings = {phase: first.timings.get(phase, 0.0) + took for phase, took in second.timings.items()}
    rows: dict[str, Any] = {
        name: tuple(dict.fromkeys((*getattr(first, name), *getattr(second, name))))
        for name in ("changes", "patched", "replaced", "kept", "removed", "dangling", "remains", "failed", "refusals")
    }
    return replace(
        second,
        outcome="committed",
        complete=False if rows["remains"] else second.complete,
        executed=executed,
        statements=first.statements + second.statements,
        accepted={**first.accepted, **second.accepted},
        hooks=first.hooks + second.hooks,
        error=first.error or second.error,
        timings={**first.timings, **timings},
        **rows,
    )


def _both(first: Report, second: Report) -> dict[str, None]:
    return dict.fromkeys((*first.executed, *second.executed))
