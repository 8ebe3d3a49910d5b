"""Contract lines 6 and 18: little more than what must is executed; unchanged content changes nothing; state stays."""

from __future__ import annotations

import pytest

from tests.conftest import Runner

APP = {
    "lib.py": """
        import gate
        gate.log.append("lib")
        MODEL = object()
        K = 1
        def helper(x):
            return x
        def unused():
            return "old"
        class C:
            pass
        """,
    "app.py": """
        from lib import K, helper
        import gate
        CACHE = {}
        V = K * 2
        W = len("constant")
        gate.log.append("app")
        """,
}

SAME = {
    "touched": ("lib.py", None),
    "comment": ("K = 1", "K = 1  # one"),
    "blank lines": ("K = 1", "\n\nK = 1"),
    "spaces": ("K = 1", "K  =  1"),
    "brackets": ("K = 1", "K = (1)"),
    "quotes": ('"old"', "'old'"),
}


@pytest.mark.parametrize("name", SAME)
def test_c06_unchanged_content_changes_nothing(run: Runner, name: str) -> None:
    old, new = SAME[name]
    change = f"edit('lib.py', {old!r}, {new!r})" if new is not None else "os.utime('lib.py', (1, 1))"
    script = f"""
        import os, app, lib
        before, said = state(), list(gate.log)
        {change}
        report = refresh()
        say(report.complete, report.statements, gate.log == said)
        after = state()
        names = [path for path, ident in before if not path.endswith("__code__")]
        say([row for row in before if "__code__" not in row[0]] == [row for row in after if "__code__" not in row[0]])
        """
    assert run(APP, script) == "True 0 True | True"


def test_c06_nothing_changed_is_said(run: Runner) -> None:
    script = """
        import app
        report = refresh()
        say(report.outcome, report.complete, report.generation, bool(session.plan()), report.changes)
        """
    assert run(APP, script) == "unchanged True 0 False ()"


def test_c06_a_body_alone_is_not_executed(run: Runner) -> None:
    script = """
        import app, lib
        held = lib.unused
        said = list(gate.log)
        edit("lib.py", '"old"', '"new"')
        report = refresh()
        say(report.outcome, report.complete, ran(report) or "-", report.patched, held(), lib.unused is held)
        say(gate.log == said)
        """
    assert run(APP, script) == "committed True - ('lib:unused',) new True | True"


def test_c06_a_constant_reaches_its_readers_only(run: Runner) -> None:
    script = """
        import app, lib
        model, cache, said = lib.MODEL, app.CACHE, list(gate.log)
        cache["x"] = 1
        edit("lib.py", "K = 1", "K = 5")
        report = refresh()
        say(report.outcome, report.complete, app.V, lib.MODEL is model, app.CACHE is cache, cache, gate.log == said)
        rows = set(ran(report).split())
        say(rows >= {"lib:4", "app:4"}, rows <= {"lib:4", "app:1", "app:4"})
        """
    assert run(APP, script) == "committed True 10 True True {'x': 1} True | True True"


def test_c06_each_statement_carries_its_reason_and_chain(run: Runner) -> None:
    script = """
        import app
        edit("lib.py", "K = 1", "K = 5")
        plan = session.plan()
        rows = {f"{m.module}:{s.lineno}": s for m in plan.modules for s in m.statements}
        say(app.V, all(row.reason for row in rows.values()), any("K" in step for step in rows["app:4"].chain))
        report = refresh()
        made = {f"{name}:{s.lineno}" for name, statements in report.executed.items() for s in statements}
        say(made == set(rows))
        """
    assert run(APP, script) == "2 True True | True"


def test_c06_making_a_plan_changes_nothing(run: Runner) -> None:
    script = """
        import app
        before = state()
        edit("lib.py", "K = 1", "K = 5\\nNEW = 1")
        plan = session.plan()
        say(bool(plan), state() == before, [c.kind for c in plan.changes])
        say(refresh().outcome, app.V)
        """
    assert run(APP, script) == "True True ['edited'] | committed 10"


def test_c06_a_needless_execution_changes_no_identity(run: Runner) -> None:
    tree = {
        "lib.py": "def f():\n    return 1\nclass C:\n    def m(self):\n        return 1\nK = 1\n",
        "app.py": "from lib import f, C, K\nV = f() + K\ndef g():\n    return V\nclass D(C):\n    pass\n",
    }
    script = """
        import app, lib
        held = (lib.f, lib.C, app.g, app.D, lib, app, lib.C.m)
        edit("lib.py", "K = 1", "K = 2")
        refresh()
        say(app.V, held == (lib.f, lib.C, app.g, app.D, lib, app, lib.C.m), app.D.__mro__[1] is lib.C)
        """
    assert run(tree, script) == "3 True True"


def test_c06_a_file_put_back_is_no_change(run: Runner) -> None:
    script = """
        import app
        edit("lib.py", "K = 1", "K = 5")
        edit("lib.py", "K = 5", "K = 1")
        say(refresh().outcome)
        """
    assert run(APP, script) == "unchanged"


def test_c18_state_that_the_program_made_stays(run: Runner) -> None:
    tree = {
        "lib.py": "HITS = []\nTOTAL = 0\ndef hit(x):\n    global TOTAL\n    TOTAL += 1\n    HITS.append(x)\n",
        "app.py": "import lib\nclass User:\n    count = 0\nCONNECTION = object()\n",
    }
    script = """
        import app, lib
        lib.hit("a"); lib.hit("b")
        app.User.count = 7
        hits, connection = lib.HITS, app.CONNECTION
        edit("lib.py", "HITS.append(x)", "HITS.append(x.upper())")
        edit("app.py", "    count = 0", "    count = 0\\n    def m(self): return 1")
        say(refresh().outcome)
        lib.hit("c")
        say(lib.TOTAL, lib.HITS, lib.HITS is hits, app.CONNECTION is connection, app.User().m())
        """
    assert run(tree, script) == "committed | 3 ['a', 'b', 'C'] True True 1"


def test_c18_names_put_in_from_outside_stay(run: Runner) -> None:
    script = """
        import app, lib
        lib.injected = marker = object()
        lib.K = 99
        edit("lib.py", '"old"', '"new"')
        refresh()
        say(lib.injected is marker, lib.K)
        """
    assert run(APP, script) == "True 99"


def test_c18_a_container_that_grew_stays_when_another_name_changes(run: Runner) -> None:
    tree = {"lib.py": "TABLE = {'a': 1}\nK = 1\ndef put(k, v):\n    TABLE[k] = v\nput('b', 2)\n"}
    script = """
        import lib
        table = lib.TABLE
        lib.put("run", 3)
        edit("lib.py", "K = 1", "K = 2")
        report = refresh()
        say(lib.K, lib.TABLE is table, table, ran(report))
        """
    assert run(tree, script) == "2 True {'a': 1, 'b': 2, 'run': 3} lib:2"


def test_c18_a_rebuilt_name_is_reported(run: Runner) -> None:
    tree = {"lib.py": "TABLE = {}\ndef put(k, v):\n    TABLE[k] = v\nput('b', 2)\n"}
    script = """
        import lib
        edit("lib.py", "put('b', 2)", "put('c', 2)")
        report = refresh()
        rows = set(ran(report).split())
        say(lib.TABLE, "lib:1" in rows, "lib:4" in rows)
        """
    assert run(tree, script) == "{'c': 2} True True"
