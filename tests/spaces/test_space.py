"""A space: its path, its name, what it shares and is given, what it runs, and that the interpreter is as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.spaces.play import play

TWO = {
    "one/lib/__init__.py": "VERSION = 1\ndef late():\n    from lib import part\n    return part.NAME\n",
    "one/lib/part.py": "NAME = 'part of one'",
    "two/lib/__init__.py": "VERSION = 2\ndef late():\n    from lib import part\n    return part.NAME\n",
    "two/lib/part.py": "NAME = 'part of two'",
}


def test_c26_two_versions_side_by_side(tmp_path: Path) -> None:
    script = """
        with Space("a", "one") as a, Space("b", "two") as b:
            first, second = a.import_module("lib"), b.import_module("lib")
            say(first.VERSION, second.VERSION, "lib" in sys.modules, a.modules["lib"] is first)
            say(a.owner_of(first.late).name, a.owner_of(second).name, a.owner_of(say))
        say(as_it_was())
    """
    assert play(tmp_path, TWO, script) == "1 2 False True | a b None | True"


def test_c26_code_imports_from_its_space_for_ever_in_any_thread(tmp_path: Path) -> None:
    script = """
        import threading
        with Space("a", "one") as a, Space("b", "two") as b:
            calls = [space.import_module("lib").late for space in (a, b)]
            threads = [threading.Thread(target=lambda call=call: say(call())) for call in calls]
            for thread in threads:
                thread.start()
                thread.join()
    """
    assert play(tmp_path, TWO, script) == "part of one | part of two"


def test_a_space_looks_nowhere_else(tmp_path: Path) -> None:
    script = """
        sys.path.insert(0, "two")
        import lib
        with Space("a", "one") as a, Space("empty") as empty:
            say(a.import_module("lib").VERSION, lib.VERSION, a.import_module("json") is __import__("json"))
            try:
                empty.import_module("lib")
            except ModuleNotFoundError as error:
                say(error)
    """
    assert play(tmp_path, TWO, script) == "1 2 True | No module named 'lib'"


def test_shared_names_are_the_interpreters_with_all_below_them(tmp_path: Path) -> None:
    script = """
        sys.path.insert(0, "two")
        import lib
        with Space("a", "one", share="lib") as a:
            say(a.import_module("lib") is lib, a.import_module("lib.part") is lib.part)
            say(a.import_module("modcache") is modcache)
            say(a.owner_of(lib))
    """
    assert play(tmp_path, TWO, script) == "True True | True | None"


def test_modules_are_provided_as_objects_sources_and_factories(tmp_path: Path) -> None:
    tree = {"use.py": "import api, tools.text, made\nfacts = (api, tools.text.UPPER('a'), made.name, tools.__path__)\n"}
    script = """
        from types import SimpleNamespace
        api = object()
        calls = []
        def make():
            calls.append("made")
            return SimpleNamespace(name="made")
        source = "import json\\nUPPER = str.upper\\ndef fail(): 1 / 0\\n"
        own = type("Own", (type(sys),), {})
        given = {"api": api, "tools.text": source, "made": make, "values": {"A": 1}, "own": own}
        with Space("a", ".", provide=given) as space:
            say(calls)
            found = space.import_module("use").facts
            say(found[0] is api, *found[1:], calls, space.import_module("made") is space.modules["made"])
            say(space.import_module("values").A, space.import_module("own").__name__)
            import traceback
            try:
                space.modules["tools.text"].fail()
            except ZeroDivisionError as error:
                say(traceback.format_exception(error)[-2].split("\\n")[1].strip())
    """
    assert play(tmp_path, tree, script) == "[] | True A made [] ['made'] True | 1 own | def fail(): 1 / 0"


def test_a_script_runs_as_main(tmp_path: Path) -> None:
    tree = {
        "app/start.py": "import helper, sys\nwho = (__name__, helper.WORD, sys.modules['__main__'].__name__)\n",
        "app/helper.py": "WORD = 'beside'",
        "lib/tool/__init__.py": "",
        "lib/tool/__main__.py": "from . import part\nwho = (__name__, part.X)\n",
        "lib/tool/part.py": "X = 'relative'",
    }
    script = """
        with Space("a", "lib") as space:
            main = space.run("app/start.py")
            say(*main.who, space.modules["__main__"] is main, sys.modules["__main__"] is not main)
            say(*space.run("tool").who)
            for wrong in ("app/none.py", "nothing"):
                try:
                    space.run(wrong)
                except errors.ProgramNotFound as error:
                    say("no", wrong)
    """
    trace = "__main__ beside __main__ True True | __main__ relative | no app/none.py | no nothing"
    assert play(tmp_path, tree, script) == trace


def test_what_looks_main_up_finds_the_program_of_its_space(tmp_path: Path) -> None:
    program = """
        from __future__ import annotations
        import dataclasses, importlib, pickle, sys, typing, unittest
        ClassVar = typing.ClassVar
        @dataclasses.dataclass
        class Data:
            kept: ClassVar[Data]
            name: str = WORD
        class Case(unittest.TestCase):
            def test(self): pass
        def facts():
            same = pickle.loads(pickle.dumps(Data)) is Data and importlib.import_module("__main__").Data is Data
            found = unittest.main(argv=["x"], exit=False).result.testsRun
            return [field.name for field in dataclasses.fields(Data)], same, typing.get_type_hints(Data)["kept"], found
    """
    tree = {f"{word}/start.py": program.replace("WORD", repr(word)) for word in "12"}
    script = """
        with Space("a") as a, Space("b") as b:
            mains = [a.run("1/start.py"), b.run("2/start.py")]
            for main in mains:
                names, same, hint, found = main.facts()
                say(names, same, hint == main.ClassVar[main.Data], found)
    """
    assert play(tmp_path, tree, script) == "['name'] True True 1 | ['name'] True True 1"


def test_names_are_unique_and_paths_must_exist(tmp_path: Path) -> None:
    script = """
        with Space("a"):
            for wrong in (lambda: Space("a"), lambda: Space("b", "nowhere")):
                try:
                    wrong()
                except errors.ModcacheError as error:
                    say(type(error).__name__)
        space = Space("a")
        say(repr(space))
        space.close(), space.close()
        say(repr(space), space.closed, as_it_was())
        try:
            space.import_module("json")
        except errors.SpaceClosed:
            say("closed")
    """
    shown = "<modcache.Space 'a' of no path, 2 entries> | <modcache.Space 'a', closed>"
    assert play(tmp_path, {}, script) == f"SpaceExists | PathNotFound | {shown} True True | closed"


def test_a_failed_import_leaves_no_trace(tmp_path: Path) -> None:
    tree = {"bad.py": "import json\n1 / 0\n", "good.py": "import json\n"}
    script = """
        with Space("a", ".") as space:
            try:
                space.import_module("bad")
            except ZeroDivisionError:
                say(sorted(space.modules), space.import_module("good").__name__)
        say(as_it_was())
    """
    assert play(tmp_path, tree, script) == "['builtins', 'json', 'sys'] good | True"


def test_a_session_keeps_a_space_true_and_no_other(tmp_path: Path) -> None:
    script = """
        with Space("a", "one") as a, Space("b", "two") as b:
            first, second = a.import_module("lib"), b.import_module("lib")
            session = a.session()
            from tests.trees import lay
            from pathlib import Path
            lay(Path("one"), {"lib/__init__.py": "VERSION = 11\\ndef late():\\n    return 'mended'\\n"})
            lay(Path("two"), {"lib/__init__.py": "VERSION = 22\\n"})
            report = session.refresh()
            say(report.outcome, first.VERSION, second.VERSION, first.late(), second.late(), "lib" in sys.modules)
            a.close()
            try:
                session.refresh()
            except errors.SessionClosed:
                say("closed with its space")
    """
    trace = "committed 11 2 mended part of two False | closed with its space"
    assert play(tmp_path, TWO, script) == trace


def test_staged_code_of_a_space_looks_modules_up_there(tmp_path: Path) -> None:
    """As a dataclass does whose annotations are text."""
    head = "from __future__ import annotations\\nimport dataclasses\\n"
    source = head + "K = {}\\n@dataclasses.dataclass\\nclass C:\\n    k: int = K\\n"
    script = f"""
        with Space("a", "one") as space:
            made = space.import_module("made")
            session = space.session()
            from pathlib import Path
            Path("one/made.py").write_text("{source}".format(2))
            report = session.refresh()
            say(report.outcome, made.C().k, "made" in sys.modules)
    """
    tree = {"one/made.py": source.replace("\\n", "\n").format(1)}
    assert play(tmp_path, tree, script) == "committed 2 False"


def test_circular_imports_inside_a_space(tmp_path: Path) -> None:
    tree = {
        "pkg/__init__.py": "from pkg import a\n",
        "pkg/a.py": "import pkg.b as b\nfrom . import b as again\nNAME = 'a'\n",
        "pkg/b.py": "from pkg import a\nimport pkg.a as other\ndef name():\n    return a.NAME, other is a\n",
    }
    script = """
        with Space("x", ".") as space:
            say(space.import_module("pkg").a.b.name())
    """
    assert play(tmp_path, tree, script) == "('a', True)"


@pytest.mark.parametrize("deep", [False, True])
def test_the_interpreter_is_refreshed_and_altered_while_a_space_is_open(tmp_path: Path, deep: bool) -> None:
    """A commit changes the cache in one step, on the dict itself: it must be the interpreter's, not the dispatcher."""
    tree = {"app.py": "import old\nX = 1\n", "old.py": "", "one/lib.py": ""}
    script = f"""
        sys.path.insert(0, ".")
        from pathlib import Path
        with Space("a", "one", deep={deep}) as space:
            session = modcache.Session(["."])
            import app
            Path("old.py").unlink()
            Path("new.py").write_text("Y = 2\\n")
            Path("app.py").write_text("import new\\nX = new.Y\\n")
            say(session.refresh().outcome, app.X, "new" in REAL, "old" in REAL, "new" in sys.modules)
            say(session.undo().outcome, app.X, "new" in REAL, "old" in REAL)
            with modcache.blocked("new"), modcache.virtual({{"app": "X = 3"}}):
                import app as other
                try:
                    import new
                except ModuleNotFoundError:
                    say(other.X, sys.modules["app"] is other, space.modules.keys() & {{"app", "new"}})
            say(sys.modules["app"] is app)
            session.close()
        say(as_it_was())
    """
    trace = "committed 2 True False True | committed 1 False True | 3 True set() | True | True"
    assert play(tmp_path, tree, script) == trace
