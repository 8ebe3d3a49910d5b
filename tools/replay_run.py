"""The replay of one package: fresh processes of each release once, then each tool over the same files."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from asked_process import AskedProcess, ProcessEnded
from replay_judge import Transition, remade, statements, statements_of, verdict, wrong_places
from replay_releases import Change, Release, beginning, lay, module_names

from modcache._verify.compare import compare
from modcache._verify.fresh import fresh_description

__all__ = ["Replay"]

ROOT = Path(__file__).resolve().parent.parent
_LIMIT = 600


@dataclass(frozen=True)
class State:
    """A release as fresh processes see it: the names to import, two descriptions, the names to import after it."""

    release: Release
    names: tuple[str, ...]
    files: tuple[Path, Path]
    later: tuple[str, ...] = ()


class Replay:
    """The releases of a package, laid one over the other in the folder ``place``/site."""

    def __init__(
        self, releases: Sequence[Release], place: Path, path: Sequence[str], note: Callable[[str], None]
    ) -> None:
        self._releases = releases
        self._place = place
        self._site = place / "site"
        self._note = note
        own = [str(ROOT / "src"), str(ROOT / "tools")]
        self._begin = beginning(releases[0].package, place / "begin")
        self._path = [str(self._site), str(place / "begin"), path[0], *_standard_path(), *own, *path[1:]]
        self._env = {**os.environ, "PYTHONPATH": os.pathsep.join(own), "PYTHONHASHSEED": "0"}
        self._states: list[State] = []
        self._left_out: dict[str, str] = {}

    def run(self, tool: str, *, apart: bool = False) -> Iterator[Transition]:
        """Take a process through the releases with one tool; ``apart``: each transition in a process of its own."""
        if not self._states:
            self._look_at_all()
        starts = range(len(self._states) - 1) if apart else range(1)
        for start in starts:
            yield from self._from(start, start + 2 if apart else len(self._states), tool)

    def _from(self, start: int, end: int, tool: str) -> Iterator[Transition]:
        """Begin with one release, go on up to another (without it). A process that dies is a result, and the end."""
        self._lay_first(start)
        live = self._child(tool)
        before: set[str] = set()
        number = start + 1
        try:
            live.ask("begin")
            live.ask("load", self._states[start].names + self._states[start].later)
            known = self._baseline(live, start)
            for number in range(start + 1, end):
                row, before = self._transition(live, tool, number, known, before)
                yield row
        except ProcessEnded as gone:
            old, new = (self._states[n].release for n in (number - 1, number))
            yield Transition(new.package, tool, old.version, new.version, "broken", why=[str(gone)])
        finally:
            live.close()

    def _child(self, tool: str) -> AskedProcess:
        """The live process."""
        script, site = str(ROOT / "tools" / "replay_child.py"), str(self._site)
        command = [sys.executable, "-S", "-B", script, tool, site, json.dumps(self._path)]
        return AskedProcess(command, self._place / "stderr", self._place, self._env)

    def _baseline(self, live: AskedProcess, start: int) -> set[str]:
        """Where the process differs from a fresh one before anything was done to it."""
        if self._states[start].later:
            return set()  # it has loaded more than that one
        found = self._wrong(live, start, set())
        for difference in found[:5]:
            self._note(f"differs from the beginning: {difference}")
        return {str(difference.place) for difference in found}

    def _transition(
        self, live: AskedProcess, tool: str, number: int, known: set[str], before: set[str]
    ) -> tuple[Transition, set[str]]:
        old, new = self._states[number - 1], self._states[number]
        was = self._described(live, "before") if tool == "modcache" else None
        live.ask("hold")
        change = lay(new.release, self._site, time.time() + 2 * number)
        answer = live.ask("refresh", change.written, change.deleted)
        checked = live.ask("check")
        row = self._row(tool, number, change, answer)
        row.remade = self._remade(checked["rebound"], number)
        row.modules, row.left_out = len(checked["loaded"]), len(self._left_out)
        row.statements = statements(self._site, checked["loaded"])
        row.stale = checked["stale"]
        found = self._wrong(live, number, known)
        row.differences = sorted(map(str, found), key=before.__contains__)
        row.inherited = len(before & set(row.differences))
        touched = was is not None and bool(compare(self._described(live, "after"), was))
        fails = bool(json.loads(new.files[0].read_bytes())["failed"])
        row.verdict = verdict(answer, bool(found or row.stale), touched, fails)
        live.ask("load", new.later)
        self._note(f"{row.package} {old.release.version} -> {new.release.version} {tool}: {row.verdict}")
        return row, set(row.differences)

    def _row(self, tool: str, number: int, change: Change, answer: dict[str, Any]) -> Transition:
        old, new = self._states[number - 1].release, self._states[number].release
        report = answer["report"]
        row = Transition(new.package, tool, old.version, new.version)
        row.files, row.seconds = len(change.sources), answer["seconds"]
        row.timings = report.get("timings", {})
        error = report.get("error") or {}
        row.why = [*map(str, report.get("refusals", ())), *report.get("remains", ()), *report.get("doubts", ())]
        row.why += [*map(str, report.get("failed", ()))]
        row.why += (error.get("traceback", "") + (answer["crash"] or "")).strip().splitlines()[-12:]
        if "executed" in report:
            row.executed = sum(len(rows) for rows in report["executed"].values())
        else:
            row.executed = statements_of(report["reexecuted"]) if "reexecuted" in report else None
        return row

    def _remade(self, rebound: list[list[str]], number: int) -> list[str]:
        old, new = self._states[number - 1], self._states[number]
        return remade(rebound, (old.release, _read(old.files[0])), (new.release, _read(new.files[0])))

    def _wrong(self, live: AskedProcess, number: int, known: set[str]) -> list[Any]:
        one, other = self._states[number].files
        return wrong_places(self._described(live, "now"), _read(one), [_read(other)], known)

    def _described(self, live: AskedProcess, name: str) -> dict[str, Any]:
        path = self._place / f"{name}.json"
        live.ask("describe", str(path))
        found: dict[str, Any] = json.loads(path.read_bytes())
        return found

    def _lay_first(self, number: int = 0) -> None:
        shutil.rmtree(self._site, ignore_errors=True)
        self._site.mkdir(parents=True)
        lay(self._releases[number], self._site, time.time())

    def _look_at_all(self) -> None:
        """Find out what a fresh process of each release imports, and what it is then."""
        self._lay_first()
        names: tuple[str, ...] = ()
        for number, release in enumerate(self._releases):
            lay(release, self._site, time.time())
            there = tuple(module_names(self._site))
            if number == 0:
                names = self._importable(self._begin, there)
            names = (*self._begin, *(name for name in names if name in there))
            state = State(release, names, (self._fresh(names, f"{number}a"), self._fresh(names, f"{number}b")))
            described = _read(state.files[0])
            self._must_compare(described, release)
            loaded = {*described["modules"], *described["failed"]}
            later = self._importable(names, tuple(name for name in there if name not in loaded | self._left_out.keys()))
            self._states.append(replace(state, later=later))
            names += later
            count = f"{len(loaded)} modules, {len(later)} new ones, {len(self._left_out)} can not be imported"
            self._note(f"{release.package} {release.version}: {count}")

    def _must_compare(self, described: dict[str, Any], release: Release) -> None:
        """Raise ``SystemExit`` where a release has no module to compare: no difference in nothing is no result."""
        if described["modules"]:
            return
        failed = {**self._left_out, **described["failed"]} or {release.package: "none of its files is a module"}
        name, why = next(iter(failed.items()))
        raise SystemExit(f"replay: no module of {release.package} {release.version} can be imported. {name}: {why}")

    def _importable(self, names: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
        """Those of ``more`` that a fresh process can import after ``names``, none of which fails."""
        while more:
            path = self._fresh(names + more, "try")
            failed = json.loads(path.read_bytes())["failed"]
            if not failed:
                break
            for name, why in failed.items():
                self._left_out[name] = why
                self._note(f"left out: {name}: {why}"[:160])
            # What was loaded in the wake of one that failed may not be without it: ask again.
            more = tuple(name for name in more if name not in failed)
        return more

    def _fresh(self, names: tuple[str, ...], label: str) -> Path:
        found = fresh_description(
            names,
            path=self._path,
            folders=[str(self._site)],
            cwd=str(self._place),
            argv=[""],
            env=self._env,
            timeout=_LIMIT,
        )
        path = self._place / f"fresh-{label}.json"
        path.write_text(json.dumps(found), encoding="utf-8")
        return path


@lru_cache(maxsize=4)
def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


def _standard_path() -> list[str]:
    asked = "import sys, json; print(json.dumps([p for p in sys.path if p]))"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", asked], check=True, capture_output=True, text=True)
    found: list[str] = json.loads(done.stdout)
    return found
