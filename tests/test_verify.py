"""That a description sees every kind of difference, and none between two fresh processes."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import textwrap
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from modcache._verify.compare import compare, unstable_places
from modcache._verify.describe import describe
from modcache._verify.fresh import fresh_description
from modcache._verify.verification import judge, verify
from modcache.errors import VerificationFailed
from tests.fresh import Worker
from tests.trees import environment, lay

SOURCE = """
import functools, enum, abc, collections, re
K = 1
def f(a, b=2, *, c=3):
    "doc"
    return a
def g(): return f
def make(n):
    def inner(): return n
    return inner
inner = make(5)
class Base:
    x = 1
    def m(self): return 1
    @staticmethod
    def s(): return 1
    @property
    def p(self): return 1
class C(Base):
    __slots__ = ("slot",)
    def m(self): return super().m()
class E(enum.Enum):
    A = 1
    B = 2
class Abstract(abc.ABC): pass
@functools.lru_cache
def cached(n): return n
REG = [f, C]
TABLE = {"f": f, "g": g, C: 1}
ALIAS = TABLE
SET = {f, g}
PAIR = (f, [1])
obj = Base()
obj.attr = 1
part = functools.partial(f, 1)
method = obj.m
Point = collections.namedtuple("Point", "x y")
pattern = re.compile("a+")
queue = collections.deque([1, f])
"""

# what is done to one of two equal modules -> where the difference is seen, and of which kind
CHANGES = [
    ("K = 2", "m:K", "value"),
    ("K = True", "m:K", "value"),
    ("K = 1.0", "m:K", "value"),
    ("K = [1]", "m:K", "type"),
    ("NEW = 1", "m:NEW", "extra"),
    ("del K", "m:K", "missing"),
    ("f.__defaults__ = (3,)", "m:f <default 0>", "default"),
    ("f.__kwdefaults__ = {'c': 4}", "m:f <default c>", "default"),
    ("f.__doc__ = 'other'", "m:f <doc>", "doc"),
    ("f.__annotations__ = {'a': int}", "m:f <annotation a>", "extra"),
    ("f.extra = 1", "m:f.extra", "extra"),
    ("f.__code__ = g.__code__.replace(co_name='f', co_qualname='f')", "m:f <code>", "code"),
    ("f.__code__ = f.__code__.replace(co_firstlineno=99)", "m:f <lines>", "line"),
    ("f.__code__ = f.__code__.replace(co_filename='other')", "m:f <file>", "file"),
    ("f.__qualname__ = 'h'", "m:f <qualname>", "qualname"),
    ("f = type(f)(f.__code__, dict(globals()), 'f', f.__defaults__)", "m:f <globals>", "globals"),
    ("inner.__closure__[0].cell_contents = 6", "m:inner <cell n> <contents>", "closure"),
    ("REG[0] = type(f)(f.__code__, globals(), 'f')", "m:REG[0]", "identity"),
    ("REG.reverse()", "m:REG[0]", "identity"),
    ("REG.append(1)", "m:REG[2]", "extra"),
    ("TABLE['f'] = TABLE.pop('f')", "m:ALIAS", "order"),
    ("TABLE['h'] = 1", "m:ALIAS['h']", "extra"),
    ("ALIAS = dict(TABLE)", "m:TABLE", "identity"),
    ("SET.discard(f)", "m:SET <item m.f>", "missing"),
    ("PAIR[1].append(2)", "m:PAIR <(2)>[1]", "extra"),
    ("C.new = 1", "m:C.new", "extra"),
    ("del C.m", "m:C.m", "missing"),
    ("Base.x = 2", "m:Base.x", "value"),
    ("Base.s = Base.s", "m:Base.s", "type"),
    ("Base.p = property(lambda self: 2)", "m:Base.p.fget <code>", "code"),
    ("Base.m.__code__ = Base.s.__code__", "m:Base.m <code>", "code"),
    ("C.__bases__ = (type('Other', (Base,), {'__slots__': ()}),)", "m:C <base 0>", "identity"),
    ("C.m.__closure__[0].cell_contents = Base", "m:C.m <cell __class__>", "identity"),
    ("class C(Base): __slots__ = ('slot',)", "m:C.m", "missing"),
    ("keep = type('C', (Base,), {'__module__': 'm'})", "m:Base <subclass m.C (2)>", "extra"),
    ("E.A._value_ = 3", "m:E.A._value_", "value"),
    ("Abstract.register(C)", "m:Abstract <registered m.C>", "extra"),
    ("Abstract.__abstractmethods__ = frozenset(['q'])", "m:Abstract <abstract>", "member"),
    ("cached(1)", "m:cached <cached>", "value"),
    ("obj.attr = 2", "m:obj.attr", "value"),
    ("obj.other = 2", "m:obj.other", "extra"),
    ("obj.__class__ = type('Base', (), {'__module__': 'm'})", "m:obj <type>", "identity"),
    ("part = functools.partial(f, 2)", "m:part.args", "value"),
    ("method = Base().m", "m:method <self>", "identity"),
    ("Point = collections.namedtuple('Point', 'x z')", "m:Point._fields", "value"),
    ("pattern = re.compile('b+')", "m:pattern", "value"),
    ("queue.append(2)", "m:queue[2]", "extra"),
    ("json = __import__('json')", "m:json", "extra"),
    ("functools = __import__('json')", "m:functools", "value"),
]


def made(source: str, name: str = "m") -> ModuleType:
    """A module made of a source, with a file name that it shares with its like."""
    module = ModuleType(name)
    exec(compile(textwrap.dedent(source), f"{name}.py", "exec"), vars(module))
    return module


def described(*modules: ModuleType) -> dict[str, Any]:
    """The description, as it comes out of a file."""
    found: dict[str, Any] = json.loads(json.dumps(describe({module.__name__: module for module in modules})))
    return found


def test_two_modules_of_one_source_are_the_same() -> None:
    assert compare(described(made(SOURCE)), described(made(SOURCE))) == []


@pytest.mark.parametrize(("change", "place", "kind"), CHANGES, ids=[change for change, _, _ in CHANGES])
def test_a_difference_is_seen_where_it_is(change: str, place: str, kind: str) -> None:
    live = made(SOURCE)
    exec(change, vars(live))
    found = compare(described(live), described(made(SOURCE)))
    assert (place, kind) in [(str(difference.place), difference.kind) for difference in found], found


@pytest.mark.parametrize("change", ["K = 2", "REG.append(1)", "obj.attr = 2", "f.__defaults__ = (3,)", "NEW = 1"])
def test_one_difference_is_reported_once(change: str) -> None:
    live = made(SOURCE)
    exec(change, vars(live))
    assert len([d for d in compare(described(live), described(made(SOURCE))) if d.path[-1:] != ("length",)]) == 1


def test_a_stale_object_of_another_module_does_not_hide() -> None:
    fresh = described(made("def f(): pass\nclass C: pass\n", "lib"), made("pass", "app"))
    lib, app = made("def f(): pass\nclass C: pass\n", "lib"), made("pass", "app")
    vars(app).update(f=lib.f, C=lib.C)
    live = described(lib, app)
    assert compare(live, live) == []
    again = made("def f(): pass\nclass C: pass\n", "lib")
    found = compare(described(again, app), live)
    assert {str(d.place) for d in found} >= {"app:f", "app:C"}
    assert {d.kind for d in found} == {"identity"}
    assert {d.kind for d in compare(live, fresh)} == {"extra"}


def test_no_code_of_the_described_runs() -> None:
    loud = """
    def no(*_, **__): raise SystemExit
    class Meta(type):
        __eq__ = __hash__ = __getattribute__ = __instancecheck__ = __subclasscheck__ = __repr__ = no
    class Loud(metaclass=Meta):
        __eq__ = __hash__ = __getattribute__ = __repr__ = __len__ = __bool__ = __iter__ = __getattr__ = no
        __dict__ = __class__ = property(no)
    class Items(dict):
        items = keys = __iter__ = __getitem__ = __len__ = no
    a, b = Loud(), [Loud(), Items()]
    c = {"x": a}
    """
    assert compare(described(made(loud)), described(made(loud))) == []


def test_an_emptied_cache_is_no_difference_but_a_full_one_may_be_stale() -> None:
    fresh = made(SOURCE + "cached(1)\n")
    assert compare(described(made(SOURCE)), described(fresh)) == []
    assert [str(d.place) for d in compare(described(fresh), described(made(SOURCE)))] == ["m:cached <cached>"]


def test_a_difference_is_data_and_a_line() -> None:
    live = made(SOURCE)
    vars(live)["K"] = 2
    [found] = compare(described(live), described(made(SOURCE)))
    assert str(found) == "m:K: value: live 2, fresh 1"
    assert found.to_dict()["kind"] == "value"


def test_what_differs_between_fresh_processes_is_no_difference() -> None:
    one, two, three = (described(made(f"import os\nTIME = {n}\nK = {k}\n")) for n, k in ((1, 1), (2, 2), (3, 2)))
    assert [str(d.place) for d in compare(one, two, again=[three])] == ["m:K"]
    assert unstable_places(two, [three]) == ("m:TIME",)


STATE = "CACHE = {}\nCOUNT = 0\ndef f(): return 1\nROUTES = [f]\n"


@pytest.mark.parametrize(
    ("at_work", "meanwhile", "new", "differs"),
    [
        ("CACHE[1] = 2; COUNT = 7", "", STATE, []),
        ("NEW = CACHE", "", STATE, []),
        ("CACHE[f] = f", "", STATE, []),
        ("", "COUNT = 7", STATE, ["m:COUNT"]),
        ("COUNT = 7", "", STATE.replace("COUNT = 0", "COUNT = 1"), ["m:COUNT"]),
        ("CACHE['x'] = type(f)(f.__code__.replace(co_consts=(9,)), globals())", "", STATE, ["m:CACHE['x']"]),
        ("f.__code__ = (lambda: 3).__code__", "", STATE, ["m:f <code>", "m:f <file>", "m:f <lines>"]),
        ("ROUTES[0] = type(f)(f.__code__, globals())", "", STATE, ["m:ROUTES[0]"]),
        ("K = type(f)(f.__code__, dict(globals()))", "", STATE, ["m:K"]),
    ],
)
def test_c18_state_is_data_that_nobody_changed(at_work: str, meanwhile: str, new: str, differs: list[str]) -> None:
    live = made(STATE)
    exec(at_work, vars(live))
    before = described(live)
    exec(meanwhile, vars(live))
    found = judge(before, described(live), described(made(STATE)), described(made(new)))
    assert sorted(str(d.place) for d in found.differences) == differs
    assert found.ok is not bool(differs)
    assert bool(found.kept) is not bool(differs)


def test_without_the_time_before_all_state_counts() -> None:
    live = made(STATE)
    exec("COUNT = 7", vars(live))
    found = verify(described(live), lambda: described(made(STATE)))
    assert [str(d.place) for d in found.differences] == ["m:COUNT"]
    assert "m:COUNT: value: live 7, fresh 0" in str(found)
    assert json.dumps(found.to_dict())


def test_a_module_that_no_longer_imports_is_not_compared() -> None:
    fresh = described(made("K = 1", "a")) | {"failed": {"b": "SyntaxError: no"}}
    found = judge(None, described(made("K = 1", "a"), made("K = 1", "b")), None, fresh)
    assert (found.ok, found.differences, found.failed) == (False, (), (("b", "SyntaxError: no"),))


def test_a_fresh_process_reads_sources_not_compiled_code(tmp_path: Path) -> None:
    lay(tmp_path, {"pkg/__init__.py": "from pkg.a import K", "pkg/a.py": "print('noise'); K = 1", "bad.py": "1/0"})
    stale = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "."]
    subprocess.run(stale, cwd=tmp_path, check=True)
    lay(tmp_path, {"pkg/a.py": "print('noise'); K = 2"})
    options: dict[str, Any] = {"path": [str(tmp_path), *sys.path], "folders": [str(tmp_path)]}
    found = fresh_description(["pkg", "bad"], **options)
    assert found["modules"]["pkg"]["K"] == "2"
    assert found["failed"] == {"bad": "ZeroDivisionError: division by zero"}
    given = {"pkg.a": (str(tmp_path / "pkg/a.py"), b"K = 3"), "pkg.b": (str(tmp_path / "pkg/b.py"), b"K = 4")}
    found = fresh_description(["pkg", "pkg.b", "bad"], sources=given, absent=["bad"], **options)
    assert [found["modules"][name]["K"] for name in ("pkg", "pkg.b")] == ["3", "4"]
    assert found["failed"] == {"bad": "ModuleNotFoundError: No module named 'bad'"}


def test_a_fresh_process_that_dies_is_an_error(tmp_path: Path) -> None:
    lay(tmp_path, {"bad.py": "import os, sys; sys.stderr.write('so long'); sys.stderr.flush(); os._exit(3)"})
    with pytest.raises(VerificationFailed, match="so long"):
        fresh_description(["bad"], path=[str(tmp_path), *sys.path])


@pytest.mark.parametrize("package", ["click", "rich.console", "hypothesis", "attr", "jinja2"])
def test_two_fresh_processes_of_a_real_package_are_the_same(package: str) -> None:
    spec = importlib.util.find_spec(package.partition(".")[0])
    if spec is None or not spec.submodule_search_locations:
        pytest.skip(f"{package} is not installed")
    options: dict[str, Any] = {"folders": list(spec.submodule_search_locations), "env": environment()}
    one, two, three = (fresh_description([package], **options) for _ in range(3))
    assert len(one["nodes"]) > 50
    assert compare(one, two, again=[three]) == []


def test_the_worker_sees_what_a_plain_reload_gets_wrong(tmp_path: Path) -> None:
    before = {
        "lib.py": "K = 1\ndef f(): return K\nclass C: pass\n",
        "app.py": "import lib\nfrom lib import K\nseen = []\n",
    }
    worker = Worker("reload")
    edits = [{"lib.py": "K = 2\ndef f(): return K + 1\nclass C: pass\n"}, {"app.py": "def broken(:\n"}]
    done = worker.run(
        tmp_path / "case", before, edits, ["app"], hold={"lib.f": "it()"}, same=["lib.C"], script="app.seen.append(1)"
    )
    worker.close()
    assert [result.verdict for result in done] == ["silently wrong", "broken"]
    assert "held lib.f: live 2, fresh 3" in done[0].differences
    assert any(row.startswith("<held>:lib.C: identity") for row in done[0].differences)
    assert "SyntaxError" in str(done[1].crash)
