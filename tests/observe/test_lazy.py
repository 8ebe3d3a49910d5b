"""Imports that could be lazy, and those that could not."""

from __future__ import annotations

from pathlib import Path

import pytest

from modcache._model.dominators import dominators
from modcache._see.launch import Order
from modcache._see.laziness import laziness_of
from tests.observe.test_commands import said
from tests.observe.watching import watch
from tests.trees import lay


def lazy(folder: Path, tree: dict[str, str]) -> str:
    """The modules of a tree that could be lazy, each with the lines of its statements and who uses them."""
    seen = watch(folder, tree, order=Order(statements=True, quiet=True))
    found = laziness_of(seen, least=0)
    rows = []
    for each in sorted(found.candidates, key=lambda one: one.name):
        places = [f"{one.edge.importer}:{one.edge.line} in {'/'.join(one.used_in)}" for one in each.statements]
        rows.append(f"{each.name}({each.modules}) {', '.join(places)}")
    return " | ".join(rows)


USES = "\n\ndef f():\n    return heavy.x\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"import heavy{USES}", "heavy(2) __main__:1 in f"),
        ("from heavy import x\nclass C:\n    def m(self): return x\n", "heavy(2) __main__:1 in C.m"),
        (f"import heavy as h, heavy{USES}", "heavy(2) __main__:1 in f"),
        ("import heavy\ny = heavy.x\n", ""),
        ("from heavy import x\ndef f(a=x): return x\n", ""),
        ("import heavy\n@heavy.x\ndef f(): return heavy\n".replace("@heavy.x", "@(lambda f: heavy and f)"), ""),
        ("from heavy import *\ndef f(): return x\n", ""),
        ("import heavy\n", ""),
        ("try:\n    import heavy\nexcept ImportError:\n    heavy = None\ndef f(): return heavy\n", ""),
        ("if True:\n    import heavy\ndef f(): return heavy\n", "heavy(2) __main__:2 in f"),
        ("import heavy\ndef f():\n    import heavy.inner\n    return heavy\nf()\n", ""),
        ("import heavy\nimport other\ndef f(): return heavy\n", ""),
        ("import heavy\nimport third\ndef f(): return heavy\n", "heavy(2) __main__:1 in f, third:1 in g"),
    ],
)
def test_what_could_be_lazy(tmp_path: Path, text: str, expected: str) -> None:
    tree = {
        "prog.py": text,
        "heavy/__init__.py": "import heavy.inner\nx = 1\n",
        "heavy/inner.py": "",
        "other.py": "import heavy\nx = heavy.x\n",
        "third.py": "import heavy\ndef g(): return heavy.x\n",
    }
    assert lazy(tmp_path, tree) == expected


def test_what_two_bring_is_saved_by_neither_alone(tmp_path: Path) -> None:
    tree = {
        "prog.py": "import a\nimport b\ndef f(): return a\ndef g(): return b\n",
        "a.py": "import shared\nx = shared.x\n",
        "b.py": "import shared\nx = shared.x\n",
        "shared.py": "x = 1\n",
    }
    seen = watch(tmp_path, tree, order=Order(statements=True, quiet=True))
    found = laziness_of(seen, least=0)
    assert {(each.name, each.modules) for each in found.candidates} == {("a", 1), ("b", 1)}
    every = sum(each.own for each in seen.imports if each.name in ("a", "b", "shared"))
    assert found.saves == pytest.approx(every)


def test_a_body_that_does_something_is_listed_apart(tmp_path: Path) -> None:
    lay(tmp_path, {"prog.py": f"import heavy{USES}", "heavy.py": "import sys\nsys.setrecursionlimit(999)\nx = 1\n"})
    status, lines = said(tmp_path, "lazy", "--least", "0", "--", "prog.py")
    assert status == 0
    assert lines[3:] == [
        "Their bodies do something that may be wanted early:",
        "heavy: 0 ms; it calls sys.setrecursionlimit() on line 2",
        "",
        "nothing to gain: what is imported is used while modules execute, or was needed in this run",
    ]


def test_the_command_says_where_it_could_stand_instead(tmp_path: Path) -> None:
    lay(tmp_path, {"prog.py": f"import heavy{USES}", "heavy.py": "x = 1\n"})
    status, lines = said(tmp_path, "lazy", "--in", "__main__", "--least", "0", "--", "prog.py")
    assert status == 1
    assert lines[4] == "prog.py:1 import heavy -> f()"
    assert "`lazy import …`, where it stands (PEP 810)" in lines[-1]
    assert said(tmp_path, "lazy", "--in", "elsewhere", "--least", "0", "--", "prog.py")[0] == 0


def test_dominators() -> None:
    graph = {"r": ["a", "b"], "a": ["c", "d"], "b": ["c"], "c": ["e"], "d": ["f"], "f": ["d"], "e": ["c"], "x": ["a"]}
    assert dominators(graph, "r") == {"r": "r", "a": "r", "b": "r", "c": "r", "d": "a", "e": "c", "f": "d"}
