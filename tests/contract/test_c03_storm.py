"""Contract line 3: a commit of 1,000 operations, under readers and a storm of signals, is seen whole or not at all."""

from __future__ import annotations

import pytest

from tests.conftest import Runner

SCRIPT = """
import signal, sys, threading, types
from modcache._runtime.operations import Operations

COUNT, ROUNDS = 200, 60
names, items = {f"n{n}": 0 for n in range(COUNT)}, [[0] for _ in range(COUNT)]
kinds = [type(f"K{n}", (), {"value": 0}) for n in range(COUNT)]
cells = [types.CellType(0) for _ in range(COUNT)]

def function(value):
    return eval(f"lambda: {value}")

functions = [function(0) for _ in range(COUNT)]
codes = [function(0).__code__, function(1).__code__]

def operations(value):
    made = Operations()
    for n in range(COUNT):  # five kinds, taking turns: 1,000 operations
        made.put(names, f"n{n}", value)
        made.member(kinds[n], "value", value)
        made.assign(functions[n], "__code__", codes[value % 2])
        made.cell(cells[n], value)
        made.fill_list(items[n], [value])
    return made

def seen():
    # the ends in both orders: a commit between two looks explains one that differs, never that the first has come back
    first, last = names["n0"], COUNT - 1
    row = kinds[last].value, cells[last].cell_contents, items[last][0], functions[last](), kinds[0].value
    return first, row, names["n0"]

done, torn, looks = threading.Event(), [], []
def reader():
    count = 0
    while not done.is_set():
        first, (a, b, c, d, e), again = seen()
        count += 1
        if first == again and {a, b, c, e} | ({first} if d == first % 2 else {d}) != {first}:
            torn.append((first, a, b, c, d, e))
    looks.append(count)

class Ring(Exception): pass
armed = []
def ring(*_):
    if armed: raise Ring
sys.setswitchinterval(1e-5)
readers = [threading.Thread(target=reader) for _ in range(3)]
for thread in readers: thread.start()
signal.signal(signal.SIGALRM, ring)
signal.setitimer(signal.ITIMER_REAL, 2e-4, 2e-4)
half, rung, sizes = [], 0, set()
for value in range(1, ROUNDS + 1):
    made = operations(value)
    sizes.add(len(made))
    try:
        armed.append(True)
        made.run()
        armed.clear()
    except Ring:
        armed.clear()
        rung += 1
    state = {*names.values(), *(k.value for k in kinds), *(c.cell_contents for c in cells), *(i[0] for i in items)}
    called = {f() for f in functions}
    if len(state) != 1 or called != {next(iter(state)) % 2}: half.append((value, state, called))
    if made: made.run()
signal.setitimer(signal.ITIMER_REAL, 0)
done.set()
for thread in readers: thread.join()
say(sizes, torn[:3], half[:3], rung > 0, min(looks) > 0, names["n0"] == ROUNDS)
"""


@pytest.mark.skipif("not hasattr(__import__('signal'), 'setitimer')", reason="no interval timer here")
def test_c03_a_thousand_operations_are_seen_whole_or_not_at_all(run: Runner) -> None:
    assert run({}, SCRIPT, session=False, alone=True) == "{1000} [] [] True True True"
