"""The judge of the real pairs finds a mix when there is one: a judge that never does proves nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.spaces.play import play

MIXES = {
    "nothing": ("pass", []),
    "a module of the other's folder": (
        "b.modules['c'] = first",
        ["b: the module c is from", "b: c.f is from", "b: c.C is from"],
    ),
    "a function of the other's": ("second.f = first.f", ["b: lib.f is from"]),
    "a class of the other's": ("second.C = first.C", ["b: lib.C is from"]),
    "the other's module as an attribute": ("second.lib = first", ["b: lib.lib is from"]),
    "an entry of the interpreter": ("REAL['lib'] = first", ["the interpreter's module cache has lib"]),
    "code that imports from elsewhere": (
        "exec(compile(open('one/lib.py').read(), os.path.abspath('one/lib.py'), 'exec'), vars(b.import_module('own')))",
        [
            "b: own.f is from",
            "b: own.C is from",
            "C.g of a imports from another space",
            "f of a imports from another space",
        ],
    ),
}


@pytest.mark.parametrize("mix", MIXES)
def test_the_judge_finds(tmp_path: Path, mix: str) -> None:
    plant, told = MIXES[mix]
    text = "def f(): pass\nclass C:\n    def g(self): pass\n"
    tools = Path(__file__).resolve().parents[2] / "tools"
    script = f"""
        sys.path.insert(0, {str(tools)!r})
        from pairs_judge import mixtures, snapshot
        before = snapshot()
        one, two, work = map(os.path.abspath, ("one", "two", "work"))
        with Space("a", "one") as a, Space("b", ["two", "work"]) as b:
            first, second = a.import_module("lib"), b.import_module("lib")
            {plant}
            for row in mixtures({{a: one, b: two}}, work, before):
                say(row)
    """
    rows = play(tmp_path, {"one/lib.py": text, "two/lib.py": text, "work/own.py": ""}, script).split(" | ")
    found = [row for row in rows if row]
    assert len(found) == len(told), found
    assert all(any(word in row for row in found) for word in told), found
