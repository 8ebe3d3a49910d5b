"""Objects that are made anew and that nothing can fill: who holds the old one is led to the new one, or named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.trees import run

KINDS = {
    "a context variable": ("contextvars.ContextVar('a')", "contextvars.ContextVar('b')"),
    "a lock": ("threading.Lock()", "threading.Lock() or 0"),
    "a reentrant lock": ("threading.RLock()", "threading.RLock() or 0"),
    "another kind of lock": ("threading.Lock()", "threading.RLock()"),
    "a condition": ("threading.Condition()", "threading.Condition(None)"),
    "an event": ("threading.Event()", "threading.Event() or 0"),
    "a thread's own": ("threading.local()", "threading.local() or 0"),
    "a queue": ("queue.Queue()", "queue.Queue(5)"),
    "a queue in C": ("queue.SimpleQueue()", "queue.SimpleQueue() or 0"),
    "a number": ("decimal.Decimal('1.5')", "decimal.Decimal('2.5')"),
    "a fraction": ("fractions.Fraction(1, 2)", "fractions.Fraction(1, 3)"),
    "a date": ("datetime.datetime(2020, 1, 1)", "datetime.datetime(2021, 1, 1)"),
    "a path": ("pathlib.PurePosixPath('a')", "pathlib.PurePosixPath('b')"),
    "a weak reference": ("weakref.ref(Thing(), repr)", "weakref.ref(Thing(), repr) or 0"),
    "a table of weak references": ("weakref.WeakValueDictionary()", "weakref.WeakValueDictionary({})"),
    "a partial": ("functools.partial(max, 1)", "functools.partial(max, 2)"),
    "a getter": ("operator.itemgetter(1)", "operator.itemgetter(2)"),
    "an array": ("array.array('i', [1])", "array.array('i', [2])"),
    "bytes": ("bytearray(b'1')", "bytearray(b'2')"),
    "a generator": ("(n for n in [1])", "(n for n in [1, 2])"),
    "an iterator": ("itertools.count()", "itertools.count(1)"),
    "a layout": ("struct.Struct('i')", "struct.Struct('ii')"),
    "a source of chance": ("random.Random(1)", "random.Random(2)"),
    "a view": ("types.MappingProxyType({'a': 1})", "types.MappingProxyType(collections.ChainMap())"),
    "a chain of tables": ("collections.ChainMap({})", "collections.ChainMap({'a': 1})"),
    "a file in memory": ("io.StringIO('a')", "io.StringIO('b')"),
    "a namespace": ("types.SimpleNamespace(a=1)", "types.SimpleNamespace(a=2)"),
    "an exception": ("ValueError(1)", "ValueError(2)"),
    "a record": ("Point(1, 2)", "Point(1, 3)"),
    "a list of somebody's": ("Things([1])", "Things([2])"),
    "a text of somebody's": ("Text('a')", "Text('b')"),
    "an instance of another class": ("Thing()", "Other()"),
    "a table with odd keys": ("{Key(): 1}", "{Key(): 2}"),
    "something else": ("Thing()", "[1]"),
}
"""What X is made of, before and after the edit."""

LIB = """
import array, collections, contextvars, datetime, decimal, fractions, functools, io, itertools, operator, pathlib
import queue, random, struct, threading, types, weakref

class Thing: pass
class Other: pass
class Things(list): pass
class Text(str): pass
class Point(collections.namedtuple("Point", "x y")): __slots__ = ()
class Key:
    def __hash__(self): return 1
    def __eq__(self, other): return self is other

X = {}
"""
APP = """
import collections, functools, types
import lib

class Plain: pass
class Slots:
    __slots__ = ("x",)
class Names(dict): pass
class Row(tuple): pass

held = {}

def keep():
    global GLOBAL
    GLOBAL = x = lib.X
    held["list"] = [x]
    held["dict"] = {1: x}
    held["tuple"] = (1, x)
    held["tuple in a tuple"] = ((x,), 2)
    held["row"] = Row((1, x))
    held["own dict"] = Names(k=x)
    held["deque"] = collections.deque([x])
    held["instance"] = Plain()
    held["instance"].x = x
    held["slots"] = Slots()
    held["slots"].x = x
    held["class"] = type("Later", (), {"x": x})
    held["default"] = lambda a=x: a
    held["keyword default"] = lambda *, a=x: a
    held["closure"] = lambda: x
    held["function's attribute"] = lambda: None
    held["function's attribute"].x = x
    held["partial"] = functools.partial(id, x)
    held["namespace"] = types.SimpleNamespace(x=x)
    held["iterator"] = iter([x])

def keep_as_keys():
    held["set"] = {lib.X}
    held["frozen set"] = frozenset([lib.X])
    held["key"] = {lib.X: 1}

def keep_out_of_reach():
    held["property"] = property(lib.X)
    def generator():
        x = lib.X
        yield
        yield x
    held["generator"] = generator()
    next(held["generator"])
"""
SCRIPT = """
import lib, app
LOOKS = {
    "list": lambda it: it[0], "dict": lambda it: it[1], "tuple": lambda it: it[1],
    "tuple in a tuple": lambda it: it[0][0], "row": lambda it: it[1], "own dict": lambda it: it["k"],
    "deque": lambda it: it[0], "instance": lambda it: it.x, "slots": lambda it: it.x, "class": lambda it: it.x,
    "default": lambda it: it(), "keyword default": lambda it: it(), "closure": lambda it: it(),
    "function's attribute": lambda it: it.x, "partial": lambda it: it.args[0], "namespace": lambda it: it.x,
    "property": lambda it: it.fget, "generator": next, "iterator": lambda it: it.__reduce__()[1][0][0],
    "set": lambda it: [*it][0], "frozen set": lambda it: [*it][0], "key": lambda it: [*it][0],
}
def old():
    return [name for name, it in app.held.items() if LOOKS[name](it) is not lib.X]
def told(report):
    rows = [row for row in report.remains if row.startswith("lib:X ")]
    return sorted({row.partition("and a ")[2].partition(" ")[0] for row in rows})
before, number = open("lib.py").read(), id(lib.X)
app.keep()
write("lib.py", AFTER)
report = refresh()
rows = [row for row in (*report.remains, *report.doubts) if "lib:X " in row]
say(old(), app.GLOBAL is lib.X, id(lib.X) != number, rows)
say("lib:X" in report.replaced)
session.undo()
say(old(), app.GLOBAL is lib.X, id(lib.X) == number)
write("lib.py", before)
app.held.clear()
refresh()
try:
    app.keep_as_keys()
except TypeError:
    app.held.clear()
write("lib.py", AFTER)
report = refresh()
names = {"set": "set", "frozen set": "frozenset", "key": "dict"}
say(set(told(report)) == {names[name] for name in old()})
write("lib.py", before)
app.held.clear()
refresh()
app.keep_out_of_reach()
write("lib.py", AFTER)
report = refresh()
say(old(), {"property", "generator"} <= set(told(report)) <= {"property", "generator", "set", "dict", "frozenset"})
"""


@pytest.mark.parametrize("kind", KINDS)
def test_c11_who_holds_an_object_that_is_made_anew_is_led_or_named(tmp_path: Path, kind: str) -> None:
    before, after = (LIB.replace("X = {}", f"X = {text}") for text in KINDS[kind])
    said = run(tmp_path, {"lib.py": before, "app.py": APP}, SCRIPT.replace("AFTER", repr(after)))
    assert said == "[] True True [] | True | [] True True | True | ['property', 'generator'] True"


SHARED = {
    "a pattern": "re.compile({!r})",
    "a logger": "logging.getLogger({!r})",
    "a weak reference": "weakref.ref(KINDS[{!r}])",
    "what a cached function gave": "made({!r})",
}
SHARED_LIB = """
import functools, logging, re, weakref, threading
class A: pass
class B: pass
KINDS = {"a": A, "b": B}

class Never:
    def __init__(self, name): self.lock = threading.Lock()
made = functools.lru_cache(Never)
X = {}
"""
SHARED_SCRIPT = """
import lib, app
app.held.append(lib.X)
assert app.Y is lib.X
edit("lib.py", "X = BEFORE", "X = AFTER")
report = refresh()
say(app.Y is lib.X, app.held[0] is app.Y, report.complete, [row for row in report.doubts if "lib:X" in row])
"""


@pytest.mark.parametrize("kind", ["a pattern", "a logger", "a weak reference"])
def test_what_others_may_have_been_given_too_is_led_nowhere_and_told(tmp_path: Path, kind: str) -> None:
    before, after = SHARED[kind].format("a"), SHARED[kind].format("b")
    script = SHARED_SCRIPT.replace("BEFORE", before).replace("AFTER", after)
    app = f"import logging, re, weakref\nfrom lib import KINDS, made\nY = {before}\nheld = []\n"
    said = run(tmp_path, {"lib.py": SHARED_LIB.replace("X = {}", f"X = {before}"), "app.py": app}, script)
    row = "lib:X was made anew: a list holds the old one, which may be somebody else's"
    assert said == f"False True None [{row!r}]"


def test_what_nobody_took_elsewhere_is_not_told_of(tmp_path: Path) -> None:
    lib = "import re, threading\nX = re.compile('a')\nL = threading.Lock()\n"
    script = """
    import app
    edit("lib.py", "'a'", "'b'")
    edit("lib.py", "Lock()", "RLock()")
    report = refresh()
    say(report.complete, report.replaced, report.remains, report.doubts)
    """
    assert run(tmp_path, {"lib.py": lib, "app.py": "from lib import X, L\n"}, script) == "True () () ()"


def test_what_only_a_running_function_has_is_told(tmp_path: Path) -> None:
    tree = {"lib.py": "import queue\nX = queue.Queue()\n", "app.py": "import lib\ndef work(): lib.X.get()\n"}
    script = """
    import app, lib, threading
    old, thread = lib.X, threading.Thread(target=app.work, daemon=True)
    thread.start()
    while not old.not_empty._waiters: pass
    old.put
    del old
    edit("lib.py", "Queue()", "Queue(5)")
    report = refresh()
    say(report.complete, [row for row in report.doubts if row.startswith("lib:X")])
    """
    row = "lib:X was made anew: a running function, or code in C, holds the old one"
    assert run(tmp_path, tree, script) == f"None [{row!r}]"


def test_a_name_that_a_function_has_bound_is_led_too(tmp_path: Path) -> None:
    tree = {
        "lib.py": "import threading\nX = threading.Lock()\n",
        "app.py": "import lib\nNOW = None\ndef use():\n    global NOW\n    NOW = lib.X\n",
    }
    script = """
    import app, lib
    app.use()
    edit("lib.py", "Lock()", "RLock()")
    say(refresh().complete, app.NOW is lib.X)
    """
    assert run(tmp_path, tree, script) == "True True"


def test_parts_of_what_goes_on_are_led_as_well(tmp_path: Path) -> None:
    lib = """
    import threading
    class Box:
        guard = threading.Lock()
        def __init__(self, n): self.lock, self.n = threading.Lock(), n
    X = Box(1)
    TABLE = {"a": threading.Lock()}
    def f(lock=threading.Lock()): return lock
    """
    script = """
    import lib, app
    app.held += [lib.X.lock, lib.Box.guard, lib.TABLE["a"], lib.f()]
    edit("lib.py", "Box(1)", "Box(2)")
    edit("lib.py", "    guard = threading.Lock()", "    guard = threading.RLock()")
    edit("lib.py", '"a": threading.Lock()', '"a": threading.Lock(), "b": 1')
    edit("lib.py", "f(lock=threading.Lock())", "f(lock=threading.RLock())")
    report = refresh()
    now = [lib.X.lock, lib.Box.guard, lib.TABLE["a"], lib.f()]
    say(report.complete, [one is other for one, other in zip(app.held, now)], report.remains, report.doubts)
    """
    tree = {"lib.py": lib, "app.py": "held = []\n"}
    assert run(tmp_path, tree, script) == "True [True, True, True, True] () ()"
