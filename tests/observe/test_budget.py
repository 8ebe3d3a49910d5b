"""Limits in `pyproject.toml`, kept and broken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.observe.test_commands import said
from tests.observe.watching import modcache
from tests.trees import lay

TREE = {"prog.py": "import a\n", "a.py": "import b\nimport c\n", "b.py": "", "c.py": "import d.e\n"}
TREE = {**TREE, "d/__init__.py": "", "d/e.py": ""}


def limits(text: str, name: str = "main", command: str = "prog.py") -> dict[str, str]:
    """The tree with a table for one command."""
    return {**TREE, "pyproject.toml": f"[tool.modcache.budget.{name}]\ncommand = '{command}'\n{text}\n"}


def test_limits_that_are_kept(tmp_path: Path) -> None:
    lay(tmp_path, limits("modules = 5\nratio = 1000\nmemory = '1 GB'\nforbidden = ['numpy', 'aa']"))
    status, lines = said(tmp_path, "budget")
    assert status == 0
    assert lines[:2] == ["main: prog.py", "kept modules 5 of at most 5"]
    assert [line.split(" ")[:2] for line in lines[2:]] == [
        ["kept", "memory"],
        ["kept", "ratio"],
        ["kept", "forbidden"],
        ["kept", "forbidden"],
    ]


def test_what_is_forbidden_is_told_with_its_chain(tmp_path: Path) -> None:
    lay(tmp_path, limits("forbidden = ['d', 'b']"))
    status, lines = said(tmp_path, "budget", "main")
    assert status == 1
    assert lines == [
        "main: prog.py",
        "over forbidden d is imported",
        "__main__ prog.py:1 import a",
        "a a.py:2 import c",
        "c c.py:1 import d.e (so its package d)",
        "over forbidden b is imported",
        "__main__ prog.py:1 import a",
        "a a.py:1 import b",
    ]


@pytest.mark.parametrize("limit", ["modules = 4", "ratio = 0.1", "memory = '0 KB'"])
def test_what_goes_over_is_told_with_what_has_most_of_it(tmp_path: Path, limit: str) -> None:
    big = "x = [bytearray(5000) for _ in range(3000)]\n"
    lay(tmp_path, {**limits(limit), "b.py": big})
    status, lines = said(tmp_path, "budget")
    assert status == 1
    assert lines[1].startswith(f"over {limit.partition(' ')[0]} ")
    assert "__main__ prog.py:1 import a" in lines


def test_a_command_that_fails_is_over(tmp_path: Path) -> None:
    lay(tmp_path, {**limits("modules = 9"), "d/e.py": "raise SystemExit(3)\n"})
    done = modcache(tmp_path, "budget", "--json")
    assert done.returncode == 1
    (result,) = json.loads(done.stdout)["commands"]
    assert result["limits"][0] == {"limit": "status", "kept": False, "told": "ended with status 3", "chains": []}


def test_it_is_run_in_the_projects_folder(tmp_path: Path) -> None:
    lay(tmp_path, {**limits("modules = 5"), "docs/x.txt": ""})
    assert said(tmp_path / "docs", "budget")[0] == 0


@pytest.mark.parametrize(
    ("files", "arguments", "message"),
    [
        (limits("module = 3"), "", "has module, which means nothing; there are command, forbidden, memory, modules"),
        (limits("memory = 'much'"), "", "memory = 'much' is no size like '40 MB'"),
        (limits("modules = 'many'"), "", "can not be understood: invalid literal"),
        (limits("", command="no-such-command"), "", "there is no command or file 'no-such-command' here"),
        ({"pyproject.toml": "[tool.modcache.budget.a]\nmodules = 3\n"}, "", "names no command; for example"),
        ({"pyproject.toml": "[project]\n"}, "", "has no [tool.modcache.budget.NAME]; for example"),
        ({"pyproject.toml": "x = = 1"}, "", "can not be read"),
        (limits(""), "other", "there are no limits for other, but for main"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, files: dict[str, str], arguments: str, message: str) -> None:
    lay(tmp_path, files)
    done = modcache(tmp_path, "budget", *arguments.split())
    assert (done.returncode, message in done.stderr) == (2, True), done.stderr
