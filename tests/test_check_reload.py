"""`modcache check-reload`: what it finds in a package, how it says so, and what it answers to mistakes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_cli import command
from tests.trees import LIMIT, environment, lay

SHOP = {
    "shop/__init__.py": "from shop.prices import price\n",
    "shop/prices.py": """
        import functools
        RATES = {"eur": 1.0}
        @functools.cache
        def price(name, currency="eur"):
            return len(name) * RATES[currency]
        """,
    "shop/plugins.py": """
        import logging

        LOG = logging.getLogger("shop")
        LOG.addHandler(logging.NullHandler())
        _loaded = []

        def load(name):
            _loaded.append(name)
            return len(_loaded)
        """,
    "shop/__main__.py": "raise SystemExit('this is a program')\n",
    "shop/broken.py": "import not_there_at_all\n",
    "check.py": """
        import sys
        from shop import plugins, price
        assert all(price("ab") == 2 for _ in range(300))
        if "--all" in sys.argv:
            for n in range(1, 300):
                assert plugins.load("x") == n, n
        """,
}


def test_it_says_which_modules_are_unsafe_where_and_what_to_do(tmp_path: Path) -> None:
    lay(tmp_path, SHOP)
    status, out, errors = command(tmp_path, "check-reload", "shop")
    assert (status, errors) == (1, "")
    for part in (
        "not imported: shop.broken (ModuleNotFoundError: No module named 'not_there_at_all')",
        "shop.plugins is unsafe to refresh",
        "plugins.py:4: executing it changes the handlers of a logger (shop)",
        "way out: do it once (`if modcache.first_time(): ...`)",
        "shop: 3 modules in",
        "1 unsafe, 0 in doubt, 2 safe",
    ):
        assert part in out


@pytest.mark.parametrize("given", ["shop.prices", "./shop/", "."])
def test_a_module_a_package_by_its_folder_and_a_folder_of_modules(tmp_path: Path, given: str) -> None:
    files = {name: text for name, text in SHOP.items() if name.startswith("shop/pri") or name.endswith("__init__.py")}
    lay(tmp_path, files | {"other.py": "def f():\n    return 1\n"} if given == "." else files)
    status, out, errors = command(tmp_path, "check-reload", given, "--modes", "all")
    counts = {"shop.prices": "1 module", "./shop/": "2 modules", ".": "3 modules"}
    assert (status, errors) == (0, "")
    assert f"{given}: {counts[given]}" in out
    assert "0 unsafe, 0 in doubt" in out


def test_as_json(tmp_path: Path) -> None:
    lay(tmp_path, SHOP)
    status, out, _ = command(tmp_path, "check-reload", "shop", "-m", "shop.plugins", "--json")
    told = json.loads(out)
    assert (status, told["ok"], told["tests"], list(told["failed"])) == (1, False, None, ["shop.broken"])
    assert [(row["name"], row["verdict"]) for row in told["modules"]] == [("shop.plugins", "unsafe")]
    found = {row["kind"]: row for row in told["modules"][0]["findings"]}
    assert found["outside"]["line"] == 4


def test_tests_that_come_out_otherwise_with_reloads_in_between(tmp_path: Path) -> None:
    lay(tmp_path, SHOP)
    calm = command(tmp_path, "check-reload", "shop", "-m", "shop.prices", "--every", "1", "--", "check.py")
    assert calm[0] == 0
    assert "the tests end with status 0, alone and with 1 reload in between" in calm[1]
    status, out, _ = command(tmp_path, "check-reload", "shop", "--every", "10", "--", "python", "check.py", "--all")
    assert status == 1
    assert "the tests end with status 0 alone, and 1 with" in out
    assert "it is the reloads of shop.plugins\n" in out
    assert "AssertionError" in out


MISTAKES: dict[str, tuple[tuple[str, ...], tuple[int, str]]] = {
    "no package": (("nowhere_at_all",), (2, "nowhere_at_all")),
    "no name": (("not a name",), (2, "no name that can be imported")),
    "no mode": (("shop", "--modes", "speed"), (2, "no mode speed: there are identity")),
    "no module": (("shop", "-m", "shop.nothing"), (1, "none of its modules")),
    "nothing in it": (("./hollow",), (1, "there is no module in it")),
    "no interpreter": (("shop", "--python", "/none/python"), (2, "/none/python")),
    "no program": (("shop", "--", "no-such-program"), (2, "no Python program")),
    "it dies": (("deadly",), (1, "the process ended at deadly")),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_without_a_traceback(tmp_path: Path, name: str) -> None:
    lay(tmp_path, {**SHOP, "deadly.py": "import os\nos._exit(3)\n", "hollow/notes.txt": ""})
    arguments, (status, words) = MISTAKES[name]
    found, out, errors = command(tmp_path, "check-reload", *arguments)
    assert (found, out) == (status, "")
    assert words in errors
    assert "Traceback" not in errors


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent to a process group")
def test_ctrl_c_ends_it_at_once_and_its_child_too(tmp_path: Path) -> None:
    lay(tmp_path, {"slow.py": "import time\nopen('begun', 'w').close()\ntime.sleep(600)\n"})
    process = subprocess.Popen(
        [sys.executable, "-m", "modcache", "check-reload", "slow"],
        cwd=tmp_path,
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not (tmp_path / "begun").exists():
        assert process.poll() is None
    import os

    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=LIMIT)
    assert process.returncode == 130
    assert errors.strip() == "modcache: stopped; nothing of this process or its files was touched"


def test_a_namespace_package_has_all_its_modules_tried(tmp_path: Path) -> None:
    lay(tmp_path, {"space/sub/b.py": "X = 1\n", "space/sub/deep/c.py": "X = 1\n", "space/sub/data/notes.txt": ""})
    status, out, _ = command(tmp_path, "check-reload", "space.sub", "--json")
    names = [row["name"] for row in json.loads(out)["modules"]]
    assert (status, sorted(names)) == (0, ["space.sub.b", "space.sub.deep.c"])


DOUBTFUL = {
    "lib/__init__.py": """
        def __getattr__(name):
            if name == "late":
                return 1
            raise AttributeError(name)
        """,
    "lib/calls.py": """
        NAMES = ["f"]

        def looked_up(name):
            return getattr(calls, name)

        def never(name):
            return eval(name)

        class calls:
            f = 1
            def __init__(self, name):
                self.open = name

        FOUND = [looked_up(name) for name in NAMES]
        """,
    "lib/asks.py": """
        from lib import late
        """,
    "lib/quiet.py": """
        def never(name):
            return getattr(quiet, name), open(name), input
        """,
}


def test_a_doubt_that_running_the_code_can_exclude_is_none_and_the_rest_is_shown_where_it_stands(
    tmp_path: Path,
) -> None:
    lay(tmp_path, DOUBTFUL)
    status, out, errors = command(tmp_path, "check-reload", "lib", "--all", "--json")
    assert (status, errors) == (0, "")
    told = {row["name"]: row for row in json.loads(out)["modules"]}
    doubts = {name: [(f["line"], f["detail"], f["resolved"]) for f in row["findings"]] for name, row in told.items()}
    assert {name: row["verdict"] for name, row in told.items()} == {
        "lib": "in doubt",
        "lib.calls": "in doubt",
        "lib.asks": "in doubt",
        "lib.quiet": "safe",
    }
    assert (4, "uses getattr while it is imported", "") in doubts["lib.calls"]
    assert not any("eval" in detail or "open" in detail for _, detail, _ in doubts["lib.calls"])
    assert all(resolved for _, _, resolved in doubts["lib.quiet"])


def test_nobody_is_in_doubt_about_answers_that_nobody_asked_for(tmp_path: Path) -> None:
    lay(tmp_path, {name: text for name, text in DOUBTFUL.items() if name in ("lib/__init__.py", "lib/quiet.py")})
    status, out, _ = command(tmp_path, "check-reload", "lib", "--all")
    assert status == 0
    assert "0 unsafe, 0 in doubt, 2 safe" in out
    assert "(nobody asked it while the modules were imported)" in out


def test_what_is_done_to_the_rest_of_the_world_each_time_is_found(tmp_path: Path) -> None:
    tree = {
        "counter.py": "TOTAL = 0\ndef add():\n    global TOTAL\n    TOTAL += 1\n",
        "lib/__init__.py": "",
        "lib/writes.py": "import os\n\nwith open(os.devnull, 'w') as file, open('log.txt', 'a') as file:\n    pass\n",
        "lib/adds.py": "import counter\n\ncounter.add()\n",
        "lib/starts.py": "import subprocess, sys\n\nsubprocess.run([sys.executable, '-c', ''])\n",
    }
    lay(tmp_path, tree)
    status, out, _ = command(tmp_path, "check-reload", "lib", "--all")
    assert status == 1
    for part in (
        "writes.py:3: executing it writes the file log.txt",
        "adds.py:3: executing it changes counter:TOTAL, which was 1 and is 2",
        "starts.py:3: executing it starts the program",
        "3 unsafe, 0 in doubt, 1 safe",
    ):
        assert part in out


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there are no forks")
def test_a_module_that_ends_the_process_is_found_and_the_others_are_tried_all_the_same(tmp_path: Path) -> None:
    deadly = "import os\nif os.path.exists('seen'):\n    os._exit(0)\nos.mkdir('seen')\n"
    lay(tmp_path, {"lib/__init__.py": "", "lib/b.py": deadly, **{f"lib/{name}.py": "X = 1\n" for name in "acdefgh"}})
    status, out, errors = command(tmp_path, "check-reload", "lib", "--jobs", "2")
    assert (status, errors) == (1, "")
    assert "b.py: ends the process when executed again (status 0)" in out
    assert "lib: 9 modules in" in out
    assert "1 unsafe, 0 in doubt, 8 safe" in out


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent to a process")
def test_ctrl_c_tells_what_was_found_so_far(tmp_path: Path) -> None:
    slow = "import os, time\nif os.path.exists('seen'):\n    os.mkdir('begun')\n    time.sleep(600)\nos.mkdir('seen')\n"
    tree = {"lib/__init__.py": "", "lib/a.py": "X = 1\n", "lib/b.py": slow}
    lay(tmp_path, {**tree, "lib/c.py": "X = 1\n"})
    process = subprocess.Popen(
        [sys.executable, "-m", "modcache", "check-reload", "lib", "--jobs", "1"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (tmp_path / "begun").exists():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=LIMIT)
    assert (process.returncode, errors) == (130, "")
    assert "lib: 2 modules in" in out
    assert out.endswith("stopped: 2 modules not tried\n")
