"""What it costs to watch a program's imports: its processor time with the probe in it, beside the same without."""

from __future__ import annotations

import marshal
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from bench_children import ROOT
from bench_imports import generate
from bench_row import Note, Row, clock
from replay_releases import installed

__all__ = ["watch"]

_ROUNDS, _AIM = 11, 1.05
_WHY_ROUNDS, _WHY_AIM, _WHY_MODULES = 5, 1.2, 3000
_LIBRARIES = {
    "sympy": "import sympy",
    "django": "import django.db.models, django.views.generic, django.forms, django.template, django.http",
    "pandas": "import pandas",
}
_PROBE = str(ROOT / "src" / "modcache" / "_runtime" / "injected")
_LOOP = "import timeit{more}; print(min(timeit.repeat('import os.path', number=200_000, repeat=7)) / 200_000)"


def watch(note: Note) -> list[Row]:
    """All rows; each run is a process of its own, and those that are compared take turns."""
    place = installed(*_LIBRARIES, place="libraries")
    rows = [row for name in _LIBRARIES for row in _library(name, place)]
    note("watch: first imports done")
    rows.append(_why())
    note("watch: why done")
    return [*rows, _off()]


def _library(name: str, place: Path) -> list[Row]:
    """The first import of a library: bare, watched, watched with every statement, and with ``-X importtime``."""
    code = [sys.executable, "-c", _LIBRARIES[name]]
    timed = [sys.executable, "-X", "importtime", *code[1:]]
    path = {"PYTHONPATH": str(place)}
    ways = {"bare": (code, None), "watched": (code, False), "statements": (code, True), "importtime": (timed, None)}
    found: dict[str, list[float]] = {way: [] for way in ways}
    for turn in range(_ROUNDS + 1):
        for way, (words, statements) in ways.items():
            spent = _spent(words, path, statements)
            if turn:  # the first writes bytecode
                found[way].append(spent)
    bare, own = found["bare"], found["watched"]
    ratio = median(one / other for one, other in zip(own, bare, strict=True))
    others = ", ".join(f"{way}: {median(found[way]) / median(bare):.3f}" for way in ("importtime", "statements"))
    details = f"processor time, median of the pairs' ratios {ratio:.3f}; beside bare: {others}"
    aim = f"at most {_AIM} times"
    return [
        Row("watch", f"import {name}, watched", median(own), "bare", median(bare), aim, ratio <= _AIM, _ROUNDS, details)
    ]


def _spent(words: list[str], path: dict[str, str], statements: bool | None) -> float:
    """The processor time of a process; ``statements``: the probe's order, None for no probe."""
    environment = {**os.environ, **path}
    with tempfile.TemporaryDirectory(prefix="modcache-bench-") as folder:
        if statements is not None:
            order = {"memory": True, "statements": statements, "examine": "", "package": "", "argument": ""}
            Path(folder, "order").write_bytes(marshal.dumps(order))
            environment["PYTHONPATH"] = os.pathsep.join([_PROBE, *path.values()])
            environment |= {"MODCACHE_PROBE": folder, **{f"MODCACHE_HIDDEN_{name}": path[name] for name in path}}
        return _processor_time(words, environment)


def _processor_time(words: list[str], environment: dict[str, str], place: str | None = None) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(words, env=environment, cwd=place, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _why() -> Row:
    """`modcache why` as a whole, beside the program that it asks about."""
    with tempfile.TemporaryDirectory(prefix="modcache-bench-") as folder:
        generate(Path(folder), _WHY_MODULES)
        text = "import sys\nsys.setrecursionlimit(20_000)  # they are nested deeply\nimport big\n"
        Path(folder, "prog.py").write_text(text, encoding="utf-8")
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
        bare = [sys.executable, "prog.py"]
        why = [sys.executable, "-m", "modcache", "why", "big.p7.m7", "--quiet", "--", "prog.py"]
        own, theirs = [], []
        for turn in range(_WHY_ROUNDS + 1):
            pair = (_processor_time(why, environment, folder), _processor_time(bare, environment, folder))
            if turn:
                own.append(pair[0])
                theirs.append(pair[1])
    ratio = median(one / other for one, other in zip(own, theirs, strict=True))
    what = f"`modcache why` on a program of {_WHY_MODULES} modules"
    details = f"processor time of the whole command, median of the pairs' ratios {ratio:.2f}"
    aim = f"at most {_WHY_AIM} times"
    return Row("watch", what, median(own), "the program", median(theirs), aim, ratio <= _WHY_AIM, _WHY_ROUNDS, details)


def _off() -> Row:
    """A cached import where modcache is loaded and nobody watches."""
    own: list[float] = []
    bare: list[float] = []
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    for _ in range(_WHY_ROUNDS):
        for times, more in ((own, ", modcache; modcache.interpreter"), (bare, "")):
            line = [sys.executable, "-c", _LOOP.format(more=more)]
            times.append(float(subprocess.run(line, env=environment, check=True, capture_output=True).stdout))
    details = f"best {clock(min(own))} beside {clock(min(bare))}"
    met = min(own) <= min(bare) * 1.05
    return Row("watch", "a cached import, off", min(own), "bare", min(bare), "nothing", met, _WHY_ROUNDS, details)
