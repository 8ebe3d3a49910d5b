"""A mistake of modcache's own comes to nothing: one error with its cause, the process as it was, the turn free."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.trees import run

PLACES = {
    "while looking for changes": "modcache._refresh.know:Knowledge.appeared",
    "while planning": "modcache._refresh.planner:Planner.run",
    "while examining the plan": "modcache._refresh.examine:Examination.run",
    "while staging": "modcache._refresh.staging:Staging.run",
    "while pairing": "modcache._refresh.pair:Pairing.rehome",
    "while writing down the operations": "modcache._refresh.build:Builder.survivors",
    "while adding to what is known": "modcache._refresh.history:History._write_down",
}
SCRIPT = """
import importlib, threading
import app
from modcache import errors

module, _, name = PLACE.partition(":")
owner, _, method = name.partition(".")
kind = getattr(importlib.import_module(module), owner)
working, before = getattr(kind, method), (app.lib.X, app.f, app.f.__code__)

def broken(*args, **kwargs):
    raise KeyError("ours")

setattr(kind, method, broken)
edit("lib.py", "X = 1", "X = 2")
edit("app.py", "return lib.X", "return lib.X + 1")
report = refresh()
same = before == (app.lib.X, app.f, app.f.__code__)
told = "nothing was changed" in str(report.error)
say(report.outcome, type(report.error).__name__, repr(report.error.__cause__), same, told)
setattr(kind, method, working)
found = []
thread = threading.Thread(target=lambda: found.append(refresh()))
thread.start()
thread.join(30)
say(found[0].outcome, found[0].complete, app.f())
"""


@pytest.mark.parametrize("where", PLACES)
def test_c01_a_mistake_of_ours_changes_nothing_and_is_told_as_one(tmp_path: Path, where: str) -> None:
    tree = {"lib.py": "X = 1\n", "app.py": "import lib\ndef f():\n    return lib.X\n"}
    said = run(tmp_path, tree, SCRIPT.replace("PLACE", repr(PLACES[where])))
    assert said.split(" | ") == ["aborted InternalError KeyError('ours') True True", "committed True 3"]


def test_c01_a_plan_raises_it_and_so_does_a_reload(tmp_path: Path) -> None:
    script = """
    import app, modcache
    from modcache import errors
    from modcache._refresh.planner import Planner

    def broken(self):
        raise IndexError("ours")

    Planner.run = broken
    edit("app.py", "X = 1", "X = 2")
    for ask in (session.plan, lambda: session.reload(app)):
        try:
            ask()
        except errors.InternalError as error:
            say(repr(error.__cause__), app.X)
    """
    said = run(tmp_path, {"app.py": "X = 1\n"}, script)
    assert said.split(" | ") == ["IndexError('ours') 1", "IndexError('ours') 1"]


def test_c01_what_a_broken_file_is_beside_a_mistake_of_ours_is_told_too(tmp_path: Path) -> None:
    script = """
    import app, lib
    from modcache._refresh.planner import Planner

    def broken(self):
        raise IndexError("ours")

    working, Planner.run = Planner.run, broken
    edit("app.py", "X = 1", "X = (")
    edit("lib.py", "Y = 1", "Y = 2")
    report = refresh()
    say(report.outcome, type(report.error).__name__, app.X, lib.Y)
    Planner.run = working
    edit("app.py", "X = (", "X = 3")
    report = refresh()
    say(report.outcome, report.complete, app.X, lib.Y)
    """
    said = run(tmp_path, {"app.py": "X = 1\n", "lib.py": "Y = 1\n"}, script)
    assert said.split(" | ") == ["aborted InternalError 1 1", "committed True 3 2"]


@pytest.mark.parametrize("error", ["KeyError('the program')", "Enough()"])
def test_c01_what_a_signal_handler_raises_is_the_programs(tmp_path: Path, error: str) -> None:
    script = """
    import app, os, signal
    from modcache._refresh.planner import Planner

    class Enough(Exception):
        pass

    def handler(number, frame):
        raise ERROR

    def interrupted(self):
        signal.raise_signal(signal.SIGINT)

    signal.signal(signal.SIGINT, handler)
    working, Planner.run = Planner.run, interrupted
    edit("app.py", "X = 1", "X = 2")
    try:
        refresh()
    except (KeyError, Enough) as error:
        say(repr(error), app.X)
    Planner.run = working
    say(refresh().outcome, app.X)
    """
    said = run(tmp_path, {"app.py": "X = 1\n"}, script.replace("ERROR", error))
    assert said.split(" | ") == [f"{error} 1", "committed 2"]
