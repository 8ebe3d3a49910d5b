"""Contract line 10: removed names are gone, from the module and from those who imported them."""

from __future__ import annotations

from tests.conftest import Runner


def test_c10_a_removed_name_is_gone(run: Runner) -> None:
    script = """
        import lib
        write("lib.py", "A = 1\\n")
        report = refresh()
        say(report.outcome, report.complete, sorted(n for n in vars(lib) if len(n) == 1), *sorted(report.removed))
        """
    tree = {"lib.py": "A = 1\nB = 2\ndef f(): pass\nclass C: pass\n"}
    assert run(tree, script) == "committed True ['A'] lib:B lib:C lib:f"


def test_c10_gone_from_a_star_importer(run: Runner) -> None:
    script = """
        import app, top
        write("lib.py", "A = 1\\n")
        report = refresh()
        say(report.outcome, hasattr(app, "B"), hasattr(top, "B"), app.A, report.complete is not False)
        """
    tree = {"lib.py": "A = 1\nB = 2\n", "app.py": "from lib import *\n", "top.py": "from app import *\n"}
    assert run(tree, script) == "committed False False 1 True"


def test_c10_gone_from_an_importer_edited_with_it(run: Runner) -> None:
    script = """
        import app, lib
        write("lib.py", "A = 1\\n")
        write("app.py", "from lib import A\\n")
        report = refresh()
        say(report.outcome, report.complete, hasattr(app, "B"), hasattr(lib, "B"))
        """
    trace = run({"lib.py": "A = 1\nB = 2\n", "app.py": "from lib import A, B\n"}, script)
    assert trace == "committed True False False"


def test_c10_a_use_while_a_module_executes_fails_the_plan(run: Runner) -> None:
    for line, error in (
        ("from lib import B", "ImportError"),
        ("import lib; V = lib.B", "AttributeError"),
        ("from lib import *; V = B", "NameError"),
        ("import lib\nclass C:\n    b = lib.B", "AttributeError"),
        ("import lib\ndef f(b=lib.B): return b", "AttributeError"),
        ("import lib\ndef f(): return lib.B\nV = f()", "AttributeError"),
    ):
        script = """
            import app, lib
            before = state()
            write("lib.py", "A = 1\\n")
            report = refresh()
            say(report.outcome, type(report.error).__name__, lib.B, state() == before)
            """
        assert run({"lib.py": "A = 1\nB = 2\n", "app.py": line + "\n"}, script) == f"aborted {error} 2 True", line


def test_c10_a_use_at_call_time_is_dangling(run: Runner) -> None:
    tree = {
        "lib.py": "A = 1\nB = 2\ndef own():\n    return B\n",
        "app.py": "import lib\ndef f():\n    return lib.B\nclass C:\n    def m(self):\n        return lib.B\n",
    }
    script = """
        import app, lib
        edit("lib.py", "B = 2\\n", "")
        report = refresh()
        said = " ".join(report.dangling)
        say(report.outcome, hasattr(lib, "B"))
        say(all(name in said for name in ("app:f", "app:C.m", "lib:own")), report.complete)
        """
    assert run(tree, script) == "committed False | True True"


def test_c10_a_removed_function_that_is_held_still_runs_and_is_not_by_name(run: Runner) -> None:
    script = """
        import lib
        held = lib.f
        write("lib.py", "A = 1\\n")
        say(refresh().outcome, held(), hasattr(lib, "f"))
        """
    assert run({"lib.py": "A = 1\ndef f():\n    return A\n"}, script) == "committed 1 False"


def test_c10_a_removed_name_in_an_all(run: Runner) -> None:
    script = """
        import app
        write("lib.py", "__all__ = ['A']\\nA = 1\\nB = 2\\n")
        report = refresh()
        say(report.outcome, hasattr(app, "B"), report.complete is not False)
        """
    tree = {"lib.py": "__all__ = ['A', 'B']\nA = 1\nB = 2\n", "app.py": "from lib import *\n"}
    assert run(tree, script) == "committed False True"


def test_c10_a_removed_import_is_gone(run: Runner) -> None:
    script = """
        import app
        write("app.py", "import lib\\n")
        report = refresh()
        say(report.outcome, report.complete, sorted(n for n in vars(app) if not n.startswith("_")))
        """
    assert run({"lib.py": "A = 1\n", "app.py": "import os\nimport lib\nfrom lib import A\n"}, script) == (
        "committed True ['lib']"
    )
