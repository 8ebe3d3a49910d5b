"""Contract lines 7 to 9: what failed is tried again, calls that come together are one, and one can go back."""

from __future__ import annotations

from tests.conftest import Runner


def test_c07_a_failure_is_reported_each_time_until_it_is_mended(run: Runner) -> None:
    script = """
        import lib
        write("lib.py", "K = 2\\nraise ValueError\\n")
        for _ in range(3):
            report = refresh()
            say(report.outcome, type(report.error).__name__, lib.K)
        write("lib.py", "K = 3\\n")
        report = refresh()
        say(report.outcome, report.error, report.failed, lib.K)
        say(refresh().outcome)
        """
    assert run({"lib.py": "K = 1\n"}, script) == " | ".join(
        ["aborted ValueError 1"] * 3 + ["committed None () 3", "unchanged"]
    )


def test_c07_a_failure_of_the_world_is_retried_though_the_file_is_the_same(run: Runner) -> None:
    script = """
        import lib, os
        write("lib.py", "import os\\nK = int(os.environ['NUMBER'])\\n")
        say(refresh().outcome, lib.K)
        os.environ["NUMBER"] = "7"
        say(refresh().outcome, lib.K)
        """
    assert run({"lib.py": "K = 1\n"}, script) == "aborted 1 | committed 7"


def test_c07_a_part_that_failed_does_not_hold_up_the_others(run: Runner) -> None:
    script = """
        import a, b
        write("a.py", "K = 2\\nraise ValueError\\n")
        say(refresh().outcome)
        write("b.py", "K = 2\\n")
        report = refresh()
        say(report.outcome, a.K, b.K, any("a" == name.split(":")[0] for name in report.failed), report.complete)
        write("a.py", "K = 3\\n")
        report = refresh()
        say(report.outcome, a.K, b.K, report.failed, report.complete)
        """
    trace = run({"a.py": "K = 1\n", "b.py": "K = 1\n"}, script)
    assert trace == "aborted | committed 1 2 True False | committed 3 2 () True"


def test_c07_mended_by_putting_the_old_text_back(run: Runner) -> None:
    script = """
        import lib
        write("lib.py", "K = (\\n")
        say(refresh().outcome)
        write("lib.py", "K = 1\\n")
        report = refresh()
        say(report.outcome, report.error, report.failed)
        """
    assert run({"lib.py": "K = 1\n"}, script) == "aborted | unchanged None ()"


def test_c07_mended_in_another_module(run: Runner) -> None:
    script = """
        import app, lib
        write("app.py", "from lib import later\\nV = later\\n")
        say(refresh().outcome)
        write("lib.py", "K = 1\\nlater = 5\\n")
        report = refresh()
        say(report.outcome, app.V, report.failed)
        """
    assert run({"lib.py": "K = 1\n", "app.py": "from lib import K\nV = K\n"}, script) == "aborted | committed 5 ()"


def test_c08_calls_that_come_together_are_serialised_and_coalesced(run: Runner) -> None:
    script = """
        import threading, lib
        body = "import gate\\ngate.log.append('body')\\ngate.entered.set()\\ngate.release.wait(300)\\n"
        write("lib.py", body + "K = 2\\n")
        reports, started = [], threading.Barrier(5)
        def call(wait):
            if wait: started.wait()
            reports.append(refresh())
        first = threading.Thread(target=call, args=(False,))
        first.start()
        gate.entered.wait(300)
        others = [threading.Thread(target=call, args=(True,)) for _ in range(4)]
        for thread in others: thread.start()
        started.wait()
        gate.release.set()
        for thread in [first, *others]: thread.join()
        say(gate.log, lib.K, len(reports), sorted({r.outcome for r in reports}), max(r.generation for r in reports))
        """
    trace = run({"lib.py": "K = 1\n"}, script)
    assert trace in {
        "['body'] 2 5 ['committed', 'unchanged'] 1",
        "['body'] 2 5 ['committed'] 1",
    }


def test_c08_two_sessions_do_not_commit_at_once(run: Runner) -> None:
    script = """
        import threading, modcache, lib, other
        second = modcache.Session([session.folders[0]])
        write("lib.py", "K = 2\\n"); write("other.py", "K = 2\\n")
        both, reports = threading.Barrier(2), []
        def call(s):
            both.wait()
            reports.append(s.refresh().outcome)
        threads = [threading.Thread(target=call, args=(s,)) for s in (session, second)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        say(lib.K, other.K, set(reports) <= {"committed", "unchanged"})
        """
    assert run({"lib.py": "K = 1\n", "other.py": "K = 1\n"}, script) == "2 2 True"


NESTED = """
import gate
try:
    gate.session.{call}
except Exception as error:
    gate.log.append(type(error).__name__)
K = 2
"""


def test_c08_a_call_from_inside_a_module_body_that_is_refreshed_raises(run: Runner) -> None:
    for call in ("refresh()", "undo()", "reload(__import__('sys').modules['lib'])"):
        script = f"""
            import lib
            gate.session = session
            write("lib.py", {NESTED.format(call=call)!r})
            say(refresh().outcome, gate.log, lib.K)
            """
        assert run({"lib.py": "K = 1\n"}, script) == "committed ['NestedRefresh'] 2", call


def test_c08_a_call_from_inside_a_module_body_that_is_imported_raises(run: Runner) -> None:
    script = f"""
        gate.session = session
        write("lib.py", {NESTED.format(call="refresh()")!r})
        import lib
        say(gate.log, lib.K)
        """
    assert run({}, script) == "['NestedRefresh'] 2"


def test_c08_the_error_names_the_way_out(run: Runner) -> None:
    body = "import gate\ntry:\n    gate.session.refresh()\nexcept Exception as e:\n    gate.log.append(str(e))\nK = 2\n"
    script = f"""
        import lib
        gate.session = session
        write("lib.py", {body!r})
        refresh()
        say(len(gate.log), len(gate.log[0]) > 20)
        """
    assert run({"lib.py": "K = 1\n"}, script) == "1 True"


def test_c09_undo_brings_the_state_before_the_last_commit_back(run: Runner) -> None:
    tree = {
        "lib.py": "K = 1\ndef f():\n    return K\nclass C:\n    a = 1\n    def m(self):\n        return 'one'\n",
        "app.py": "from lib import K, f, C\nc = C()\nV = K * 10\n",
    }
    script = """
        import app, lib
        held, m = lib.f, app.c.m
        before = state()
        edit("lib.py", "K = 1", "K = 2")
        edit("lib.py", "return K", "return -K\\nNEW = 1")
        edit("lib.py", "a = 1", "b = 2")
        edit("lib.py", "'one'", "'two'")
        say(refresh().outcome, held(), m(), app.V)
        report = session.undo()
        say(report.outcome, held(), m(), app.V, app.c.a, hasattr(lib, "NEW"), hasattr(lib.C, "b"))
        say(sorted(state()) == sorted(before))
        """
    assert run(tree, script) == "committed -2 two 20 | committed 1 one 10 1 False False | True"


def test_c09_undo_takes_back_new_and_deleted_modules(run: Runner) -> None:
    script = """
        import sys, app, old
        write("old.py", None)
        write("new.py", "N = 1\\n")
        write("app.py", "import new\\n")
        say(refresh().outcome, "new" in sys.modules, "old" in sys.modules)
        session.undo()
        say("new" in sys.modules, sys.modules.get("old") is old, app.old is old, hasattr(app, "new"))
        """
    assert (
        run({"app.py": "import old\n", "old.py": "O = 1\n"}, script) == "committed True False | False True True False"
    )


def test_c09_undo_without_a_commit_raises(run: Runner) -> None:
    script = """
        import modcache, lib
        try:
            session.undo()
        except modcache.errors.NothingToUndo as error:
            say("NothingToUndo", isinstance(error, RuntimeError))
        """
    assert run({"lib.py": "K = 1\n"}, script) == "NothingToUndo True"


def test_c09_after_undo_the_next_refresh_brings_the_new_again(run: Runner) -> None:
    script = """
        import lib
        write("lib.py", "K = 2\\n")
        refresh()
        session.undo()
        say(lib.K, bool(session.plan()))
        write("lib.py", "K = 3\\n")
        say(refresh().outcome, lib.K)
        """
    assert run({"lib.py": "K = 1\n"}, script) == "1 True | committed 3"


def test_c09_an_aborted_refresh_is_not_what_undo_takes_back(run: Runner) -> None:
    script = """
        import lib
        write("lib.py", "K = 2\\n")
        refresh()
        write("lib.py", "K = (")
        refresh()
        say(lib.K, session.undo().outcome, lib.K)
        """
    assert run({"lib.py": "K = 1\n"}, script) == "2 committed 1"
