"""What it costs to look: the import graph of 2,000 real modules, one entry, what is stale among 10,000."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.util import cache_from_source
from pathlib import Path

from bench_children import ROOT
from bench_project import small_names, write_small
from bench_row import Note, Row

__all__ = ["see"]

_MODULES, _MANY, _ROUNDS = 2_000, 10_000, 7
_AIM = 0.5e-3  # seconds for a module
_WHAT = "graph of 2,000 modules, for each"


def see(note: Note) -> list[Row]:
    """All rows, each in a process of its own, which begins after the files were written."""
    with tempfile.TemporaryDirectory(prefix="modcache-bench-") as folder:
        sources = _real_sources(Path(folder), _MODULES)
        note(f"see: {len(sources)} sources of the standard library and installed packages copied")
        found = json.loads(_python(_GRAPH, folder, sources))
    first, again = found["first"] / len(sources), found["again"] / len(sources)
    unmarshal = found["unmarshal"] / len(sources)
    edges = f"{found['edges']:,} import statements; cycles: {found['cycles'] * 1e3:.0f} ms in all"
    aim = "at most 0.5 ms a module"
    rows = [
        Row("see", _WHAT, first, "to read their bytecode", unmarshal, aim, first <= _AIM, 3, edges),
        Row("see", "the same again, each", again, "the first time", first, "", None, _ROUNDS),
    ]
    with tempfile.TemporaryDirectory(prefix="modcache-bench-") as folder:
        write_small(Path(folder), _MANY)
        found = json.loads(_python(_LOOKS, folder, small_names(_MANY)))
    peer = "sys.modules[...]"
    return [
        *rows,
        Row("see", "one look at cache[...]", found["look"], peer, found["plain"], "", None, _ROUNDS),
        Row("see", "one look at an entry's kind", found["kind"], peer, found["plain"], "", None, _ROUNDS),
        Row("see", "what is stale of 10,000", found["stale"], "a stat of each file", found["stat"], "", None, _ROUNDS),
    ]


def _real_sources(folder: Path, count: int) -> list[str]:
    """Copies of real sources that have their bytecode, with that; the names of the modules."""
    places = [Path(os.__file__).parent, *(Path(entry) for entry in sys.path if entry.endswith("site-packages"))]
    names: dict[str, None] = {}
    for place in places:
        for file in sorted(place.rglob("*.py")):
            below = file.relative_to(place)
            cached = Path(cache_from_source(str(file)))
            if "site-packages" in below.parts or not cached.exists() or len(names) == count:
                continue
            for source in (file, cached):
                target = folder / source.relative_to(place)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)  # with its times, which the bytecode goes by
            names[".".join(below.with_suffix("").parts)] = None
    return list(names)


# The modules are not executed: nobody could import all of the standard library's tests. A look does not need that.
_FILL = """
import importlib.util, json, marshal, os, sys, time, types
import modcache
folder, rounds, names = sys.argv[1], int(sys.argv[2]), json.load(sys.stdin)

def filled():
    system = modcache.ImportSystem("many", [folder])
    for name in names:
        path = os.path.join(folder, *name.split(".")) + ".py"
        name = name.removesuffix(".__init__")
        module = types.ModuleType(name)
        module.__spec__ = importlib.util.spec_from_file_location(name, path)
        module.__file__, module.__package__ = path, module.__spec__.parent
        system.modules[name] = module
    return system

def best(work, rounds):
    found = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found)
"""

_GRAPH = (
    _FILL
    + """
caches = [filled().cache for _ in range(3)]
def first():
    caches[-1].graph()
    caches.insert(0, caches.pop())
def unmarshal():
    for name in names:
        with open(importlib.util.cache_from_source(os.path.join(folder, *name.split(".")) + ".py"), "rb") as file:
            marshal.loads(memoryview(file.read())[16:])
found = {"unmarshal": best(unmarshal, 3), "first": best(first, 3), "again": best(caches[0].graph, rounds)}
graph = caches[0].graph()
print(json.dumps({**found, "edges": len(graph.edges), "cycles": best(lambda: graph.cycles, 1)}))
"""
)

_LOOKS = (
    _FILL
    + """
cache = filled().cache
modules, name, turns = dict(cache.snapshot()), names[777], range(20_000)
paths = [entry.path for entry in cache.values() if entry.path]
def repeated(work):
    return best(lambda: [work() for _ in turns], rounds) / len(turns)
print(json.dumps({
    "look": repeated(lambda: cache[name]),
    "kind": repeated(lambda: cache[name].kind),
    "plain": repeated(lambda: modules[name]),
    "stale": best(cache.stale, rounds),
    "stat": best(lambda: [os.stat(path) for path in paths], rounds),
}))
"""
)


def _python(script: str, folder: str, names: list[str]) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    line = [sys.executable, "-c", script, folder, str(_ROUNDS)]
    given = json.dumps(names)
    return subprocess.run(line, check=True, capture_output=True, text=True, input=given, env=environment).stdout
