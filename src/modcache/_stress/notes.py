"""What a trial shows, as findings: each about the module that it belongs to, at the line where that is made."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterable
from dataclasses import replace

from modcache._model.doubts import Doubt, DoubtKind
from modcache._model.findings import Finding, FindingKind
from modcache._model.report import Report
from modcache._stress.outside import Effect
from modcache._stress.placing import Place
from modcache._stress.subject import Subject

__all__ = ["Notes"]

_ROW = re.compile(r"(?:(\d+):? )?(?:([\w.]+): )?(.*)", re.DOTALL)
"""A row of a report behind its module: the line if it has one, a name if it has one, and what is the matter."""
_NAMES = re.compile(r"[\w.]+(?=\(\)|,|$)")


class Notes:
    """The findings of one trial.

    ``name``: the module that was executed, or empty if all were: then what is nobody's is about no module.
    """

    def __init__(self, subject: Subject, name: str) -> None:
        self._subject = subject
        self._name = name
        self._modules = subject.modules()
        self.rows: list[Finding] = []

    def note(self, kind: FindingKind, name: str, qualname: str | None, detail: str) -> None:
        """Something is not as it has to be; ``name``: the module that it is about."""
        line = self._line(name, qualname)
        foreign = self._name not in ("", name)
        told = f"{detail} (after a refresh of {self._name})" if foreign else detail
        self.rows.append(Finding(kind, name, qualname, self._path(name), line, told))

    def broken(self, kind: FindingKind, where: str, detail: str) -> None:
        """Something is not as before; ``where``: as a fingerprint names it."""
        owner = where.partition(":")[0]
        name = self._name or (owner if owner in self._modules else "")
        self.note(kind, name, where, detail)

    def effects(self, found: Iterable[Effect]) -> None:
        """These were done outside. One that nobody was seen to do is placed by the words of the source."""
        for effect in found:
            name, line = effect.place or (self._name, 0)
            line = line or self._line_of(name, effect.words)
            what = f"executing it {effect}" if name else f"executing all of them {effect}"
            self.rows.append(Finding(FindingKind.OUTSIDE, name, None, self._path(name), line, what))

    def told(self, report: Report) -> None:
        """What the report itself says."""
        if report.error is not None:
            self._failed(report.error)
        for refusal in report.refusals:
            self.note(FindingKind.REFUSED, self._name, refusal.object, f"{refusal.detail} ({refusal.kind})")
        if report.outcome != "committed":
            return
        for row in report.remains:
            self._attribute(FindingKind.REMAINS, row)
        for row in report.doubts:
            self._attribute(FindingKind.DOUBT, row)

    def failed_at(self, error: BaseException) -> Place:
        """The module whose body raised, the innermost, and its line; the one that was to be executed if none did."""
        # by their files: the namespaces of what was staged in vain are empty by now
        owners = {self._subject.path(name): name for name in self._modules}
        rows = [row for row in traceback.extract_tb(error.__traceback__) if row.name == "<module>"]
        places = [(owners[row.filename], row.lineno or 0) for row in rows if row.filename in owners]
        return places[-1] if places else (self._name, 0)

    def _failed(self, error: BaseException) -> None:
        where, line = self.failed_at(error)
        what = "".join(traceback.format_exception_only(error)).strip().splitlines()[-1]
        if self._name not in ("", where):
            detail = f"{where}, which is executed with it, raises then: {what}"
        else:
            detail = f"raises when it is executed a second time: {what}"
        self.rows.append(Finding(FindingKind.FAILS, self._name or where, None, self._path(where), line, detail))

    def _attribute(self, kind: FindingKind, row: str) -> None:
        """A row of a report is about the module that it begins with; who is executed with that only passes it on."""
        owners = (one for one in self._modules if row.startswith((f"{one} ", f"{one}:", f"{one}.")))
        owner = max(owners, key=len, default=self._name)
        told = _ROW.match(row.removeprefix(owner).lstrip(" :."))
        assert told is not None  # it matches anything
        number, qualname, detail = told.groups()
        line = int(number or 0) or self._line(owner, qualname) or self._line_of(owner, _NAMES.findall(detail))
        finding = Finding(kind, owner, qualname, self._path(owner), line, detail)
        self.rows.append(self._looked_into(finding, row) if isinstance(row, Doubt) else finding)

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

    def _path(self, name: str) -> str:
        return self._subject.path(name) if name else ""

    def _line(self, name: str, qualname: str | None) -> int:
        return self._subject.line(name, re.split(r"\W", qualname)[0]) if name and qualname else 0

    def _line_of(self, name: str, words: Iterable[str]) -> int:
        return self._subject.line_of(name, words) if name else 0
