"""Contract line 15: `refresh(old=…)`, what a refresh does about those who are in code that it would make old."""

from __future__ import annotations

import pytest

from tests.conftest import Runner

APP = """
    import gate

    RUNS = gate.log.append("body")

    def wait():
        gate.entered.set()
        gate.release.wait(300)
        return "old"

    def outer():
        return wait()

    def numbers():
        yield 1
        yield 2

    async def handler(event):
        await event.wait()
        return "first"

    def ask(refresh, **options):
        return refresh(**options)

    async def later(session, **options):
        return await session.arefresh(**options)
    """
TREE = {"app.py": APP}
TOOLS = """
import asyncio, threading, time, app
def thread(work, name="worker"):
    made = threading.Thread(target=work, name=name, daemon=True)
    made.start()
    return made
def inside():
    worker = thread(app.outer)
    gate.entered.wait(300)
    return worker
def waiting():
    while not session._refresher.gate.attention: time.sleep(0)
def told(report):
    return report.outcome, *[f"{r.kind}: {r.module}:{r.object}: {r.detail}" for r in report.refusals]
"""


def test_c15_refuse_says_who_is_in_it_before_anything_happens(run: Runner) -> None:
    script = f"""{TOOLS}
worker = inside()
edit("app.py", "return wait()", "return wait() + '!'")
edit("app.py", 'append("body")', 'append("again")')
report = refresh(old="refuse")
say(*told(report), gate.log, session.generation, str(report).splitlines()[0].partition(": ")[2])
gate.release.set(); worker.join()
say(refresh(old="refuse").outcome, gate.log, app.outer())
"""
    assert run(TREE, script) == (
        "refused running: app:outer: thread 'worker' is in it, at line 11 ['body'] 0 not now; nothing was changed"
        " | committed ['body', 'again'] old!"
    )


def test_c15_code_that_stays_is_in_nobodys_way(run: Runner) -> None:
    script = f"""{TOOLS}
worker, held = inside(), app.handler(None)
edit("app.py", "import gate", "import gate\\n\\n")
edit("app.py", "yield 2", "yield 3")
say(refresh(old="refuse").outcome, refresh(old="wait", timeout=0).outcome)
gate.release.set(); worker.join(); held.close()
"""
    assert run(TREE, script) == "committed unchanged"


def test_c15_refuse_sees_what_waits_in_the_heap(run: Runner) -> None:
    script = f"""{TOOLS}
held = app.numbers()
next(held)
edit("app.py", "yield 2", "yield 3")
say(*told(refresh(old="refuse")))
say(list(held), refresh(old="refuse").outcome, list(app.numbers()))
"""
    assert run(TREE, script) == (
        "refused running: app:numbers: a generator is in it, at line 14 | [2] committed [1, 3]"
    )


def test_c15_code_that_is_old_already_is_in_nobodys_way(run: Runner) -> None:
    script = f"""{TOOLS}
held = app.numbers()
edit("app.py", "yield 2", "yield 3")
refresh()
edit("app.py", "yield 3", "yield 4")
say(refresh(old="refuse").outcome, len(session.lingering()))
"""
    assert run(TREE, script) == "committed 1"


def test_c15_wait_waits_until_nobody_is_in_it(run: Runner) -> None:
    script = f"""{TOOLS}
worker, reports = inside(), []
edit("app.py", 'return "old"', 'return "new"')
refreshing = thread(lambda: reports.append(refresh(old="wait", timeout=300)))
waiting()
say(session.generation)
gate.release.set()
worker.join(); refreshing.join()
report = reports[0]
say(report.outcome, report.lingering, app.outer(), report.timings["wait"] > 0)
"""
    assert run(TREE, script) == "0 | committed () new True"


def test_c15_wait_waits_for_generators(run: Runner) -> None:
    script = f"""{TOOLS}
held, reports = app.numbers(), []
next(held)
edit("app.py", "yield 2", "yield 3")
refreshing = thread(lambda: reports.append(refresh(old="wait", timeout=300)))
waiting()
say(session.generation, next(held))
held.close()
refreshing.join()
say(reports[0].outcome, list(app.numbers()))
"""
    assert run(TREE, script) == "0 2 | committed [1, 3]"


def test_c15_waiting_ends_with_the_timeout_and_is_refused_as_data(run: Runner) -> None:
    script = f"""{TOOLS}
worker = inside()
edit("app.py", 'return "old"', 'return "new"')
say(*told(refresh(old="wait", timeout=0)))
say(*told(refresh(old="wait", timeout=0.01))[:1])
with session.using():
    say("free")
gate.release.set(); worker.join()
say(refresh(old="wait", timeout=0).outcome)
"""
    assert run(TREE, script) == (
        "refused running: app:wait: thread 'worker' is in it, at line 7 | refused | free | committed"
    )


def test_c15_who_asks_from_inside_of_what_changes_is_refused_at_once(run: Runner) -> None:
    for old in ("wait", "refuse"):
        script = f"""{TOOLS}
edit("app.py", "return refresh(**options)", "report = refresh(**options); return report")
report = app.ask(refresh, old={old!r}, timeout=1000)
say(report.outcome, report.refusals[0].object, "outside" in report.refusals[0].remedy)
edit("app.py", "return await session", "report = await session")
report = asyncio.run(app.later(session, old={old!r}, timeout=1000))
say(report.outcome, sorted(r.object for r in report.refusals), "outside" in report.refusals[0].remedy)
say(app.ask(refresh).outcome, refresh(old={old!r}).outcome)
"""
        assert run(TREE, script) == "refused ask True | refused ['later'] True | committed unchanged", old


def test_c15_in_a_loop_arefresh_waits_for_tasks_and_refresh_refuses_at_once(run: Runner) -> None:
    script = f"""{TOOLS}
async def main():
    event = asyncio.Event()
    task = asyncio.create_task(app.handler(event), name="request")
    await asyncio.sleep(0)
    edit("app.py", 'return "first"', 'return "second"')
    report = session.refresh(old="wait", timeout=1000)
    say(*told(report), "arefresh" in report.refusals[0].remedy)
    refreshing = asyncio.create_task(session.arefresh(old="wait", timeout=1000))
    await asyncio.sleep(0)
    say(session.generation)
    event.set()
    say(await task, (await refreshing).outcome, await app.handler(event))
asyncio.run(main())
"""
    assert run(TREE, script) == (
        "refused running: app:handler: task 'request' is in it, at line 18 True | 0 | first committed second"
    )


@pytest.mark.parametrize("held_up_by", ["a section", "old code"])
def test_c03_an_interrupt_ends_the_waiting_cleanly(run: Runner, held_up_by: str) -> None:
    script = f"""{TOOLS}
import signal
ready, leave = threading.Event(), threading.Event()
def section():
    with session.using():
        ready.set(); leave.wait(300)
worker = inside()
if {held_up_by!r} == "a section":
    in_section = thread(section); ready.wait(300)
edit("app.py", 'return "old"', 'return "new"')
def interrupt():
    waiting()
    signal.raise_signal(signal.SIGINT)
interrupting = thread(interrupt)
try:
    refresh(old="wait", timeout=1000)
except KeyboardInterrupt:
    say("interrupted", session.generation, session._refresher.gate.attention)
gate.release.set(); leave.set(); worker.join(); interrupting.join()
say(refresh(old="wait").outcome, app.outer())
"""
    assert run(TREE, script) == "interrupted 0 False | committed new"


def test_c15_another_word_is_an_error(run: Runner) -> None:
    script = f"""{TOOLS}
try:
    refresh(old="never")
except ValueError as error:
    say(error)
"""
    assert run(TREE, script) == "old='never': give 'ignore', 'wait' or 'refuse'"
