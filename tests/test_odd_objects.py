"""Objects that raise when they are asked anything: a refresh neither asks them nor fails on them, wherever they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import trees
from tests.test_cli import command

ODD = """
import functools
import sys
import types
import weakref

calls, armed = [], False
NAMES = "__eq__ __ne__ __hash__ __bool__ __len__ __repr__ __iter__ __contains__ __call__ __getitem__ __dir__ __sizeof__"

def told(name):
    if armed:
        calls.append(name)
        raise RuntimeError(name)

def special(name, base):
    def method(self, *args):
        told(name)
        return 1 if name == "__hash__" else getattr(base, name)(self, *args)
    return method

def raising(name, value=None):
    def get(self):
        told(name)
        return value
    return property(get)

def kind(names, base=object, meta=type, **more):
    space = {name: special(name, base) for name in names}
    return meta("Odd", (base,), {"__hash__": base.__hash__, **space, **more})

def every(base=object):
    return kind([name for name in NAMES.split() if hasattr(base, name) and name != "__call__"], base)

def dead():
    return weakref.proxy(kind([])())

def entered(value):
    sys.modules["odd_entry"] = value
    return value

MAKERS = {
    "plain": object,
    "specials": every(),
    "attributes": kind(["__getattribute__"]),
    "class": kind([], __class__=raising("__class__")),
    "lies: a function": kind([], __class__=property(lambda self: types.FunctionType)),
    "lies: a module": kind([], __class__=property(lambda self: types.ModuleType)),
    "lies: a class": kind([], __class__=property(lambda self: type)),
    "lies: a dict": kind([], __class__=property(lambda self: dict)),
    "namespace": kind([], __dict__=raising("__dict__")),
    "home": kind([], __module__=5),
    "dict": every(dict),
    "list": every(list),
    "tuple": every(tuple),
    "str": every(str),
    "dead proxy": dead,
    "proxy": lambda kept=kind(["__getattribute__"])(): weakref.proxy(kept),
    "partial": lambda: kind(["__getattribute__"], functools.partial)(repr),
    "module": lambda: kind(["__getattribute__"], types.ModuleType)("odd_module"),
    "entry": lambda: entered(kind(["__getattribute__"])()),
    "entry: a module": lambda: entered(kind(["__getattribute__"], types.ModuleType)("odd_entry")),
    "class of an odd metaclass": lambda: kind([], object, kind(["__getattribute__"], type)),
    "of a class of an odd metaclass": lambda: kind([], object, kind(["__getattribute__"], type))(),
    "class that hides its parts": lambda: kind([], object, kind([], type, __dict__=raising("d"), __mro__=raising("m"))),
    "class without a hash": lambda: kind([], object, kind(["__hash__", "__eq__"], type)),
    "of a class without a hash": lambda: kind([], object, kind(["__hash__", "__eq__"], type))(),
}
"""
LIB = """
import functools
import odd
VALUE = 1
X = odd.MAKERS[odd.asked]()
L, D, T = [X, VALUE], {"k": X}, (X, [X])

class C:
    x = X
    def m(self, a=X):
        return VALUE

try:
    @X
    def decorated():
        return 1 + VALUE
    given = X(decorated)
except Exception:
    decorated = given = None

def outer():
    x = X
    def inner():
        return x
    return inner

closure = outer()

def default(a=X, *, b=X) -> X:
    return VALUE

default.tag = X
obj = C()
obj.y = X
part = functools.partial(default, X)
"""
APP = """
from lib import VALUE, C, X, obj
import lib
Y = X
BIG = VALUE + 1

class Sub(C):
    y = Y

def f(a=Y):
    return BIG, lib.X

G = [Y, BIG, obj]
"""
SCRIPT = """
import odd
odd.asked = {kind!r}
import app, lib
trace = []
for name, old, new in [
    ("lib.py", "VALUE = 1", "VALUE = 2"),
    ("lib.py", "        return VALUE", "        return VALUE + 1"),
    ("lib.py", "    x = X\\n    def m", "    x = X\\n    xx = 1\\n    def m"),
    ("app.py", "G = [Y", "NEW = Y\\nG = [NEW"),
    ("lib.py", "X = odd", "X = 0 or odd"),
    ("lib.py", "*, b=X)", "*, b=X, c=3)"),
    ("lib.py", "class C:", "class C:\\n    __slots__ = ('y', '__dict__')"),
    ("lib.py", "obj.y = X\\n", ""),
]:
    edit(name, old, new)
    odd.armed = True
    report = refresh()
    odd.armed = False
    trace.append((report.outcome, report.complete))
say(app.BIG, lib.C().m(), hasattr(lib.obj, "y"), odd.calls, trace)
"""


STRESSED = """
import modcache, sys
import odd
odd.asked = {kind!r}
import app, lib
odd.armed = True
before = modcache.snapshot()
alone = session.stress(modes=["identity", "rollback", "undo", "phases", "leak"])
together = session.stress(together=True)
with modcache.snapshot() as inner:
    sys.modules["new"] = sys.modules["new.sub"] = sys.modules["app.sub"] = lib.X
    app.sub = lib.X
    added = inner.diff().added
reloaded = [modcache.reload(module) is module for module in (lib, app)]
plans = [str(session.plan()), session.refresh().outcome, len(session.lingering())]
back = [bool(before.restore()), str(before.diff())]
with session.reloading(every=1) as reloads:
    app.f()
odd.armed = False
found = [one for some in (alone, together) for one in some.modules]
seen = [one.name for one in found], [row for one in found for row in one.findings if row.kind == "fails"]
say(seen, added, reloaded, plans, back, reloads.count, reloads.failed, odd.calls)
"""


def trace(folder: Path, kind: str, script: str = SCRIPT) -> str:
    trees.lay(folder / "packages", {"odd.py": ODD})
    (folder / "roots").mkdir()
    head = f"import sys; sys.path.insert(0, {str(folder / 'packages')!r})\n"
    return trees.run(folder / "roots", {"lib.py": LIB, "app.py": APP}, head + script.replace("{kind!r}", repr(kind)))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What comes of it with an object that is not odd."""
    found = trace(tmp_path_factory.mktemp("plain"), "plain")
    assert found.startswith("3 3 False [] ")
    assert found.count("committed") == 8
    return found


KINDS = [row.strip().split('"')[1] for row in ODD.partition("MAKERS")[2].splitlines() if row.startswith('    "')]


@pytest.mark.parametrize("kind", KINDS)
def test_a_refresh_asks_an_odd_object_nothing(tmp_path: Path, plain: str, kind: str) -> None:
    assert trace(tmp_path, kind) == plain


@pytest.fixture(scope="module")
def plainly_stressed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the other operations come to with an object that is not odd."""
    return trace(tmp_path_factory.mktemp("stressed"), "plain", STRESSED)


@pytest.mark.parametrize("kind", KINDS)
def test_stress_modes_snapshots_and_reloads_ask_an_odd_object_nothing(
    tmp_path: Path, plainly_stressed: str, kind: str
) -> None:
    assert trace(tmp_path, kind, STRESSED) == plainly_stressed


EVERY = """
import odd

class Holder:
    pass

KINDS = []
for odd.asked in odd.MAKERS:
    KINDS.append(odd.MAKERS[odd.asked]())
for place, one in enumerate(KINDS):
    globals()[f"X{place}"] = one
    setattr(Holder, f"x{place}", one)
HELD = {place: [one] for place, one in enumerate(KINDS)}
"""
USER = "import every\nfrom every import *\nfrom every import KINDS, Holder\nMINE = Holder()\nMINE.kinds = [*KINDS]\n"
ARM = "import user\nimport decimal\nimport odd\nodd.armed = True\n"


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("why", "decimal", "--", "arm.py"), 0, "import decimal"),
        (("why", "decimal", "--json", "--all", "--", "arm.py"), 0, '"chains"'),
        (("tree", "--", "arm.py"), 0, "decimal"),
        (("doctor", "--", "arm.py"), 0, ""),
        (("check", "--", "arm.py"), 0, ""),
        (("check-reload", "pack", "--modes", "all", "--time", "inf", "--all"), None, "pack: 4 modules in"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_no_command_asks_odd_objects_anything(
    tmp_path: Path, words: tuple[str, ...], status: int | None, told: str
) -> None:
    odd = ODD.replace("if armed:", "if armed and open(__file__ + '.asked', 'a').write(name):")
    arm = f"{ARM}\nimport atexit\natexit.register(setattr, odd, 'armed', False)\n"
    pack = {"pack/__init__.py": "", "pack/every.py": EVERY, "pack/user.py": USER.replace("every", "pack.every")}
    pack["pack/user.py"] = pack["pack/user.py"].replace("import pack.every\n", "")
    pack["pack/zarm.py"] = arm.replace("import user", "import pack.user")
    trees.lay(tmp_path, {"odd.py": odd, "every.py": EVERY, "user.py": USER, "arm.py": arm, **pack})
    found, out, errors = command(tmp_path, *words)
    assert not (tmp_path / "odd.py.asked").exists()
    assert "Traceback" not in errors
    assert status in (None, found)
    assert told in out
