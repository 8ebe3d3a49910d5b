"""Statements 1 to 23: names and levels, the cache, parents."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from tests.conformance.world import Loader, World, raises, statement, warns

MISMATCH = DeprecationWarning if sys.version_info >= (3, 12) else ImportWarning
PACKAGE = {"pkg/__init__.py": "", "pkg/mod/__init__.py": "X = 1\n", "pkg/mod/deep.py": ""}


@statement(1, "An empty name raises ValueError 'Empty module name'.")
def _(w: World) -> None:
    with raises(ValueError, "Empty module name"):
        w.import_module("")
    with raises(ValueError, "Empty module name"):
        w.import_("")


@statement(2, "A name that is not str raises TypeError.")
def _(w: World) -> None:
    for name in (42, None, b"os", ["os"]):
        with raises(TypeError, "module name must be"):
            w.import_(name)


@statement(3, "level < 0 raises ValueError, whatever globals hold.")
def _(w: World) -> None:
    for namespace in (None, {}, {"__package__": 3}):
        with raises(ValueError, "level must be >= 0"):
            w.import_("os", namespace, level=-1)


@statement(4, "level > 0 with an empty package raises ImportError.")
def _(w: World) -> None:
    text = "attempted relative import with no known parent package"
    with raises(ImportError, text):
        w.import_("x", {"__package__": ""}, level=1)
    with raises(ImportError, text):
        w.run("from . import x", __package__="")


@statement(5, "More dots than packages raise ImportError.")
def _(w: World) -> None:
    w.write(PACKAGE)
    for package, level in (("pkg", 2), ("pkg.mod", 3)):
        with raises(ImportError, "attempted relative import beyond top-level package"):
            w.import_("x", {"__package__": package}, None, ("y",), level)


@statement(6, "A __package__ that is neither str nor None raises TypeError.")
def _(w: World) -> None:
    with raises(TypeError):
        w.import_("x", {"__package__": 42}, level=1)


@statement(7, "__package__ beats __name__ for relative names.")
def _(w: World) -> None:
    w.write(PACKAGE)
    found = w.run("from .mod import X", __package__="pkg", __name__="other.thing")
    assert found["X"] == 1


@statement(
    8, "Falling back to __name__ warns; so does a __package__ that is not __spec__.parent (3.11: ImportWarning)."
)
def _(w: World) -> None:
    w.write(PACKAGE)
    with warns(ImportWarning, "falling back on __name__ and __path__"):
        w.run("from .mod import X", __name__="pkg.user")
    with warns(ImportWarning, "falling back on __name__ and __path__"):
        w.run("from .mod import X", __name__="pkg", __path__=[])
    with warns(MISMATCH, "__package__ != __spec__.parent"):
        w.run("from .mod import X", __package__="pkg", __spec__=ModuleSpec("other.user", None))


@statement(9, "__import__('a.b.c') returns a, with a fromlist a.b.c; import_module a.b.c.")
def _(w: World) -> None:
    w.write({"a/__init__.py": "", "a/b/__init__.py": "", "a/b/c.py": "X = 1\n"})
    for _ in range(2):  # when it is new, when it is cached
        assert w.import_("a.b.c") is w.modules["a"]
        assert w.import_("a.b.c", None, None, ("X",)) is w.modules["a.b.c"]
        assert w.import_("a.b.c", None, None, ["X"]) is w.modules["a.b.c"]
        assert w.import_module("a.b.c") is w.modules["a.b.c"]


@statement(10, "Relative, no fromlist: the module up to the first dot of the given name; '' gives the package.")
def _(w: World) -> None:
    w.write(PACKAGE)
    namespace = {"__package__": "pkg"}
    assert w.import_("mod.deep", namespace, level=1) is w.modules["pkg.mod"]
    assert w.import_("", namespace, level=1) is w.modules["pkg"]
    assert w.import_("mod", namespace, level=1) is w.modules["pkg.mod"]


@statement(11, "import_module('.x') without package raises TypeError.")
def _(w: World) -> None:
    with raises(TypeError, "'package' argument is required"):
        w.import_module(".x")
    w.write(PACKAGE)
    assert w.import_module(".mod", "pkg") is w.modules["pkg.mod"]
    assert w.import_module("..mod", "pkg.mod") is w.modules["pkg.mod"]


@statement(12, "Any object in the cache is returned as it is.")
def _(w: World) -> None:
    for thing in (0, "", (), object(), {"a": 1}, int):
        w.modules["thing"] = thing
        assert w.import_module("thing") is thing
        assert w.run("import thing")["thing"] is thing
        assert w.import_("thing", None, None, ("nothing",)) is thing


@statement(13, "None blocks: ModuleNotFoundError 'import of X halted; None in sys.modules'.")
def _(w: World) -> None:
    w.write(PACKAGE)
    for name in ("blocked", "pkg.mod"):
        w.modules[name] = None
        for _ in range(2):
            with raises(ModuleNotFoundError, f"import of {name} halted; None in sys.modules", name=name):
                w.import_module(name)
            with raises(ModuleNotFoundError, "None in sys.modules", name=name):
                w.run(f"import {name}")


@statement(14, "After deleting the entry the next import makes a new object.")
def _(w: World) -> None:
    first = w.module("")
    del w.modules["m"]
    second = w.run("import m")["m"]
    assert second is not first
    assert w.modules["m"] is second


@statement(15, "A hit consults no finder.")
def _(w: World) -> None:
    w.write(PACKAGE)
    w.import_module("pkg.mod")
    finder = w.find_with()
    w.run("import pkg\nimport pkg.mod\nfrom pkg import mod\nfrom pkg.mod import X")
    w.import_module("pkg.mod")
    assert finder.calls == []


@statement(16, "Parents first, each cached, found with its parent's __path__ itself.")
def _(w: World) -> None:
    w.write({"a/__init__.py": "", "a/b/__init__.py": "", "a/b/c.py": ""})
    finder = w.find_with()
    w.import_module("a.b.c")
    assert finder.names == ["a", "a.b", "a.b.c"]
    paths = [None, w.modules["a"].__path__, w.modules["a.b"].__path__]
    assert all(call[1] is path and call[2] is None for call, path in zip(finder.calls, paths, strict=True))


@statement(17, "If importing the parent put the child in the cache, it is returned without a search.")
def _(w: World) -> None:
    finder = w.find_with(p="import sys\nsys.modules['p.child'] = thing = object()\n")

    def body(module: Any) -> None:
        module.thing = w.modules["p.child"] = object()

    finder.sources["p"] = Loader(body)
    assert w.import_module("p.child") is w.modules["p"].thing
    assert finder.names == ["p"]


@statement(18, "A parent without __path__: ModuleNotFoundError \"...; 'p' is not a package\".")
def _(w: World) -> None:
    w.write({"p.py": ""})
    with raises(ModuleNotFoundError, "No module named 'p.x'; 'p' is not a package", name="p.x"):
        w.import_module("p.x")
    with raises(ModuleNotFoundError, "'p' is not a package", name="p.x"):
        w.run("import p.x")


@statement(19, "A missing parent raises ModuleNotFoundError naming the parent.")
def _(w: World) -> None:
    with raises(ModuleNotFoundError, "No module named 'absent'", name="absent"):
        w.import_module("absent.x.y")


@statement(20, "A parent that fails after importing a child leaves the cache; the child stays.")
def _(w: World) -> None:
    w.write({"p/__init__.py": "from . import child\nraise ZeroDivisionError\n", "p/child.py": ""})
    with raises(ZeroDivisionError):
        w.import_module("p")
    assert "p" not in w.modules
    assert "p.child" in w.modules


@statement(21, "The child is bound on the parent after it is loaded: while it runs the attribute is absent.")
def _(w: World) -> None:
    source = "import sys\nbound = hasattr(sys.modules['p'], 'child')\n"
    w.write({"p/__init__.py": "", "p/child.py": source})
    child = w.import_module("p.child")
    assert child.bound is False
    assert w.modules["p"].child is child


@statement(22, "A child that fails is neither bound nor cached.")
def _(w: World) -> None:
    w.write({"p/__init__.py": "", "p/child.py": "raise ZeroDivisionError\n"})
    with raises(ZeroDivisionError):
        w.import_module("p.child")
    assert "p.child" not in w.modules
    assert not hasattr(w.modules["p"], "child")


@statement(23, "A parent that refuses the attribute gives ImportWarning only.")
def _(w: World) -> None:
    class Unwritable(ModuleType):
        def __setattr__(self, name: str, value: object) -> None:
            raise AttributeError(name)

    w.write({"p/__init__.py": "", "p/child.py": ""})
    w.modules["p"] = unwritable = Unwritable("p")
    vars(unwritable).update(__path__=[str(w.folder / "p")], __spec__=None)
    with warns(ImportWarning, "Cannot set an attribute on"):
        assert w.import_module("p.child") is w.modules["p.child"]
