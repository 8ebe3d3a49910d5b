"""The results of replays, as a table for a terminal and as a page of the documentation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from statistics import median

from replay_judge import Transition

__all__ = ["page", "summary"]

RIGHT = ("right", "turned down")
SAID = ("said", "unverified", "aborted", "refused")

REASONS = {
    r"uses .* while it is imported": "code that may run while a module is imported looks beyond its text"
    " (`getattr`, `sys.modules`, the clock, files): what it saw may be other in a fresh process",
    r"which may act on something outside|may still stand$|may have (run|read|looked)": "something of another package"
    " was called, and nobody knows what it keeps or reads",
    r"was replaced: who holds it|could not survive|holds the old one": "a class or function could not survive,"
    " and who holds it elsewhere is not known to be led on",
    r"still count it as a subclass": "a class that is gone is a subclass of its bases until it is collected",
    r"import|stays in the cache": "modules are imported in another order than before, or not any more",
    r"instances? made before": "instances made before lack what new ones have",
    r"by an object that holds the module|hand on": "a module is handed on as an object, and who has it may use"
    " what changed",
    r"its new version is not in use": "the new version was not taken: its execution failed",
}
"""What a row of a report says -> what that means."""

_HEAD = """# Releases laid over a running process

<!-- Made by `./dev replay --peers --write`; do not edit. -->

A process imports every module of an old release of a package. Then each next release is laid over it, file by file,
the tool follows, and the process is compared with a fresh one: every name, code object, default, closure, base, member
and constant, and every identity. Functions, classes, bound methods and instances that were held from outside
must be current. *Right*: no difference at all (or turned down where a fresh process fails too). *Said*: it differs,
or nothing was done, and the tool said so, or left it open. *Wrong*: it differs and the tool said nothing, or broke.

A row is of the day on which its package was last replayed, and its times are of a machine with much else to do. Laying
one release of sympy (811 modules) over another took 6 minutes of processor time, since most of it is executed anew.
django's release counts as turned down, since a fresh process fails on some of its modules too (they want a library that
is not here); but it would have been aborted all the same: what the program has told django's settings is not told to
those that would be made anew.
"""


def summary(rows: Sequence[Transition]) -> str:
    """A few lines for a terminal."""
    lines = []
    for package, tool in dict.fromkeys((row.package, row.tool) for row in rows):
        mine = [row for row in rows if (row.package, row.tool) == (package, tool)]
        lines.append(f"{package} {tool}: {_counts(mine)}, {_speed(mine)}")
    return "\n".join(lines)


def page(rows: Sequence[Transition], versions: dict[str, str]) -> str:
    """The page: for each package and tool right / said / wrong, then what modcache got wrong, and what it took."""
    tools = [tool for tool in versions if any(row.tool == tool for row in rows)]
    packages = list(dict.fromkeys(row.package for row in rows))
    titles = ["package", "releases", *(f"{tool} {versions[tool]}" for tool in tools)]
    lines = [_HEAD, "## Right / said / wrong, of the transitions; held objects left behind; median time", ""]
    lines += [_line(titles), _line("---" for _ in titles)]
    for package in packages:
        mine = [row for row in rows if row.package == package]
        span = f"{mine[0].old} to {[row.new for row in mine if row.new][-1]}"
        lines.append(_line([package, span, *(_cell([r for r in mine if r.tool == tool]) for tool in tools)]))
    lines += ["", *_ours([row for row in rows if row.tool == "modcache"])]
    return "\n".join(lines) + "\n"


def _ours(rows: Sequence[Transition]) -> Iterable[str]:
    yield "## What modcache did"
    yield ""
    yield "Modules compared (and those that no process could import here), the share of top-level statements that were"
    yield "executed, names that were bound anew for nothing, the phases."
    yield ""
    yield _line(["package", "modules", "statements executed", "remade for nothing", "median ms: total", "by phase"])
    yield _line(["---"] * 6)
    for package in dict.fromkeys(row.package for row in rows):
        mine = [row for row in rows if row.package == package]
        share = sum(row.executed or 0 for row in mine) / max(1, sum(row.statements for row in mine))
        anew = sum(len(row.remade) for row in mine)
        modules = f"{mine[-1].modules} ({mine[-1].left_out})" if mine[-1].modules else ""  # older results have none
        yield _line([package, modules, f"{share:.1%}", str(anew), f"{_milliseconds(mine):.0f}", _phases(mine)])
    yield from _reasons(rows)
    wrong = [row for row in rows if row.verdict not in RIGHT]
    if wrong:
        yield ""
        yield "## Where it was not right"
        yield ""
    for row in wrong:
        first = (row.why + row.differences + row.stale)[:2]
        yield f"- {row.package} {row.old} to {row.new}: {row.verdict}. {'; '.join(_code(text) for text in first)}"


def _reasons(rows: Sequence[Transition]) -> Iterator[str]:
    """What the reports of transitions give as a reason, the most frequent first."""
    found: dict[str, list[Transition]] = {meaning: [] for meaning in REASONS.values()}
    for row in rows:
        for meaning in {next((m for p, m in REASONS.items() if re.search(p, why)), "") for why in row.why} - {""}:
            found[meaning].append(row)
    yield ""
    yield "## Why a report does not say that the process is true"
    yield ""
    yield f"Of {len(rows)} transitions of {len({row.package for row in rows})} packages, in how many a report says so:"
    yield ""
    for meaning, mine in sorted(found.items(), key=lambda item: -len(item[1])):
        if mine:
            yield f"- {len(mine)} ({', '.join(dict.fromkeys(row.package for row in mine))}): {meaning}."


def _code(text: str) -> str:
    return f"`{text[:160].replace('`', ' ')}`"


def _cell(rows: Sequence[Transition]) -> str:
    return f"{_counts(rows)}; {_speed(rows)}" if rows else ""


def _counts(rows: Sequence[Transition]) -> str:
    right = sum(row.verdict in RIGHT for row in rows)
    said = sum(row.verdict in SAID and not _silent_peer(row) for row in rows)
    return f"{right} / {said} / {len(rows) - right - said}"


def _silent_peer(row: Transition) -> bool:
    """A tool that never says anything of completeness is not credited with leaving it open."""
    return row.tool != "modcache" and row.verdict == "unverified"


def _speed(rows: Sequence[Transition]) -> str:
    return f"{sum(len(row.stale) for row in rows)} held; {_milliseconds(rows):.0f} ms"


def _milliseconds(rows: Sequence[Transition]) -> float:
    return median(row.seconds * 1000 for row in rows) if rows else 0.0


def _phases(rows: Sequence[Transition]) -> str:
    names = [name for name in dict.fromkeys(name for row in rows for name in row.timings) if name != "total"]
    parts = [(name, median(row.timings.get(name, 0.0) for row in rows) * 1000) for name in names]
    return ", ".join(f"{name} {value:.1f}" for name, value in parts)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
