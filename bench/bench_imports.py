"""What a private import system costs beside the interpreter's: cached imports, first ones, second copies, threads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from bench_children import ROOT
from bench_row import Note, Row

__all__ = ["imports"]

_STARTS, _CACHED_AIM, _FIRST_AIM = 15, 1.0, 1.15
_OLD = 1_600_000_000
_PART = 25
_ROUNDS = 100
CACHED = ("import json", "from json import loads", "import os.path", "import_module('json')")


def imports(note: Note) -> list[Row]:
    """All rows; each in processes of its own."""
    rows = _cached()
    note("imports: cached ones done")
    with tempfile.TemporaryDirectory(prefix="modcache-bench-") as folder:
        generate(Path(folder), 500)
        rows += _first(folder)
        note("imports: first ones done")
    with tempfile.TemporaryDirectory(prefix="modcache-bench-") as folder:
        generate(Path(folder), 500)
        rows.append(_threads(folder))
    return rows


def generate(folder: Path, modules: int) -> None:
    """A package of that many modules which import each other, with circles; old, so that bytecode is trusted."""
    parts = modules // _PART
    texts = {"__init__.py": "".join(f"from . import p{part}\n" for part in range(parts))}
    for part in range(parts):
        texts[f"p{part}/__init__.py"] = "".join(f"from . import m{n}\n" for n in range(_PART - 1))
        for n in range(_PART - 1):
            texts[f"p{part}/m{n}.py"] = _module(part, n, parts)
    for name, text in texts.items():
        path = folder / "big" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        os.utime(path, (_OLD, _OLD))


def _module(part: int, n: int, parts: int) -> str:
    lines = ["import os, sys, json", "from os.path import join"]
    lines += [f"from . import m{n - 1}"] if n else []
    lines += [f"import big.p{(part + 1) % parts}.m{n} as beyond"]
    lines += [f"class C{n}:", "    'doc'", "    x = 1", "    def a(self, b): return b + self.x"]
    lines += [f"def g{k}(a, b=1, *c, **d):\n    'doc'\n    return a + b + {k}" for k in range(6)]
    return "\n".join([*lines, f"def f{n}(x): return x * {n}", ""])


# -- cached


def _cached() -> list[Row]:
    found = json.loads(_python(_CACHED_CHILD, *CACHED))
    aim = "at most 1.0"
    return [
        Row("imports", f"`{what}`, cached", ours, "the interpreter", its, aim, ours <= its * _CACHED_AIM, rounds)
        for what, ours, its, rounds in found
    ]


_CACHED_CHILD = """
import builtins, importlib, itertools, json, os.path, sys, time
import modcache
system = modcache.ImportSystem("mine")
kinds = {"ours": (system.builtins, system.import_module), "its": (vars(builtins), importlib.import_module)}

def make(text, names, import_module):
    namespace = {"__builtins__": names, "__name__": "code", "import_module": import_module}
    exec(f"def f(turns):\\n for _ in turns:\\n  {text}", namespace)
    return namespace["f"]

texts = ["pass", *sys.argv[1:]]
made = {(kind, text): make(text, *names) for kind, names in kinds.items() for text in texts}
best = dict.fromkeys(made, 1.0)
turns, rounds = 2000, 400
for _ in range(rounds):
    for key, function in made.items():
        began = time.perf_counter()
        function(itertools.repeat(None, turns))
        best[key] = min(best[key], (time.perf_counter() - began) / turns)
print(json.dumps([[text, *(best[k, text] - best[k, "pass"] for k in ("ours", "its")), rounds] for text in texts[1:]]))
"""

# -- first imports, and second copies


def _first(folder: str) -> list[Row]:
    found: dict[str, list[Any]] = {"its": [], "first": [], "second": []}
    for turn in range(_STARTS + 1):  # the first of all writes the bytecode
        for kind, rows in found.items():
            row = json.loads(_python(_FIRST_CHILD, folder, kind))
            rows += [row] if turn else []
    its, first, second = (min(row["seconds"] for row in rows) for rows in found.values())
    sizes = {kind: median(row["bytes"] for row in rows) for kind, rows in found.items()}
    told = "memory: " + ", ".join(f"{kind} {size / 2**20:.1f} MiB" for kind, size in sizes.items())
    aim = f"at most {_FIRST_AIM}"
    what = "500 modules, first import"
    return [
        Row("imports", what, first, "the interpreter", its, aim, first <= its * _FIRST_AIM, _STARTS, f"best; {told}"),
        Row("imports", "500 modules, second copy", second, "the first", first, "less", second < first, _STARTS, "best"),
    ]


_FIRST_CHILD = """
import json, os, sys, time, tracemalloc
import modcache
folder, kind = sys.argv[1:]
systems = [modcache.ImportSystem(str(n), [folder]) for n in range(2)]
if kind == "its":
    sys.path.insert(0, folder)
    systems = [modcache.interpreter]
if kind == "second":
    systems.pop(0).import_module("big")
name = {"__builtins__": systems[0].builtins}
began = time.process_time()
exec("import big", name)
seconds = time.process_time() - began
tracemalloc.start()  # after the clock: it slows; what the modules hold is counted on another copy of the same kind
more = modcache.ImportSystem("counted", [folder])
if kind != "second":
    import modcache._runtime.codes as codes
    codes._known.clear()
more.import_module("big")
print(json.dumps({"seconds": seconds, "bytes": tracemalloc.get_traced_memory()[0]}))
"""

# -- threads


def _threads(folder: str) -> Row:
    many = json.loads(_python(_THREADS_CHILD, folder, "16", str(_ROUNDS)))
    one = json.loads(_python(_THREADS_CHILD, folder, "3", str(_ROUNDS // 10)))
    wrong = many["hung"] + many["failed"] + many["twice"]
    told = f"{many['hung']} hung, {many['failed']} failed, {many['twice']} executed twice"
    what = "16 threads import 500 modules in 3 systems"
    return Row("imports", what, many["seconds"], "3 threads", one["seconds"], "no hang", not wrong, _ROUNDS, told)


_THREADS_CHILD = """
import json, random, sys, threading, time
import modcache
folder, count, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
names = [f"big.p{part}.m{n}" for part in range(20) for n in range(24)]
told = {"hung": 0, "failed": 0, "twice": 0, "seconds": 0.0}

class Counted(modcache.ImportSystem):
    def execute(self, spec, module):
        executed.append((self.name, spec.name))
        super().execute(spec, module)

def work(system, seed):
    mine = names[:]
    random.Random(seed).shuffle(mine)
    try:
        for name in mine:
            assert system.import_module(name) is system.modules[name]
    except BaseException as error:
        told["failed"] += 1
        print(error, file=sys.stderr)

for turn in range(rounds):
    executed = []
    systems = [Counted(str(n), [folder]) for n in range(3)]
    threads = [threading.Thread(target=work, args=(systems[n % 3], turn * 100 + n), daemon=True) for n in range(count)]
    began = time.perf_counter()
    for thread in threads: thread.start()
    for thread in threads: thread.join(60)
    told["seconds"] += (time.perf_counter() - began) / rounds
    told["hung"] += sum(thread.is_alive() for thread in threads)
    told["twice"] += len(executed) - len(set(executed))
print(json.dumps(told))
"""


def _python(script: str, *arguments: str) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = str(ROOT / "src")
    line = [sys.executable, "-c", script, *arguments]
    return subprocess.run(line, check=True, capture_output=True, text=True, env=environment).stdout
