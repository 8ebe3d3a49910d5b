"""What a commit takes while threads read and signals come in, whether they see half of it; what a section costs."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from bench_children import ROOT
from bench_row import Note, Row

__all__ = ["commit"]

_ROUNDS, _TURNS = 300, 20_000


def commit(note: Note) -> list[Row]:
    """All rows, each in a process of its own."""
    found = _child(_STORM, _ROUNDS)
    ours, loop = found["ours"], found["loop"]
    torn = "; ".join(f"torn reads, {who}: {row['torn']:,} of {row['looks']:,}" for who, row in found.items())
    note("commit: storm done")
    section = _child(_SECTION, _TURNS)["seconds"]
    what = "a commit of 1,000 operations, 3 readers, a signal each 0.2 ms"
    return [
        Row(
            "commit", what, ours["seconds"], "in a loop", loop["seconds"], "none torn", not ours["torn"], _ROUNDS, torn
        ),
        Row("commit", "a section, using()", section["ours"], "a lock", section["lock"], "", None, 7, "best"),
    ]


def _child(script: str, rounds: int) -> dict[str, dict[str, float]]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    line = [sys.executable, "-c", script, str(rounds)]
    done = subprocess.run(line, env=environment, check=True, capture_output=True, text=True)
    found: dict[str, dict[str, float]] = json.loads(done.stdout)
    return found


_STORM = """
import json, signal, statistics, sys, threading, time
from modcache._runtime.operations import Operations
COUNT, rounds = 500, int(sys.argv[1])
names, kinds = {f"n{n}": 0 for n in range(COUNT)}, [type(f"K{n}", (), {"value": 0}) for n in range(COUNT)]
last = f"n{COUNT - 1}"

def ours(value):
    made = Operations()
    for n in range(COUNT):  # two kinds, taking turns
        made.put(names, f"n{n}", value)
        made.member(kinds[n], "value", value)
    return made.run

def loop(value):
    def run():
        for n in range(COUNT):
            names[f"n{n}"] = value
            kinds[n].value = value
    return run

def measured(way):
    done, looks = threading.Event(), []
    def reader():
        count = torn = 0
        while not done.is_set():
            # the same end twice: one commit between two looks does not count
            first, other, again = names["n0"], kinds[-1].value, names["n0"]
            count, torn = count + 1, torn + (first == again != other)
        looks.append((count, torn))
    readers = [threading.Thread(target=reader) for _ in range(3)]
    for thread in readers: thread.start()
    times = []
    for value in range(1, rounds + 1):
        run = way(value)
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    done.set()
    for thread in readers: thread.join()
    counts, torn = zip(*looks)
    return {"seconds": statistics.median(times), "looks": sum(counts), "torn": sum(torn)}

sys.setswitchinterval(1e-5)
signal.signal(signal.SIGALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 2e-4, 2e-4)
found = {"ours": measured(ours), "loop": measured(loop)}
signal.setitimer(signal.ITIMER_REAL, 0)
print(json.dumps(found))
"""

_SECTION = """
import json, sys, tempfile, threading, timeit, modcache
turns = int(sys.argv[1])
with tempfile.TemporaryDirectory() as folder, modcache.Session([folder]) as session:
    def best(what):
        return min(timeit.repeat("with what(): pass", globals={"what": what}, number=turns, repeat=7)) / turns
    lock = threading.Lock()
    print(json.dumps({"seconds": {"ours": best(session.using), "lock": best(lambda: lock)}}))
"""
