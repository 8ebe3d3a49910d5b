"""Bad input: a clear error of the tree, that names the ways out, and nothing changed."""

from __future__ import annotations

from tests.conftest import Runner


def _raises(call: str) -> str:
    return f"""
        try:
            {call}
            say("nothing raised")
        except Exception as error:
            own = isinstance(error, modcache.errors.ModcacheError)
            say(type(error).__name__, own, len(str(error)) > 25)
        """


def test_a_root_that_does_not_exist(run: Runner) -> None:
    for root in ("'nowhere/at/all'", "'no_such_package'", "''"):
        script = "        import modcache" + _raises(f"modcache.Session([{root}])")
        assert run({}, script, session=False) == "RootNotFound True True", root


def test_a_root_that_is_one_string(run: Runner) -> None:
    script = """
        import modcache
        try:
            s = modcache.Session("lib")
            say(s.folders[0].endswith("lib"))
        except (TypeError, modcache.errors.ModcacheError) as error:
            say(len(str(error)) > 20)
        """
    assert run({"lib/__init__.py": ""}, script, session=False) == "True"


def test_a_root_that_is_a_file(run: Runner) -> None:
    script = "        import modcache" + _raises("modcache.Session(['lib.py'])")
    assert run({"lib.py": ""}, script, session=False) in {"RootNotFound True True", "nothing raised"}


def test_a_root_by_path_object_and_by_package_name(run: Runner) -> None:
    script = """
        import modcache, pathlib, pkg, os
        one = modcache.Session([pathlib.Path("pkg")])
        two = modcache.Session(["pkg"])
        say(one.folders == two.folders, os.path.basename(one.folders[0]), one.owns(pkg.__file__))
        write("pkg/__init__.py", "K = 2\\n")
        say(two.refresh().outcome, pkg.K)
        """
    assert run({"pkg/__init__.py": "K = 1\n"}, script, session=False) == "True pkg True | committed 2"


def test_reload_of_a_module_that_is_not_loaded(run: Runner) -> None:
    script = """
        import importlib, sys, modcache, lib
        del sys.modules["lib"]
        def message(call):
            try:
                call(lib)
            except ImportError as error:
                return type(error).__name__, error.name
        theirs, ours = message(importlib.reload), message(modcache.reload)
        say(theirs[0], ours[0], theirs[1] == ours[1])
        """
    assert run({"lib.py": ""}, script) == "ImportError NotLoaded True"


def test_reload_of_what_is_no_module(run: Runner) -> None:
    script = """
        import importlib, modcache
        for thing in (1, "lib", None, object()):
            errors = []
            for call in (importlib.reload, modcache.reload):
                try:
                    call(thing)
                except Exception as error:
                    errors.append((type(error).__name__, str(error)))
            say(errors[0][0] == errors[1][0], errors[1][0])
        """
    assert run({}, script) == " | ".join(["True TypeError"] * 4)


def test_reload_of_a_module_without_source(run: Runner) -> None:
    script = """
        import sys, types, modcache
        made = sys.modules["made"] = types.ModuleType("made")
        made.K = 1
        for module in (made, sys.modules["gate"]):
            try:
                modcache.reload(module)
            except ImportError as error:
                say(type(error).__name__, isinstance(error, modcache.errors.ModcacheError))
        say(made.K)
        """
    assert run({}, script) == "SourceUnavailable True | SourceUnavailable True | 1"


def test_reload_of_a_bytecode_only_module(run: Runner) -> None:
    script = """
        import os, py_compile, modcache
        py_compile.compile("lib.py", cfile="lib.pyc")
        os.unlink("lib.py")
        import lib
        say(lib.__file__.endswith("lib.pyc"), refresh().outcome)
        try:
            modcache.reload(lib)
            say("reloaded")
        except modcache.errors.SourceUnavailable as error:
            say("SourceUnavailable", "lib" in str(error))
        """
    assert run({"lib.py": "K = 1\n"}, script) == "True unchanged | SourceUnavailable True"


def test_a_closed_session(run: Runner) -> None:
    script = """
        import modcache, lib
        session.close()
        session.close()
        for call in (session.refresh, session.plan, session.undo, session.verify, lambda: session.reload(lib)):
            try:
                call()
                say("nothing raised")
            except modcache.errors.SessionClosed:
                say("closed")
        """
    assert run({"lib.py": ""}, script) == " | ".join(["closed"] * 5)


def test_a_session_is_a_context_manager(run: Runner) -> None:
    script = """
        import modcache
        with modcache.Session(["."]) as session:
            import lib
            write("lib.py", "K = 2\\n")
            say(session.refresh().outcome, lib.K)
        try:
            session.refresh()
        except modcache.errors.SessionClosed as error:
            say("closed", len(str(error)) > 20)
        """
    assert run({"lib.py": "K = 1\n"}, script, session=False) == "committed 2 | closed True"


def test_the_default_session(run: Runner) -> None:
    script = """
        import modcache, lib
        say(modcache.refresh().outcome)
        write("lib.py", "K = 2\\n")
        say(len(modcache.plan().changes), modcache.refresh().outcome, lib.K)
        say(modcache.undo().outcome, lib.K)
        """
    tree = {"pyproject.toml": "", "lib.py": "K = 1\n"}
    assert run(tree, script, session=False) == "unchanged | 1 committed 2 | committed 1"


def test_c08_every_error_is_of_the_tree(run: Runner) -> None:
    script = """
        from modcache import errors
        kinds = [getattr(errors, name) for name in errors.__all__]
        say(all(issubclass(kind, errors.ModcacheError) and kind.__doc__ for kind in kinds))
        """
    assert run({}, script, session=False) == "True"


def test_a_report_is_data(run: Runner) -> None:
    script = """
        import json, lib, modcache
        write("lib.py", "K = 2\\nL = 3\\n")
        plan = session.plan()
        committed = refresh()
        write("lib.py", "K = (\\n")
        aborted = refresh()
        for value in (plan, committed, aborted):
            json.dumps(value.to_dict())
            text = str(value)
            say(type(value).__name__, 0 < text.count(chr(10)) + 1 <= 40, max(map(len, text.splitlines())) <= 240)
        timed = set(committed.timings) >= {"know", "plan", "total"}
        say(isinstance(committed, modcache.Report), committed.generation, timed)
        """
    assert run({"lib.py": "K = 1\n"}, script) == ("Plan True True | Report True True | Report True True | True 1 True")


def test_a_call_of_a_name_that_nothing_binds(run: Runner) -> None:
    script = """
        import lib
        write("lib.py", "X = nowhere(1)\\ndef f(): return 2\\n")
        report = refresh()
        say(report.outcome, type(report.error).__name__, lib.f())
        """
    assert run({"lib.py": "def f(): return 1\n"}, script) == "aborted NameError 1"
