"""What the random search found once, each as small as it became, so that it stays found."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fresh import Tree, Worker

CYCLE = {"a.py": "K = 1\n", "b.py": "from a import K\nV = K\n", "main.py": "import a\nimport b\n"}
MOVED = "class C:\n    def m(self):\n        return 1\n"
STALE = """\
con1 = 0
{above}def f(a={default}):
    return {value}
class {name}:
    attr = 3
    def m(self):
        return (3,) + (self.attr,)
    con5 = (2, con1)
{below}"""


def stale(name: str, above: str, below: str, default: str, value: str, head: str, tail: str) -> dict[str, str]:
    """A state of the project in which CPython's method cache went stale."""
    lib = STALE.format(name=name, above=above, below=below, default=default, value=value)
    return {"m0.py": lib, "main.py": f"from m0 import {head}\nmet6 = {name}().m()\n{tail} = (41, 's')\n"}


FOUND: dict[str, tuple[dict[str, str], list[Tree]]] = {
    # a fresh process fails: the new import enters `b` before `a` has its name
    "a new cycle that a first import can not enter": (CYCLE, [{"a.py": "import b\nK = 1\n"}]),
    # the dict of a staged class was changed behind the class's back: the next look-up of its method crashed (to 3.12)
    "a class under a new name, whose method the stage runs": (
        stale("Old", "", "con7 = (10, 's')\n", "2", "(2,)", "Old", "con8"),
        [
            stale("New", "con7 = (10, 's')\n", "", "2", "(2,)", "New", "con9"),
            stale("New", "con7 = (10, 's')\n", "", "con1", "(2, con1, con1)", "*", "con9"),
        ],
    ),
    # 3.13 keeps the line of a class in the class
    "a class that only moved": (
        {"m0.py": "K = 1\n" + MOVED, "main.py": "from m0 import C\n"},
        [{"m0.py": "\n\n# moved\nK = 1\n" + MOVED}, {"m0.py": MOVED + "K = 1\n"}],
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_found(tmp_path: Path, name: str) -> None:
    before, edits = FOUND[name]
    worker = Worker()
    try:
        for result in worker.run(tmp_path / "p", before, edits, ["main"]):
            claimed = result.outcome == "committed" and result.report.get("complete") is True
            assert result.verdict in ("right", "declined", "incomplete"), result
            assert not (result.failed and claimed), result
    finally:
        worker.close()
