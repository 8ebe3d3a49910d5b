"""Contract line 16: instances migrate once, by attribute name; a class may say how, and can stop the refresh."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from tests.conftest import Runner


class Edit(NamedTuple):
    """A class ``C`` before and after; what to say of ``it``, which was made before, and what that comes to."""

    before: str
    old: str
    new: str
    probe: str
    expected: str
    make: str = "C()"


DATACLASS = (
    "from dataclasses import dataclass, field, KW_ONLY, InitVar\nfrom typing import ClassVar\n@dataclass\nclass C:\n"
)
INIT = "class C:\n    kind = 'c'\n    def __init__(self, a=1):\n        self.a = a\n"

GIVEN = {
    "a field with a default": Edit(DATACLASS + "    x: int = 1\n", "x: int = 1", "x: int = 1\n    y: int = 3", "vars(it)", "{'x': 1, 'y': 3}"),
    "a field with a factory": Edit(
        DATACLASS + "    x: int = 1\n",
        "x: int = 1",
        "x: int = 1\n    y: list = field(default_factory=list)",
        "(vars(it), it.y is not other.y)",
        "({'x': 1, 'y': []}, True)",
    ),
    "a factory of the module": Edit(
        "from dataclasses import dataclass, field\nclass Box: pass\n@dataclass\nclass C:\n    x: int = 1\n",
        "x: int = 1",
        "x: int = 1\n    y: Box = field(default_factory=Box)",
        "type(it.y) is lib.Box",
        "True",
    ),
    "a factory that is new itself": Edit(
        "from dataclasses import dataclass, field\nclass Box: pass\n@dataclass\nclass C:\n    x: int = 1\n",
        "class Box: pass\n@dataclass\nclass C:\n    x: int = 1",
        "class Box:\n    n = 5\ndef boxed():\n    return Box()\n@dataclass\nclass C:\n    x: int = 1\n    y: Box = field(default_factory=boxed)",
        "(type(it.y) is lib.Box, it.y.n)",
        "(True, 5)",
    ),
    "a field of a frozen dataclass": Edit(
        "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass C:\n    x: int = 1\n",
        "x: int = 1",
        "x: int = 1\n    y: int = 3",
        "(it == C(), hash(it) == hash(C()), vars(it))",
        "(True, True, {'x': 1, 'y': 3})",
    ),
    "a field of a dataclass with slots": Edit(
        "from dataclasses import dataclass\n@dataclass(slots=True)\nclass C:\n    x: int = 1\n",
        "x: int = 1",
        "x: int = 1\n    y: int = 3",
        "(repr(it), it == C(), isinstance(it, lib.C))",
        "('C(x=1, y=3)', True, True)",
    ),
    "a field that is not an argument": Edit(
        DATACLASS + "    x: int = 1\n", "x: int = 1", "x: int = 1\n    y: int = field(init=False, default=2)", "it.y", "2"
    ),
    "a field that is keyword only": Edit(DATACLASS + "    x: int = 1\n", "x: int = 1", "x: int = 1\n    _: KW_ONLY\n    y: int = 2", "it.y", "2"),
    "no field: of the class, and for __init__": Edit(
        DATACLASS + "    x: int = 1\n",
        "x: int = 1",
        "x: int = 1\n    k: ClassVar[int] = 2\n    v: InitVar[int] = 3",
        "(vars(it), it.k)",
        "({'x': 1}, 2)",
    ),
    "a field that is declared no more": Edit(
        DATACLASS + "    x: int = 1\n    y: int = 2\n", "    y: int = 2\n", "", "(vars(it), hasattr(it, 'y'))", "({'x': 1}, False)"
    ),
    "a field that is renamed": Edit(
        DATACLASS + "    x: int = 1\n    y: int = 2\n", "y: int = 2", "z: int = 5", "vars(it)", "{'x': 1, 'z': 5}"
    ),
    "a plain class becomes a dataclass": Edit(
        "from dataclasses import dataclass\nclass C:\n    def __init__(self): self.x = 9\n",
        "class C:\n    def __init__(self): self.x = 9\n",
        "@dataclass\nclass C:\n    x: int = 1\n    y: int = 2\n",
        "repr(it)",
        "C(x=9, y=2)",
    ),
    "a constant in __init__": Edit(INIT, "self.a = a", "self.a = a\n        self.b = (2, None)", "vars(it)", "{'a': 1, 'b': (2, None)}"),
    "a new list in __init__": Edit(
        INIT, "self.a = a", "self.a = a\n        self.b = []", "(it.b, it.b is not other.b)", "([], True)"
    ),
    "a new container by its name": Edit(INIT, "self.a = a", "self.a = a\n        self.b: set[int] = set()", "it.b", "set()"),
    "a private name": Edit(INIT, "self.a = a", "self.a = a\n        self.__b = 2", "it._C__b", "2"),
    "a new parameter with a default": Edit(
        INIT, "a=1):\n        self.a = a", "a=1, b='b', *, c=None):\n        self.a, self.n = a, 0\n        self.b = b\n        self.c = c or []", "(it.b, it.c)", "('b', [])"
    ),
    "a new parameter, and what it stands for": Edit(
        INIT, "a=1):\n        self.a = a", "a=1, tags=None):\n        self.a = a\n        self.tags = {} if tags is None else tags", "(it.tags, it.tags is not other.tags)", "({}, True)"
    ),
    "a constant of the module": Edit(
        "LIMIT = (3, 4)\n" + INIT, "self.a = a", "self.a = a\n        self.limit = LIMIT", "it.limit is lib.LIMIT", "True"
    ),
    "in a method that __init__ calls": Edit(
        INIT + "        self.reset()\n    def reset(self):\n        self.n = 0\n",
        "self.n = 0",
        "self.n = 0\n        self.m = 1",
        "it.m",
        "1",
    ),
    "by setattr": Edit(INIT, "self.a = a", "self.a = a\n        object.__setattr__(self, 'b', 2)", "it.b", "2"),
    "on a class with a __setattr__ of its own": Edit(
        INIT + "    def __setattr__(self, name, value):\n        if name != 'a': raise AttributeError('closed')\n        object.__setattr__(self, name, value)\n",
        "self.a = a",
        "self.a = a\n        object.__setattr__(self, 'b', 2)",
        "it.b",
        "2",
    ),
    "on a class with a __getattr__": Edit(
        INIT + "    def __getattr__(self, name):\n        return 'asked for ' + name\n", "self.a = a", "self.a = a\n        self.b = 2", "it.b", "2"
    ),
    "where the class has that name too": Edit(INIT, "self.a = a", "self.a = a\n        self.kind = 'i'", "vars(it)", "{'a': 1, 'kind': 'i'}"),
    "in __post_init__": Edit(
        DATACLASS + "    x: int = 1\n    def __post_init__(self):\n        self.seen = 0\n", "self.seen = 0", "self.seen = 0\n        self.more = []", "it.more", "[]"
    ),
    "of an exception": Edit(
        "class C(Exception):\n    def __init__(self, *a):\n        super().__init__(*a)\n        self.x = 1\n", "self.x = 1", "self.x = 1\n        self.code = 7", "(it.code, it.args)", "(7, (4,))", "C(4)"
    ),
    "of a list": Edit(
        "class C(list):\n    def __init__(self, *a):\n        super().__init__(*a)\n", "super().__init__(*a)", "super().__init__(*a)\n        self.code = 7", "(it.code, it)", "(7, [4])", "C([4])"
    ),
    "of an int": Edit(
        "class C(int):\n    def __init__(self, *a):\n        self.x = 1\n", "self.x = 1", "self.x = 1\n        self.code = 7", "(it.code, it + 1)", "(7, 5)", "C(4)"
    ),
    "of a class with a slot for it": Edit(
        "class C:\n    __slots__ = ('a', 'b')\n    def __init__(self):\n        self.a = 1\n", "self.a = 1", "self.a = 1\n        self.b = 2", "(it.a, it.b)", "(1, 2)"
    ),
    "of a class that gets a slot for it": Edit(
        "class C:\n    __slots__ = ('a',)\n    def __init__(self):\n        self.a = 1\n", "('a',)\n    def __init__(self):\n        self.a = 1", "('a', 'b')\n    def __init__(self):\n        self.a = 1\n        self.b = 2", "(it.a, it.b, isinstance(it, lib.C))", "(1, 2, True)"
    ),
    "from slots to a dict": Edit(
        "class C:\n    __slots__ = ('a',)\n    def __init__(self):\n        self.a = 1\n", "    __slots__ = ('a',)\n    def __init__(self):\n        self.a = 1", "    def __init__(self):\n        self.a = 1\n        self.b = 2", "vars(it)", "{'a': 1, 'b': 2}"
    ),
    "from a dict to slots": Edit(
        "class C:\n    def __init__(self):\n        self.a = 1\n        self.z = 3\n", "    def __init__(self):\n        self.a = 1\n        self.z = 3", "    __slots__ = ('a', 'b')\n    def __init__(self):\n        self.a = 1\n        self.b = 2", "(it.a, it.b, hasattr(it, 'z'))", "(1, 2, False)"
    ),
    "an attribute becomes a method": Edit(INIT, "        self.a = a\n", "        pass\n    def a(self):\n        return 5\n", "it.a()", "5"),
    "an attribute becomes a property": Edit(
        INIT, "        self.a = a\n", "        self._a = 4\n    @property\n    def a(self):\n        return self._a + 1\n", "(it.a, vars(it))", "(5, {'_a': 4})"
    ),
    "an attribute becomes a cached property": Edit(
        "from functools import cached_property\n" + INIT, "        self.a = a\n", "        pass\n    @cached_property\n    def a(self):\n        return 5\n", "it.a", "5"
    ),
}  # fmt: skip
"""Edits of which a fresh process's instances have more or less, and so have those that were made before."""


@pytest.mark.parametrize("name", GIVEN)
def test_c16_an_instance_has_what_a_new_one_has(run: Runner, name: str) -> None:
    case = GIVEN[name]
    script = f"""
        import lib, weakref
        C, cell = lib.C, [lib.C]
        it, other = {case.make}, {case.make}
        edit("lib.py", {case.old!r}, {case.new!r})
        report = refresh()
        C = cell[0]
        say({case.probe})
        say(report.outcome, report.complete, report.migrated or report.removed or report.swept)
        """
    said, outcome = run({"lib.py": case.before}, script).split(" | ")
    assert said == case.expected
    assert outcome.startswith(("committed True", "committed None") if "__post_init__" in name else "committed True")


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


def test_c16_a_class_says_how(run: Runner) -> None:
    tree = {
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
        say(report.outcome, report.complete, report.migrated, len([o for o in gc.get_objects() if isinstance(o, lib.C)]))
        say((id(it), id(other), id(lib.C), id(sub.Sub)) == ids, type(it) is lib.C, type(it.span) is lib.Span)
        say(*it.told)
        say(it.made(), other.made(), it.made.__closure__[0].cell_contents is it, it.made.__globals__ is vars(lib))
        say(sorted(vars(it)), other.size, lib.C(1, 5).size)
        session.undo()
        say(vars(it), vars(other))
        """
    assert run(tree, script) == (
        "committed True 2 2 | True True True | ['size', 'span'] ['length'] mappingproxy | "
        "('cm', 9) ('m', 16) True True | ['made', 'size', 'span', 'told'] 4 4 | {'length': 3} {'length': 4}"
    )


def test_c16_a_hook_that_fails_changes_nothing(run: Runner) -> None:
    tree = {
        "lib.py": """
            from dataclasses import dataclass
            @dataclass
            class C:
                x: int
            @dataclass
            class D:
                x: int
            """,
        "app.py": """
            from lib import C
            LIMIT = 1
            """,
    }
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
    assert run(tree, script) == expected


def test_c16_a_factory_that_fails_changes_nothing(run: Runner) -> None:
    script = """
        import lib
        it = lib.C()
        edit("lib.py", "x: int = 1", "x: int = 1\\n    y: int = field(default_factory=lambda: 1 / 0)")
        report = refresh()
        say(report.outcome, type(report.error).__name__, vars(it), lib.C.__match_args__)
        """
    assert run({"lib.py": DATACLASS + "    x: int = 1\n"}, script) == "aborted ZeroDivisionError {'x': 1} ('x',)"


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
