"""`Session.watch`: what was saved before the watching began is not lost."""

from __future__ import annotations

from tests.conftest import Runner

LATE = """
import lib
write("lib.py", "X = 2")
{start}
say(report.outcome, lib.X)
"""
PLAIN = "report = next(session.watch())"
ASYNC = """
import asyncio
async def first():
    async for report in session.awatch():
        return report
report = asyncio.run(asyncio.wait_for(first(), 20))
"""
GUARD = """
import threading, os
timer = threading.Timer(20, os._exit, [3])
timer.daemon = True
timer.start()
"""


def test_a_save_between_the_session_and_the_watching_is_seen(run: Runner) -> None:
    assert run({"lib.py": "X = 1"}, GUARD + LATE.format(start=PLAIN)) == "committed 2"


def test_the_async_twin_sees_it_too(run: Runner) -> None:
    assert run({"lib.py": "X = 1"}, GUARD + LATE.format(start=ASYNC)) == "committed 2"
