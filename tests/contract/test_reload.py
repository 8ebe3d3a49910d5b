"""`modcache.reload`: what `importlib.reload` should have been; and modules that were loaded before the session."""

from __future__ import annotations

from tests.conftest import Runner

TREE = {
    "lib.py": """
        import gate
        gate.log.append('body')
        K = 1
        def f():
            return K
        class C:
            def m(self): return 1
        """,
    "app.py": "from lib import K, f, C\nc = C()\nV = K * 10\n",
}


def test_reload_returns_the_same_module_and_executes_all_of_it(run: Runner) -> None:
    script = """
        import modcache, sys, app, lib
        held, c = lib.f, lib.C()
        gate.log.clear()
        again = modcache.reload(lib)
        say(again is lib, sys.modules["lib"] is lib, gate.log, lib.f is held, type(c) is lib.C, app.c.m())
        """
    assert run(TREE, script) == "True True ['body'] True True 1"


def test_reload_takes_the_edit_and_the_dependents_follow(run: Runner) -> None:
    script = """
        import modcache, app, lib
        held, c = lib.f, app.c
        edit("lib.py", "K = 1", "K = 2")
        edit("lib.py", "m(self): return 1", "m(self): return 2")
        say(modcache.reload(lib) is lib, lib.K, app.K, app.V, held(), c.m(), app.f is lib.f, type(c) is lib.C)
        """
    assert run(TREE, script) == "True 2 2 20 2 2 True True"


def test_reload_remakes_state_as_a_first_import_would(run: Runner) -> None:
    script = """
        import modcache, lib, app
        lib.T["run"] = 1
        lib.extra = 5
        modcache.reload(lib)
        say(lib.T, app.T is lib.T)
        """
    tree = {"lib.py": "T = {}\nT['made'] = 1\n", "app.py": "from lib import T\n"}
    assert run(tree, script) == "{'made': 1} True"


def test_reload_raises_what_the_body_raised_and_nothing_is_changed(run: Runner) -> None:
    script = """
        import modcache, app, lib, traceback
        before = state()
        for text, kind in (("K = 2\\nraise OSError('x')\\n", OSError), ("K = (\\n", SyntaxError),
                           ("import not_there\\n", ModuleNotFoundError), ("K = 2\\nexit_now\\n", NameError),
                           ("raise SystemExit(2)\\n", SystemExit)):
            write("lib.py", text)
            try:
                modcache.reload(lib)
                say("nothing raised")
            except kind as error:
                say(type(error).__name__, state() == before)
        """
    names = ("OSError", "SyntaxError", "ModuleNotFoundError", "NameError", "SystemExit")
    assert run(TREE, script) == " | ".join(f"{name} True" for name in names)


def test_reload_raises_when_a_dependent_fails_and_nothing_is_changed(run: Runner) -> None:
    script = """
        import modcache, app, lib
        before = state()
        edit("lib.py", "K = 1", "K = None")
        try:
            modcache.reload(lib)
        except TypeError as error:
            say("TypeError", state() == before, lib.K)
        """
    assert run(TREE, script) == "TypeError True 1"


def test_reload_through_a_session_and_of_a_package(run: Runner) -> None:
    tree = {"pkg/__init__.py": "from . import sub\nK = 1\n", "pkg/sub.py": "S = 1\n"}
    script = """
        import modcache, pkg
        sub = pkg.sub
        edit("pkg/__init__.py", "K = 1", "K = 2")
        say(session.reload(pkg) is pkg, pkg.K, pkg.sub is sub)
        edit("pkg/sub.py", "S = 1", "S = 2")
        say(modcache.reload(pkg.sub) is sub, sub.S)
        """
    assert run(tree, script) == "True 2 True | True 2"


def test_reload_of_a_module_replaced_in_the_cache(run: Runner) -> None:
    script = """
        import importlib, modcache, sys, types, lib
        other = types.ModuleType("lib")
        sys.modules["lib"] = other
        kinds = []
        for call in (importlib.reload, modcache.reload):
            try:
                call(lib)
            except ImportError as error:
                kinds.append(isinstance(error, ImportError))
        say(kinds)
        """
    assert run(TREE, script) == "[True, True]"


def test_reload_of_a_deleted_source(run: Runner) -> None:
    script = """
        import modcache, lib
        before = state()
        write("lib.py", None)
        try:
            modcache.reload(lib)
        except ImportError as error:
            say("ImportError", error.name, state() == before)
        """
    assert run({"lib.py": "K = 1\n"}, script) == "ImportError lib True"


def test_reload_outside_of_any_session_made_before(run: Runner) -> None:
    script = """
        import modcache, lib, app
        held = lib.f
        edit("lib.py", "K = 1", "K = 2")
        say(modcache.reload(lib) is lib, lib.K, held(), lib.f is held)
        """
    assert run(TREE, script, session=False) == "True 2 2 True"


def test_unknown_origin_a_module_loaded_earlier_and_unedited_is_known(run: Runner) -> None:
    script = """
        import modcache, app, lib
        f, table = lib.f, lib
        with modcache.Session(["."]) as session:
            say(session.refresh().outcome)
            edit("lib.py", "K = 1", "K = 2")
            report = session.refresh()
            say(report.outcome, report.complete is not False, app.V, lib.f is f, f())
        """
    assert run(TREE, script, session=False) == "unchanged | committed True 20 True 2"


def test_unknown_origin_a_module_edited_before_the_session(run: Runner) -> None:
    script = """
        import modcache, app, lib
        f, c = lib.f, app.c
        edit("lib.py", "K = 1", "K = 2")
        edit("lib.py", "m(self): return 1", "m(self): return 2")
        session = modcache.Session(["."])
        report = session.refresh()
        right = (lib.K, f(), lib.f is f, c.m(), app.V) == (2, 2, True, 2, 20)
        say(report.outcome, right or report.complete is not True, lib.K, lib.f is f)
        edit("lib.py", "K = 2", "K = 3")
        report = session.refresh()
        say(report.outcome, lib.K, app.V, f())
        """
    assert run(TREE, script, session=False) == "committed True 2 True | committed 3 30 3"


def test_unknown_origin_only_moved_lines_before_the_session(run: Runner) -> None:
    script = """
        import modcache, app, lib
        f = lib.f
        gate.log.clear()
        edit("lib.py", "import gate", "# a line\\nimport gate")
        session = modcache.Session(["."])
        report = session.refresh()
        say(report.outcome in {"unchanged", "committed"}, lib.f is f, gate.log, f.__code__.co_firstlineno)
        """
    assert run(TREE, script, session=False) == "True True [] 5"


def test_unknown_origin_never_silently_wrong(run: Runner) -> None:
    script = """
        import modcache, app, lib
        lib.REG["run"] = 1
        edit("lib.py", "REG['a'] = 1", "REG['b'] = 1")
        session = modcache.Session(["."])
        report = session.refresh()
        say("a" not in lib.REG and "b" in lib.REG or report.complete is not True)
        """
    assert run({"lib.py": "REG = {}\nREG['a'] = 1\n", "app.py": "import lib\n"}, script, session=False) == "True"
