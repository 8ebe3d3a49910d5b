"""Contract line 13: the members of an enumeration that stay are the same objects; new ones are there, removed are told.

That what the members are, say and answer is as in a fresh process is the family ``enums`` of the hostile edits.
"""

from __future__ import annotations

import pytest

from tests.conftest import Runner

NEW = "    def __new__(cls, n):\n        o = object.__new__(cls)\n        o._value_ = n\n        return o"
STAY = {
    "a value changed": ("Enum", "A = 1\n    B = 2", "A = 10\n    B = 2"),
    "values swapped": ("Enum", "A = 1\n    B = 2", "A = 2\n    B = 1"),
    "another order": ("Enum", "A = 1\n    B = 2", "B = 2\n    A = 1"),
    "one added before": ("Enum", "A = 1\n    B = 2", "C = 0\n    A = 1\n    B = 2"),
    "one added behind": ("Enum", "A = 1\n    B = 2", "A = 1\n    B = 2\n    C = 3"),
    "one taken away": ("Enum", "A = 1\n    B = 2\n    C = 3", "A = 1\n    B = 2"),
    "counted by auto": ("Enum", "A = auto()\n    B = auto()", "C = auto()\n    B = auto()\n    A = auto()"),
    "another name for one": ("Enum", "A = 1\n    B = 2", "A = 1\n    B = 2\n    C = 1"),
    "a name for one less": ("Enum", "A = 1\n    C = 1\n    B = 2", "A = 1\n    B = 2"),
    "values that have no hash": ("Enum", "A = [1]\n    B = {}", "A = [2]\n    B = {}\n    C = []"),
    "whole numbers": ("IntEnum", "A = 1\n    B = 2", "C = 0\n    A = 1\n    B = 2"),
    "texts": ("StrEnum", "A = 'a'\n    B = auto()", "A = 'a'\n    C = 'c'\n    B = auto()"),
    "flags": ("Flag", "A = 1\n    B = 2", "A = 4\n    B = 2\n    C = 1"),
    "flags that are numbers": ("IntFlag", "A = 1\n    B = 2", "A = 1\n    B = 2\n    C = 4"),
    "a method": ("Enum", "A = 1\n    B = 2", "A = 1\n    B = 2\n    def m(self): return self.name"),
    "a method less": ("Enum", "A = 1\n    B = 2\n    def m(self): return self.name", "A = 1\n    B = 2"),
    "attributes of their own": (
        "Enum",
        "A = 1, 'x'\n    B = 2, 'y'\n    def __init__(self, n, t): self.n, self.t = n, t",
        "A = 1, 'z'\n    B = 2, 'y'\n    def __init__(self, n, t): self.n, self.text = n, t",
    ),
    "made by a __new__": (
        "Enum",
        f"A = 1\n    B = 2\n{NEW}",
        f"A = 3\n    B = 2\n{NEW}",
    ),
}


@pytest.mark.parametrize("name", STAY)
def test_c13_members_that_stay_are_the_same_objects(run: Runner, name: str) -> None:
    kind, old, new = STAY[name]
    before = f"from enum import *\nclass E({kind}):\n    {old}\nDEFAULT = E.A\n"
    script = f"""
        import lib, pickle
        E, a, b = lib.E, lib.E.A, lib.E.B
        table, group, hashes, old = {{a: "a", b: "b"}}, frozenset([a, b]), [hash(a), hash(b)], pickle.dumps([a, b])
        write("lib.py", {before.replace(old, new)!r})
        report = refresh()
        say(report.outcome, lib.E is E, E.A is a, E.B is b, lib.DEFAULT is a, E["A"] is a, E(a.value) is a)
        say(hashes == [hash(a), hash(b)], table[E.A], E.B in group, a in list(E), pickle.loads(pickle.dumps(a)) is a)
        say(list(E.__members__), [m.name for m in E], type(a) is E, repr(a) == repr(E.A))
        """
    said = run({"lib.py": before}, script).split(" | ")
    assert said[0] == "committed" + " True" * 6
    assert said[1] == "True a True True True"
    names: dict[str, object] = {}
    exec(before.replace(old, new), names)  # what a fresh process makes of it
    fresh: type = names["E"]  # type: ignore[assignment]
    assert said[2] == f"{list(fresh.__members__)} {[m.name for m in fresh]} True True"  # type: ignore[attr-defined]


def test_c13_what_is_gone_is_told(run: Runner) -> None:
    script = """
        import lib
        E, b, held = lib.E, lib.E.B, [lib.F.B]
        write("lib.py", '''
            from enum import Enum
            class E(Enum):
                A = 1
                C = 2
            F = Enum("F", "A")
            ''')
        report = refresh()
        say(report.complete, sorted(report.removed), hasattr(E, "B"), E(2) is E.C, hasattr(lib.F, "B"), len(lib.F))
        session.undo()
        say(E.B is b, E(2) is b, hasattr(E, "C"), lib.F.B is held[0])
        """
    text = "from enum import Enum\nclass E(Enum):\n    A = 1\n    B = 2\nF = Enum('F', 'A B')\n"
    assert run({"lib.py": text}, script) == ("True ['lib:E.B', 'lib:F.B'] False True False 1 | True True False True")


def test_c13_a_use_of_a_member_that_is_gone_fails_the_plan(run: Runner) -> None:
    script = """
        import app, lib
        b = lib.E.B
        edit("lib.py", "    B = 2", "    C = 2")
        report = refresh()
        say(report.outcome, type(report.error).__name__, lib.E.B is b, app.DEFAULT is b, list(lib.E.__members__))
        """
    tree = {
        "lib.py": "from enum import Enum\nclass E(Enum):\n    A = 1\n    B = 2\n",
        "app.py": "import lib\nDEFAULT = lib.E.B\n",
    }
    assert run(tree, script) == "aborted AttributeError True True ['A', 'B']"


def test_c13_an_edit_that_breaks_a_promise_is_turned_down(run: Runner) -> None:
    script = """
        import lib
        before = state()
        edit("lib.py", "B = 2", "B = 1")
        report = refresh()
        say(report.outcome, type(report.error).__name__, state() == before)
        """
    text = "from enum import Enum, unique\n@unique\nclass E(Enum):\n    A = 1\n    B = 2\n"
    assert run({"lib.py": text}, script) == "aborted ValueError True"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("B = 1", "B = 2", "B was another name of A"),
        ("A = 1\n    B = 1", "B = 1\n    A = 1", "A is another name of B now"),
    ],
)
def test_c13_a_name_that_stands_for_another_member_is_told(run: Runner, old: str, new: str, expected: str) -> None:
    script = f"""
        import lib
        edit("lib.py", {old!r}, {new!r})
        report = refresh()
        say(report.complete, *report.doubts)
        """
    said = run({"lib.py": "from enum import Enum\nclass E(Enum):\n    A = 1\n    B = 1\n"}, script)
    assert said.startswith("None ")
    assert expected in said


def test_c13_members_by_flags_that_were_asked_for(run: Runner) -> None:
    script = """
        import lib
        F = lib.F
        both, none = F.A | F.B, F(0)
        edit("lib.py", "B = 2", "B = 2\\n    C = 4")
        report = refresh()
        say(report.complete, F.A | F.B is both, F(0) is none, F.A in both, (~F.A).value, (F.A | F.C).value, both.name)
        """
    text = "from enum import Flag\nclass F(Flag):\n    A = 1\n    B = 2\n"
    said = run({"lib.py": text}, script)
    assert said == "True True True True 6 5 A|B"
