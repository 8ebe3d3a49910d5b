"""The room's door: plan, refresh, reload and undo, on one import system and its roots."""

from __future__ import annotations

import functools
import gc
import linecache
import os
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from modcache import errors
from modcache._model.report import Plan, Refusal, RefusalKind, Report
from modcache._refresh.engine import Attempt, Refused, Result, change_of, describe
from modcache._refresh.know import Entry, Found, Knowledge
from modcache._refresh.roots import Roots
from modcache._refresh.staging import StageFailed
from modcache._runtime.operations import Operations
from modcache._runtime.system import ImportSystem

__all__ = ["Refresher"]

_KEPT = 8
_HERE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))


@dataclass(slots=True)
class _Standing:
    """What earlier commits left behind: it stays true of the process until it is verified, or undone."""

    remains: dict[str, None] = field(default_factory=dict)
    doubts: dict[str, int] = field(default_factory=dict)
    """What is in doubt -> the generation since which it is."""

    def with_(self, result: Result, generation: int) -> _Standing:
        """What stands after one more commit."""
        doubts = {**dict.fromkeys(result.doubts, generation), **self.doubts}
        return _Standing({**self.remains, **result.remains}, doubts)


@dataclass(slots=True)
class _Run:
    """One refresh on its way: what is pending, what failed, how long each phase took."""

    pending: dict[str, Found]
    appeared: list[tuple[str, int, str]] = field(default_factory=list)
    changes: dict[str, Any] = field(default_factory=dict)
    failed: dict[str, BaseException] = field(default_factory=dict)
    error: BaseException | None = None
    refusals: tuple[Refusal, ...] = ()
    timings: dict[str, float] = field(default_factory=dict)
    started: float = field(default_factory=time.perf_counter)
    last: float = field(default_factory=time.perf_counter)

    def clock(self, phase: str) -> None:
        """The phase that is called so ends now."""
        now = time.perf_counter()
        self.timings[phase] = self.timings.get(phase, 0.0) + now - self.last
        self.last = now


class Refresher:
    """Keeps the modules of some roots true to their source.

    Calls must not overlap: the hall serialises them. Raises :class:`modcache.errors.NestedRefresh` where a module body
    that a refresh executes asks for a refresh.
    """

    def __init__(self, system: ImportSystem, roots: Iterable[str | os.PathLike[str]] | None = None) -> None:
        self.roots = Roots(roots)
        self.knowledge = Knowledge(system, self.roots)
        self.generation = 0
        self._done: list[Operations] = []
        self._staging: int | None = None
        self._standing = _Standing()

    def close(self) -> None:
        """Stop recording, forget everything."""
        self.knowledge.close()
        self._done.clear()

    def check_nesting(self) -> None:
        """Raise if this thread is executing a module body for a refresh."""
        if self._staging == threading.get_ident() or _importing():
            raise errors.NestedRefresh(
                "a refresh was asked for by the body of a module that is just being executed; ask for it from outside of "
                "module bodies (a function that is called later), or from another thread (it will wait)"
            )

    # -- plan

    def plan(self, paths: Iterable[str] | None = None) -> Plan:
        """What a refresh would do; changes nothing."""
        self.knowledge.meet()
        found = {one.entry.name: one for one in self.knowledge.changed(paths)}
        if not found:
            return Plan()
        failures = self._compile(found)
        attempt = Attempt(self.knowledge, found, lambda phase: None)
        plan = describe(attempt.world, attempt.plan(), found)
        refusals = tuple(self._refusals(found))
        errors_ = tuple((name, f"{type(error).__name__}: {error}") for name, error in failures.items())
        return Plan(plan.changes, plan.modules, refusals, plan.doubts, errors_)

    @staticmethod
    def _compile(found: dict[str, Found]) -> dict[str, BaseException]:
        """Compile every version that was found; take out those that don't."""
        failures: dict[str, BaseException] = {}
        for name, one in list(found.items()):
            try:
                if one.unit is not None:
                    _ = one.unit.code, one.unit.statements
            except (SyntaxError, ValueError, RecursionError) as error:
                failures[name] = error
                del found[name]
        return failures

    # -- refresh

    def refresh(self, paths: Iterable[str] | None = None) -> Report:
        """Make the process what a fresh one would be, or change nothing; see :class:`modcache.Report`."""
        run = _Run({})
        self.knowledge.meet()
        run.pending = {one.entry.name: one for one in self.knowledge.changed(paths)}
        run.appeared = self.knowledge.appeared()
        run.clock("know")
        run.refusals = tuple(_replaced_itself(name) for name, _ in self.knowledge.changed_replaced())
        if run.refusals:
            return self._nothing(run)
        if not run.pending and not run.appeared:
            return self._unchanged()
        return self._refresh(run, {})

    def _unchanged(self) -> Report:
        """Nothing to do: then all is as the last commits left it, for better or worse."""
        outside = [f"{name} reads files or the environment while it is imported" for name in self.knowledge.reads_outside()]
        old = [f"since generation {since}: {row}" for row, since in self._standing.doubts.items()]
        doubts = (*old, *outside, *self.knowledge.in_doubt())
        complete = False if self._standing.remains else None if doubts else True
        return Report("unchanged", complete, self.generation, remains=tuple(self._standing.remains), doubts=doubts)

    def _refresh(self, run: _Run, whole: dict[str, str]) -> Report:
        everything = dict(run.pending)
        run.changes = {name: change_of(None, name, one) for name, one in everything.items()}
        self._put_aside_broken(run)
        run.clock("know")
        result = None
        while (run.pending or run.appeared) and result is None:
            result = self._attempt(run, whole)
            if result is None and not run.pending:
                break
        for name in run.failed:
            one = everything.get(name)
            if one is not None:
                one.entry.failed = one.unit.source.digest if one.unit is not None else "gone"
        if result is None:
            return self._nothing(run)
        return self._committed(run, result)

    def _put_aside_broken(self, run: _Run) -> None:
        before = dict(run.pending)
        failures = self._compile(run.pending)
        if not failures:
            return
        attempt = Attempt(self.knowledge, run.pending, lambda phase: None)
        planned = frozenset(name for name, steps in attempt.plan().steps.items() if steps)
        for name, error in failures.items():
            run.failed[name] = error
            run.error = run.error or error
            one = before[name]
            known = one.unit is not None and one.entry.failed == one.unit.source.digest
            if not known:
                for other in list(run.pending):
                    if attempt.connected(name, other, planned):
                        run.failed[other] = error
                        del run.pending[other]

    def _attempt(self, run: _Run, whole: dict[str, str]) -> Result | None:
        """Try what is pending; on failure take the part that failed out of it."""
        attempt = Attempt(self.knowledge, run.pending, run.clock)
        attempt.appeared = run.appeared
        attempt.whole.update({name: why for name, why in whole.items() if name in run.pending})
        refusals = tuple(self._refusals(run.pending))
        if refusals:
            run.refusals = refusals
            run.pending = {}
            return None
        self._staging = threading.get_ident()
        try:
            result = attempt.run()
            self._commit(run, attempt, result)
            return result
        except StageFailed as failure:
            self._take_out(run, attempt, failure)
        except Refused as refused:
            run.refusals = refused.refusals
            run.pending = {}
        finally:
            self._staging = None
        return None

    def _take_out(self, run: _Run, attempt: Attempt, failure: StageFailed) -> None:
        error = failure.error
        if isinstance(error, KeyboardInterrupt | SystemExit) and not isinstance(error, Exception):
            if isinstance(error, KeyboardInterrupt):
                raise error
        run.error = run.error or _trimmed(error)
        planned = frozenset(attempt.staged)
        part = {name for name in run.pending if attempt.connected(name, failure.module, planned)}
        for name in [*part]:
            part |= {other for other in run.pending if attempt.connected(name, other, planned)}
        old = {n for n in part if self._failed_before(run.pending[n])}
        part = old if old and old != part else part or set(run.pending)
        for name in part:
            run.failed[name] = error
            del run.pending[name]

    @staticmethod
    def _failed_before(found: Found) -> bool:
        return found.unit is not None and found.entry.failed == found.unit.source.digest

    def _refusals(self, found: dict[str, Found]) -> list[Refusal]:
        if not getattr(sys, "_is_gil_enabled", lambda: True)():
            return [
                Refusal(
                    RefusalKind.FREE_THREADED, name, None, "a commit is not atomic without the GIL", "run with PYTHON_GIL=1"
                )
                for name in found
            ]
        return []

    # -- commit

    def _commit(self, run: _Run, attempt: Attempt, result: Result) -> None:
        """Run the operations; what is known, and how to take it back, changes with them in the same list."""
        generation = self.generation + 1
        standing = self._standing.with_(result, generation)
        for one in attempt.found.values():
            self.knowledge.add_commit(result.operations, one, generation)
        for name, unit in result.new_units.items():
            self.knowledge.note(name, unit.source.filename, unit.source.data)
        result.operations.attribute(self, "generation", generation)
        result.operations.attribute(self.knowledge, "generation", generation)
        result.operations.attribute(self, "_standing", standing)
        # the last one: from here on it can be taken back
        result.operations.add(functools.partial(self._done.append, result.operations), functools.partial(bool))
        gc.collect(0)
        result.operations.run()
        for unit in [*(one.unit for one in attempt.found.values()), *result.new_units.values()]:
            if unit is not None:
                unit.forget_code()
                linecache.checkcache(unit.source.filename)
        del self._done[:-_KEPT]
        self.knowledge.meet()
        for cache in attempt.caches:
            cache.cache_clear()
        run.clock("commit")

    def _committed(self, run: _Run, result: Result) -> Report:
        standing = self._standing
        failed = tuple(f"{name}: its new version failed and is not in use" for name in run.failed)
        remains, doubts = [*result.remains, *failed], list(result.doubts)
        remains += [row for row in standing.remains if row not in result.remains]
        doubts += self.knowledge.in_doubt()
        doubts += [f"since generation {since}: {row}" for row, since in standing.doubts.items() if row not in result.doubts]
        run.timings["total"] = time.perf_counter() - run.started
        return Report(
            "committed",
            False if remains else None if doubts else True,
            self.generation,
            changes=tuple(run.changes.values()),
            executed=result.executed,
            statements=result.statements,
            patched=tuple(result.patched),
            replaced=tuple(result.replaced),
            kept=tuple(result.kept),
            removed=tuple(result.removed),
            dangling=tuple(result.dangling),
            remains=tuple(remains),
            doubts=tuple(doubts),
            failed=tuple(run.failed),
            error=run.error,
            swept=result.swept,
            timings=run.timings,
        )

    def _nothing(self, run: _Run) -> Report:
        run.timings["total"] = time.perf_counter() - run.started
        remains = tuple(f"{name}: its new version is not in use" for name in run.changes)
        outcome: Any = "refused" if run.refusals and run.error is None else "aborted"
        return Report(
            outcome,
            False,
            self.generation,
            changes=tuple(run.changes.values()),
            remains=remains,
            refusals=run.refusals,
            failed=tuple(run.failed),
            error=run.error,
            timings=run.timings,
        )

    # -- undo

    def undo(self) -> Report:
        """Take the last commit back: every object is as it was before it.

        The files stay as they are; so the next refresh commits them again.
        Raises :class:`modcache.errors.NothingToUndo`.
        """
        if not self._done:
            raise errors.NothingToUndo("there is no commit that could be undone (the last eight are kept)")
        last = self._done.pop()
        generation = self.generation
        last.revert()
        self.generation = self.knowledge.generation = generation + 1
        for entry in self.knowledge.entries.values():
            if entry.unit.source.data != _read(entry.path):
                entry.stat = None
                linecache.checkcache(entry.path)
        self.knowledge.meet()
        return Report("committed", None, self.generation, doubts=("the commit before was taken back",))

    def verified(self) -> None:
        """A comparison with a fresh process found nothing: whatever was in doubt is not any more."""
        self._standing = _Standing()
        for entry in self.knowledge.entries.values():
            entry.origin = "known"

    # -- reload

    def reload(self, module: ModuleType) -> ModuleType:
        """Execute a module anew, whole and in place, with its dependents; see :func:`modcache.reload`."""
        name = _reloadable(module, self.knowledge.system)
        self.knowledge.meet()
        entry = self.knowledge.entries.get(name) or self._foreign(name, module)
        found = {one.entry.name: one for one in self.knowledge.changed([entry.path]) if one.entry is entry}
        if name not in found:
            unit = self.knowledge.unit(name, entry.path, entry.unit.source.data, is_package=entry.unit.is_package)
            found[name] = Found(entry, unit, entry.stat)
        if found[name].unit is None:
            raise ModuleNotFoundError(f"spec not found for the module {name!r}", name=name)
        run = _Run(found)
        report = self._refresh(run, {name: "reload was asked for"})
        if report.error is not None:
            raise report.error
        if report.refusals:
            raise errors.RestartRequired(str(report.refusals[0]), report.refusals)
        found_module: ModuleType = self.knowledge.system.modules[name]
        return found_module

    def _foreign(self, name: str, module: ModuleType) -> Entry:
        """A module outside the roots, asked for by name: it is known from here on."""
        if name.partition(".")[0] == "modcache":
            raise errors.SourceUnavailable(f"modcache never reloads itself ({name!r})", name=name)
        entry = self.knowledge.meet_one(name, module)
        if entry is None:
            raise errors.SourceUnavailable(
                f"module {name!r} has no source file that could be executed again; use importlib.reload for modules that "
                "are built in or made by a loader of their own",
                name=name,
            )
        return entry


def _replaced_itself(name: str) -> Refusal:
    return Refusal(
        RefusalKind.REPLACED,
        name,
        None,
        "its file changed, but the module put another object into its place in the cache",
        "restart, or keep the module and give it a module-level __getattr__",
    )


def _reloadable(module: object, system: ImportSystem) -> str:
    """The name to reload, with the errors of ``importlib.reload``."""
    if not isinstance(module, ModuleType):
        raise TypeError("reload() argument must be a module")
    spec = module.__dict__.get("__spec__")
    name = getattr(spec, "name", None) or module.__name__
    if system.modules.get(name) is not module:
        raise errors.NotLoaded(f"module {name} not in sys.modules", name=name)
    parent = name.rpartition(".")[0]
    if parent and parent not in system.modules:
        raise errors.NotLoaded(f"parent {parent!r} not in sys.modules", name=parent)
    return str(name)


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def _importing() -> bool:
    """Is the body of a module that is being imported on this thread's stack?"""
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name == "<module>":
            spec = frame.f_globals.get("__spec__")
            if getattr(spec, "_initializing", False):
                return True
        frame = frame.f_back  # type: ignore[assignment]
    return False


def _trimmed(error: BaseException) -> BaseException:
    """The traceback begins in the user's source, not in ours."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(_HERE):
        trace = trace.tb_next
    return error.with_traceback(trace)


