"""The test bench: each module of a session is executed anew, unchanged, and everything is looked at afterwards."""

from __future__ import annotations

import re
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import replace
from types import ModuleType

from modcache._model.doubts import Doubt, DoubtKind
from modcache._model.findings import Finding, FindingKind, Findings, StressedModule, Trial, findings_of
from modcache._model.report import Report
from modcache._runtime.checkpoints import watched
from modcache._runtime.operations import Operations
from modcache._stress.acts import acts
from modcache._stress.baseline import Baseline
from modcache._stress.heap import grown
from modcache._stress.identity import Homes
from modcache._stress.outside import Outside
from modcache._stress.rollback import FailingAt, FailingEverywhere, Injected
from modcache._stress.subject import Subject

__all__ = ["MODES", "Bench", "Progress"]

MODES = ("identity", "rollback", "undo", "phases", "leak")
_PHASES = ("know", "plan", "stage", "pair")
_WARM, _ROUNDS = 2, 4
_ROW = re.compile(r"(?:(\d+):? )?(?:([\w.]+): )?(.*)", re.DOTALL)
"""A row of a report behind its module: the line if it has one, a name if it has one, and what is the matter."""
_NAMES = re.compile(r"[\w.]+(?=\(\)|,|$)")

Progress = Callable[[int, int, str], object]
"""Called with how many modules are done, how many there are, and which one is next."""


class Bench:
    """Puts the modules of a session to the test.

    ``modes``: some of :data:`MODES`; ``progress``: told before each module.
    """

    def __init__(self, subject: Subject, modes: Iterable[str], progress: Progress) -> None:
        self._subject = subject
        self._modes = tuple(modes)
        if unknown := set(self._modes) - set(MODES):
            raise ValueError(f"no stress mode {', '.join(sorted(unknown))}; there are {', '.join(MODES)}")
        self._progress = progress
        self._rows: list[Finding] = []
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
        self._rows = []
        baseline = self._from_here()
        module, onlooker = baseline.modules[name], FailingEverywhere(baseline.fingerprint)
        began = time.perf_counter()
        with watched(onlooker if "rollback" in self._modes else _nobody):
            report = self._observed(name, module, baseline)
        seconds = report.timings.get("total", time.perf_counter() - began)
        for where, at in onlooker.broken.items():
            self._note(FindingKind.ROLLBACK, name, where, f"is not as before after a commit that failed at {at}")
        if report.outcome == "committed":
            self._subject.undo()
        self._compare_after_undo(name, baseline, report)
        if report.outcome == "committed":
            self._fail_in_phases(name, module)
            self._count(name, module)
        path = self._subject.path(name)
        figures = StressedModule(name, path, (), (), report.statements, onlooker.operations, seconds)
        return Trial(figures, tuple(self._rows), tuple(report.executed))

    def _from_here(self) -> Baseline:
        """How everything is now: as it was before the module before, if all that came of that was taken back."""
        if self._baseline is None or not self._baseline.holds():
            self._baseline = Baseline(self._subject)
        return self._baseline

    def _observed(self, name: str, module: ModuleType, baseline: Baseline) -> Report:
        """Execute it anew, and note what that does."""
        subject = self._subject
        outside = Outside(baseline.modules)
        described = baseline.described if "identity" in self._modes else {}
        with acts() as done:
            report = subject.execute(module)
        for effect in [*outside.effects(Outside(baseline.modules)), *done]:
            line, what = subject.line_of(name, effect.words), f"executing it {effect}"
            self._rows.append(Finding(FindingKind.OUTSIDE, name, None, subject.path(name), line, what))
        if report.outcome == "committed":
            lost = baseline.homes.lost(Homes(subject.modules()))
            for owner, qualname in lost:
                self._note(FindingKind.IDENTITY, owner, qualname, "is another object after a refresh without a change")
            if "identity" in self._modes:
                self._differences(name, described, {(owner, qualname.partition(".")[0]) for owner, qualname in lost})
        self._told(name, report)
        return report

    def _differences(self, name: str, described: dict[str, object], known: set[tuple[str, str]]) -> None:
        for owner, key, text in self._subject.differences(self._subject.describe(), described):
            if (owner, key) not in known:
                known.add((owner, key))
                self._note(FindingKind.STATE, owner, key or None, text, by=name)

    def _told(self, name: str, report: Report) -> None:
        """What the report itself says."""
        if report.error is not None:
            self._failed(name, report.error)
        for refusal in report.refusals:
            self._note(FindingKind.REFUSED, name, refusal.object, f"{refusal.detail} ({refusal.kind})")
        if report.outcome != "committed":
            return
        for row in report.remains:
            self._attribute(FindingKind.REMAINS, name, row)
        for row in report.doubts:
            self._attribute(FindingKind.DOUBT, name, row)

    def _failed(self, name: str, error: BaseException) -> None:
        path = self._subject.path(name)
        lines = [row.lineno or 0 for row in traceback.extract_tb(error.__traceback__) if row.filename == path]
        what = "".join(traceback.format_exception_only(error)).strip().splitlines()[-1]
        detail = f"raises when it is executed a second time: {what}"
        self._rows.append(Finding(FindingKind.FAILS, name, None, path, lines[-1] if lines else 0, detail))

    def _compare_after_undo(self, name: str, baseline: Baseline, report: Report) -> None:
        undone = report.outcome == "committed"
        if undone and "undo" not in self._modes:
            return
        kind, what = (FindingKind.UNDO, "an undo") if undone else (FindingKind.ROLLBACK, "a refresh that failed")
        for where in baseline.differences():
            self._note(kind, name, where, f"{what} does not leave it as it was")

    def _fail_in_phases(self, name: str, module: ModuleType) -> None:
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
                self._note(FindingKind.ROLLBACK, name, where, f"a failure after {phase!r} does not leave it as it was")

    def _count(self, name: str, module: ModuleType) -> None:
        if "leak" in self._modes:
            for row in grown(lambda: self._executed(module), _WARM, _ROUNDS):
                self._note(FindingKind.LEAK, name, None, f"refreshing it leaves behind {row}")

    def _executed(self, module: ModuleType) -> None:
        self._subject.execute(module)
        self._subject.forget()

    # -- notes

    def _attribute(self, kind: FindingKind, name: str, row: str) -> None:
        """A row of a report is about the module that it begins with; who is executed with that only passes it on."""
        owners = (one for one in self._subject.modules() if row.startswith((f"{one} ", f"{one}:", f"{one}.")))
        owner = max(owners, key=len, default=name)
        told = _ROW.match(row.removeprefix(owner).lstrip(" :."))
        assert told is not None  # it matches anything
        number, qualname, detail = told.groups()
        line = int(number or 0) or self._line(owner, qualname) or self._subject.line_of(owner, _NAMES.findall(detail))
        finding = Finding(kind, owner, qualname, self._subject.path(owner), line, detail)
        self._rows.append(self._looked_into(finding, row) if isinstance(row, Doubt) else finding)

    def _looked_into(self, finding: Finding, row: Doubt) -> Finding:
        """What was seen to run while the modules were imported may tell that a doubt has no ground, or where it has."""
        finding = replace(finding, doubt=row.kind)
        if row.kind is DoubtKind.ANSWERS and self._subject.answered(finding.module) is False:
            return replace(finding, resolved="nobody asked it while the modules were imported")
        if row.kind is not DoubtKind.USES or (used := self._subject.used(finding.module, row.words)) is None:
            return finding
        if not used:
            return replace(finding, resolved="nothing of it ran while the modules were imported")
        words = ", ".join(sorted(used))
        return replace(finding, line=min(used.values()), detail=f"uses {words} while it is imported")

    def _note(self, kind: FindingKind, name: str, qualname: str | None, detail: str, by: str | None = None) -> None:
        line = self._line(name, qualname)
        detail = detail if by is None or by == name else f"{detail} (after a refresh of {by})"
        self._rows.append(Finding(kind, name, qualname, self._subject.path(name), line, detail))

    def _line(self, name: str, qualname: str | None) -> int:
        return self._subject.line(name, re.split(r"\W", qualname)[0]) if qualname else 0


def _nobody(checkpoint: str, operations: Operations | None) -> None:
    """Nobody looks on."""
