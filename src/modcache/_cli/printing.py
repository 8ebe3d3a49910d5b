"""What `modcache run` says on stderr: two or three lines for each report, or a stream of JSON objects."""

from __future__ import annotations

import json
import os
import shutil
import threading
import traceback
from collections.abc import Iterable
from typing import Any, Protocol, TextIO

from modcache._model.report import Plan, Report, counted, told_before

__all__ = ["Json", "Printer", "Terminal", "error_text", "printer"]

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_GREEN, _YELLOW, _RED, _DIM, _BOLD = "32", "33", "31", "2", "1"


class Printer(Protocol):
    """Who is told what happens; none of its methods raises because of what it prints on."""

    def start(self, target: str, folders: Iterable[str]) -> None: ...
    def report(self, report: Report) -> None: ...
    def plan(self, plan: Plan) -> None: ...
    def failure(self, what: str, error: BaseException) -> None: ...
    def exit(self, status: int) -> None: ...


def printer(stream: TextIO, *, quiet: bool, as_json: bool) -> Printer:
    """The printer that the options ask for."""
    return Json(stream, quiet=quiet) if as_json else Terminal(stream, quiet=quiet, colour=_has_colour(stream))


def error_text(error: BaseException) -> str:
    """The error as `python` would show it, without our frames; of a file that can't be compiled, just the place."""
    if isinstance(error, SyntaxError):
        return "".join(traceback.format_exception_only(error)).rstrip("\n")
    shown = traceback.TracebackException.from_exception(error)
    part: traceback.TracebackException | None = shown
    seen: set[int] = set()
    while part is not None and id(part) not in seen:
        seen.add(id(part))
        part.stack[:] = [frame for frame in part.stack if not _is_ours(frame.filename)]
        part = part.__cause__ or part.__context__
    return "".join(shown.format() if shown.stack else shown.format_exception_only()).rstrip("\n")


class _Stream:
    """Whole texts, one after the other; when nobody reads them any more, silence."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        with self._lock:
            try:
                self._stream.write(text + "\n")
                self._stream.flush()
            except UnicodeEncodeError:
                self._stream.write(text.encode("ascii", "backslashreplace").decode() + "\n")
            except (OSError, ValueError):
                pass  # closed, or a pipe that broke: no reason to stop refreshing


class Terminal(_Stream):
    """Lines for people. ``quiet``: only what was aborted or refused; ``colour``: with the terminal's colours."""

    def __init__(self, stream: TextIO, *, quiet: bool = False, colour: bool = False) -> None:
        super().__init__(stream)
        self._quiet = quiet
        self._colour = colour
        self._shown = ""
        self._width = max(60, shutil.get_terminal_size((118, 24)).columns)

    def start(self, target: str, folders: Iterable[str]) -> None:
        """The program begins; these folders are watched."""
        if not self._quiet:
            self._line(_DIM, f"{target} is process {os.getpid()}; watching {_some(list(folders), 3)}")

    def report(self, report: Report) -> None:
        """A refresh is over."""
        if report.outcome == "refused":
            head = f"refused{_took(report)}: {report.way_on}; nothing was changed"
            self._line(_RED, head, map(str, report.refusals))
        elif report.outcome == "committed" and not self._quiet:
            self._committed(report)
        if report.error is not None:
            self._failed(report, report.error)
        elif self._shown:
            self._shown = ""
            if report.outcome == "unchanged" and not self._quiet:
                self._line(_GREEN, "mended: the source is again what runs")

    def _failed(self, report: Report, error: BaseException) -> None:
        """The error whole the first time; as long as it is the same one, a line."""
        text = error_text(error)
        known, self._shown = text == self._shown, text
        where = f" in {_some(list(report.failed), 3)}" if report.failed else ""
        if report.outcome != "aborted":
            if not known:
                self._line(_RED, f"an error{where}, which stays as it was", text.splitlines(), whole=True)
        elif known:
            self._line(_RED, f"aborted{_took(report)}: still the same error{where}", [text.splitlines()[-1]])
        else:
            head = f"aborted{_took(report)}: an error{where}; all is as before, the next save tries again"
            self._line(_RED, head, text.splitlines(), whole=True)

    def _committed(self, report: Report) -> None:
        sure = {True: "", False: ", incomplete", None: ", not verified"}[report.complete]
        if report.verified:
            sure = ", verified"
        changes = _some([f"{c.module} {c.kind}" for c in report.changes], 4)
        rows = [_did(report)]
        if report.complete is False:
            rows.append("not as fresh: " + _some(list(report.remains), 4))
        elif report.complete is None and report.doubts:
            news = [doubt for doubt in report.doubts if doubt not in report.since]
            old = told_before(report.since)
            rows.append("; ".join(["in doubt: " + _some(news, 2), *old] if news else old))
        if report.dangling:
            rows.append("dangling: " + _some(list(report.dangling), 4))
        colour = _GREEN if report.complete else _YELLOW
        self._line(colour, f"generation {report.generation}{sure}{_took(report)}: {changes}", filter(None, rows))

    def plan(self, plan: Plan) -> None:
        """A save, and what a refresh would do; nothing was done."""
        if plan and not self._quiet:
            self._line(_YELLOW, "dry run, nothing was changed", str(plan).splitlines())

    def failure(self, what: str, error: BaseException) -> None:
        """Something went wrong that a report does not tell: a mistake of ours, or of how we are used."""
        self._line(_RED, f"{what}, nothing was changed: {type(error).__name__}: {error}")

    def exit(self, status: int) -> None:
        """The program has ended: the shell says so."""

    def _line(self, colour: str, head: str, rows: Iterable[str] = (), *, whole: bool = False) -> None:
        lines = [f"{self._paint(_BOLD, 'modcache')} {self._paint(colour, head)}"]
        lines += [f"  {row if whole else _cut(row, self._width - 2)}" for row in rows]
        self.say("\n".join(lines))

    def _paint(self, colour: str, text: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colour else text


class Json(_Stream):
    """A JSON object a line: ``event`` is "start", "report", "plan", "error" or "exit"; the rest belongs to it."""

    def __init__(self, stream: TextIO, *, quiet: bool = False) -> None:
        super().__init__(stream)
        self._quiet = quiet

    def start(self, target: str, folders: Iterable[str]) -> None:
        """The program begins: ``program``, ``process``, ``folders``."""
        self._event("start", program=target, process=os.getpid(), folders=list(folders))

    def report(self, report: Report) -> None:
        """A refresh is over: all that :meth:`modcache.Report.to_dict` gives."""
        if not self._quiet or report.outcome in ("aborted", "refused"):
            self._event("report", **report.to_dict())

    def plan(self, plan: Plan) -> None:
        """What a refresh would do: all that :meth:`modcache.Plan.to_dict` gives."""
        self._event("plan", **plan.to_dict())

    def failure(self, what: str, error: BaseException) -> None:
        """What went wrong that a report does not tell: ``what``, ``type``, ``message``."""
        self._event("error", what=what, type=type(error).__name__, message=str(error))

    def exit(self, status: int) -> None:
        """The program has ended: ``status``."""
        self._event("exit", status=status)

    def _event(self, kind: str, **fields: Any) -> None:
        self.say(json.dumps({"event": kind, **fields}, default=str))


def _did(report: Report) -> str:
    """What a commit did, in one line: ``2 statements executed; patched app:f, app:g``."""
    parts = []
    if report.statements:
        where = _some([name for name, rows in report.executed.items() if rows], 3)
        parts.append(f"{counted(report.statements, 'statement')} executed in {where}")
    for word in ("patched", "replaced", "removed"):
        names = list(getattr(report, word))
        if names:
            parts.append(f"{word} {_some(names, 3)}")
    if report.migrated:
        parts.append(f"{counted(report.migrated, 'instance')} migrated")
    if report.kept:
        parts.append(f"kept {_some(list(report.kept), 2)}")
    return "; ".join(parts)


def _some(names: list[str], most: int) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _took(report: Report) -> str:
    return f" in {report.timings['total'] * 1000:.1f} ms" if "total" in report.timings else ""


def _cut(row: str, width: int) -> str:
    return row if len(row) <= width else row[: width - 2] + " …"


def _is_ours(filename: str) -> bool:
    return filename.startswith((_OURS, "<frozen importlib"))


def _has_colour(stream: TextIO) -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    try:
        return stream.isatty() and os.environ.get("TERM") != "dumb"
    except (AttributeError, ValueError):
        return False
