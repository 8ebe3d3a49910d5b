"""What `modcache check-reload` prints for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from textwrap import shorten

from modcache._cli.check import TestsRun
from modcache._cli.hearing import Checked
from modcache._cli.table import say
from modcache._cli.words import short
from modcache._model.findings import Finding, StressedModule
from modcache._model.report import counted

__all__ = ["print_checked", "print_tests"]

_LONGEST = 160
_SHOWN = 8
_MODULES, _REASONS, _DOUBTS, _FAILED = 6, 3, 8, 3
"""So many are told of, to fit on a screen."""


def print_checked(package: str, checked: Checked, *, everything: bool) -> None:
    """The unsafe modules with their reasons and remedies, the statements in doubt, then the sums: on one screen.

    What concerns most modules comes first. ``everything``: all of it, however long, and what resolved the doubts.
    """
    findings = checked.findings
    reached = Counter(name for module in findings.modules for name in module.through)
    ranked = sorted(findings.modules, key=lambda module: -reached[module.name])
    _print_unsafe([module for module in ranked if module.verdict == "unsafe"], everything)
    doubted = [module for module in ranked if everything or module.verdict == "in doubt"]
    _print_doubts(_rows(doubted, lambda row: row.open and not row.certain), everything)
    if everything:
        _print_resolved(_rows(findings.modules, lambda row: not row.open))
    _print_failed(checked.failed, everything)
    _print_sums(package, checked)


def print_tests(tests: TestsRun) -> None:
    """Whether tests came out the same with reloads in between."""
    meanwhile = f"with {counted(tests.reloads, 'reload')} in between"
    if tests.ok:
        say(f"the tests end with status {tests.status}, alone and {meanwhile}", "bold")
        return
    say(f"the tests end with status {tests.status} alone, and {tests.stressed} {meanwhile}", "bold red")
    if tests.culprits:
        say(f"  it is the reloads of {', '.join(tests.culprits[:_SHOWN])}")
    for line in tests.tail:
        say(f"  | {line}", "dim")


def _rows(modules: Iterable[StressedModule], wanted: Callable[[Finding], bool]) -> list[Finding]:
    return [row for module in modules for row in module.findings if wanted(row)]


def _print_unsafe(modules: list[StressedModule], everything: bool) -> None:
    """Modules with the very same reasons share a heading; a remedy is given once."""
    groups: dict[tuple[object, ...], list[StressedModule]] = {}
    for module in modules:
        reasons = tuple((row.kind, row.object, row.detail) for row in module.findings if row.certain)
        groups.setdefault(reasons, []).append(module)
    told: set[str] = set()
    for group in list(groups.values())[: None if everything else _MODULES]:
        are = "is" if len(group) == 1 else "are"
        say(f"{_listed([module.name for module in group], everything)} {are} unsafe to refresh", "bold red")
        rows = [row for row in group[0].findings if row.certain]
        for row in rows if everything else rows[:_REASONS]:
            say(f"  {_told(row)}")
        _more(len(rows) - _REASONS, "reason", everything)
        for remedy in dict.fromkeys(row.remedy for row in rows if row.remedy not in told):
            say(f"    way out: {remedy}", "dim")
            told.add(remedy)
    _more(sum(map(len, list(groups.values())[_MODULES:])), "unsafe module", everything)


def _print_doubts(rows: list[Finding], everything: bool) -> None:
    if rows:
        say("in doubt, since nothing that was run could exclude it; look at", "yellow")
        for row in rows if everything else rows[:_DOUBTS]:
            say(f"  {_told(row)}")
        _more(len(rows) - _DOUBTS, "doubt", everything)
        say(f"    way out: {rows[0].remedy}", "dim")


def _print_resolved(rows: list[Finding]) -> None:
    if rows:
        say("no doubt any more, since it was run")
        for row in rows:
            say(f"  {_told(row)} ({row.resolved})", "dim")


def _print_failed(failed: dict[str, str], everything: bool) -> None:
    for name, error in list(failed.items())[: None if everything else _FAILED]:
        say(f"not imported: {name} ({shorten(error, 90)})", "dim")
    _more(len(failed) - _FAILED, "failed import", everything)


def _print_sums(package: str, checked: Checked) -> None:
    findings = checked.findings
    counts = {word: len(findings.of(word)) for word in ("unsafe", "in doubt", "safe", "safe together")}
    words = ", ".join(f"{count} {word}" for word, count in counts.items() if count or word != "safe together")
    say(f"{package}: {counted(len(findings.modules), 'module')} in {findings.seconds:.0f} s: {words}", "bold")
    leading = [module for module in findings.of("safe") if module.through]
    if leading:
        others = "one of the others" if len(leading) == 1 else "some of the others"
        say(f"{len(leading)} of those that are safe, when edited, also have {others} executed", "dim")
    if checked.lost:
        say(f"{checked.lost}: of that nothing is told", "bold")
    if checked.together:
        _print_together(checked)
    if checked.interrupted:
        say(f"stopped: {counted(len(checked.untried), 'module')} not tried", "bold")
    elif checked.untried:
        say(f"{counted(len(checked.untried), 'module')} not looked into: there was no time left (--time)", "bold")


def _print_together(checked: Checked) -> None:
    """What was not done: nobody may take the one for the other."""
    for what in checked.findings.unplaced:
        say(f"seen when all were executed in one refresh; whose doing it is, is not known: {shorten(what, _LONGEST)}")
    modules = counted(len(checked.together), "module")
    say(f"{modules} only executed together with the others, in one refresh; that says nothing of an edit of one alone")
    say("    way out: more time (--time SECONDS), or look at those that you edit (-m MODULE)", "dim")


def _told(row: Finding) -> str:
    where = f"{short(row.path)}:{row.line}" if row.line else short(row.path)
    return shorten(f"{where}: {f'{row.object}: ' if row.object else ''}{row.detail}", _LONGEST)


def _listed(names: Sequence[str], everything: bool) -> str:
    if everything or len(names) <= _SHOWN:
        return ", ".join(names)
    return f"{', '.join(names[: _SHOWN - 1])} and {len(names) - _SHOWN + 1} more"


def _more(count: int, what: str, everything: bool) -> None:
    if count > 0 and not everything:
        say(f"  and {counted(count, f'more {what}')} (--all tells)", "dim")
