"""What it costs to watch a program's imports: its processor time with the probe in it, beside the same without."""

from __future__ import annotations

import marshal
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
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
_REAL = """
import contextlib, importlib, pkgutil, sys, warnings
import django
from django.conf import settings
warnings.simplefilter("ignore")
settings.configure()
django.setup()
ASIDE = ("test", "contrib", "__main__", "oracle", "parser.autolev", "benchmark", "_generate", "latex", "conftest")
for top in ("sympy", "django", "pandas"):
    package = importlib.import_module(top)
    for each in pkgutil.walk_packages(package.__path__, top + ".", onerror=lambda name: None):
        if not any(word in each.name for word in ASIDE):
            with contextlib.suppress(Exception):  # some want what is not installed
                importlib.import_module(each.name)
"""
_PROBE = str(ROOT / "src" / "modcache" / "_runtime" / "injected")
_LOOP = "import timeit{more}; print(min(timeit.repeat('import os.path', number=200_000, repeat=7)) / 200_000)"


def watch(note: Note) -> list[Row]:
    """All rows; each run is a process of its own, and those that are compared take turns."""
    place = installed(*_LIBRARIES, place="libraries")
    rows = [row for name in _LIBRARIES for row in _library(name, place)]
    note("watch: first imports done")
    rows += _why(place)
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


def _why(place: Path) -> Iterator[Row]:
    """`modcache why` as a whole, beside the program that it asks about: one of small modules, one of real ones."""
    with tempfile.TemporaryDirectory(prefix="modcache-bench-") as folder:
        generate(Path(folder), _WHY_MODULES)
        text = "import sys\nsys.setrecursionlimit(20_000)  # they are nested deeply\nimport big\n"
        what = f"`modcache why` on a program of {_WHY_MODULES:,} modules of a dozen lines"
        yield _why_row(Path(folder), text, what, "big.p7.m7", "", _WHY_ROUNDS)
        yield _why_row(Path(folder), _REAL, "the same on 2,900 modules of real libraries", "decimal", str(place), 2)


def _why_row(folder: Path, program: str, what: str, name: str, path: str, rounds: int) -> Row:
    Path(folder, "prog.py").write_text(program, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT / "src"), path)))}
    bare = [sys.executable, "prog.py"]
    why = [sys.executable, "-m", "modcache", "why", name, "--quiet", "--", "prog.py"]
    own, theirs = [], []
    for turn in range(rounds + 1):
        pair = [_processor_time(words, environment, str(folder)) for words in (why, bare)]
        if turn:
            own.append(pair[0])
            theirs.append(pair[1])
    ratio = median(one / other for one, other in zip(own, theirs, strict=True))
    details = f"processor time of the whole command, median of the pairs' ratios {ratio:.2f}"
    aim = f"at most {_WHY_AIM} times"
    return Row("watch", what, median(own), "the program", median(theirs), aim, ratio <= _WHY_AIM, rounds, details)


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
