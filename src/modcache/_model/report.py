"""What a plan says and what a refresh returns: frozen values that print on one screen and serialise to JSON."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from modcache._model.lingering import Lingering

__all__ = ["Change", "Outcome", "Plan", "PlannedModule", "PlannedStatement", "Refusal", "RefusalKind", "Report"]

Outcome = Literal["unchanged", "committed", "aborted", "refused", "deferred"]
ChangeKind = Literal["edited", "moved", "new", "deleted"]
Mode = Literal["patch", "partial", "whole", "new", "delete", "support"]

_SHOWN = 8
_WIDTH = 118


class RefusalKind(StrEnum):
    """Why something can not be done live: a closed list (contract line 21)."""

    NATIVE = "native"
    MAIN = "__main__"
    NO_SOURCE = "no-source"
    STICKY = "sticky"
    FREE_THREADED = "free-threaded"
    REPLACED = "replaced-itself"
    ALTERED = "altered"
    UNSTABLE = "unstable"
    DECLINED = "declined"
    RUNNING = "running"


_PASSING = frozenset({RefusalKind.ALTERED, RefusalKind.UNSTABLE, RefusalKind.RUNNING})
"""What stands in the way for a while only."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason why a change can not be made live, as data.

    ``kind`` is one of :class:`RefusalKind`; ``module`` the module's name; ``object`` the qualified name of what is
    concerned, or None for the whole module; ``detail`` what stands in the way; ``remedy`` what to do about it;
    ``chain`` what led there, from the edit on, where an edit did.
    """

    kind: RefusalKind
    module: str
    object: str | None
    detail: str
    remedy: str
    chain: tuple[str, ...] = ()

    @property
    def passes(self) -> bool:
        """Is it in the way for a while only? What a hook declines is: no edit led there, but the moment."""
        return self.kind in _PASSING or (self.kind is RefusalKind.DECLINED and not self.chain)

    def __str__(self) -> str:
        where = f"{self.module}:{self.object}" if self.object else self.module
        came = f" [{' <- '.join(self.chain)}]" if self.chain else ""
        return f"{where}: {self.detail} ({self.kind}){came}; {self.remedy}"

    def to_dict(self) -> dict[str, Any]:
        """The refusal as JSON-able data."""
        return {
            "kind": str(self.kind),
            "module": self.module,
            "object": self.object,
            "detail": self.detail,
            "remedy": self.remedy,
            "chain": list(self.chain),
        }


@dataclass(frozen=True, slots=True)
class Change:
    """A module whose content differs from what it was made of.

    ``kind``: ``"edited"``; ``"moved"`` (only positions, comments or layout: nothing will be executed); ``"new"`` (not
    loaded yet, wanted by a changed module); ``"deleted"`` (its file is gone).
    """

    module: str
    path: str
    kind: ChangeKind

    def to_dict(self) -> dict[str, Any]:
        """The change as JSON-able data."""
        return {"module": self.module, "path": self.path, "kind": self.kind}


@dataclass(frozen=True, slots=True)
class PlannedStatement:
    """A top-level statement that is to be executed: where, why, and the chain of inputs that led there."""

    lineno: int
    text: str
    reason: str
    chain: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The statement as JSON-able data."""
        return {"lineno": self.lineno, "text": self.text, "reason": self.reason, "chain": list(self.chain)}


@dataclass(frozen=True, slots=True)
class PlannedModule:
    """What a refresh does to one module.

    ``mode``: ``"patch"`` (no execution), ``"partial"`` (``statements`` are executed), ``"whole"`` (all of it is;
    ``why`` says for what reason), ``"new"``, ``"delete"``, ``"support"`` (nothing of it changes, but what is executed
    may run code of it). ``total`` is the number of its top-level statements.
    """

    module: str
    mode: Mode
    why: str
    statements: tuple[PlannedStatement, ...] = ()
    patches: tuple[str, ...] = ()
    total: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The planned module as JSON-able data."""
        return {
            "module": self.module,
            "mode": self.mode,
            "why": self.why,
            "statements": [statement.to_dict() for statement in self.statements],
            "patches": list(self.patches),
            "total": self.total,
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """What a refresh would do, and why; making one changes nothing.

    ``changes``: the modules whose content differs. ``modules``: what happens to each, dependencies first.
    ``refusals``: what is known to be impossible live. ``doubts``: why the plan can not prove that it is enough.
    ``errors``: modules that do not compile, or that a fresh process could not import, as (module, message).
    ``kept``: what modules keep by their own word; ``accepted``: module -> the dependencies whose changes it copes with
    by itself; ``hooks``: what will be called, in order, as ``"before module"`` and ``"after module"``.
    """

    changes: tuple[Change, ...] = ()
    modules: tuple[PlannedModule, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    doubts: tuple[str, ...] = ()
    errors: tuple[tuple[str, str], ...] = ()
    kept: tuple[str, ...] = ()
    accepted: dict[str, tuple[str, ...]] = field(default_factory=dict)
    hooks: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """True if there is anything to do."""
        return bool(self.changes)

    def __str__(self) -> str:
        if not (self.changes or self.errors or self.refusals):
            return "nothing changed"
        lines = [_named("changed", [f"{c.module} ({c.kind})" for c in self.changes])]
        for module in self.modules:
            lines.append(f"  {module.mode} {module.module}: {module.why}"[:_WIDTH])
            lines.extend(f"    {s.lineno}: {s.text}  <- {s.reason}"[:_WIDTH] for s in module.statements[:_SHOWN])
            hidden = len(module.statements) - _SHOWN
            if hidden > 0:
                lines.append(f"    and {counted(hidden, 'statement')} more")
        lines.extend(f"  fails: {name}: {message}" for name, message in self.errors)
        lines.extend(f"  refused: {refusal}" for refusal in self.refusals)
        lines.extend(_listed("kept", self.kept))
        lines.extend(_listed("accepted", _accepted(self.accepted)))
        lines.extend(_listed("hooks", self.hooks))
        lines.extend(_listed("in doubt", self.doubts))
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """The plan as JSON-able data."""
        return {
            "changes": [change.to_dict() for change in self.changes],
            "modules": [module.to_dict() for module in self.modules],
            "refusals": [refusal.to_dict() for refusal in self.refusals],
            "doubts": list(self.doubts),
            "errors": [{"module": name, "message": message} for name, message in self.errors],
            "kept": list(self.kept),
            "accepted": {name: list(rows) for name, rows in self.accepted.items()},
            "hooks": list(self.hooks),
        }


@dataclass(frozen=True, slots=True)
class Report:
    """What a refresh did.

    ``outcome``: ``"unchanged"``; ``"committed"``; ``"aborted"`` (something failed, all is as before, ``error`` holds
    the exception with its traceback into the new source); ``"refused"`` (a restart is needed, or another time; nothing
    happened, ``refusals`` say why); ``"deferred"`` (it was asked for inside of a section, and is done when that ends;
    its own report is the session's ``last`` one then).

    ``complete``: True when the process is what a fresh one would be but for state kept on purpose (by construction or
    verified); False when ``remains`` names what is not; None when neither is known, and ``doubts`` say why; ``since``
    has the generation of those doubts that an earlier report has told already.

    ``lingering``: the threads that are still in old code, those that wait for something in it are found by
    :meth:`modcache.Session.lingering`. ``complete`` does not speak of them: the next call is of the new code.

    Objects are named ``"module:qualified.name"``; ``timings`` are seconds by phase (know, plan, stage, pair, commit,
    verify, total); ``generation`` is the number of commits so far. A report is a value: it can be shared by threads.
    """

    outcome: Outcome
    complete: bool | None = None
    generation: int = 0
    changes: tuple[Change, ...] = ()
    executed: dict[str, tuple[PlannedStatement, ...]] = field(default_factory=dict)
    statements: int = 0
    patched: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    migrated: int = 0
    kept: tuple[str, ...] = ()
    accepted: dict[str, tuple[str, ...]] = field(default_factory=dict)
    hooks: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    dangling: tuple[str, ...] = ()
    remains: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    since: dict[str, int] = field(default_factory=dict)
    lingering: tuple[Lingering, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    failed: tuple[str, ...] = ()
    error: BaseException | None = None
    verified: bool | None = None
    swept: bool = False
    timings: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [self._headline()]
        lines.extend(_listed("changed", [f"{c.module} ({c.kind})" for c in self.changes]))
        ran = [f"{name}: {counted(len(rows), 'statement')}" for name, rows in self.executed.items() if rows]
        lines.extend(_listed("executed", ran))
        for label in ("patched", "replaced", "removed", "dangling", "kept"):
            lines.extend(_listed(label, getattr(self, label)))
        lines.extend(_listed("accepted", _accepted(self.accepted)))
        for label in ("hooks", "failed", "remains"):
            lines.extend(_listed(label, getattr(self, label)))
        lines.extend(_listed("lingering", [str(row) for row in self.lingering]))
        lines.extend(f"  refused: {refusal}" for refusal in self.refusals[:_SHOWN])
        lines.extend(_listed("in doubt", [row for row in self.doubts if row not in self.since]))
        lines.extend(f"  {row}" for row in told_before(self.since))
        if self.error is not None:
            lines.extend("  " + row for row in _told(self.error))
        return "\n".join(lines)

    def _headline(self) -> str:
        truth = {True: "complete", False: "incomplete", None: "not verified"}[self.complete]
        took = f" in {self.timings['total'] * 1000:.1f} ms" if "total" in self.timings else ""
        if self.outcome == "committed":
            return f"generation {self.generation}: committed, {truth}{took}"
        if self.outcome == "aborted":
            return f"aborted{took}: all is as before"
        if self.outcome == "refused":
            return f"refused{took}: {self.way_on}; nothing was changed"
        if self.outcome == "deferred":
            return "deferred: it is done when the section that asked for it ends"
        return "unchanged"

    @property
    def way_on(self) -> str:
        """Of a report that was refused: is a restart needed, or another time enough?"""
        return "not now" if all(refusal.passes for refusal in self.refusals) else "a restart is needed"

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON-able data; ``error`` becomes its formatted traceback."""
        error = None
        if self.error is not None:
            error = {
                "type": type(self.error).__name__,
                "message": str(self.error),
                "traceback": "".join(traceback.format_exception(self.error)),
            }
        return {
            "outcome": self.outcome,
            "complete": self.complete,
            "generation": self.generation,
            "changes": [change.to_dict() for change in self.changes],
            "executed": {name: [s.to_dict() for s in rows] for name, rows in self.executed.items()},
            "statements": self.statements,
            "patched": list(self.patched),
            "replaced": list(self.replaced),
            "migrated": self.migrated,
            "kept": list(self.kept),
            "accepted": {name: list(rows) for name, rows in self.accepted.items()},
            "hooks": list(self.hooks),
            "removed": list(self.removed),
            "dangling": list(self.dangling),
            "remains": list(self.remains),
            "doubts": list(self.doubts),
            "since": dict(self.since),
            "lingering": [row.to_dict() for row in self.lingering],
            "refusals": [refusal.to_dict() for refusal in self.refusals],
            "failed": list(self.failed),
            "error": error,
            "verified": self.verified,
            "swept": self.swept,
            "timings": dict(self.timings),
        }


def _accepted(found: dict[str, tuple[str, ...]]) -> list[str]:
    return [f"{', '.join(rows)} by {name}" for name, rows in found.items()]


def counted(count: int, word: str) -> str:
    """``"1 statement"``, ``"2 statements"``."""
    return f"{count} {word}{'' if count == 1 else 's'}"


def told_before(since: dict[str, int]) -> list[str]:
    """One row for all doubts that were told before; none if there are none."""
    return [f"{counted(len(since), 'doubt')} since generation {min(since.values())}"] if since else []


def _named(label: str, rows: list[str]) -> str:
    return f"{len(rows)} {label}: {', '.join(rows[:_SHOWN])}{' ...' if len(rows) > _SHOWN else ''}"


def _listed(label: str, rows: tuple[str, ...] | list[str]) -> list[str]:
    """One line for each kind of row: the first few, then how many more."""
    if not rows:
        return []
    shown = ", ".join(rows[:_SHOWN])
    more = f", and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
    line = f"  {label}: {shown}"
    limit = _WIDTH * 2
    return [(line if len(line) <= limit else line[:limit] + " ...") + more]


def _told(error: BaseException) -> list[str]:
    """What an error says: its message and its notes, without the place and the text of a syntax error."""
    parts = traceback.format_exception_only(error)
    notes = sum(str(note).count("\n") + 1 for note in getattr(error, "__notes__", ()))
    return "".join(parts[len(parts) - notes - 1 :]).rstrip().splitlines()
