"""Real releases laid over a running process: a whole refresh against `importlib.reload` of what changed."""

from __future__ import annotations

import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from statistics import median
from typing import Any

from bench_children import Child
from bench_row import Note, Row, clock, phases
from bench_tools import make
from replay import PACKAGES
from replay_releases import CACHE, Release, dependencies, lay, module_names, releases

from modcache._verify.child import import_all

__all__ = ["Scene", "replay"]

_AIM = 0.020
_BUDGET = 20.0  # seconds of our own refreshes in one package; what is left out is said
_ALWAYS = "click"
_TOOLS = ("modcache, told nothing", "importlib.reload")


class Scene:
    """A process with every module of a package, in which one tool follows its releases."""

    def __init__(self, site: str, tool: str, path: str) -> None:
        sys.path[:0] = [site, path]
        self._engine = make(tool)
        self._engine.begin(site)
        self.profile: Any = None

    def load(self, names: list[str]) -> int:
        """Import modules; how many failed (not each module of a package can be imported everywhere)."""
        failed = import_all(names)
        self._engine.imported()
        return len(failed)

    def follow(self, written: list[str], deleted: list[str]) -> dict[str, Any]:
        """Have the tool follow; seconds, and what the report says."""
        if self.profile is not None:
            self.profile.enable()
        began = time.perf_counter()
        try:
            said = self._engine.refresh(written, deleted)
        except Exception as error:
            said = {"crash": repr(error)}
        seconds = time.perf_counter() - began
        if self.profile is not None:
            self.profile.disable()
        report = said.get("report")
        timings, outcome = (report.timings, report.outcome) if report else ({}, said.get("crash", ""))
        return {"seconds": seconds, "timings": timings, "outcome": outcome}


def replay(note: Note) -> list[Row]:
    """Each package that a replay has downloaded before (else a few releases of one), all transitions."""
    ours, theirs = [], []
    names = [package for package in PACKAGES if (CACHE / "versions" / f"{package}.json").is_file()]
    for package in names or [_ALWAYS]:
        pairs = list(_transitions(package, 10 if names else 3))
        ours += [one for one, _ in pairs]
        theirs += [other for _, other in pairs]
        note(f"replay: {package}, {len(pairs)} transitions, {clock(median(one['seconds'] for one, _ in pairs))}")
    whole, other = (median(row["seconds"] for row in rows) for rows in (ours, theirs))
    ends = Counter(row["outcome"] for row in ours)
    ended = ", ".join(f"{count} {outcome}" for outcome, count in ends.items())
    longest = max(row["seconds"] for row in ours)
    details = f"{len(ours)} transitions of {', '.join(names or [_ALWAYS])}: {ended} (a package ends after "
    details += f"{_BUDGET:.0f} s of ours); the longest "
    details += f"{clock(longest)}; phases: {phases(row['timings'] for row in ours)}"
    what = "a release laid over the one before: a whole refresh"
    peer = "importlib.reload of what changed"
    return [Row("replay", what, whole, peer, other, "20 ms", whole <= _AIM, len(ours), details)]


def _transitions(package: str, count: int) -> Iterator[tuple[Any, Any]]:
    found = releases(package, count)
    path = str(dependencies(package, found[-1].version))
    with ExitStack() as stack:
        children = [stack.enter_context(Child("bench_replay", tool=tool, path=path)) for tool in _TOOLS]
        spent = 0.0
        for child in children:
            _begin(child, found[0])
        for number, release in enumerate(found[1:], 1):
            ours, theirs = (_follow(child, release, number) for child in children)
            yield ours, theirs
            spent += ours["seconds"]
            if spent > _BUDGET:
                return


def _begin(child: Child, release: Release) -> None:
    shutil.copytree(release.folder, child.site, dirs_exist_ok=True)
    child.ask("load", list(module_names(child.site)))


def _follow(child: Child, release: Release, number: int) -> dict[str, Any]:
    change = lay(release, child.site, time.time() + 2 * number)
    answer: dict[str, Any] = child.ask("follow", change.written, change.deleted)
    child.ask("load", list(module_names(child.site)))
    return answer
