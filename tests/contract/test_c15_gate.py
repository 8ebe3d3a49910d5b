"""Contract lines 15 and 8: sections never overlap a commit, nobody waits for ever, to ask in one is to put off."""

from __future__ import annotations

import pytest

from tests.conftest import Runner

LIB = {"lib.py": "A = 1\ndef f():\n    return A\n", "other.py": "B = 1\n"}
TOOLS = """
import threading, asyncio, time, lib, other
def thread(work, name="worker"):
    made = threading.Thread(target=work, name=name, daemon=True)
    made.start()
    return made
def save(n):
    write("lib.py", f"A = {n}\\ndef f():\\n    return A\\n")
    write("other.py", f"B = {n}\\n")
inside, leave = threading.Event(), threading.Event()
def section():
    with session.using():
        inside.set()
        leave.wait(300)
def waiting():
    # until a refresh wants its turn: told by the gate itself, no time is involved
    while not session._refresher.gate.attention: time.sleep(0)
"""


def test_c15_a_refresh_waits_for_sections_and_they_see_one_generation(run: Runner) -> None:
    script = f"""{TOOLS}
seen = []
def section():
    with session.using():
        seen.append((lib.A, session.generation))
        inside.set()
        leave.wait(300)
        seen.append((lib.A, other.B, session.generation))
worker = thread(section)
inside.wait(300)
save(2)
refreshing = thread(lambda: seen.append(refresh().outcome))
waiting()
say(lib.A, session.generation)
leave.set()
worker.join(); refreshing.join()
say(*seen, lib.A)
"""
    assert run(LIB, script) == "1 0 | (1, 0) (1, 1, 0) committed 2"


def test_c15_new_sections_wait_while_a_commit_waits_so_it_is_not_starved(run: Runner) -> None:
    script = f"""{TOOLS}
log = []
worker = thread(section)
inside.wait(300)
save(2)
refreshing = thread(lambda: log.append(refresh().outcome))
waiting()
def late():
    with session.using():
        log.append(lib.A)
others = [thread(late) for _ in range(3)]
leave.set()
for one in [worker, refreshing, *others]: one.join()
say(*log)
"""
    assert run(LIB, script) == "committed 2 2 2"


def test_c15_sections_nest_and_a_nested_one_enters_while_a_commit_waits(run: Runner) -> None:
    script = f"""{TOOLS}
log = []
def work():
    with session.using():
        inside.set()
        waiting()
        with session.using():
            log.append(lib.A)
        log.append(lib.A)
worker = thread(work)
inside.wait(300)
save(2)
say(refresh().outcome, *log, lib.A)
worker.join()
"""
    assert run(LIB, script) == "committed 1 1 2"


def test_c15_a_section_in_what_was_started_within_one_enters_while_a_commit_waits(run: Runner) -> None:
    script = f"""{TOOLS}
log = []
def deep():
    with session.using():
        log.append(lib.A)
async def child():
    async with session.using():
        log.append(lib.A)
async def work():
    async with session.using():
        inside.set()
        while not session._refresher.gate.attention: await asyncio.sleep(0)
        await asyncio.create_task(child())
        await asyncio.to_thread(deep)
worker = thread(lambda: asyncio.run(work()))
inside.wait(300)
save(2)
say(refresh().outcome, *log, lib.A)
worker.join()
"""
    assert run(LIB, script) == "committed 1 1 2"


def test_c15_a_refresh_inside_of_a_section_is_put_off_until_that_ends(run: Runner) -> None:
    script = f"""{TOOLS}
save(2)
with session.using():
    with session.using():
        report = refresh()
        say(report.outcome, report.complete, str(report), lib.A)
    say(lib.A)
say(lib.A, session.generation)
async def main():
    save(3)
    async with session.using():
        say((await session.arefresh()).outcome, lib.A)
    say(lib.A)
    save(4)
    async with session.using():
        say(session.refresh().outcome, (await asyncio.to_thread(session.refresh)).outcome, lib.A)
    say(lib.A)
asyncio.run(main())
"""
    assert run(LIB, script) == (
        "deferred None deferred: it is done when the section that asked for it ends 1 | 1 | 2 1 | deferred 2 | 3"
        " | deferred deferred 3 | 4"
    )


def test_c15_undo_and_reload_inside_of_a_section_raise(run: Runner) -> None:
    script = f"""{TOOLS}
from modcache.errors import NestedRefresh
save(2); refresh()
with session.using():
    for call in (session.undo, lambda: session.reload(lib)):
        try:
            call()
        except NestedRefresh as error:
            say("section" in str(error))
say(lib.A, session.undo().outcome, session.reload(lib) is lib)
"""
    assert run(LIB, script) == "True | True | 2 committed True"


def test_c15_what_takes_too_long_is_refused_as_data_and_then_works(run: Runner) -> None:
    script = f"""{TOOLS}
worker = thread(section)
inside.wait(300)
save(2)
report = refresh(timeout=0)
say(report.outcome, [r.kind.value for r in report.refusals], "worker" in str(report.refusals[0]), lib.A)
say(str(report).splitlines()[0].partition(":")[2], "wait" in report.timings)
say(refresh(timeout=0.001).outcome)
with session.using():
    say("others enter again")
leave.set(); worker.join()
say(refresh(timeout=0).outcome, lib.A)
"""
    assert run(LIB, script) == (
        "refused ['running'] True 1 |  not now; nothing was changed False | refused | others enter again | committed 2"
    )


def test_c15_undo_waits_for_sections_too(run: Runner) -> None:
    script = f"""{TOOLS}
save(2); refresh()
worker = thread(section)
inside.wait(300)
undoing = thread(lambda: say(session.undo().outcome))
waiting()
say(lib.A)
leave.set()
worker.join(); undoing.join()
say(lib.A)
"""
    assert run(LIB, script) == "2 | committed | 1"


def test_c15_in_a_loop_arefresh_lets_the_other_tasks_end_their_sections(run: Runner) -> None:
    script = f"""{TOOLS}
async def section(event, log):
    async with session.using():
        log.append(lib.A)
        await event.wait()
        log.append(lib.A)
async def main():
    log, event = [], asyncio.Event()
    task = asyncio.create_task(section(event, log))
    await asyncio.sleep(0)
    save(2)
    report = session.refresh()
    say(report.outcome, "arefresh" in report.refusals[0].remedy)
    refreshing = asyncio.create_task(session.arefresh())
    await asyncio.sleep(0)
    late = asyncio.create_task(section(event, log))
    await asyncio.sleep(0)
    say(*log)
    event.set()
    say((await refreshing).outcome)
    await task; await late
    say(*log)
asyncio.run(main())
"""
    assert run(LIB, script) == "refused True | 1 | committed | 1 1 2 2"


def test_c15_a_plan_inside_of_a_section_does_not_wait_for_the_refresh_that_waits_for_it(run: Runner) -> None:
    script = f"""{TOOLS}
log = []
def work():
    with session.using():
        inside.set()
        waiting()
        log.append((bool(session.plan()), "lib" in session.modules, session.lingering()))
worker = thread(work)
inside.wait(300)
save(2)
say(refresh().outcome, *log)
worker.join()
"""
    assert run(LIB, script) == "committed (True, True, ())"


def test_c15_a_section_in_a_staged_body_is_the_refreshs_own(run: Runner) -> None:
    tree = {"lib.py": "A = 1\n"}
    script = """
        import lib
        gate.session = session
        write("lib.py", "import gate\\nwith gate.session.using():\\n    A = 2\\n")
        say(refresh(timeout=0).outcome, lib.A)
        write("lib.py", "A = 3\\n")
        say(refresh(timeout=0).outcome, lib.A)
        """
    assert run(tree, script) == "committed 2 | committed 3"


def test_c15_closing_the_session_lets_everybody_go_on(run: Runner) -> None:
    script = f"""{TOOLS}
log = []
write("lib.py", "import gate\\ngate.entered.set()\\ngate.release.wait(300)\\nA = 2\\n")
def asking():
    try:
        refresh()
    except Exception as error:
        log.append(type(error).__name__)
staging = thread(asking)
gate.entered.wait(300)  # a staged body that does not return
def late():
    with session.using():
        log.append(lib.A)
entering = thread(late)
busy = refresh(timeout=0)
say(busy.outcome, busy.refusals[0].kind.value, "at it" in busy.refusals[0].detail)
session.close()
entering.join()
gate.release.set()
staging.join()
say(*log, lib.A)
with session.using():
    say("of a closed session it is free")
"""
    assert run(LIB, script) == "refused running True | 1 SessionClosed 1 | of a closed session it is free"


@pytest.mark.skipif("not hasattr(__import__('os'), 'fork')", reason="no fork here")
def test_c15_a_child_of_a_fork_does_not_wait_for_the_parents_threads(run: Runner) -> None:
    script = f"""{TOOLS}
import os
worker = thread(section)
inside.wait(300)
save(2)
refreshing = thread(refresh)
waiting()
child = os.fork()
if not child:
    with session.using():
        pass
    os._exit(0 if refresh(timeout=0).outcome == "committed" else 1)
say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
leave.set()
refreshing.join()
say(lib.A)
"""
    assert run(LIB, script) == "0 | 2"


def test_c15_what_was_interrupted_while_it_waited_to_enter_is_not_inside(run: Runner) -> None:
    script = f"""{TOOLS}
import signal
write("lib.py", "import gate\\ngate.entered.set()\\ngate.release.wait(300)\\nA = 2\\n")
def ask():
    while not session._refresher.gate._changed._waiters: time.sleep(0)
    signal.raise_signal(signal.SIGINT)
refreshing = thread(refresh)
gate.entered.wait(300)
interrupting = thread(ask)
try:
    with session.using():
        say("inside")
except KeyboardInterrupt:
    say("interrupted")
gate.release.set()
refreshing.join(); interrupting.join()
write("lib.py", "A = 3\\n")
say(refresh(timeout=0).outcome, lib.A)
"""
    assert run(LIB, script) == "interrupted | committed 3"


def test_c08_those_who_ask_while_one_is_under_way_have_the_next_one_together(run: Runner) -> None:
    script = f"""{TOOLS}
write("lib.py", "import gate\\ngate.log.append(1)\\ngate.entered.set()\\ngate.release.wait(300)\\nA = 2\\n")
reports, looks = [], []
look = session._refresher.refresh
def counted(*args, **options):
    looks.append(1)
    return look(*args, **options)
session._refresher.refresh = counted
first = thread(lambda: reports.append(refresh()))
gate.entered.wait(300)
save(3)
asked = session._asking._asked
others = [thread(lambda: reports.append(refresh())) for _ in range(6)]
while len(asked) < 7: time.sleep(0)
gate.release.set()
for one in [first, *others]: one.join()
say(len(gate.log), len(looks), [r.generation for r in reports], len({{id(r) for r in reports}}), lib.A, len(asked))
"""
    assert run(LIB, script) == "0 2 [1, 2, 2, 2, 2, 2, 2] 2 3 0"  # what the vanished line had appended went with it


def test_c08_a_signal_handler_in_the_middle_of_a_call_of_its_thread_is_told_so(run: Runner) -> None:
    script = f"""{TOOLS}
import signal
from modcache.errors import NestedRefresh
def handler(*_):
    try:
        refresh()
    except NestedRefresh as error:
        told.append(str(error))
told = []
signal.signal(signal.SIGINT, handler)
knowledge = session._refresher.knowledge
meet, knowledge.meet = knowledge.meet, lambda: (signal.raise_signal(signal.SIGINT), meet())
save(2)
say(refresh().outcome, lib.A, "signal handler" in told[0])
"""
    assert run(LIB, script) == "committed 2 True"
