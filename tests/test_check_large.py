"""`modcache check-reload` on what is large or must end early: all modules in one refresh, a time, signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.test_cli import command
from tests.trees import LIMIT, environment, lay

needs_forks = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there are no forks")

TREE = {
    "counter.py": "TOTAL = 0\ndef add():\n    global TOTAL\n    TOTAL += 1\n",
    "lib/__init__.py": "",
    "lib/base.py": "class Base:\n    pass\n",
    "lib/adds.py": "import counter\nfrom lib.base import Base\n\ncounter.add()\n",
    "lib/logs.py": "import logging\n\n\ndef setup():\n    logging.getLogger('lib').addHandler(logging.NullHandler())\n",
    "lib/uses.py": "from lib import logs\nX = 1\nlogs.setup()\n",
    "lib/writes.py": "def write():\n    with open('log.txt', 'a'):\n        pass\n",
    "lib/asks.py": "X = 1\nfrom lib.writes import write\nwrite()\n",
}


def told(folder: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    status, out, errors = command(folder, "check-reload", *arguments, "--json")
    assert errors == ""
    return status, json.loads(out)


def seen(found: dict[str, Any]) -> dict[str, list[tuple[str, int, str]]]:
    """module -> what was seen of it: file, line, words."""
    return {
        row["name"]: [(os.path.basename(f["path"]), f["line"], f["detail"]) for f in row["findings"] if not f["doubt"]]
        for row in found["modules"]
        if row["verdict"] == "unsafe"
    }


def test_all_together_finds_whose_doing_it_is_and_calls_nothing_safe_that_was_not_tried(tmp_path: Path) -> None:
    lay(tmp_path, TREE)
    status, found = told(tmp_path, "lib", "--time", "0")
    assert status == 1
    assert {row["name"]: row["verdict"] for row in found["modules"]} == {
        "lib": "safe together",
        "lib.base": "safe together",
        "lib.adds": "unsafe",
        "lib.logs": "safe together",
        "lib.uses": "unsafe",
        "lib.writes": "in doubt",
        "lib.asks": "unsafe",
    }
    rows = seen(found)
    assert rows["lib.adds"] == [("adds.py", 0, "executing it changes counter:TOTAL, which was 1 and is 2")]
    assert rows["lib.uses"] == [("uses.py", 3, "executing it changes the handlers of a logger (lib)")]
    assert rows["lib.asks"] == [("asks.py", 3, "executing it writes the file log.txt")]
    assert (len(found["together"]), found["untried"], found["unplaced"]) == (7, [], [])


def test_in_words_it_says_what_was_not_looked_into(tmp_path: Path) -> None:
    lay(tmp_path, TREE)
    _, out, _ = command(tmp_path, "check-reload", "lib", "--time", "0")
    assert "3 unsafe, 1 in doubt, 0 safe, 3 safe together" in out
    assert "7 modules only executed together with the others, in one refresh" in out


def test_what_has_a_trial_of_its_own_is_told_by_that(tmp_path: Path) -> None:
    lay(tmp_path, TREE)
    status, found = told(tmp_path, "lib", "--time", "inf")
    verdicts = {row["name"]: (row["verdict"], row["alone"]) for row in found["modules"]}
    assert (status, found["together"]) == (1, [])
    assert verdicts["lib.base"] == ("safe", True)
    assert ("adds.py", 4, "executing it changes counter:TOTAL, which was 1 and is 2") in seen(found)["lib.adds"]


@pytest.mark.parametrize(("module", "path", "line"), [("lib.logs", "uses.py", 3), ("lib.uses", "uses.py", 3)])
def test_an_effect_is_placed_where_it_is_done_also_if_only_another_module_is_tried(
    tmp_path: Path, module: str, path: str, line: int
) -> None:
    uses = "import counter\nfrom lib.logs import HANDLER\ncounter.add(HANDLER)\n"
    logs = "import logging\nHANDLER = logging.NullHandler()\n"
    counter = TREE["counter.py"].replace("add()", "add(handler)")
    lay(tmp_path, {"counter.py": counter, "lib/__init__.py": "", "lib/logs.py": logs, "lib/uses.py": uses})
    _, found = told(tmp_path, "lib", "-m", module)
    (row,) = found["modules"]
    places = [(os.path.basename(f["path"]), f["line"]) for f in row["findings"] if f["kind"] == "outside"]
    through = row["through"]
    assert places == ([(path, line)] if module == "lib.uses" else [])
    assert through == ([] if module == "lib.uses" else ["lib.uses"])


def test_more_modules_than_a_few_are_executed_together_first(tmp_path: Path) -> None:
    many = {f"lib/m{number}.py": f"X = {number}\n" for number in range(40)}
    lay(tmp_path, {"lib/__init__.py": "", **many})
    status, out, _ = command(tmp_path, "check-reload", "lib")
    assert status == 0
    assert "lib: 41 modules in" in out
    assert "0 unsafe, 0 in doubt, 41 safe\n" in out


ONCE = "import os\nif os.path.exists('seen'):\n    raise RuntimeError('twice')\nos.mkdir('seen')\n"


@needs_forks
def test_one_that_raises_is_put_aside_and_the_rest_is_executed_together(tmp_path: Path) -> None:
    lay(tmp_path, {**TREE, "lib/once.py": f"from lib.base import Base\n{ONCE}", "lib/above.py": "import lib.once\n"})
    _, found = told(tmp_path, "lib", "--time", "0")
    verdicts = {row["name"]: row["verdict"] for row in found["modules"]}
    assert seen(found)["lib.once"] == [("once.py", 4, "raises when it is executed a second time: RuntimeError: twice")]
    assert (verdicts["lib.base"], verdicts["lib.adds"]) == ("safe together", "unsafe")
    assert found["untried"] == ["lib.above"]


def test_an_error_of_another_module_is_told_where_it_was_raised(tmp_path: Path) -> None:
    once = f"from lib.base import X\n{ONCE}".replace("'twice'", "'twice' if X else 1")
    lay(tmp_path, {"lib/__init__.py": "", "lib/base.py": "X = object()\n", "lib/once.py": once})
    _, found = told(tmp_path, "lib", "-m", "lib.base")
    what = "lib.once, which is executed with it, raises then: RuntimeError: twice"
    assert seen(found)["lib.base"] == [("once.py", 4, what)]


def test_what_a_package_leaves_behind_that_can_not_be_imported_is_no_module_of_it(tmp_path: Path) -> None:
    lay(
        tmp_path,
        {
            "lib/__init__.py": "",
            "lib/sub/__init__.py": "import lib.sub.a\nraise OSError('no such library')\n",
            "lib/sub/a.py": "X = 1\n",
        },
    )
    status, found = told(tmp_path, "lib")
    assert (status, [row["name"] for row in found["modules"]], list(found["failed"])) == (0, ["lib"], ["lib.sub"])


SLOW = """
import os, time
if os.path.exists('seen'):
    with open('begun', 'w') as file:
        file.write(f"{os.getpid()} {os.getppid()}")
    os.rename('begun', 'ready')
    time.sleep(600)
os.mkdir('seen')
"""


def begun(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "modcache", "check-reload", "lib", "--jobs", "1", *arguments],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    )
    while not (folder / "ready").exists():
        assert process.poll() is None
    return process


def is_gone(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return True
    with open(f"/proc/{number}/stat") as file:  # one that nobody has waited for yet is there by its number only
        return file.read().rpartition(")")[2].split()[0] == "Z"


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc for the children")
@pytest.mark.parametrize("number", ["SIGTERM", "SIGHUP", "SIGINT"])
@pytest.mark.parametrize("arguments", [(), ("--time", "inf")], ids=["alone", "together"])
def test_no_child_outlives_it(tmp_path: Path, number: str, arguments: tuple[str, ...]) -> None:
    lay(tmp_path, {"lib/__init__.py": "", "lib/b.py": SLOW, "lib/a.py": "X = 1\n"})
    process = begun(tmp_path, *arguments)
    children = [int(word) for word in (tmp_path / "ready").read_text().split()]
    process.send_signal(getattr(signal, number))
    _, errors = process.communicate(timeout=LIMIT)
    assert process.returncode == (130 if number == "SIGINT" else -getattr(signal, number))
    assert "Traceback" not in errors
    assert len(children) == 2
    end = time.monotonic() + LIMIT  # they were killed, but not waited for
    while not all(map(is_gone, children)):
        assert time.monotonic() < end


@needs_forks
def test_when_time_is_up_the_trials_under_way_are_broken_off_and_told_of(tmp_path: Path) -> None:
    together = "if os.path.exists('seen') and not os.path.exists('again'):\n    os.mkdir('again')\nelif"
    slow = SLOW.replace("if", together, 1).replace(
        "os.mkdir('seen')", "if not os.path.exists('seen'):\n    os.mkdir('seen')"
    )
    lay(tmp_path, {"lib/__init__.py": "", "lib/b.py": slow})
    _, found = told(tmp_path, "lib", "--time", "3")
    assert {row["name"]: row["alone"] for row in found["modules"]}["lib.b"] is False
    assert "lib.b" in found["together"]


PROGRAM = """
import modcache
session = modcache.Session(["app"])
from app import lib
Y = lib.X
for together in (False, True):
    found = session.stress(together=together)
    rows = [(row.module, row.line, row.detail) for one in found.modules for row in one.findings]
    print([(one.name, one.verdict) for one in found.modules], rows)
"""


def test_places_are_right_in_a_program_that_was_started_as_a_module(tmp_path: Path) -> None:
    tools = TREE["lib/logs.py"].replace("'lib'", "'app'")
    lib = "from app import tools\n\nX = object()\ntools.setup()\n"
    lay(tmp_path, {"app/__init__.py": "", "app/tools.py": tools, "app/lib.py": lib, "app/__main__.py": PROGRAM})
    words = [sys.executable, "-m", "app"]
    done = subprocess.run(words, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=LIMIT)
    row = "[('app.lib', 4, 'executing it changes the handlers of a logger (app)')]"
    assert (done.stderr, [line.endswith(row) for line in done.stdout.splitlines()]) == ("", [True, True])
    assert done.stdout.count("('app.lib', 'unsafe')") == 2


@needs_forks
@pytest.mark.parametrize(
    ("deadly", "how"),
    [("_exit(3)", "status 3"), ("kill(os.getpid(), 9)", "signal SIGKILL, as a system without memory")],
)
def test_when_executing_all_together_is_lost_it_is_told_and_nothing_is_called_safe(
    tmp_path: Path, deadly: str, how: str
) -> None:
    lay(tmp_path, {"lib/__init__.py": "", "lib/b.py": f"import os\nX = 1\n{ONCE}".replace("raise", f"os.{deadly} #")})
    status, out, errors = command(tmp_path, "check-reload", "lib", "--time", "0")
    assert (status, out) == (1, "")
    assert f"nothing was looked into: executing 2 modules in one refresh ended the process ({how}" in errors


@needs_forks
def test_executing_all_together_takes_no_more_than_its_share_of_the_time_and_the_rest_is_tried_alone(
    tmp_path: Path,
) -> None:
    joint = "import sys\nif os.path.exists('seen') and 'lib.a' in sys.modules and not os.path.exists('joint'):\n"
    joint = f"import os\n{joint}    os.mkdir('joint')\n    import time\n    time.sleep(600)\n"
    lay(
        tmp_path,
        {
            "lib/__init__.py": "",
            "lib/a.py": "",
            "lib/b.py": f"{joint}if not os.path.exists('seen'):\n    os.mkdir('seen')\n",
        },
    )
    _, found = told(tmp_path, "lib", "--time", "12")
    assert found["lost"] == "executing 3 modules in one refresh was not done in 8 s"
    assert {row["name"] for row in found["modules"] if row["alone"]} == {"lib", "lib.a", "lib.b"}


@needs_forks
def test_when_there_is_no_time_for_more_it_says_so(tmp_path: Path) -> None:
    lay(tmp_path, {"lib/__init__.py": "", "lib/b.py": SLOW})
    status, out, errors = command(tmp_path, "check-reload", "lib", "--time", "1")
    assert (status, out) == (1, "")
    assert (
        "executing 2 modules in one refresh was not done in 1 s, and there was no time left to try each alone" in errors
    )
