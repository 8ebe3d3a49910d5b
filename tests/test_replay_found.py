"""What replays of real packages found, each cut down to the smallest program that shows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fresh import live_and_fresh

SLOTTED = """
def remade(cls):
    names = {k: v for k, v in vars(cls).items() if k not in ("__dict__", "__weakref__", "a")}
    new = type(cls)(cls.__name__, cls.__bases__, {**names, "__slots__": ("a", "__weakref__")})
    def __init__(self, a): self.a = a
    new.__init__ = __init__
    return new
"""
OVERLOADED = """
import typing
class P: pass
class O(P):
    @typing.overload
    def f(self, a: int) -> int: ...
    @typing.overload
    def f(self, a: str) -> str: ...
    def f(self, a): return O, 1
    k = typing.cast(int, 1)
V = O().f(1)
"""
CACHED = """
class cached(property):
    def __init__(self, function):
        super().__init__(function)
        self.__name__ = function.__name__
class C:
    @cached
    def f(self): return 1
    k = 1
"""
WRAPPED = "import contextlib\n@contextlib.contextmanager\ndef f():\n    'one'\n    yield 1\n"
LITERAL = "import enum, typing\nclass S(enum.Enum):\n    A = 1\nT = typing.Literal[S.A]\nU = S.A\n"
STATIC = "class C:\n    @staticmethod\n    def f(host): return 1\n"
INIT = "'doc'\nimport util\ndef _init():\n    global __doc__\n    __doc__ = __doc__ + util.f()\n_init()\n"
SEALED = """
class Meta(type):
    k = 1
class Node(metaclass=Meta):
    def f(self): return 1
def _failing(*args): raise TypeError
Meta.__new__ = staticmethod(_failing)
del _failing
"""
LIB = "K = object()\ndef size(): return 1\n"
APPS = """
import sys
class Apps:
    def __init__(self):
        if hasattr(sys.modules[__name__], "apps"): raise RuntimeError("once")
        self.level = 1
apps = Apps()
"""
GUARDED = """
from lib import K, size
class Panel:
    n = size()
    def __init__(self, k=K): self.k = k
if __name__ == "__main__":
    from lib import K
    print(Panel(K))
"""
CONVERTER = """
class A:
    def __init__(self, conv): self.conv = conv
def conv(x): return x
class C:
    life = A(conv=conv)
    k = 1
"""
METHOD = """
import email.utils
def f():
    import json
    return json.dumps(email.utils.quote("x"))
"""
VALUES = """
from lib import remade
@remade
class V:
    a = None
def made(x): return V(x)
x = made(1)
reg = {V: made(4)}
"""

# package, what it is about, app.py, other files, the edit of app.py or of the other file: (file, old, new)
FOUND = [
    (
        "attrs",
        "slots and a weak reference made by a decorator",
        VALUES,
        {"lib.py": SLOTTED},
        ("lib.py", "= a\n", "= (a,)\n"),
    ),
    ("click", "typing.overload keeps staged functions", OVERLOADED, {}, ("app.py", "O, 1\n", "O, 2\n")),
    ("flask", "a subclass of property", CACHED, {}, ("app.py", "return 1\n    k = 1", "return 2\n    k = 2")),
    ("flask", "a function in an instance in a class", CONVERTER, {}, ("app.py", "return x\n", "return x + 1\n")),
    ("click", "the docstring of a wrapped function", WRAPPED, {}, ("app.py", "'one'", "'two'")),
    ("click", "the docstring of a class", "class C:\n    'one'\n", {}, ("app.py", "one", "two")),
    ("click", "a class gains a docstring", "class C:\n    x = 1\n", {}, ("app.py", "    x", "    'doc'\n    x")),
    ("click", "an enum member in a typing alias", LITERAL, {}, ("app.py", "    A = 1\n", "    A = 1\n    B = 2\n")),
    (
        "click",
        "the builtins of a function that is new",
        "class C: pass\n",
        {},
        ("app.py", "pass", "f = lambda self: 1"),
    ),
    ("requests", "annotations of a static method", STATIC, {}, ("app.py", "host)", "host: int)")),
    ("requests", "a pattern", "import re\nR = re.compile('a')\nP = (R, R)\n", {}, ("app.py", "'a'", "'b'")),
    ("jinja2", "an input that is deleted after its use", SEALED, {}, ("app.py", "k = 1", "k = 2")),
    (
        "rich",
        "a name that is bound under a main guard too",
        GUARDED,
        {"lib.py": LIB},
        ("lib.py", "return 1", "return 2"),
    ),
    (
        "flask",
        "an import makes other code of a function",
        METHOD,
        {},
        ("app.py", "\nimport email", "\nimport json, email"),
    ),
    (
        "networkx",
        "a package that is executed whole has its modules as attributes",
        "import pkg\nV = pkg.V\n",
        {
            "pkg/__init__.py": "from pkg import utils\nfrom pkg.utils import f\nV = utils.backends.f()\n",
            "pkg/utils/__init__.py": "from pkg.utils.misc import *\nfrom pkg.utils.backends import *\n",
            "pkg/utils/misc.py": "K = 1\n",
            "pkg/utils/backends.py": "import pkg as p\nfrom .misc import K\ndef f(): return K\n",
        },
        ("pkg/utils/misc.py", "K = 1", "K = 2\nL = 3"),
    ),
    (
        "pydantic",
        "a module of a package whose star import binds its name",
        "import pkg.v1, pkg.v1.data\nV = pkg.v1.data.V\n",
        {
            "pkg/__init__.py": "from pkg import data\nK = 1\n__all__ = ['data', 'K']\n",
            "pkg/data.py": "V = 1\n",
            "pkg/v1/__init__.py": "from pkg import *\n",
            "pkg/v1/data.py": "V = 2\n",
        },
        ("pkg/__init__.py", "K = 1\n__all__ = ['data', 'K']", "K = 1\nL = 2\n__all__ = ['data', 'K', 'L']"),
    ),
    (
        "sympy",
        "a call of a name that nobody had so far",
        "from lib import *\ntry: V = g()\nexcept NameError: V = 0\n",
        {"lib.py": "K = 1\n"},
        ("lib.py", "K = 1", "from time import daylight\ndef g(): return 1"),
    ),
    (
        "django",
        "a class that asks its own module, by its name, what it has already",
        "from lib import apps\ndef f(): return apps.level\n",
        {"lib.py": APPS},
        ("lib.py", "level = 1", "level = 2"),
    ),
    (
        "requests",
        "a module docstring that is added to while importing",
        INIT,
        {"util.py": "def f(): return 'x'\n"},
        ("util.py", "'x'", "'y'"),
    ),
]


def _deep(value: int, levels: int = 900) -> str:
    """A sum, a chain of calls, conditions and an ``elif`` of so many levels, and a function that has them."""
    chain = "V = A()" + ".a()" * levels + ".n\n"
    branches = "".join(f"elif K == -{n}: B = {n}\n" for n in range(1, levels))
    inside = "".join(f"    elif x == -{n}: y = {n}\n" for n in range(1, levels))
    return (
        f"K = {value}\nclass A:\n    n = K\n    def a(self): return self\n{chain}S = {' + '.join(['K'] * levels)}\n"
        f"C = {' '.join(f'{n} if K == -{n} else' for n in range(1, levels))} K\n"
        f"if K == 0: B = 0\n{branches}else: B = K\n"
        f"def f(x):\n    if x == 0: y = 0\n{inside}    else: y = K\n    return y\n"
    )


def test_what_is_nested_deeper_than_python_code_may_go(tmp_path: Path) -> None:
    before = {"lib.py": _deep(1), "app.py": "from lib import f, S, V, B, C\nW = f(1), S, V, B, C\n"}
    result = live_and_fresh(tmp_path / "case", before, {"lib.py": _deep(2)})
    assert result.right, str(result)


@pytest.mark.parametrize(("package", "what", "app", "others", "edit"), FOUND, ids=[f"{p}: {w}" for p, w, *_ in FOUND])
def test_found(
    tmp_path: Path, package: str, what: str, app: str, others: dict[str, str], edit: tuple[str, str, str]
) -> None:
    before = {"app.py": app, **others}
    file, old, new = edit
    assert before[file].count(old) == 1
    result = live_and_fresh(tmp_path / "case", before, {file: before[file].replace(old, new)})
    assert result.right, f"{package}, {what}: {result}"
