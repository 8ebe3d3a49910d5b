"""The module cache as records: what they say, and that a look touches nothing."""

from __future__ import annotations

import pytest

from tests.conftest import Runner

TREE = {
    "pkg/__init__.py": "from . import mod\n",
    "pkg/mod.py": "import json\nX = 1\ndef f():\n    return X\n",
    "space/part.py": "",
    "app.py": "import pkg.mod\n",
}


def test_a_live_read_only_mapping(run: Runner) -> None:
    script = """
        import modcache, sys, collections.abc
        cache = modcache.cache
        say(isinstance(cache, collections.abc.Mapping), cache is modcache.interpreter.cache, "pkg" in cache, 3 in cache)
        import pkg
        say("pkg" in cache, cache["pkg"].module is pkg, len(cache) == len(sys.modules), set(cache) == set(sys.modules))
        del sys.modules["pkg"]
        say("pkg" in cache, cache.get("pkg"))
        for bad in (lambda: cache["pkg"], lambda: cache.__setitem__("pkg", 1)):
            try: bad()
            except (KeyError, AttributeError) as error: say(type(error).__name__)
        """
    assert run(TREE, script, session=False) == (
        "True True False False | True True True True | False None | KeyError | AttributeError"
    )


def test_kinds(run: Runner) -> None:
    script = """
        import importlib.util, modcache, sys, types, _frozen_importlib, zipimport, codecs
        import pkg, pkg.mod, space, space.part, math
        sys.modules["thing"] = object()
        sys.modules["made"] = types.ModuleType("made")
        sys.modules["gone"] = None
        spec = importlib.util.find_spec("app")
        spec.loader = importlib.util.LazyLoader(spec.loader)
        sys.modules["app"] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        with modcache.virtual({"v": "x = 1"}):
            import v
            for name in "pkg pkg.mod space sys codecs zipimport thing made gone app v".split():
                say(name, modcache.cache[name].kind)
        """
    assert run(TREE, script, session=False) == (
        "pkg package | pkg.mod source | space namespace | sys builtin | codecs frozen | zipimport frozen | "
        "thing object | made object | gone blocked | app lazy | v virtual"
    )


def test_extensions_by_their_phases() -> None:
    import modcache

    kinds = {entry.name: entry.kind for entry in modcache.cache.values() if entry.kind.endswith("extension")}
    __import__("_testmultiphase")
    __import__("readline")
    assert modcache.cache["_testmultiphase"].kind == "multi-phase extension"
    assert modcache.cache["readline"].kind == "single-phase extension"
    assert "extension" not in kinds.values()  # every file can be read


def test_nobody_is_woken_and_nobodys_code_is_run(run: Runner) -> None:
    script = """
        import importlib.util, json, modcache, sys, types
        log = []
        class Loud(types.ModuleType):
            def __getattribute__(self, name):
                log.append(name)
                return super().__getattribute__(name)
        class Odd:
            def __getattr__(self, name): log.append(name); raise RuntimeError
            @property
            def __class__(self): log.append("class"); return types.ModuleType
            @property
            def __dict__(self): log.append("dict"); return {}
            def __eq__(self, other): log.append("eq"); return True
            def __hash__(self): log.append("hash"); return 1
            def __bool__(self): log.append("bool"); return False
            def __repr__(self): log.append("repr"); return ""
            def __sizeof__(self): log.append("sizeof"); return 1
        sys.modules["loud"], sys.modules["odd"] = Loud("loud"), Odd()
        spec = importlib.util.find_spec("app")
        spec.loader = importlib.util.LazyLoader(spec.loader)
        sys.modules["app"] = lazy = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(lazy)
        import pkg
        pkg.__getattr__ = lambda name: log.append(name)
        pkg.mod.odd = Odd()
        modcache.cache["os"].to_dict()  # which imports what it needs itself
        before = list(sys.modules)
        for name in list(modcache.cache):
            entry = modcache.cache[name]
            json.dumps(entry.to_dict()), repr(entry)
        modcache.cache.stale()
        say(log, type(lazy).__name__, [name for name in sys.modules if name not in before])
        """
    assert run(TREE, script, session=False) == "[] _LazyModule []"


def test_what_an_entry_says(run: Runner) -> None:
    script = """
        import hashlib, modcache, sys, os
        import app
        entry = modcache.cache["pkg.mod"]
        say(os.path.basename(entry.origin), entry.generation, entry.stale, len(entry.source_hash))
        say(entry.source_hash == hashlib.sha256(open("pkg/mod.py", "rb").read()).hexdigest()[:16])
        say([e.imported for e in entry.imports], sorted({e.importer for e in entry.importers}))
        say(entry.seconds_self, entry.seconds_total, entry.first_importer, entry.bytes > 500)
        say(modcache.cache["posixpath"].aliases, modcache.cache["sys"].source_hash, modcache.cache["sys"].stale)
        print(entry)
        """
    found = run({**TREE, "json.py": ""}, script, session=False)
    assert found.startswith(
        "mod.py 0 False 16 | True | ['json'] ['app', 'pkg'] | None None None True | ('os.path',) None None | "
        "<entry pkg.mod: source, /"
    )


def test_times_are_those_of_a_trace(run: Runner) -> None:
    script = """
        import importlib, modcache, sys
        with modcache.interpreter.trace() as trace:
            import app
        by_name = {each.name: each for each in trace.walk() if each.how == "executed"}
        for name in ("app", "pkg", "pkg.mod"):
            entry, traced = modcache.cache[name], by_name[name]
            say(name, entry.first_importer, entry.seconds_self == traced.own, entry.seconds_total == traced.total)
        importlib.reload(sys.modules["pkg.mod"])
        say(modcache.cache["pkg.mod"].seconds_self)
        """
    assert run(TREE, script, session=False) == (
        "app __main__:4 True True | pkg app:1 True True | pkg.mod pkg:1 True True | None"
    )


@pytest.mark.parametrize("session", [False, True])
def test_stale(run: Runner, session: bool) -> None:
    script = """
        import importlib, modcache, os, sys
        import app
        entry = modcache.cache["pkg.mod"]
        first = entry.source_hash
        say(entry.stale, modcache.cache.stale())
        os.utime("pkg/mod.py", ns=(1, 1))
        say(entry.stale)
        edit("pkg/mod.py", "X = 1", "X = 22")  # of another size: a bytecode file of the same second is not taken for it
        say(entry.stale, modcache.cache.stale(), entry.source_hash == first)
        importlib.reload(sys.modules["pkg.mod"])
        say(entry.stale, entry.source_hash == first)
        write("pkg/mod.py", None)
        say(entry.stale)
        """
    assert run(TREE, script, session=session) == ("False [] | False | True ['pkg.mod'] True | False False | True")


def test_what_is_reloaded_from_bytecode_of_the_same_second_is_stale(run: Runner) -> None:
    """Python goes by whole seconds and the size (python/cpython#75953): it executes the old code again."""
    script = """
        import importlib, modcache, os, py_compile
        import app
        entry = modcache.cache["pkg.mod"]
        first = entry.source_hash
        py_compile.compile("pkg/mod.py")
        written = os.stat("pkg/mod.py").st_mtime_ns
        edit("pkg/mod.py", "X = 1", "X = 2")
        os.utime("pkg/mod.py", ns=(written, written))
        say(importlib.reload(app.pkg.mod).X, entry.stale, entry.source_hash == first)
        """
    assert run(TREE, script, session=False) == "1 True False"
    assert run({"pkg/mod.py": TREE["pkg/mod.py"]}, script) == "2 False False"  # a session reads the source


def test_stale_before_the_first_look(run: Runner) -> None:
    """Nothing was recorded: the code of the functions and the constants tell."""
    script = """
        import modcache, pkg.mod, app
        edit("pkg/mod.py", "return X", "return X + 1")
        edit("app.py", "import pkg.mod", "import pkg.mod\\nY = 3")
        write("pkg/__init__.py", "from . import mod  # the same\\n")
        say([modcache.cache[name].stale for name in ("pkg.mod", "app", "pkg")], modcache.cache["pkg.mod"].source_hash)
        """
    assert run(TREE, script, session=False) == "[True, True, False] None"


def test_a_refresh_ends_it(run: Runner) -> None:
    script = """
        import modcache, app
        edit("pkg/mod.py", "X = 1", "X = 2")
        say(modcache.cache.stale())
        session.refresh()
        entry = modcache.cache["pkg.mod"]
        say(entry.stale, entry.generation, modcache.cache["app"].generation)
        session.undo()
        say(entry.stale, entry.generation)
        """
    assert run(TREE, script) == "['pkg.mod'] | False 1 0 | True 0"


def test_while_others_import(run: Runner) -> None:
    tree = {f"m{n}.py": f"import m{n + 1}\n" if n < 299 else "" for n in range(300)}
    script = """
        import modcache, threading
        started, errors = threading.Event(), []
        def look():
            while not done.is_set():
                try:
                    for name, entry in modcache.cache.items():
                        entry.kind, entry.stale
                    modcache.cache.graph().cycles
                except BaseException as error:
                    errors.append(repr(error))
                started.set()
        done = threading.Event()
        threads = [threading.Thread(target=look) for _ in range(3)]
        for thread in threads: thread.start()
        started.wait()
        for n in range(299, -1, -1):
            __import__(f"m{n}")
        done.set()
        for thread in threads: thread.join()
        say(errors, len(modcache.cache.graph().dependencies("m0")))
        """
    found = run(tree, script, session=False)
    assert found == "[] 299"
