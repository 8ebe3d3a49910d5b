"""Every way to a name of another module, with every way to use it: an edit of what it stands for must arrive."""

from __future__ import annotations

import pytest

from tests.hostile import Case
from tests.hostile.outcomes import run_all

KINDS = {
    "a constant": ("X = 1\n", "X = 2\n", "{}"),
    "a function": ("def X(): return 1\n", "def X(): return 2\n", "{}()"),
    "a method": ("class X:\n    def m(self): return 1\n", "class X:\n    def m(self): return 2\n", "{}().m()"),
    "a class's attribute": ("class X:\n    v = 1\n", "class X:\n    v = 2\n", "{}.v"),
    "a closure": (
        "def make(n):\n    def X(): return n\n    return X\nX = make(1)\n",
        "def make(n):\n    def X(): return n\n    return X\nX = make(2)\n",
        "{}()",
    ),
    "a partial": (
        "import functools\ndef f(n): return n\nX = functools.partial(f, 1)\n",
        "import functools\ndef f(n): return n + 1\nX = functools.partial(f, 1)\n",
        "{}()",
    ),
}
"""What X is: (before, after, its use)."""

WAYS = {
    "import": ("import p.lib\n", "p.lib.X"),
    "import as": ("import p.lib as L\n", "L.X"),
    "from": ("from p.lib import X\n", "X"),
    "from as": ("from p.lib import X as Y\n", "Y"),
    "from its package": ("from p import lib\n", "lib.X"),
    "from its package as": ("from p import lib as L\n", "L.X"),
    "relative": ("from .lib import X\n", "X"),
    "relative as": ("from .lib import X as Y\n", "Y"),
    "relative module": ("from . import lib\n", "lib.X"),
    "star": ("from p.lib import *\n", "X"),
    "star of a star": ("from p.stars import *\n", "X"),
    "handed on": ("from p.mid import X\n", "X"),
    "handed on as": ("from p.mid import Z as W\n", "W"),
    "module that hands on": ("import p.mid\n", "p.mid.X"),
    "module that hands on as": ("from p import mid as M\n", "M.Z"),
    "another name": ("from p.lib import X\nA = X\n", "A"),
    "another name of the module": ("import p.lib\nL = p.lib\n", "L.X"),
    "in a try": ("try:\n    from p.lib import X\nexcept ImportError:\n    X = None\n", "X"),
    "in a class": ("class N:\n    from p.lib import X as x\n", "N.x"),
    "in a function": ("def get():\n    from p.lib import X as q\n    return q\n", "get()"),
    "in a tuple": ("import p.lib\nA, B = p.lib.X, 0\n", "A"),
    "in a table": ("import p.lib\nD = {'k': p.lib.X}\n", "D['k']"),
}
"""How it is imported, and what it is called then."""

USES = (
    "V = {}\n",
    "def f(a={}): return a\nV = f()\n",
    "class C:\n    v = {}\n    w = v\nV = C.w\n",
    "V = [{} for _ in range(2)]\n",
    "def f(): return {}\nV = f()\n",
    "V = (lambda: {})()\n",
    "class C:\n    def m(self): return {}\nV = C().m()\n",
    "class C:\n    def __init__(self): self.v = {}\nV = C().v\n",
    "def d(f):\n    f.t = {}\n    return f\n@d\ndef g(): pass\nV = g.t\n",
    "def outer():\n    def inner(): return {}\n    return inner\nV = outer()()\n",
    "if {} == 1:\n    V = 'one'\nelse:\n    V = 'two'\n",
    "import contextlib\nwith contextlib.nullcontext({}) as V: pass\n",
    "class C:\n    @property\n    def p(self): return {}\nV = C().p\n",
    "def g():\n    yield {}\nV = list(g())\n",
    "V = list(map(lambda _: {}, 'a'))\n",
    "class B:\n    def m(self): return {}\nclass C(B): pass\nV = C().m()\n",
    "class B:\n    def __init_subclass__(cls): cls.t = {}\nclass C(B): pass\nV = C.t\n",
)


def _case(kind: str, way: str, use: str) -> Case:
    before, after, used = KINDS[kind]
    imports, name = WAYS[way]
    files = {
        "p/__init__.py": "",
        "p/lib.py": before,
        "p/mid.py": "from p.lib import X\nfrom p.lib import X as Z\n",
        "p/stars.py": "from p.lib import *\n",
        "p/use.py": imports + use.replace("{}", used.format(name)),
        "app.py": "from p.use import V\nW = V\n",
    }
    return Case(f"{kind}, {way}: {use!r}", "ways", files, {"p/lib.py": after}, {})


@pytest.mark.parametrize("kind", KINDS)
def test_c17_an_edit_arrives_by_every_way(kind: str) -> None:
    """Each kind by each way, with the uses in turns."""
    shift = list(KINDS).index(kind)
    cases = [_case(kind, way, USES[(3 * index + 5 * shift) % len(USES)]) for index, way in enumerate(WAYS)]
    results = run_all(cases)
    assert [str(results[case.name]) for case in cases if results[case.name].verdict != "right"] == []
