"""Contract line 6 on bodies that changed: patched where nobody runs them while the module executes, else executed."""

from __future__ import annotations

import pytest

from tests.conftest import Runner

BLIND = {
    "dataclass": "from dataclasses import dataclass\n@dataclass\nclass C:\n    a: int = 1\n",
    "dataclass with slots": "import dataclasses\n@dataclasses.dataclass(slots=True)\nclass C:\n    a: int = 1\n",
    "total_ordering": "import functools\n@functools.total_ordering\nclass C:\n    def __lt__(self, it): return True\n",
    "unique": "from enum import Enum, unique\n@unique\nclass C(Enum):\n    A = 1\n",
    "final": "from typing import final\n@final\nclass C:\n",
    "runtime_checkable": "import typing\n@typing.runtime_checkable\nclass C(typing.Protocol):\n",
    "property": "class C:\n    @property\n    def p(self): return 1\n    @p.setter\n    def p(self, v): pass\n",
    "own decorator that keeps": "ALL = []\ndef own(kind):\n    ALL.append(kind)\n    return kind\n@own\nclass C:\n",
}
OWN = "def own(kind):\n    kind.v = kind.m(1)\n    return kind\n"
ASKED = {
    "own class decorator": f"{OWN}@own\nclass C:\n",
    "named like a known one": f"{OWN}final = own\n@final\nclass C:\n",
    "by another name": f"{OWN}@own\nclass C:\n".replace("kind.m(1)", "getattr(kind, 'm')(1)"),
    "through a keeper": (
        f"def register(kind): kind.v = kind.m(1)\n{OWN}@own\nclass C:\n".replace(
            "    kind.v =", "    register(kind)  #"
        )
    ),
}

LAST = "    def m(self): return 1\n"


@pytest.mark.parametrize("name", BLIND)
def test_c06_a_body_that_no_decorator_reads_is_patched(run: Runner, name: str) -> None:
    script = """
        import app
        kind, held = app.C, app.C.m
        edit("app.py", "def m(self): return 1", "def m(self): return 2")
        report = refresh()
        say(report.complete, report.statements, report.patched, app.C is kind, held(None))
        """
    assert run({"app.py": BLIND[name] + LAST}, script) == "True 0 ('app:C.m',) True 2"


@pytest.mark.parametrize("name", ASKED)
def test_c06_a_body_that_a_decorator_runs_is_executed_with_it(run: Runner, name: str) -> None:
    script = """
        import app
        kind = app.C
        edit("app.py", "def m(self): return 1", "def m(self): return 2")
        report = refresh()
        say(app.C is kind, kind.v, report.statements > 0)
        """
    assert run({"app.py": ASKED[name] + LAST}, script) == "True 2 True"


def test_c06_a_decorator_that_nothing_is_known_of_leaves_a_doubt(run: Runner) -> None:
    tree = {"app.py": "import types\n@types.coroutine\ndef f():\n    yield 1\n"}
    script = """
        import app
        edit("app.py", "yield 1", "yield 2")
        report = refresh()
        say(report.complete, report.doubts)
        """
    assert run(tree, script) == "None ('app:2: types.coroutine may have run or read what it decorates',)"
