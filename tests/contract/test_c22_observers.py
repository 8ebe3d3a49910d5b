"""Contract line 22: tools are told of plans and reports, and can't break any."""

from __future__ import annotations

from tests.conftest import Runner

TREE = {"lib.py": "K = 1\n", "app.py": "from lib import K\nV = K\n"}


def test_c22_observers_are_told_of_every_report(run: Runner) -> None:
    script = """
        import app, lib, modcache
        told = []
        session.on_report(lambda report: told.append((report.outcome, report.generation)))
        refresh()
        edit("lib.py", "K = 1", "K = 2")
        report = refresh()
        session.undo()
        edit("lib.py", "K = 2", "K = (")
        refresh()
        try:
            session.reload(lib)
        except SyntaxError:
            pass
        edit("lib.py", "K = (", "K = 3")
        session.reload(lib)
        say(told)
        """
    assert run(TREE, script) == (
        "[('unchanged', 0), ('committed', 1), ('committed', 2), ('aborted', 2), ('aborted', 2), ('committed', 3)]"
    )


def test_c22_observers_are_told_of_plans_before_anything_happens(run: Runner) -> None:
    script = """
        import app, lib
        session.on_plan(lambda plan: say([module.module for module in plan.modules], app.V))
        edit("lib.py", "K = 1", "K = 2")
        session.plan()
        refresh()
        refresh()
        say(app.V)
        """
    assert run(TREE, script) == "['lib', 'app'] 1 | ['lib', 'app'] 1 | 2"


def test_c22_a_plan_is_described_only_if_somebody_wants_to_know(run: Runner) -> None:
    script = """
        import app, lib
        from modcache._refresh import engine
        engine.describe = lambda *args: say("described")
        edit("lib.py", "K = 1", "K = 2")
        say(refresh().outcome)
        """
    assert run(TREE, script) == "committed"


def test_c22_an_observer_that_raises_breaks_nothing_and_is_told(run: Runner) -> None:
    script = """
        import sys, app, lib
        def broken(value):
            raise LookupError("no")
        def told_of(args):
            say(type(args.exc_value).__name__, "observer <function broken" in repr(args.object))
        sys.unraisablehook = told_of
        told = []
        session.on_report(broken)
        session.on_report(told.append)
        session.on_plan(broken)
        edit("lib.py", "K = 1", "K = 2")
        report = refresh()
        say(report.outcome, report.complete, told == [report], app.V)
        """
    assert run(TREE, script) == "LookupError True | LookupError True | committed True True 2"


def test_c22_an_observer_can_be_removed(run: Runner) -> None:
    script = """
        import app, lib, modcache
        told = []
        observer = session.on_report(lambda report: told.append(report.outcome))
        say(isinstance(observer, modcache.Observer))
        refresh()
        observer.remove()
        observer.remove()
        refresh()
        with session.on_report(lambda report: told.append("within")):
            refresh()
        refresh()
        say(told)
        """
    assert run(TREE, script) == "True | ['unchanged', 'within']"


def test_c22_a_refresh_that_an_observer_asks_for_raises_to_it(run: Runner) -> None:
    script = """
        import sys, app, lib
        sys.unraisablehook = lambda args: say(type(args.exc_value).__name__)
        session.on_report(lambda report: session.refresh())
        edit("lib.py", "K = 1", "K = 2")
        say(refresh().outcome)
        say(refresh().outcome)
        """
    assert run(TREE, script) == "NestedRefresh | committed | NestedRefresh | unchanged"


def test_c22_a_verified_report_is_told_as_it_is_returned(run: Runner) -> None:
    script = """
        import app, lib
        told = []
        session.on_report(told.append)
        edit("lib.py", "K = 1", "K = 2")
        say(told == [refresh(verify=True)], told[0].verified)
        """
    assert run(TREE, script) == "True True"
