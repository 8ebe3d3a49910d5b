"""Contract lines 1, 3 and 9: Ctrl-C may come at any line that a refresh executes; then all is old, or all is new.

An interrupt is raised from a trace function, at the n-th line of ours or of the modules: that is where one from the
keyboard would come. Each in a fork of its own; `./dev test --thorough` tries many more places.
"""

from __future__ import annotations

import os
import textwrap

import pytest

from tests.conftest import Runner

PLACES = 300 if os.environ.get("MODCACHE_THOROUGH") else 24

TREE = {
    "base.py": """
        import functools
        LIMIT = 1
        REG = {}
        ORDER = []
        @functools.lru_cache
        def cached():
            return LIMIT
        class C:
            kind = 1
            def m(self):
                return 1
        def f(a=LIMIT):
            return 1
        """,
    "app.py": """
        from base import LIMIT, C, f, REG, ORDER
        REG["app"] = LIMIT
        ORDER.append(LIMIT)
        DOUBLE = LIMIT * 2
        class D(C):
            def m(self):
                return super().m() + 0
        held = D()
        """,
}
SCRIPT = """
import gc, json, linecache, os, sys, threading, traceback, modcache, app, base
HERE, OURS = os.path.dirname(modcache.__file__), os.getcwd()
held = base.f
base.cached()

def seen():
    members = base.C.kind, base.C().m(), app.held.m()
    values = base.LIMIT, app.LIMIT, app.DOUBLE // 2, base.REG["app"], *base.ORDER, base.cached(), held()
    return {*members, *values, *held.__defaults__}, app.REG is base.REG, app.C is base.C, session.generation

def is_shielded(frame):
    # a tracer is called where the interpreter does not look for signals: between the end of a block and what ends it
    text = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
    return text.startswith(("with ", "finally", "try:")) or "collector.py" in frame.f_code.co_filename

ends = []
def interrupted(work, place):
    count = 0
    def on_line(frame, event, argument):
        nonlocal count
        if event == "line":
            count += 1
            if frame.f_code.co_filename.endswith(("admission.py", "asking.py", "gate.py")) and place == 0:
                ends.append(count)  # who gives back neither the lock nor the turn keeps everybody else out
            if count >= place > 0 and not is_shielded(frame):
                raise KeyboardInterrupt
        return on_line
    def on_call(frame, event, argument):
        return on_line if frame.f_code.co_filename.startswith((HERE, OURS)) else None
    sys.settrace(on_call)
    try:
        work()
    except KeyboardInterrupt:
        return count
    finally:
        sys.settrace(None)
    return count

def in_a_fork(work):
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            found = work()
        except BaseException:
            found = traceback.format_exc()
        os.write(writing, json.dumps(found).encode())
        os._exit(0)
    os.close(writing)
    with open(reading) as answer:
        found = json.loads(answer.read())
    os.waitpid(child, 0)
    return found

def tried(work, place, old, new, after):
    interrupted(work, place)
    found = seen()
    gate = session._refresher.gate
    if found not in (old, new) or gate.attention or gate.inside or not gc.isenabled():
        return f"half done: {found}"
    reports = []
    asking = threading.Thread(target=lambda: reports.append(after()))  # another one: no lock is left behind
    asking.start(); asking.join()
    if reports[0].outcome == "refused":
        return f"it holds others up: {reports[0]}"
    return "" if seen()[:3] == ({2}, True, True) else f"not mended: {seen()}"

def every(work, old, new, after):
    lines, turns = in_a_fork(lambda: (interrupted(work, 0), ends))
    late = lines * 3 // 4  # most of a refresh is to read and to plan; most of what can go wrong comes after that
    places = [*range(1, late, 1 + late * 3 // PLACES), *range(late, lines, 1 + (lines - late) * 3 // (2 * PLACES))]
    for place in [*places, *turns[-LAST:], *range(lines - 8, lines)]:
        found = in_a_fork(lambda: tried(work, place, old, new, after))
        if found:
            say(place, "of", lines, found)
    say("all tried")

LAST = 30
LIMIT = 20
OLD, NEW = ({1}, True, True, 0), ({2}, True, True, 1)
"""


@pytest.mark.skipif("not hasattr(__import__('os'), 'fork')", reason="each place is tried in a fork")
def test_c01_c03_an_interrupt_at_any_line_of_a_refresh_leaves_all_old_or_all_new(run: Runner) -> None:
    script = f"""PLACES = {PLACES}
{SCRIPT}
for name in ("base.py", "app.py"):
    with open(name) as file: text = file.read()
    write(name, text.replace("= 1", "= 2").replace("return 1", "return 2"))
every(refresh, OLD, NEW, lambda: refresh(timeout=LIMIT))
"""
    assert run(TREE, script) == "all tried"


@pytest.mark.skipif("not hasattr(__import__('os'), 'fork')", reason="each place is tried in a fork")
def test_c03_c15_an_interrupt_at_any_line_of_waiting_for_a_section_keeps_nobody_out(run: Runner) -> None:
    script = """
        def waiting():
            inside, over, gate = threading.Event(), threading.Event(), session._refresher.gate
            def other():
                with session.using():
                    inside.set()
                    while not (gate.attention or over.is_set()):  # nobody waits yet
                        over.wait(0.001)
            thread = threading.Thread(target=other)
            thread.start()
            inside.wait()
            try:
                session.refresh(timeout=LIMIT)
            finally:
                over.set()
                thread.join()
        for name in ("base.py", "app.py"):
            with open(name) as file: text = file.read()
            write(name, text.replace("= 1", "= 2").replace("return 1", "return 2"))
        every(waiting, OLD, NEW, lambda: refresh(timeout=LIMIT))
        """
    assert run(TREE, f"PLACES = {PLACES // 4}\n{SCRIPT}{textwrap.dedent(script)}") == "all tried"


@pytest.mark.skipif("not hasattr(__import__('os'), 'fork')", reason="each place is tried in a fork")
def test_c03_c09_an_interrupt_at_any_line_of_an_undo_leaves_all_old_or_all_new(run: Runner) -> None:
    script = f"""PLACES = {PLACES}
{SCRIPT}
for name in ("base.py", "app.py"):
    with open(name) as file: text = file.read()
    write(name, text.replace("= 1", "= 2").replace("return 1", "return 2"))
refresh()
base.cached()
every(session.undo, NEW, ({{1}}, True, True, 2), lambda: refresh(timeout=LIMIT))
"""
    assert run(TREE, script) == "all tried"


def test_c09_after_an_undo_caches_hold_nothing_of_the_newer_code(run: Runner) -> None:
    tree = {"lib.py": "import functools\nK = 1\n@functools.cache\ndef f():\n    return K\n"}
    script = """
        import lib
        lib.f()
        edit("lib.py", "K = 1", "K = 2")
        say(refresh().outcome, lib.f())
        say(session.undo().outcome, lib.f())
        """
    assert run(tree, script) == "committed 2 | committed 1"
