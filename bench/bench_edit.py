"""One function is edited in a module of about 1,000 lines: against compiling that file, and against other tools."""

from __future__ import annotations

import importlib
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from bench_children import Child
from bench_project import EDITED, big_source, load, small_names, write_big, write_small
from bench_row import Note, Row, clock, phases
from bench_tools import make
from replay import PEERS
from replay_releases import installed

__all__ = ["Scene", "edit", "tools"]

_FULL = {"modules": 1000, "objects": 1_000_000}
_SMALL = {"modules": 10, "objects": 0}
_ROUNDS, _TOOL_ROUNDS = 25, 10
_OTHERS = ("importlib.reload", "pyflyby xreload", "jurigged", "IPython autoreload")


class Scene:
    """A process with many modules and a large heap, in which one tool follows the edits of one file."""

    def __init__(self, site: str, tool: str, modules: int, objects: int, path: str = "") -> None:
        self._site = Path(site)
        write_small(self._site, modules, using=EDITED)
        self._file = write_big(self._site, 0)
        sys.path[:0] = [site]
        sys.path += [path] if path else []
        self._engine = make(tool)
        self._engine.begin(site)
        load([*small_names(modules), EDITED])
        self._engine.imported()
        self._heap: list[Any] = [[number] for number in range(objects)]
        self._module = importlib.import_module(EDITED)
        self._held = self._module.edited
        self.profile: Any = None

    def edit(self, number: int, extra: int = 0) -> dict[str, Any]:
        """Edit the function and have the tool follow; how long that took, and whether it worked."""
        write_big(self._site, number, extra)
        path = str(self._file)
        if self.profile is not None:
            self.profile.enable()
        began = time.perf_counter()
        said = self._engine.refresh([path], [])
        seconds = time.perf_counter() - began
        if self.profile is not None:
            self.profile.disable()
        timings = said["report"].timings if "report" in said else {}
        live, held = self._module.edited(0) == number, self._held(0) == number
        return {"seconds": seconds, "live": live, "held": held, "timings": timings}

    def compile(self) -> float:
        """Read and compile the file, alone."""
        began = time.perf_counter()
        with self._file.open(encoding="utf-8") as file:
            compile(file.read(), str(self._file), "exec")
        return time.perf_counter() - began


def edit(note: Note) -> list[Row]:
    """A refresh that is told the file, against reading and compiling that file; then with a small process."""
    with ExitStack() as stack:
        full, small = (stack.enter_context(Child("bench_edit", tool="modcache", **size)) for size in (_FULL, _SMALL))
        first = full.ask("edit", 1), small.ask("edit", 1)
        note(f"edit: the first one took {clock(first[0]['seconds'])}")
        rows = {name: _turns(full, small, extra) for name, extra in (("same", 0), ("longer", 1))}
    lines = big_source(0).count("\n")
    where = f"a module of {lines} lines; {_FULL['modules']:,} modules, {_FULL['objects']:,} objects"
    found = [
        _against(f"one function of {where}", rows["same"], f"the first one {clock(first[0]['seconds'])}; "),
        _against(f"the same, and the function is a line longer ({lines} lines)", rows["longer"], ""),
    ]
    ours, few = (median(row["seconds"] for row in rows["same"][name]) for name in ("full", "small"))
    what = f"the same edit with {_FULL['modules']:,} modules, {_FULL['objects']:,} objects against few"
    peer = f"modcache, {_SMALL['modules']} modules, small heap"
    met = ours / few <= 1.2
    found.append(Row("edit", what, ours, peer, few, "independent (at most 1.2)", met, _ROUNDS))
    return found


def _turns(full: Child, small: Child, extra: int) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {"full": [], "small": [], "compile": []}
    for number in range(_ROUNDS):
        number += 2 + extra * 1000
        longer = extra and 1 + number % 2
        found["full"].append(_worked(full.ask("edit", number, longer)))
        found["compile"].append(full.ask("compile"))
        found["small"].append(_worked(small.ask("edit", number, longer)))
    return found


def _worked(row: dict[str, Any]) -> dict[str, Any]:
    if not (row["live"] and row["held"]):
        raise RuntimeError("the edit is not live: the time would mean nothing")
    return row


def _against(what: str, rows: dict[str, list[Any]], more: str) -> Row:
    ours, theirs = median(row["seconds"] for row in rows["full"]), median(rows["compile"])
    details = f"{more}phases: {phases(row['timings'] for row in rows['full'])}"
    peer, met = "read and compile it", ours / theirs <= 1.5
    return Row("edit", what, ours, peer, theirs, "at most 1.5", met, _ROUNDS, details)


def tools(note: Note) -> list[Row]:
    """The same edit with the other tools, each in a process like ours."""
    path = str(installed(*PEERS))
    names = ("modcache", "modcache, told nothing", *_OTHERS)
    seen: dict[str, list[Any]] = {name: [] for name in names}
    with ExitStack() as stack:
        children = {}
        for name in names:
            children[name] = stack.enter_context(Child("bench_edit", tool=name, path=path, **_FULL))
            children[name].ask("edit", 1)
            note(f"tools: {name} is ready")
        for number in range(2, 2 + _TOOL_ROUNDS):
            for name in sorted(names, key=lambda n: (names.index(n) + number) % len(names)):
                seen[name].append(children[name].ask("edit", number))
    return [_row(name, seen) for name in names if not name.startswith("modcache")]


def _row(name: str, seen: dict[str, list[Any]]) -> Row:
    ours, untold, theirs = (median(row["seconds"] for row in seen[n]) for n in _three(name))
    live, held = (all(row[key] for row in seen[name]) for key in ("live", "held"))
    why = "a function held elsewhere is current too" if held else "a function held elsewhere stays old"
    details = f"{'' if live else 'NOT live in the module itself; '}with it, {why}; ours told nothing {clock(untold)}"
    what = f"the same edit, against {name}"
    return Row("tools", what, ours, name, theirs, "below 1", ours < theirs, len(seen[name]), details)


def _three(name: str) -> tuple[str, str, str]:
    return "modcache", "modcache, told nothing", name
