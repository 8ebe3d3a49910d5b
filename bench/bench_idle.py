"""Nothing changed, in a process of 10,000 modules: what does asking cost?"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from bench_children import Child
from bench_project import load, small_names, write_small
from bench_row import Note, Row, clock
from replay import PEERS
from replay_releases import installed

__all__ = ["Scene", "idle"]

_MODULES = 10_000
_ROUNDS = 9
_ASKED = 1000
_AIM = 50e-6


class Scene:
    """A process with very many modules, all unchanged."""

    def __init__(self, site: str, path: str) -> None:
        write_small(Path(site), _MODULES)
        names = small_names(_MODULES)
        sys.path.insert(0, site)
        sys.path.append(path)
        import modcache
        from modcache._watch import Watcher

        self._session = modcache.Session([site])
        load(names)
        self._watcher = Watcher(self._session.folders)
        self._files = [str(sys.modules[name].__file__) for name in names]
        self._autoreload = importlib.import_module("IPython.extensions.autoreload").ModuleReloader()
        self._autoreload.enabled = True
        self._autoreload.check(check_all=True, do_reload=False)

    def all(self) -> dict[str, float]:
        """One turn of each way to ask, in seconds."""
        return {
            "pending": _timed(lambda: [self._watcher.pending() for _ in range(_ASKED)]) / _ASKED,
            "stat": _timed(lambda: [os.stat(path) for path in self._files]),
            "refresh": _timed(self._refresh),
            "told": _timed(lambda: self._session.refresh(paths=[])),
            "autoreload": _timed(self._check),
        }

    def _refresh(self) -> None:
        outcome = self._session.refresh().outcome
        if outcome != "unchanged":
            raise RuntimeError(f"nothing changed, but the refresh says {outcome}")

    def _check(self) -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            self._autoreload.check(check_all=True)


def _timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def idle(note: Note) -> list[Row]:
    """Asking the watcher, and a refresh that looks at every file, against a `stat` of each and IPython's check."""
    with Child("bench_idle", path=str(installed(*PEERS))) as child:
        child.ask("all")
        note("idle: ready")
        turns = [child.ask("all") for _ in range(_ROUNDS)]
    found = {name: median(turn[name] for turn in turns) for name in turns[0]}
    asking, refresh = (f"nothing changed, {_MODULES:,} modules: {how}" for how in ("asking the watcher", "a refresh"))
    details = f"a refresh that is told of no file: {clock(found['told'])}"
    met = found["pending"] < _AIM
    peers = {"stat": "a stat of each file", "autoreload": "IPython autoreload"}
    rows = [
        Row("idle", refresh, found["refresh"], peer, found[name], "", None, _ROUNDS) for name, peer in peers.items()
    ]
    stat = found["stat"]
    return [Row("idle", asking, found["pending"], peers["stat"], stat, "microseconds", met, _ROUNDS, details), *rows]
