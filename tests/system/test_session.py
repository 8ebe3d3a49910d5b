"""A session keeps the modules of a private import system true, as it does the interpreter's."""

from __future__ import annotations

from pathlib import Path

from tests.trees import run

APP = {
    "app/__init__.py": "from .values import LIMIT\n",
    "app/values.py": "LIMIT = 1\n",
    "app/work.py": """
        import json
        from . import values
        from app.values import LIMIT
        def limit():
            from app import LIMIT as late
            return LIMIT, values.LIMIT, late
        class Kept:
            def say(self): return "old"
        kept = Kept()
    """,
}


def test_a_refresh_in_a_private_system(tmp_path: Path) -> None:
    script = """
        import sys, modcache
        system = modcache.ImportSystem("mine", ["."])
        session = modcache.Session(["."], system=system)
        work = system.import_module("app.work")
        held, limit = work.kept, work.limit
        edit("app/values.py", "1", "2")
        edit("app/work.py", '"old"', '"new"')
        report = session.refresh()
        say(report.outcome, report.complete, work.limit is limit, limit(), held.say(), ran(report))
        say(work.limit.__globals__ is vars(work), vars(work)["__builtins__"] is system.builtins)
        say([name for name in sys.modules if name.startswith("app")], session.modules)
        session.undo()
        say(limit(), held.say())
    """
    assert run(tmp_path, APP, script, session=False) == (
        "committed True True (2, 2, 2) new app:1 app.values:1 app.work:3 | True True | [] "
        "('app.values', 'app', 'app.work') | (1, 1, 1) old"
    )


def test_a_new_module_in_a_private_system_imports_from_there(tmp_path: Path) -> None:
    script = """
        import sys, modcache
        system = modcache.ImportSystem("mine", ["."])
        session = modcache.Session(["."], system=system)
        work = system.import_module("app.work")
        write("app/new.py", '''
            import app.values
            import sys
            here = sys.modules is __import__("sys").modules
            def late():
                import app.work
                return app.work
        ''')
        edit("app/work.py", "import json", "import json; from app import new")
        report = session.refresh()
        say(report.outcome, report.complete, work.new.late() is work, work.new.here)
        say(system.modules["app.new"] is work.new)
        say("app.new" in sys.modules, work.new.sys is system.sys)
    """
    assert run(tmp_path, APP, script, session=False) == "committed None True True | True | False True"


def test_two_systems_with_two_copies_are_refreshed_independently(tmp_path: Path) -> None:
    script = """
        import modcache
        systems = [modcache.ImportSystem(str(n), ["."]) for n in range(2)]
        sessions = [modcache.Session(["."], system=system) for system in systems]
        one, two = (system.import_module("app.work") for system in systems)
        held = one.kept, two.kept
        edit("app/values.py", "1", "2")
        edit("app/work.py", '"old"', '"new"')
        say(sessions[0].refresh().outcome, one.limit(), held[0].say(), "|", two.limit(), held[1].say())
        say(sessions[0].refresh().outcome, sessions[1].refresh().outcome, two.limit(), held[1].say())
        say(one.Kept is not two.Kept, one.limit.__globals__ is vars(one), two.limit.__globals__ is vars(two))
        sessions[1].undo()
        say(one.limit(), two.limit())
    """
    assert run(tmp_path, APP, script, session=False) == (
        "committed (2, 2, 2) new | (1, 1, 1) old | unchanged committed (2, 2, 2) new | "
        "True True True | (2, 2, 2) (1, 1, 1)"
    )


def test_a_refresh_that_fails_leaves_a_private_system_as_it_was(tmp_path: Path) -> None:
    script = """
        import modcache
        system = modcache.ImportSystem("mine", ["."])
        session = modcache.Session(["."], system=system)
        work = system.import_module("app.work")
        before = list(system.modules.items())
        edit("app/values.py", "LIMIT = 1", "LIMIT = 1 / 0")
        report = session.refresh()
        say(report.outcome, type(report.error).__name__, list(system.modules.items()) == before, work.limit())
    """
    assert run(tmp_path, APP, script, session=False) == "aborted ZeroDivisionError True (1, 1, 1)"


def test_reload_of_a_session_in_a_private_system(tmp_path: Path) -> None:
    script = """
        import modcache
        system = modcache.ImportSystem("mine", ["."])
        session = modcache.Session(["."], system=system)
        work = system.import_module("app.work")
        say(session.reload(work) is work, system.reload(work) is work, work.limit())
    """
    assert run(tmp_path, APP, script, session=False) == "True True (1, 1, 1)"


def test_a_root_is_found_by_the_system(tmp_path: Path) -> None:
    script = """
        import modcache
        system = modcache.ImportSystem("mine", ["elsewhere"])
        session = modcache.Session(["lib"], system=system)
        say(system.import_module("lib").X, session.modules)
        edit("elsewhere/lib/__init__.py", "1", "2")
        say(session.refresh(verify=True).complete, system.modules["lib"].X)
    """
    trace = run(tmp_path, {"elsewhere/lib/__init__.py": "X = 1\n"}, script, session=False)
    assert trace == "1 ('lib',) | True 2"
