"""The table run: every case live and fresh, and what came of it as a page."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from tests.fresh import Result, Worker
from tests.hostile import FAMILIES, Case, introduction

__all__ = ["page", "run_all", "summary"]

VERDICTS = ("right", "declined", "incomplete", "silently wrong", "broken")
HEAD = """\
# Hostile edits

Tiny programs and edits written to break the analysis, each run live (import, edit, refresh) and fresh (a new
process that imports the edited source), and compared name by name. Made by `python -m tests.hostile --write`; the
programs are in `tests/hostile/`.

- **right**: the live process is what the fresh one is (or the fresh one fails on the edit, and the refresh aborted).
- **declined**: the refresh turned the edit down, whole, and touched nothing; a fresh process would have taken it.
- **incomplete**: the process differs, and the report does not claim that it is complete.
- **silently wrong**: the process differs, and the report says `complete=True`. There must be none.
"""


def run_all(cases: Iterable[Case], engine: str = "modcache", workers: int = 2) -> dict[str, Result]:
    """Run the cases, each in processes of its own, a few at a time; the results by the cases' names."""
    free: SimpleQueue[Worker] = SimpleQueue()
    for _ in range(workers):
        free.put(Worker(engine))

    def one(case: Case) -> Result:
        worker = free.get()
        try:
            with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
                place = Path(folder).resolve() / "program"
                return worker.run(place, case.before, [case.after], ["app"], hold=case.hold)[0]
        finally:
            free.put(worker)

    rows = list(cases)
    with ThreadPoolExecutor(workers) as pool:
        results = dict(zip((case.name for case in rows), pool.map(one, rows), strict=True))
    for _ in range(workers):
        free.get().close()
    return results


def summary(results: Mapping[str, Result]) -> str:
    """One line: how many of each verdict."""
    counts = Counter(result.verdict for result in results.values())
    return f"{len(results)} cases: " + ", ".join(f"{counts[word]} {word}" for word in VERDICTS)


def page(cases: Iterable[Case], results: Mapping[str, Result], others: Mapping[str, Mapping[str, Result]]) -> str:
    """The table as a page; ``others`` are the results of other tools, for a line each in the summary."""
    rows = list(cases)
    lines = [HEAD, "| | " + " | ".join(VERDICTS) + " |", "|---|" + "---|" * len(VERDICTS)]
    for name, theirs in {"modcache": results, **others}.items():
        counts = Counter(result.verdict for result in theirs.values())
        lines.append(f"| {name} | " + " | ".join(str(counts[word]) for word in VERDICTS) + " |")
    for family in FAMILIES:
        members = [case for case in rows if case.family == family]
        lines += ["", f"## {family.capitalize()}", "", introduction(family), ""]
        lines += ["| case | verdict |", "|---|---|"]
        lines += [f"| {case.name} | {results[case.name].verdict} |" for case in members]
    return "\n".join(lines) + "\n"
