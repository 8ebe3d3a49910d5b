"""`Session.watch`: what was saved before the watching began is not lost."""

from __future__ import annotations

import os
from textwrap import dedent

import pytest

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
report = asyncio.run(asyncio.wait_for(first(), 300))
"""
GUARD = """
import threading, os
timer = threading.Timer(300, os._exit, [3])
timer.daemon = True
timer.start()
"""


def test_a_save_between_the_session_and_the_watching_is_seen(run: Runner) -> None:
    assert run({"lib.py": "X = 1"}, GUARD + LATE.format(start=PLAIN)) == "committed 2"


def test_the_async_twin_sees_it_too(run: Runner) -> None:
    assert run({"lib.py": "X = 1"}, GUARD + LATE.format(start=ASYNC)) == "committed 2"


LOOKED = """
import lib, app, modcache._refresh.know as know, modcache._runtime.files as files
look, looks = know.stat_of, []
know.stat_of = files.stat_of = lambda path: looks.append(path) or look(path)
write("lib.py", "X = 2")
reports = session.watch()
next(reports)
while session.refresh() and looks:  # until no file is so young that another save would not show
    looks.clear()
"""
TWO = {"lib.py": "X = 1", "app.py": "from lib import X"}


def test_while_watching_nothing_is_looked_at_that_did_not_change(run: Runner) -> None:
    script = """
        write("lib.py", "X = 3")
        say(session.refresh().outcome, {path.rpartition("/")[2] for path in looks}, app.X)
        """
    assert run(TWO, GUARD + LOOKED + dedent(script)) == "committed {'lib.py'} 3"


def test_while_watching_a_failed_refresh_is_tried_again(run: Runner) -> None:
    script = """
        write("lib.py", "X = 1 / 0")
        say(session.plan().changes[0].module, session.refresh().outcome, session.refresh().outcome)
        write("lib.py", "X = 4")
        say(session.refresh().outcome, app.X, session.refresh().outcome)
        """
    assert run(TWO, GUARD + LOOKED + dedent(script)) == "lib aborted aborted | committed 4 unchanged"


def test_while_watching_modules_that_come_later_are_known(run: Runner) -> None:
    script = """
        write("new.py", "N = 1")
        import new
        say(session.refresh().outcome)
        write("new.py", "N = 2")
        say(session.refresh().outcome, new.N)
        session.undo()
        say(new.N, session.refresh().outcome, new.N)
        """
    assert run(TWO, GUARD + LOOKED + dedent(script)) == "unchanged | committed 2 | 1 committed 2"


def test_when_the_watching_is_over_every_file_is_looked_at_again(run: Runner) -> None:
    script = """
        reports.close()
        looks.clear()
        say(session.refresh().outcome, len(looks))
        """
    assert run(TWO, GUARD + LOOKED + dedent(script)) == "unchanged 2"


FORK = """
import lib, os, threading
write("lib.py", "import gate\\nX = 2\\ngate.entered.set()\\ngate.release.wait()")
thread = threading.Thread(target=session.refresh)
thread.start()
gate.entered.wait()
child = os.fork()
if not child:
    gate.release.set()  # the child's own
    import late
    report = session.refresh()
    os._exit(10 * (report.outcome == "committed") + lib.X)
say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), lib.X)
gate.release.set()
thread.join()
say(lib.X)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_in_the_middle_of_a_refresh_has_locks_of_its_own(run: Runner) -> None:
    assert run({"lib.py": "X = 1", "late.py": "Y = 1"}, GUARD + FORK) == "12 1 | 2"
