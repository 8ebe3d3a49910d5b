"""Contract line 16: instances migrate once, by attribute name; a class may say how, and can stop the refresh."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import Runner


class Edit(NamedTuple):
    """A class ``C`` before and after; how ``it`` is made before, what it is asked for then, and what that comes to."""

    before: str
    after: str
    make: str
    probe: str
    expected: str


def _table() -> dict[str, Edit]:
    """The edits of ``instances.txt``, by name."""
    found = {}
    for block in TABLE.read_text(encoding="utf-8").split("\n=== ")[1:]:
        name, rest = block.split("\n", 1)
        before, after, last = rest.split("\n--- ")
        make, said = last.split("\n", 1)
        found[name] = Edit(before, after.partition("\n")[2], make, *said.strip().split(" -> "))
    return found


TABLE = Path(__file__).with_name("instances.txt")
GIVEN = _table()
INIT = "class C:\n    kind = 'c'\n    def __init__(self, a=1):\n        self.a = a\n"
DATACLASS = "from dataclasses import dataclass, field\n@dataclass\nclass C:\n    x: int = 1\n"


@pytest.mark.parametrize("name", GIVEN)
def test_c16_an_instance_has_what_a_new_one_has(run: Runner, name: str) -> None:
    case = GIVEN[name]
    script = f"""
        import lib
        C, cell = lib.C, [lib.C]
        it, other = {case.make}, {case.make}
        write("lib.py", {case.after!r})
        report = refresh()
        C = cell[0]
        say({case.probe})
        say(report.outcome, report.complete)
        """
    said, outcome = run({"lib.py": case.before}, script).split(" | ")
    assert said == case.expected
    assert outcome == "committed True" or ("__post_init__" in name and outcome == "committed None")


LACKING = {
    "an argument": ("self.a = a", "self.a = a\n        self.b = a + 1", "lack b"),
    "an old parameter's value": ("self.a = a", "self.a = a\n        self.b = a", "lack b"),
    "a call": ("self.a = a", "self.a = a\n        self.b = open", "lack b"),
    "a parameter that is bound anew": ("a=1):", "a=1, b=None):\n        b = b or a\n        self.b = b", "lack b"),
    "two ways to set it": ("self.a = a", "self.a = a\n        if a: self.b = 1\n        else: self.b = 2", "lack b"),
    "in a with": ("self.a = a", "self.a = a\n        with open(__file__) as self.b: pass", "lack b"),
    "under a condition": (
        "self.a = a",
        "self.a = a\n        if a: self.b = 1",
        "may lack b, which is set under a condition",
    ),
    "after a return": ("self.a = a", "self.a = a\n        if a: return\n        self.b = 1", "may lack b"),
    "in a loop": ("self.a = a", "self.a = a\n        for self.b in (): pass", "may lack b"),
    "by its dict": ("self.a = a", "self.a = a\n        self.__dict__.update(b=1)", "may lack some of it"),
    "by a computed name": ("self.a = a", "self.a = a\n        setattr(self, 'b' * a, 1)", "may lack some of it"),
}


@pytest.mark.parametrize("name", LACKING)
def test_c16_what_an_instance_lacks_is_said(run: Runner, name: str) -> None:
    old, new, expected = LACKING[name]
    script = f"""
        import lib
        it = lib.C()
        edit("lib.py", {old!r}, {new!r})
        report = refresh()
        say(vars(it), report.outcome, report.complete, report.migrated, *report.remains, *report.doubts)
        """
    said = run({"lib.py": INIT}, script)
    assert said.startswith(("{'a': 1} committed False 0 lib:C: 1 instance made", "{'a': 1} committed None 0 lib:C: "))
    assert expected in said


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("self.a = a", "self.a = a + 1"),
        ("kind = 'c'", "kind = 'd'"),
        ("kind = 'c'", "kind = 'c'\n    more = 1"),
        ("self.a = a", "self.a = a\n    def m(self): self.b = 1"),
        ("self.a = a", "self.b = a"),
        ("self.a = a", "pass"),
        ("kind = 'c'", "kind: str = 'c'\n    other: int"),
    ],
)
def test_c16_nothing_is_said_where_no_instance_is(run: Runner, old: str, new: str) -> None:
    script = f"""
        import lib
        edit("lib.py", {old!r}, {new!r})
        report = refresh()
        say(report.outcome, report.complete, report.migrated)
        """
    assert run({"lib.py": INIT}, script) == "committed True 0"


def test_c16_the_heap_is_walked_only_for_what_changes_instances(run: Runner) -> None:
    script = """
        import lib
        it = lib.C()
        for old, new in [("self.a = a", "self.a = a + 1"), ("'c'", "'d'"), ("self.a = a", "self.b = 3; self.a = a")]:
            edit("lib.py", old, new)
            say(refresh().swept)
        """
    assert run({"lib.py": INIT}, script) == "False | False | True"


LENGTH = {
    "lib.py": """
        class C:
            def __init__(self, length):
                self.length = length
        """,
    "sub.py": """
        from lib import C
        class Sub(C):
            unit = "m"
        """,
}


def test_c16_a_class_says_how(run: Runner) -> None:
    script = """
        import gc, lib, sub
        it, other = lib.C(3), sub.Sub(4)
        ids = id(it), id(other), id(lib.C), id(sub.Sub)
        write("lib.py", '''
            import math
            class Span:
                def __init__(self, low, high): self.low, self.high = low, high
            class C:
                unit = "cm"
                def __init__(self, low, high):
                    self.span = Span(low, high)
                    self.size = high - low
                def __migrate__(self, old, added, removed):
                    self.span = Span(0, old["length"])
                    self.size = old["length"]
                    self.made = lambda: (self.unit, self.area())
                    self.told = sorted(added), sorted(removed), type(old).__name__
                    del self.length
                def area(self):
                    return math.floor(self.size ** 2)
            ''')
        report = refresh()
        alive = [one for one in gc.get_objects() if isinstance(one, lib.C)]
        say(report.outcome, report.complete, report.migrated, len(alive))
        say((id(it), id(other), id(lib.C), id(sub.Sub)) == ids, type(it) is lib.C, type(it.span) is lib.Span)
        say(*it.told)
        say(it.made(), other.made(), it.made.__closure__[0].cell_contents is it, it.made.__globals__ is vars(lib))
        say(sorted(vars(it)), other.size, lib.C(1, 5).size)
        session.undo()
        say(vars(it), vars(other))
        """
    assert run(LENGTH, script) == (
        "committed True 2 2 | True True True | ['size', 'span'] ['length'] mappingproxy | "
        "('cm', 9) ('m', 16) True True | ['made', 'size', 'span', 'told'] 4 4 | {'length': 3} {'length': 4}"
    )


TWO = """
    from dataclasses import dataclass
    @dataclass
    class C:
        x: int
    @dataclass
    class D:
        x: int
    """


def test_c16_a_hook_that_fails_changes_nothing(run: Runner) -> None:
    script = """
        import lib, app
        its, other = [lib.C(n) for n in range(5)], lib.D(1)
        before = state()
        write("lib.py", '''
            from dataclasses import dataclass
            @dataclass
            class C:
                x: int
                y: float = 0.0
                def __migrate__(self, old, added, removed):
                    self.y = 1 / (3 - self.x)
            @dataclass
            class D:
                x: int
                y: int = 0
            ''')
        report = refresh()
        say(report.outcome, type(report.error).__name__, report.failed, report.migrated)
        say([vars(it) for it in its] == [{"x": n} for n in range(5)], vars(other), before == state())
        edit("lib.py", "1 / (3 - self.x)", "1 / (7 - self.x)")
        report = refresh()
        say(report.outcome, report.migrated, its[3].y, other.y)
        """
    expected = "aborted ZeroDivisionError ('lib',) 0 | True {'x': 1} True | committed 6 0.25 0"
    assert run({"lib.py": TWO, "app.py": "from lib import C"}, script) == expected


def test_c16_a_factory_that_fails_changes_nothing(run: Runner) -> None:
    script = """
        import lib
        it = lib.C()
        edit("lib.py", "x: int = 1", "x: int = 1\\n    y: int = field(default_factory=lambda: 1 / 0)")
        report = refresh()
        say(report.outcome, type(report.error).__name__, vars(it), lib.C.__match_args__)
        """
    assert run({"lib.py": DATACLASS}, script) == "aborted ZeroDivisionError {'x': 1} ('x',)"


def test_c16_an_undo_takes_what_was_given(run: Runner) -> None:
    script = """
        import lib, weakref
        it, gone, has = lib.C(), lib.C(), lib.C()
        has.b = 9
        dead = weakref.ref(gone)
        edit("lib.py", "self.a = a", "self.b = 2")
        report = refresh()
        say(vars(it), vars(has), report.migrated, report.kept)
        del gone
        del it.b
        say(dead())
        session.undo()
        say(vars(it), vars(has), vars(lib.C()))
        """
    assert run({"lib.py": INIT}, script) == (
        "{'a': 1, 'b': 2} {'a': 1, 'b': 9} 2 ('lib:C.a',) | None | {'a': 1} {'a': 1, 'b': 9} {'a': 1}"
    )


def test_c16_an_instance_in_a_circle_keeps_all_that_leads_to_it(run: Runner) -> None:
    script = """
        import lib, weakref, copy, pickle
        it = lib.C()
        it.me, it.all = it, [it]
        old = pickle.dumps(lib.C())
        weak, table, bound = weakref.ref(it), {it: 1}, it.m
        edit("lib.py", "self.a = a", "self.a = a\\n        self.b = 2")
        report = refresh()
        say(report.complete, it.me is it, it.all[0] is it, weak() is it, table[it], bound() is it, it.b)
        say(vars(copy.copy(it))["b"], copy.deepcopy(it).me.b, vars(pickle.loads(old)), pickle.loads(pickle.dumps(it)).b)
        """
    text = INIT + "    def m(self):\n        return self\n"
    assert run({"lib.py": text}, script) == "True True True True 1 True 2 | 2 2 {'a': 1} 2"


def test_c16_instances_of_subclasses_elsewhere_have_it_if_they_would(run: Runner) -> None:
    tree = {
        "lib.py": INIT,
        "sub.py": """
            from lib import C
            class Inherits(C): pass
            class Calls(C):
                def __init__(self):
                    super().__init__()
                    self.own = 1
            class Not(C):
                def __init__(self):
                    self.own = 1
            """,
    }
    script = """
        import lib, sub
        its = [sub.Inherits(), sub.Calls(), sub.Not(), type("Local", (sub.Calls,), {})()]
        edit("lib.py", "self.a = a", "self.a = a\\n        self.b = 2")
        report = refresh()
        say(report.complete, report.migrated, *map(vars, its))
        """
    assert run(tree, script) == (
        "True 3 {'a': 1, 'b': 2} {'a': 1, 'own': 1, 'b': 2} {'own': 1} {'a': 1, 'own': 1, 'b': 2}"
    )


def test_c16_a_cached_property_that_changed_is_asked_anew(run: Runner) -> None:
    text = """
        from functools import cached_property
        class C:
            @cached_property
            def one(self): return [1]
            @cached_property
            def two(self): return [2]
        class D(C):
            @cached_property
            def one(self): return ["mine"]
        """
    script = """
        import lib
        it, other = lib.C(), lib.D()
        one, two, mine = it.one, it.two, other.one
        edit("lib.py", "return [1]", "return [10]")
        report = refresh()
        say(report.complete, it.one, it.two is two, other.one is mine)
        session.undo()
        say(it.one)
        """
    assert run({"lib.py": text}, script).startswith("True [10] True True")


def test_c16_what_gc_freeze_hides_is_said(run: Runner) -> None:
    script = """
        import gc, lib
        it = lib.C()
        gc.freeze()
        edit("lib.py", "self.a = a", "self.a = a\\n        self.b = 2")
        report = refresh()
        say(vars(it), report.outcome, report.complete, report.doubts)
        """
    said = run({"lib.py": INIT}, script)
    assert said.startswith("{'a': 1} committed None ('gc.freeze() hides objects")


BY_FIELDS = "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass C:\n    x: int = 1\n"
FIELDS = "from typing import NamedTuple\nclass C(NamedTuple):\n    x: int = 1\n"


@pytest.mark.parametrize(
    ("text", "old", "new", "expected"),
    [
        (BY_FIELDS, "frozen=True", "frozen=True, repr=False", "True"),
        (FIELDS, "x: int = 1", "x: int = 1\n    y: int = 2", "False lib:C: 1 instance made before: a tuple keeps"),
        (FIELDS, "x: int = 1", "x: int = 2", "True"),
    ],
)
def test_c16_what_can_not_be_mended_in_an_instance_is_said(
    run: Runner, text: str, old: str, new: str, expected: str
) -> None:
    script = f"""
        import lib
        it = lib.C()
        table, group, values = {{it: 1}}, {{it}}, {{"it": it}}
        edit("lib.py", {old!r}, {new!r})
        report = refresh()
        say(report.complete, *report.remains)
        """
    assert run({"lib.py": text}, script).startswith(expected)
