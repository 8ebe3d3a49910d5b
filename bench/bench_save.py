"""From a save to the new code being live, through `watch`."""

from __future__ import annotations

import importlib
import queue
import random
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from bench_children import Child
from bench_project import EDITED, big_source, load, small_names, write_small
from bench_project import save as write
from bench_row import Note, Row, clock

__all__ = ["Scene", "save"]

_SAVES = 50
_MODULES = 100
_LIMIT = 20.0


class Scene:
    """A process that follows saves: ours, or ``watchfiles`` with ``importlib.reload``."""

    def __init__(self, site: str, tool: str) -> None:
        self._file = Path(site) / "app" / "big.py"
        write_small(Path(site), _MODULES)
        write(self._file, big_source(0))
        sys.path.insert(0, site)
        self._live: queue.Queue[tuple[float, float]] = queue.Queue()
        follow: Callable[[str], None] = self._ours if tool == "modcache" else self._theirs
        self._ready = threading.Event()
        threading.Thread(target=follow, args=(site,), daemon=True).start()
        self._ready.wait()

    def save(self, number: int) -> dict[str, float]:
        """Save the long module with one function edited; seconds until it was live, and of the refresh alone."""
        time.sleep(random.uniform(0.03, 0.08))  # saves come at any moment of whatever rhythm a watcher has
        text = big_source(number)
        began = time.perf_counter()
        write(self._file, text)
        live, refresh = self._live.get(timeout=_LIMIT)
        if self._module.edited(0) != number:
            raise RuntimeError("the edit is not live: the time would mean nothing")
        return {"seconds": live - began, "refresh": refresh}

    def _load(self) -> None:
        load([*small_names(_MODULES), EDITED])
        self._module = importlib.import_module(EDITED)

    def _ours(self, site: str) -> None:
        import modcache

        session = modcache.Session([site])
        self._load()
        timer = threading.Timer(0.5, self._ready.set)  # the next line blocks once it watches
        timer.start()
        for report in session.watch():
            self._live.put((time.perf_counter(), report.timings.get("total", 0.0)))

    def _theirs(self, site: str) -> None:
        import watchfiles

        self._load()
        threading.Timer(0.5, self._ready.set).start()
        for _ in watchfiles.watch(site):
            began = time.perf_counter()
            importlib.reload(self._module)
            ended = time.perf_counter()
            self._live.put((ended, ended - began))


def save(note: Note) -> list[Row]:
    """The median of 50 saves, what of it is settling, and what `watchfiles` with `importlib.reload` needs."""
    from modcache._watch.settling import SETTLE

    names = ("modcache", "watchfiles + importlib.reload")
    with Child("bench_save", tool=names[0]) as ours, Child("bench_save", tool=names[1]) as theirs:
        rows: list[list[Any]] = [[], []]
        for child in (ours, theirs):
            child.ask("save", 1)
        for number in range(2, 2 + _SAVES):
            for child, found in zip((ours, theirs), rows, strict=True):
                found.append(child.ask("save", number))
    whole, other = (median(row["seconds"] for row in found) for found in rows)
    refresh, longest = median(row["refresh"] for row in rows[0]), max(row["seconds"] for row in rows[0])
    beyond = whole - SETTLE
    details = (
        f"of it {clock(SETTLE)} settling, {clock(refresh)} refresh, {clock(beyond - refresh)} the watcher; so "
        f"{clock(beyond)} on top of settling; the longest {clock(longest)}"
    )
    what, aim, met = "from a save to live, through watch", "under 20 ms on top of settling", beyond < 0.02
    return [Row("save", what, whole, names[1], other, aim, met, _SAVES, details)]
