"""The room's door: plan, refresh, reload and undo, on one import system and its roots."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from types import ModuleType

from modcache import errors
from modcache._model.lingering import Lingering
from modcache._model.report import Plan, Report
from modcache._refresh.admission import Admission
from modcache._refresh.compiling import take_out_broken
from modcache._refresh.cycles import import_error
from modcache._refresh.defects import as_defect, is_defect, let_go_of_stage
from modcache._refresh.effects import Name
from modcache._refresh.engine import Attempt, Result, change_of, describe
from modcache._refresh.entry import Found
from modcache._refresh.history import History, Standing
from modcache._refresh.hooks import BEFORE, Hooks
from modcache._refresh.kept import kept_on_purpose
from modcache._refresh.know import Knowledge
from modcache._refresh.leftover import full_collections, let_go
from modcache._refresh.named import entry_of, reloadable
from modcache._refresh.nesting import Nesting
from modcache._refresh.outcome import Run, Teller, joined
from modcache._refresh.refusals import free_threaded, known_refusals
from modcache._refresh.roots import Roots
from modcache._refresh.staging import Refused, StageFailed
from modcache._runtime.collector import uncollected
from modcache._runtime.gate import Gate
from modcache._runtime.system import ImportSystem
from modcache._runtime.tracebacks import let_frames_go, trimmed

__all__ = ["Refresher"]


class Refresher:
    """Keeps the modules of some roots true to their source.

    Calls must not overlap: the hall serialises them.
    """

    def __init__(self, system: ImportSystem, roots: Iterable[str | os.PathLike[str]] | None = None) -> None:
        self.roots = Roots(roots, system)
        self.knowledge = Knowledge(system, self.roots)
        self.history = History(self.knowledge)
        self.gate = Gate()
        self.admission = Admission(self.gate, self.history.old_code)
        self.nesting = Nesting()
        self._teller = Teller()
        self.announce: Callable[[Callable[[], Plan]], None] = _to_nobody
        """Told of each plan that is about to be carried out, as a function that makes it."""

    def close(self) -> None:
        """Stop recording, forget everything."""
        self.gate.free()
        self.knowledge.close()
        self.history.close()

    def check_nesting(self) -> None:
        """Raise if this thread is executing a module body."""
        self.nesting.check()

    def after_fork(self) -> None:
        """In the child of a fork the other threads are gone, and so are the refresh and the imports they were at."""
        self.nesting.after_fork()
        self.gate.after_fork()
        self.knowledge.after_fork()

    # -- plan

    @uncollected()
    def plan(self, paths: Iterable[str] | None = None, *, watched: bool = False) -> Plan:
        """What a refresh would do; changes nothing. The arguments are those of :meth:`refresh`."""
        self.knowledge.meet()
        found = {one.entry.name: one for one in self.knowledge.changed(paths, watched=watched)}
        known = known_refusals(self.knowledge, found.values())
        found = {name: one for name, one in found.items() if not one.trouble}
        if not found:
            return Plan(refusals=known)
        failures = take_out_broken(found)
        attempt = Attempt(self.knowledge, found, lambda phase: None)
        try:
            planner = attempt.plan()
        except Exception as error:
            if is_defect(error):
                raise as_defect(error) from error
            raise
        if planner.impossible is not None:
            failures[planner.impossible.asker.unit.name] = import_error(planner.impossible)
        plan = describe(attempt.world, planner, found)
        told = tuple((name, f"{type(error).__name__}: {error}") for name, error in failures.items())
        return replace(plan, refusals=(*known, *free_threaded(found), *plan.refusals), errors=told)

    # -- refresh

    def refresh(self, paths: Iterable[str] | None = None, *, watched: bool = False) -> Report:
        """Make the process what a fresh one would be, or change nothing; see :class:`modcache.Report`.

        ``paths``: only these files may have changed. ``watched``: and nothing else has since the last look at all of
        them, so that what could not be settled then is all that has to be looked at besides.
        """
        if watched and not paths and self.knowledge.quiet:
            return self._unchanged()
        return self._safely(run := Run({}, Hooks(self.knowledge)), lambda: self._look(run, paths, watched))

    def _safely(self, run: Run, work: Callable[[], Report]) -> Report:
        """A mistake of ours comes to nothing, and is told as one."""
        generation = self.history.generation
        try:
            return work()
        except Exception as error:
            if self.history.generation != generation or not is_defect(error):
                raise
            run.error, run.refusals = as_defect(error), ()
            run.failed = dict.fromkeys(run.changes, run.error)
            return self._teller.nothing(run, self.history)

    @uncollected()  # what the stage makes stays young, too: so what is left of it is found quickly
    def _look(self, run: Run, paths: Iterable[str] | None, watched: bool) -> Report:
        if self.history.in_vain.pending:  # it was interrupted
            let_go(-1)
            self.history.in_vain.look()
        self.knowledge.meet()
        run.pending = {one.entry.name: one for one in self.knowledge.changed(paths, watched=watched)}
        run.appeared = self.knowledge.appeared()
        self.knowledge.shadows.look()
        run.clock("know")
        run.refusals = known_refusals(self.knowledge, run.pending.values())
        if run.refusals:
            return self._teller.nothing(run, self.history)
        if not run.pending and not run.appeared:
            return self._unchanged()
        with self.admission:
            return self._refresh(run, {})

    def _unchanged(self) -> Report:
        return self._teller.unchanged(self.history, self.knowledge.assumptions())

    def _refresh(self, run: Run, whole: dict[str, str]) -> Report:
        everything = dict(run.pending)
        run.changes = {name: change_of(None, name, one) for name, one in everything.items()}
        self._put_aside_broken(run)
        run.clock("know")
        result = self._attempts(run, whole)
        for name in run.failed:
            if name in everything:
                self.knowledge.failed(everything[name])
        if result is None:
            return self._teller.nothing(run, self.history)
        report = self._teller.committed(run, result, self.history, self.knowledge.standing_doubts())
        # what was executed whole is new, whatever its hook says
        return self._follow(run, report) if run.hooks.invalid and not run.again else report

    def _attempts(self, run: Run, whole: dict[str, str]) -> Result | None:
        """Try until something is committed, or nothing is left to try; then let the hooks that were called know."""
        result, collections = None, full_collections()
        try:
            while (run.pending or run.appeared) and result is None:
                result = self._attempt(run, whole)
                if result is None:
                    self._let_go(run, collections)
                    if not run.pending:
                        break
            if self.history.in_vain.pending:  # of stages that gave way to a larger plan
                self.history.in_vain.look()
        finally:
            with self.nesting.executing():
                run.hooks.abandon()
            self.history.note_hooks(run.hooks)
        return result

    def _let_go(self, run: Run, collections: int) -> None:
        """An attempt came to nothing: nothing of it should be left now, and what is will be told."""
        for error in run.failed.values():
            let_frames_go(error)  # by now it holds none that still runs but those of who asked for the refresh
        let_go(collections)
        self.history.in_vain.look()

    def _follow(self, run: Run, report: Report) -> Report:
        """By the second hook of some modules they can't cope with the change: execute them whole."""
        second = Run({name: self._as_it_is(name) for name in run.hooks.invalid}, Hooks(self.knowledge), again=True)
        whole = {name: f"it can't cope with the change: {why}" for name, why in run.hooks.invalid.items()}
        return joined(report, self._refresh(second, whole))

    def _as_it_is(self, name: str) -> Found:
        """A module as if its file had been found changed, with what it holds already."""
        entry = self.knowledge.entries[name]
        unit = self.knowledge.unit(name, entry.path, entry.unit.source.data, is_package=entry.unit.is_package)
        return Found(entry, unit, entry.stat)

    def _put_aside_broken(self, run: Run) -> None:
        before = dict(run.pending)
        failures = take_out_broken(run.pending)
        if not failures:
            return
        attempt = Attempt(self.knowledge, run.pending, lambda phase: None)
        planned = frozenset(name for name, steps in attempt.plan().steps.items() if steps)
        for name, error in failures.items():
            run.failed[name] = error
            run.error = run.error or error
            one = before[name]
            if not one.failed_before:
                for other in list(run.pending):
                    if attempt.connected(name, other, planned):
                        run.failed[other] = error
                        del run.pending[other]

    def _attempt(self, run: Run, whole: dict[str, str]) -> Result | None:
        """Try what is pending; on failure take the part that failed out of it."""
        attempt = Attempt(self.knowledge, run.pending, run.clock)
        attempt.appeared = run.appeared
        attempt.announce = self.announce
        attempt.departed, attempt.way_back = self.history.standing.departed, self.history.way_back
        attempt.in_vain, generation = self.history.in_vain, self.history.generation
        attempt.whole.update({name: why for name, why in whole.items() if name in run.pending})
        run.refusals = free_threaded(run.pending)
        if run.refusals:
            run.pending = {}
            return None
        try:
            with self.nesting.executing():
                result = attempt.run(functools.partial(self.admission.admit, attempt.found.values()))
                self._check_open()
                if not self._is_ready(run, result, whole):
                    return None
                self.history.commit(attempt, result)
                run.clock("commit")
                self._call_after(run, result)
            run.lingering = self.history.old_code.lingering(walk=False)
            run.clock("commit")
            return result
        except StageFailed as failure:
            self._take_out(run, attempt, failure)
        except Refused as refused:
            run.refusals = refused.refusals
            run.pending = {}
        finally:
            if self.history.generation == generation:
                attempt.drop()
        return None

    def _check_open(self) -> None:
        """Close does not wait for ever for what is being staged: that ends here."""
        if self.gate.freed:
            raise errors.SessionClosed("the session was closed while new code was staged; nothing was changed")

    def _is_ready(self, run: Run, result: Result, whole: dict[str, str]) -> bool:
        """Call the hooks that come before a commit; false if a module can't cope with it: then plan anew."""
        if not result.hooked:
            return True
        skip = result.mended & self.history.broken  # else who mends a hook could never have the mended one
        for name in skip:
            result.doubts[f"{name}: its {BEFORE} failed before it was mended; what it was to do is not done"] = None
        run.hooks.before(result.hooked, result.accepted, skip)
        for name, why in run.hooks.invalid.items():
            whole[name] = f"it can't cope with the change: {why}"
            run.pending.setdefault(name, self._as_it_is(name))
        run.clock("hooks")
        return not run.hooks.invalid

    def _call_after(self, run: Run, result: Result) -> None:
        if result.hooked:
            run.hooks.after(result.hooked, result.accepted)
            run.clock("hooks")
            for error in run.hooks.failures.values():
                trimmed(error)

    def _take_out(self, run: Run, attempt: Attempt, failure: StageFailed) -> None:
        error = failure.error
        if isinstance(error, KeyboardInterrupt):
            raise error
        let_go_of_stage(error)
        run.error = run.error or trimmed(error)
        planned = frozenset(attempt.staged)
        part = {name for name in run.pending if attempt.connected(name, failure.module, planned)}
        for name in [*part]:
            part |= {other for other in run.pending if attempt.connected(name, other, planned)}
        old = {name for name in part if run.pending[name].failed_before}
        part = old if old and old != part else part or set(run.pending)
        for name in part:
            run.failed[name] = error
            del run.pending[name]

    # -- what was committed

    def undo(self) -> Report:
        """Take the last commit back: every object is as it was before it.

        The files stay as they are; so the next refresh commits them again.
        Raises :class:`modcache.errors.NothingToUndo`.
        """
        hooks, names = Hooks(self.knowledge), self.history.hooked
        try:
            with self.nesting.executing(), self.admission:
                self.admission.admit(())
                hooks.before(names, {})
                self.history.undo()
                hooks.after(names, {})
        except (StageFailed, Refused) as failure:
            return self._undo_nothing(hooks, failure)
        finally:
            self.history.note_hooks(hooks)
        return Report(
            "committed",
            False if hooks.failures else None,
            self.history.generation,
            remains=tuple(self.history.standing.remains),
            doubts=("the commit before was taken back",),
            error=next(iter(hooks.failures.values()), None),
            hooks=tuple(hooks.called),
        )

    def _undo_nothing(self, hooks: Hooks, failure: StageFailed | Refused) -> Report:
        with self.nesting.executing():
            hooks.abandon()
        run = Run({}, hooks)
        if isinstance(failure, Refused):
            run.refusals = failure.refusals
        elif isinstance(failure.error, KeyboardInterrupt):
            raise failure.error
        else:
            run.error = trimmed(failure.error)
        return self._teller.nothing(run, self.history)

    def lingering(self) -> tuple[Lingering, ...]:
        """Who is still in old code; see :meth:`modcache.Session.lingering`."""
        return self.history.old_code.lingering(walk=True)

    @property
    def questioned(self) -> bool:
        """Is anything of the process in doubt, or known to be other than in a fresh one, from before?"""
        return bool(self.history.standing or self.history.in_vain.held) or bool(self.knowledge.assumptions())

    def kept_on_purpose(self) -> tuple[frozenset[Name], frozenset[Name]]:
        """What modules keep by their own word, and what may derive from that; see :mod:`modcache._refresh.kept`."""
        return kept_on_purpose(self.knowledge)

    def verified(self) -> None:
        """A comparison with a fresh process found nothing: whatever was in doubt is not any more."""
        self.history.standing = Standing()
        self.history.in_vain.forget()
        self._teller.forget()
        self.knowledge.trust()

    # -- reload

    @uncollected()
    def execute(self, *modules: ModuleType) -> Report:
        """Execute modules anew, whole and in place, with their dependents, in one refresh.

        Raises only what :func:`reloadable` does.
        """
        found = self._to_execute(modules)
        run = Run(found, Hooks(self.knowledge))
        if any(one.trouble for one in found.values()):
            run.refusals = known_refusals(self.knowledge, found.values())
            return self._teller.nothing(run, self.history)
        for name, one in found.items():
            if one.unit is None:
                raise ModuleNotFoundError(f"spec not found for the module {name!r}", name=name)
        with self.admission:
            return self._safely(run, lambda: self._refresh(run, dict.fromkeys(found, "reload was asked for")))

    def _to_execute(self, modules: Iterable[ModuleType]) -> dict[str, Found]:
        """The modules as their files have them now; as they are in the process where that is the same."""
        named = {reloadable(module, self.knowledge.system): module for module in modules}
        self.knowledge.meet()
        entries = {name: entry_of(self.knowledge, name, module) for name, module in named.items()}
        changed = self.knowledge.changed([entry.path for entry in entries.values()])
        found = {one.entry.name: one for one in changed if entries.get(one.entry.name) is one.entry}
        return {name: found.get(name) or self._as_it_is(name) for name in named}

    def reloaded(self, module: ModuleType, report: Report) -> ModuleType:
        """What :func:`modcache.reload` returns or raises, by the report of :meth:`execute`."""
        if report.error is not None:
            raise report.error
        if report.refusals:
            raise errors.RestartRequired(str(report.refusals[0]), report.refusals)
        found: ModuleType = self.knowledge.system.modules[reloadable(module, self.knowledge.system)]
        return found


def _to_nobody(make: Callable[[], Plan]) -> None:
    """Nobody wants to know."""
