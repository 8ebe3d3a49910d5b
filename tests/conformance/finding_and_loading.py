"""Statements 24 to 48: finding, loading, reload."""

from __future__ import annotations

import _imp
import os
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from tests.conformance.world import Finder, Loader, World, raises, statement, warns


@statement(24, "meta_path in order, the first spec wins; an entry without find_spec is skipped (3.12 and newer).")
def _(w: World) -> None:
    second, first = w.find_with(m="WHO = 2"), w.find_with(other="")
    if sys.version_info >= (3, 12):  # 3.11 asks such an entry for find_module, and fails
        w.sys.meta_path.insert(0, object())
    assert w.import_module("m").WHO == 2
    assert (first.names, second.names) == (["m"], ["m"])


@statement(25, "Empty meta_path: ImportWarning, then ModuleNotFoundError; None: ImportError.")
def _(w: World) -> None:
    w.sys.meta_path = []
    with warns(ImportWarning, "sys.meta_path is empty"), raises(ModuleNotFoundError, "No module named 'm'", name="m"):
        w.import_module("m")
    w.sys.meta_path = None
    with raises(ImportError, "sys.meta_path is None"):
        w.import_module("m")


@statement(26, "An exception from a finder propagates and ends the search.")
def _(w: World) -> None:
    second = w.find_with(m="")
    w.find_with(m=ZeroDivisionError("mine"))
    with raises(ZeroDivisionError, "mine"):
        w.import_module("m")
    assert second.calls == []


@statement(27, "find_spec runs with the global import lock held.")
def _(w: World) -> None:
    held: list[bool] = []
    w.find_with(m=lambda name, path, target: held.append(_imp.lock_held()) or "")
    w.import_module("m")
    assert held == [True]
    assert not _imp.lock_held()


@statement(28, "If the module got cached while it was searched, its __spec__ replaces the found spec.")
def _(w: World) -> None:
    won, lost = Loader(), Loader()

    def find(name: str, path: Any, target: Any) -> ModuleSpec:
        w.modules[name] = there = ModuleType(name)
        there.__spec__ = ModuleSpec(name, won)
        return ModuleSpec(name, lost)

    w.find_with(m=find)
    module = w.import_module("m")
    assert (len(won.executed), len(lost.executed)) == (1, 0)
    assert module.__spec__.loader is won


@statement(29, "find_spec: the cached module's spec, ValueError if None or unset; None for a None entry, the unknown.")
def _(w: World) -> None:
    module = w.module("")
    assert w.find_spec("m") is module.__spec__
    module.__spec__ = None
    with raises(ValueError, "m.__spec__ is None"):
        w.find_spec("m")
    del module.__spec__
    with raises(ValueError, "m.__spec__ is not set"):
        w.find_spec("m")
    w.modules["m"] = None
    assert w.find_spec("m") is None
    assert w.find_spec("absent") is None


@statement(30, "find_spec imports parents, not the module; a parent without __path__: ModuleNotFoundError.")
def _(w: World) -> None:
    w.write({"p/__init__.py": "", "p/x.py": "raise ZeroDivisionError", "flat.py": ""})
    for spec in (w.find_spec("p.x"), w.find_spec(".x", "p"), w.find_spec("..x", "p.y")):
        assert spec.name == "p.x"
        assert spec.origin == str(w.folder / "p" / "x.py")
    assert "p" in w.modules
    assert "p.x" not in w.modules
    with raises(ModuleNotFoundError, "", name="flat.x"):
        w.find_spec("flat.x")


@statement(31, "Path hooks in order; ImportError means next; no taker is cached as None, and not asked again.")
def _(w: World) -> None:
    asked: list[str] = []

    def refuse(entry: str) -> Any:
        asked.append(entry)
        raise ImportError

    w.sys.path_hooks[:] = [refuse, lambda entry: finder if entry == "taken" else refuse(entry)]
    finder = Finder({"m": "X = 1"})
    finder.find_spec = lambda name, target=None: Finder.find_spec(finder, name)  # type: ignore[method-assign]
    w.sys.path[:] = ["refused", "taken"]
    for name in ("absent", "m"):
        w.find_spec(name)
    assert asked == ["refused", "refused", "taken"]
    assert w.sys.path_importer_cache["refused"] is None
    assert w.sys.path_importer_cache["taken"] is finder
    assert w.import_module("m").X == 1


@statement(32, "Path entries that are not strings are ignored.")
def _(w: World) -> None:
    w.write({"m.py": ""})
    w.sys.path[:0] = [None, 42, b"bytes"]
    assert w.import_module("m").__file__ == str(w.folder / "m.py")


@statement(33, "'' means the current directory, looked up afresh, cached under its real path.")
def _(w: World) -> None:
    w.write({"one/m.py": "WHO = 1", "two/n.py": "WHO = 2"})
    w.sys.path[:] = [""]
    for folder, name, who in (("one", "m", 1), ("two", "n", 2)):
        os.chdir(w.folder / folder)
        assert who == w.import_module(name).WHO
        assert os.getcwd() in w.sys.path_importer_cache
    assert "" not in w.sys.path_importer_cache


@statement(34, "Namespace: all portions in path order, __path__ no list and recomputed, __file__ and origin None.")
def _(w: World) -> None:
    w.write({"one/ns/a.py": "", "two/ns/b.py": "", "three/ns/c.py": ""})
    folders = [str(w.folder / name) for name in ("one", "two", "three")]
    w.sys.path[:0] = folders[:2]
    ns = w.import_module("ns")
    assert list(ns.__path__) == [os.path.join(folder, "ns") for folder in folders[:2]]
    assert type(ns.__path__) is not list
    assert ns.__file__ is None
    assert ns.__spec__.origin is None
    w.sys.path.append(folders[2])
    assert w.import_module("ns.c").__file__ == os.path.join(folders[2], "ns", "c.py")
    assert ns.__path__[2] == os.path.join(folders[2], "ns")
    assert w.find_spec("ns.b") is not None


@statement(35, "A module or regular package later on the path beats an earlier portion.")
def _(w: World) -> None:
    w.write({"one/p/a.py": "", "two/p/__init__.py": "", "one/q/a.py": "", "two/q.py": ""})
    w.sys.path[:0] = [str(w.folder / "one"), str(w.folder / "two")]
    assert w.import_module("p").__file__ == str(w.folder / "two" / "p" / "__init__.py")
    assert w.import_module("q").__file__ == str(w.folder / "two" / "q.py")


@statement(36, "invalidate_caches calls the finders', and drops None and relative keys from path_importer_cache.")
def _(w: World) -> None:
    finder, below = w.find_with(), Finder({})
    absolute = str(w.folder)
    w.sys.path_importer_cache.update({absolute: below, "relative": Finder({}), "/none": None})
    w.invalidate_caches()
    assert (finder.invalidated, below.invalidated) == (1, 1)
    assert w.sys.path_importer_cache[absolute] is below
    assert {"relative", "/none"}.isdisjoint(w.sys.path_importer_cache)


@statement(37, "exec_module without create_module raises ImportError.")
def _(w: World) -> None:
    class Half:
        def exec_module(self, module: Any) -> None: ...

    w.find_with(m=Half())
    with raises(ImportError, "must also define create_module"):
        w.import_module("m")
    assert "m" not in w.modules


@statement(38, "Before exec the attributes are set, the module is cached, _initializing is True; afterwards False.")
def _(w: World) -> None:
    seen: list[Any] = []

    def body(module: Any) -> None:
        names = ("__name__", "__loader__", "__package__", "__path__")
        seen.extend(getattr(module, name) for name in names)
        seen.append(w.modules["p"] is module and module.__spec__._initializing)

    loader = Loader(body, package=True)
    w.find_with(p=loader)
    module = w.import_module("p")
    assert seen == ["p", loader, "p", [], True]
    assert module.__spec__.loader is loader
    assert module.__spec__._initializing is False


@statement(39, "A module imported again while it runs is returned as far as it got.")
def _(w: World) -> None:
    w.write(
        {
            "m.py": "BEFORE = 1\nimport n\nAFTER = 1\n",
            "n.py": "import m\nseen = sorted(k for k in vars(m) if k.isupper())",
        }
    )
    assert w.import_module("m").n.seen == ["BEFORE"]


@statement(40, "On failure only the failing module leaves the cache; side-effect imports stay.")
def _(w: World) -> None:
    w.write({"m.py": "import n\nraise ZeroDivisionError\n", "n.py": ""})
    for _ in range(2):
        with raises(ZeroDivisionError):
            w.import_module("m")
    assert ("m" in w.modules, "n" in w.modules) == (False, True)


@statement(41, "The result is the cache entry after exec: a module may replace itself; that is bound on the parent.")
def _(w: World) -> None:
    w.write({"p/__init__.py": "", "p/m.py": "import sys\nsys.modules[__name__] = ('another', __name__)\n"})
    assert w.import_module("p.m") == ("another", "p.m")
    assert w.modules["p"].m is w.modules["p.m"]
    assert w.run("from p import m")["m"] is w.modules["p.m"]


@statement(42, "A module that removes its entry raises KeyError.")
def _(w: World) -> None:
    with raises(KeyError, "'m'"):
        w.module("import sys\ndel sys.modules[__name__]\n")


@statement(43, "The entry moves to the end of the cache after exec.")
def _(w: World) -> None:
    w.write({"m.py": "import n\n", "n.py": ""})
    w.import_module("m")
    assert list(w.modules)[-2:] == ["n", "m"]


@statement(44, "Without exec_module: load_module with ImportWarning; loader, package, spec filled in if missing.")
def _(w: World) -> None:
    class Legacy:
        def load_module(self, name: str) -> Any:
            w.modules[name] = module = ModuleType(name)
            return module

    loader = Legacy()
    w.find_with(m=loader)
    with warns(ImportWarning, "exec_module() not found; falling back to load_module()"):
        module = w.import_module("m")
    assert module.__loader__ is loader
    assert (module.__package__, module.__spec__.name) == ("", "m")


@statement(45, "A spec without loader and without locations: ImportError 'missing loader', nothing cached.")
def _(w: World) -> None:
    w.find_with(m=ModuleSpec("m", None))
    with raises(ImportError, "missing loader", name="m"):
        w.import_module("m")
    assert "m" not in w.modules


@statement(46, "reload: TypeError for a non-module, ImportError if not the cached object; same object, dict kept.")
def _(w: World) -> None:
    with raises(TypeError, "reload() argument must be a module"):
        w.reload(42)
    module = w.module("RUNS = globals().get('RUNS', 0) + 1\n")
    module.kept = 1
    namespace = vars(module)
    assert w.reload(module) is module
    assert (module.RUNS, module.kept, vars(module) is namespace) == (2, 1, True)
    del w.modules["m"]
    with raises(ImportError, "module m not in sys.modules", name="m"):
        w.reload(module)


@statement(47, "A failed reload leaves the module in the cache.")
def _(w: World) -> None:
    module = w.module("RUNS = globals().get('RUNS', 0) + 1\nif RUNS > 1: raise ZeroDivisionError\n")
    with raises(ZeroDivisionError):
        w.reload(module)
    assert w.modules["m"] is module
    assert module.RUNS == 2


@statement(48, "Reload: finders get target = the module; no spec: ModuleNotFoundError.")
def _(w: World) -> None:
    module = w.module("")
    finder = w.find_with()
    w.reload(module)
    assert finder.calls == [("m", None, module)]
    (w.folder / "m.py").unlink()
    w.invalidate_caches()
    with raises(ModuleNotFoundError, "spec not found for the module 'm'", name="m"):
        w.reload(module)
