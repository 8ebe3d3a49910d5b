"""What `modcache check-reload` prints for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import shorten

from modcache._cli.check import Checked, TestsRun
from modcache._cli.table import say
from modcache._cli.words import short
from modcache._model.findings import Finding, StressedModule
from modcache._model.report import counted

__all__ = ["print_checked", "print_tests"]

_LONGEST = 160
_SHOWN = 8


def print_checked(package: str, checked: Checked, *, doubts: bool) -> None:
    """The unsafe modules with every reason and a remedy, then those in doubt, then the sums."""
    findings = checked.findings
    for name, error in checked.failed.items():
        say(f"not imported: {name} ({shorten(error, 90)})", "dim")
    for module in findings.of("unsafe"):
        say(f"{module.name} is unsafe to refresh", "bold red")
        _print_findings(one for one in module.findings if one.certain)
    in_doubt = findings.of("in doubt")
    if in_doubt and doubts:
        _print_doubts(in_doubt)
    counts = {word: len(findings.of(word)) for word in ("unsafe", "in doubt", "safe")}
    words = ", ".join(f"{count} {word}" for word, count in counts.items())
    say(f"{package}: {counted(len(findings.modules), 'module')} in {findings.seconds:.0f} s: {words}", "bold")
    if in_doubt and not doubts:
        say(
            "A module is in doubt if what it executes may act on what modcache does not see; --doubts tells why.", "dim"
        )


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


def _print_findings(findings: Iterable[Finding]) -> None:
    remedies: dict[str, None] = {}
    for finding in findings:
        where = f"{short(finding.path)}:{finding.line}" if finding.line else short(finding.path)
        name = f"{finding.object}: " if finding.object else ""
        say(f"  {where}: {shorten(f'{name}{finding.detail}', _LONGEST)}")
        remedies[finding.remedy] = None
    for remedy in remedies:
        say(f"    way out: {remedy}", "dim")


def _print_doubts(modules: Sequence[StressedModule]) -> None:
    """Those with reasons of their own; the others are in doubt since those are executed with them."""
    for module in modules:
        if module.findings:
            say(f"{module.name} is in doubt", "yellow")
            _print_findings(module.findings)
    others = [module.name for module in modules if not module.findings]
    if others:
        say(f"in doubt only because others are executed with them: {', '.join(others)}", "yellow")
