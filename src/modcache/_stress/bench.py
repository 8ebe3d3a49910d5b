"""The test bench: the modules of a session are executed anew, unchanged, and everything is looked at afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from types import ModuleType

from modcache._model.findings import FindingKind, Findings, StressedModule
from modcache._model.report import Report
from modcache._model.trials import Joint, Trial, findings_of
from modcache._runtime.checkpoints import Onlooker, watched
from modcache._runtime.operations import Operations
from modcache._stress.acts import acts
from modcache._stress.baseline import Baseline
from modcache._stress.heap import grown
from modcache._stress.identity import Homes
from modcache._stress.notes import Notes
from modcache._stress.outside import Effect, Outside
from modcache._stress.placing import Placing
from modcache._stress.rollback import FailingAt, FailingEverywhere, Injected
from modcache._stress.subject import Subject

__all__ = ["MODES", "Bench", "Progress"]

MODES = ("identity", "rollback", "undo", "phases", "leak")
_PHASES = ("know", "plan", "stage", "pair")
_WARM, _ROUNDS = 2, 4

Progress = Callable[[int, int, str], object]
"""Called with how many modules are done, how many there are, and which one is next."""


class Bench:
    """Puts the modules of a session to the test.

    ``modes``: some of :data:`MODES`; ``progress``: told before each module, and of the phases of a joint trial.
    """

    def __init__(self, subject: Subject, modes: Iterable[str], progress: Progress) -> None:
        self._subject = subject
        self._modes = tuple(modes)
        if unknown := set(self._modes) - set(MODES):
            raise ValueError(f"no stress mode {', '.join(sorted(unknown))}; there are {', '.join(MODES)}")
        self._progress = progress
        self._notes = Notes(subject, "")
        """Of the trial that is under way."""
        self._baseline: Baseline | None = None

    def run(self, names: Iterable[str] | None = None, told: Callable[[Trial], object] | None = None) -> Findings:
        """Do it, with those modules only; returns what was found. ``told``: called with each trial when it is over.

        A name is taken from ``names`` when its turn has come, not before.
        """
        began = time.perf_counter()
        trials: list[Trial] = []
        modules = self._subject.modules()
        for name in modules if names is None else names:
            if name in modules and name != "__main__":
                self._progress(len(trials), len(modules), name)
                trials.append(self.trial(name))
                if told is not None:
                    told(trials[-1])
        return findings_of(self._modes, trials, time.perf_counter() - began)

    def trial(self, name: str) -> Trial:
        """Execute one module anew."""
        self._notes = Notes(self._subject, name)
        baseline = self._from_here()
        module, failing = baseline.modules[name], FailingEverywhere(baseline.fingerprint)
        began = time.perf_counter()
        report, effects = self._observed([module], baseline, failing if "rollback" in self._modes else _nobody)
        seconds = report.timings.get("total", time.perf_counter() - began)
        self._take_back(baseline, report, failing)
        self._notes.effects(self._placed(module, effects))
        if report.outcome == "committed":
            self._fail_in_phases(module)
            self._count(name, module)
        path = self._subject.path(name)
        figures = StressedModule(name, path, (), (), report.statements, failing.operations, seconds)
        return Trial(figures, tuple(self._notes.rows), tuple(report.executed))

    def run_together(
        self, names: Iterable[str] | None = None, told: Callable[[Joint], object] | None = None
    ) -> Findings:
        """Do it with those modules in one refresh; returns what was found. ``told``: called with that as it is."""
        began = time.perf_counter()
        modules = self._subject.modules()
        found = self.joint([one for one in (names or modules) if one in modules and one != "__main__"])
        if told is not None:
            told(found)
        return findings_of(self._modes, (), time.perf_counter() - began, found)

    def joint(self, names: Sequence[str]) -> Joint:
        """Execute these modules anew together, in one refresh; of the modes, `phases` and `leak` have no part in it."""
        self._notes = notes = Notes(self._subject, "")
        self._progress(0, len(names), "all of them together: a look at everything first")
        baseline = self._from_here()
        placing, failing = Placing(baseline.modules, closely=False), FailingEverywhere(baseline.fingerprint)

        def onlooker(checkpoint: str, operations: Operations | None) -> None:
            self._progress(0, len(names), f"all of them together: past {checkpoint}")
            placing(checkpoint, operations)
            if "rollback" in self._modes:
                failing(checkpoint, operations)

        try:
            report, effects = self._observed([baseline.modules[name] for name in names], baseline, onlooker)
        finally:
            placing.stop()
        self._take_back(baseline, report, failing)
        notes.effects(one for effect in effects for one in placing.placed(effect))
        if report.error is not None:
            culprit, _ = notes.failed_at(report.error)
            rows = tuple(row for row in notes.rows if row.kind is FindingKind.FAILS)
            return Joint(self._figures([culprit]), rows, culprit, self._subject.dependents(culprit))
        return Joint(self._figures(names), tuple(notes.rows))

    def _figures(self, names: Iterable[str]) -> tuple[StressedModule, ...]:
        return tuple(StressedModule(name, self._subject.path(name), alone=False) for name in names if name)

    def _from_here(self) -> Baseline:
        """How everything is now: as it was before the module before, if all that came of that was taken back."""
        if self._baseline is None or not self._baseline.holds():
            self._baseline = Baseline(self._subject)
        return self._baseline

    def _observed(
        self, modules: Sequence[ModuleType], baseline: Baseline, onlooker: Onlooker
    ) -> tuple[Report, list[Effect]]:
        """Execute them anew, and note what that does; returns the report, and what was done outside."""
        subject = self._subject
        outside = Outside(baseline.modules)
        described = baseline.described if "identity" in self._modes else {}
        with watched(onlooker), acts(baseline.modules) as done:
            report = subject.execute(*modules)
        effects = [*outside.effects(Outside(baseline.modules)), *done]
        if report.outcome == "committed":
            lost = baseline.homes.lost(Homes(subject.modules()))
            for owner, qualname in lost:
                what = "is another object after a refresh without a change"
                self._notes.note(FindingKind.IDENTITY, owner, qualname, what)
            if "identity" in self._modes:
                self._differences(described, {(owner, qualname.partition(".")[0]) for owner, qualname in lost})
        self._notes.told(report)
        return report, effects

    def _differences(self, described: dict[str, object], known: set[tuple[str, str]]) -> None:
        for owner, key, text in self._subject.differences(self._subject.describe(), described):
            if (owner, key) not in known:
                known.add((owner, key))
                self._notes.note(FindingKind.STATE, owner, key or None, text)

    def _take_back(self, baseline: Baseline, report: Report, failing: FailingEverywhere) -> None:
        """What is other after a commit that failed, and after all was taken back."""
        for where, at in failing.broken.items():
            what = f"is not as before after a commit that failed at {at}"
            self._notes.broken(FindingKind.ROLLBACK, where, what)
        undone = report.outcome == "committed"
        if undone:
            self._subject.undo()
        if undone and "undo" not in self._modes:
            return
        kind, what = (FindingKind.UNDO, "an undo") if undone else (FindingKind.ROLLBACK, "a refresh that failed")
        for where in baseline.differences():
            self._notes.broken(kind, where, f"{what} does not leave it as it was")

    def _placed(self, module: ModuleType, effects: list[Effect]) -> list[Effect]:
        """Where each was done: the module is executed once more, and looked at line by line."""
        if all(effect.place is not None for effect in effects):
            return effects
        placing = Placing(self._subject.modules(), closely=True)
        try:
            with watched(placing):
                report = self._subject.execute(module)
        finally:
            placing.stop()
        if report.outcome == "committed":
            self._subject.undo()
        return [one for effect in effects for one in ([effect] if effect.place else placing.placed(effect))]

    def _fail_in_phases(self, module: ModuleType) -> None:
        """Let a refresh fail at the end of each phase."""
        for phase in _PHASES if "phases" in self._modes else ():
            baseline = self._from_here()
            try:
                with watched(FailingAt(phase)):
                    report: Report | None = self._subject.execute(module)
            except Injected:
                report = None
            if report is not None and report.outcome == "committed":
                continue  # that phase did not take place
            for where in baseline.differences():
                what = f"a failure after {phase!r} does not leave it as it was"
                self._notes.broken(FindingKind.ROLLBACK, where, what)

    def _count(self, name: str, module: ModuleType) -> None:
        if "leak" in self._modes:
            for row in grown(lambda: self._executed(module), _WARM, _ROUNDS):
                self._notes.note(FindingKind.LEAK, name, None, f"refreshing it leaves behind {row}")

    def _executed(self, module: ModuleType) -> None:
        self._subject.execute(module)
        self._subject.forget()


def _nobody(checkpoint: str, operations: Operations | None) -> None:
    """Looks on, and does nothing."""
