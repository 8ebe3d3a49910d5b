"""`modcache check-reload`: which modules of a package are unsafe to refresh, and why."""

from __future__ import annotations

import json
import math
import os
import sys
from typing import Any

import click

from modcache._cli.check import Effort, Subject, TestsRun, check_modules, check_tests, subject_of, words_of
from modcache._cli.checked import print_checked, print_tests
from modcache._cli.ending import told_to_end
from modcache._cli.hearing import Checked
from modcache._see.command import python_of
from modcache._stress.bench import MODES
from modcache.errors import CheckFailed, ModcacheError

__all__ = ["command"]

_DEFAULT = ("identity", "rollback", "undo")
_WORDS = "modcache.words"
_SECONDS = 300.0
_TOGETHER = 900.0
_SHARE = 2 / 3
"""Of the time that is given, so much may go into executing all modules together."""
_EPILOG = """\b
Examples:
  modcache check-reload flask                      an installed package
  modcache check-reload src/shop --modes all       a folder; all that can be tried
  modcache check-reload shop -m shop.models        only this module
  modcache check-reload django --time 60           a first answer, of a large package
  modcache check-reload shop -- pytest -q          and its tests, with reloads between calls
"""


class _WithTests(click.Command):
    """A command whose words after ``--`` are those of another one."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take them off, whatever they look like."""
        if "--" in args:
            at = args.index("--")
            ctx.meta[_WORDS] = args[at + 1 :]
            args = args[:at]
        return super().parse_args(ctx, args)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """The usage line says so."""
        return [*super().collect_usage_pieces(ctx), "[-- TESTS…]"]


@click.command("check-reload", cls=_WithTests, epilog=_EPILOG)
@click.argument("package")
@click.option(
    "--modes", metavar="MODES", default=",".join(_DEFAULT), show_default=True, help=f"Of {', '.join(MODES)}; or `all`."
)
@click.option("-m", "--module", "names", multiple=True, help="Only this module; may be repeated.")
@click.option(
    "--every", type=click.IntRange(1), metavar="N", default=1000, show_default=True, help="Calls from reload to reload."
)
@click.option("--python", metavar="PATH", help="The interpreter that has the package.")
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="Modules at once; by default, one for each core.")
@click.option(
    "--time",
    "seconds",
    type=click.FloatRange(0),
    metavar="SECONDS",
    help=f"For all trials; what is not looked into is told. [default: {_SECONDS:.0f} for those of single modules]",
)
@click.option("--all", "everything", is_flag=True, help="Tell everything, however long; also what resolved doubts.")
@click.option("--json", "as_json", is_flag=True, help="Say it as one JSON object.")
@click.pass_context
def command(
    ctx: click.Context,
    package: str,
    modes: str,
    names: tuple[str, ...],
    every: int,
    python: str | None,
    jobs: int | None,
    seconds: float | None,
    everything: bool,
    as_json: bool,
) -> int:
    """Find out which modules of PACKAGE are unsafe to refresh, and why.

    PACKAGE is a name that can be imported, or a folder. Each of its modules is executed anew, unchanged, in a process
    of its own: nothing may become another object, or be other than before. Commits are made to fail at every
    operation, and taken back. Of a package with many modules all are executed in one refresh first, then each alone
    as long as there is time. TESTS, a Python program, is run twice: alone, and with a module reloaded at every so
    many calls. The exit status is 0 if no module was seen to be unsafe, 1 if one was, 2 for a mistake here.
    """
    chosen = MODES if modes == "all" else tuple(mode.strip() for mode in modes.split(",") if mode.strip())
    if unknown := set(chosen) - set(MODES):
        raise click.UsageError(f"no mode {', '.join(sorted(unknown))}: there are {', '.join(MODES)}, and all")
    try:
        subject = subject_of(package, python_of(python))
        words = words_of(ctx.meta[_WORDS]) if ctx.meta.get(_WORDS) else []
        effort = _effort(chosen, names, jobs, seconds)
        with told_to_end():
            checked, tests = _check(subject, effort, every, words)
    except CheckFailed as failure:
        print(f"modcache: {failure}", file=sys.stderr)
        return 1
    except ModcacheError as mistake:
        print(f"modcache: {mistake}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nmodcache: stopped; nothing of this process or its files was touched", file=sys.stderr)
        return 130
    status = _tell(package, checked, tests, everything=everything, as_json=as_json)
    return 130 if checked.interrupted else status


def _effort(modes: tuple[str, ...], names: tuple[str, ...], jobs: int | None, seconds: float | None) -> Effort:
    """(No time at all is for trials of single modules: then the first answer takes as long as it takes.)"""
    jobs = jobs or os.cpu_count() or 1
    if seconds is None:
        return Effort(modes, names, jobs, _SECONDS, together=False, together_time=_TOGETHER)
    return Effort(modes, names, jobs, seconds, together=True, together_time=seconds * _SHARE or math.inf)


def _check(subject: Subject, effort: Effort, every: int, words: list[str]) -> tuple[Checked, TestsRun | None]:
    progress = _Progress()
    try:
        checked = check_modules(subject, effort, progress.show)
        if checked.interrupted:
            return checked, None
        loaded = [module.name for module in checked.findings.modules]
        return checked, check_tests(subject, words, every, loaded, progress.show) if words else None
    finally:
        progress.end()


def _tell(package: str, checked: Checked, tests: TestsRun | None, *, everything: bool, as_json: bool) -> int:
    ok = checked.findings.ok and (tests is None or tests.ok)
    if as_json:
        told: dict[str, Any] = {"package": package, **checked.findings.to_dict(), "failed": checked.failed, "ok": ok}
        told |= {
            "untried": list(checked.untried),
            "together": list(checked.together),
            "lost": checked.lost or None,
            "tests": None if tests is None else tests.to_dict(),
        }
        print(json.dumps(told))
    else:
        print_checked(package, checked, everything=everything)
        if tests is not None:
            print_tests(tests)
    return 0 if ok else 1


class _Progress:
    """One line on a terminal, written over again and again; nothing where nobody looks."""

    def __init__(self) -> None:
        self._is_shown = sys.stderr.isatty()

    def end(self) -> None:
        """Nothing is being done any more."""
        if self._is_shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def show(self, what: str, done: int, count: int) -> None:
        """What is being done now."""
        if self._is_shown:
            sys.stderr.write(f"\r\x1b[K{f'{done + 1}/{count} ' if count else ''}{what}"[:100])
            sys.stderr.flush()
