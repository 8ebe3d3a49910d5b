"""Contract line 22: hooks before and after, hand-over of data, a fixed order, and nothing in between when one fails."""

from __future__ import annotations

import pytest

from tests.conftest import Runner

HOOKS = """
import gate
def __modcache_before__(data):
    gate.log.append("before {name} " + VERSION)
    data["from"] = VERSION
def __modcache_after__(data):
    gate.log.append("after {name} " + VERSION + " from " + str(data.get("from")) + " aborted" * data.aborted)
VERSION = "{version}"
"""


def hooked(name: str, version: str = "1", more: str = "") -> str:
    return HOOKS.format(name=name, version=version) + more


CHAIN = {
    "low.py": hooked("low", more="K = 1\n"),
    "mid.py": hooked("mid", more="import low\nL = low.K\n"),
    "top.py": hooked("top", more="import mid\nM = mid.L\n"),
}


def test_c22_before_dependents_first_after_dependencies_first(run: Runner) -> None:
    script = """
        import top
        edit("low.py", "K = 1", "K = 2")
        plan = session.plan()
        report = refresh()
        say(*report.hooks)
        say(plan.hooks == report.hooks, [row.partition(" ")[2][:-2] for row in gate.log[:3]], top.M, report.complete)
        say("hooks: before top" in str(report), "hooks: before top" in str(plan), "hooks" in report.timings)
        """
    order = "before top before mid before low after low after mid after top"
    assert run(CHAIN, script) == f"{order} | True ['top', 'mid', 'low'] 2 True | True True True"


def test_c22_only_what_is_touched_has_its_hooks_called(run: Runner) -> None:
    script = """
        import top
        edit("mid.py", "L = low.K", "L = low.K\\nN = 1")
        say(*refresh().hooks)
        edit("low.py", "K = 1", "\\n\\nK = 1")
        say(*refresh().hooks, "none")
        say(*refresh().hooks, "none")
        """
    assert run(CHAIN, script) == "before mid after mid | none | none"


def test_c22_the_old_hook_comes_before_and_the_new_one_after(run: Runner) -> None:
    script = """
        import lib
        edit("lib.py", '"1"', '"2"')
        edit("lib.py", '"after lib "', '"new after lib "')
        edit("lib.py", '"before lib "', '"new before lib "')
        report = refresh()
        say(gate.log, report.complete)
        session.undo()
        say(gate.log[2:])
        """
    assert run({"lib.py": hooked("lib")}, script) == (
        "['before lib 1', 'new after lib 2 from 1'] True | ['new before lib 2', 'after lib 1 from 2']"
    )


def test_c22_hooks_that_come_and_go(run: Runner) -> None:
    script = """
        import lib
        write("lib.py", "import gate\\ndef __modcache_after__(data): gate.log.append('after')\\n")
        say(*refresh().hooks)
        write("lib.py", "import gate\\ndef __modcache_before__(data): gate.log.append('before')\\n")
        say(*refresh().hooks, "none")
        write("lib.py", "K = 1\\n")
        say(*refresh().hooks, gate.log)
        """
    assert run({"lib.py": "K = 1\n"}, script) == "after lib | none | before lib ['after', 'before']"


def test_c22_a_circle_is_closed_and_opened_in_opposite_orders(run: Runner) -> None:
    tree = {
        "a.py": hooked("a", more="import b\nK = 1\n"),
        "b.py": hooked("b", more="import a\ndef f(): return a.K\n"),
    }
    script = """
        import a
        edit("a.py", "K = 1", "K = 2")
        edit("b.py", "return a.K", "return a.K + 1")
        say(*refresh().hooks)
        """
    assert run(tree, script) == "before a before b after b after a"


def test_c22_a_module_that_is_deleted_has_its_hook_before(run: Runner) -> None:
    tree = {"lib.py": hooked("lib"), "app.py": hooked("app", more="import lib\n")}
    script = """
        import app
        edit("app.py", "import lib", "pass")
        write("lib.py", None)
        report = refresh()
        say(report.outcome, *report.hooks)
        """
    assert run(tree, script) == "committed before app before lib after app"


def test_c22_a_module_that_is_new_has_no_hook_to_call(run: Runner) -> None:
    tree = {"app.py": "K = 1\n", "new.py": hooked("new")}
    script = """
        import app
        write("app.py", "import new\\nK = 1\\n")
        say(refresh().hooks, gate.log)
        """
    assert run(tree, script) == "() []"


# -- hooks and failures: what fails, and what is called all the same

FAILS_ON_STAGE = {
    "does not compile": "K = (\n",
    "raises": "raise OSError('no')\n",
}


@pytest.mark.parametrize("how", FAILS_ON_STAGE)
def test_c22_no_hook_is_called_unless_the_stage_is_sound(run: Runner, how: str) -> None:
    script = f"""
        import top
        edit("low.py", "K = 1", "K = 2")
        write("mid.py", {FAILS_ON_STAGE[how]!r})
        report = refresh()
        say(report.outcome, report.hooks, gate.log)
        """
    assert run(CHAIN, script) == "aborted () []"


@pytest.mark.parametrize(
    ("failing", "called"),
    [
        ("top", "before top"),
        ("mid", "before top before mid after top"),
        ("low", "before top before mid before low after mid after top"),
    ],
)
def test_c22_a_hook_before_that_fails_leaves_all_as_it_was(run: Runner, failing: str, called: str) -> None:
    script = f"""
        import traceback, top
        edit("{failing}.py", 'data["from"] = VERSION', 'raise LookupError("busy")')
        refresh()
        gate.log.clear()
        before = state()
        edit("low.py", "K = 1", "K = 2")
        report = refresh()
        say(report.outcome, report.generation, state() == before, type(report.error).__name__)
        say(*report.hooks)
        say(gate.log[-1].endswith("aborted") or len(gate.log) == 1, report.error.__notes__)
        say(traceback.extract_tb(report.error.__traceback__)[-1].name, report.failed)
        say(refresh().outcome)
        edit("{failing}.py", 'raise LookupError("busy")', 'data["from"] = VERSION')
        report = refresh()
        say(report.outcome, report.error, "before {failing}" in report.hooks, top.M)
        """
    expected = (
        f"aborted 1 True LookupError | {called} | True "
        f"['{failing}.__modcache_before__ raised this; nothing was changed']"
        " | __modcache_before__ ('low',) | aborted | committed None False 2"
    )
    assert run(CHAIN, script) == expected


@pytest.mark.parametrize("failing", ["low", "mid", "top"])
def test_c22_a_hook_after_that_fails_is_reported_and_the_commit_stands(run: Runner, failing: str) -> None:
    script = f"""
        import traceback, top
        edit("{failing}.py", 'gate.log.append("after', 'raise LookupError("busy"); gate.log.append("after')
        edit("low.py", "K = 1", "K = 2")
        report = refresh()
        say(report.outcome, report.generation, top.M, report.complete, *report.remains)
        say(*report.hooks)
        say(type(report.error).__name__, traceback.extract_tb(report.error.__traceback__)[0].name)
        say(refresh().complete, *refresh().remains)
        edit("{failing}.py", 'raise LookupError("busy"); ', '')
        report = refresh()
        say(report.complete, report.remains, report.error)
        """
    row = f"{failing}: its __modcache_after__ failed: LookupError: busy"
    order = "before top before mid before low after low after mid after top"
    assert run(CHAIN, script) == (
        f"committed 1 2 False {row} | {order} | LookupError __modcache_after__ | False {row} | True () None"
    )


def test_c22_all_hooks_after_may_fail_and_each_is_told(run: Runner) -> None:
    script = """
        import top
        for name in ("low", "mid", "top"):
            edit(f"{name}.py", 'gate.log.append("after', f'raise LookupError("{name}"); gate.log.append("after')
        report = refresh()
        say(report.outcome, len(report.remains), report.error, len(report.hooks))
        """
    assert run(CHAIN, script) == "committed 3 low 6"


def test_c22_a_hook_that_fails_after_the_refresh_was_given_up_is_told(run: Runner) -> None:
    tree = {
        "low.py": "def __modcache_before__(data):\n    raise LookupError('low')\nK = 1\n",
        "top.py": "import low\nM = low.K\ndef __modcache_before__(data): pass\n"
        "def __modcache_after__(data):\n    assert data.aborted\n    raise ValueError('top')\n",
    }
    script = """
        import top
        edit("low.py", "K = 1", "K = 2")
        report = refresh()
        say(report.outcome, report.error, report.remains[-1], top.M)
        say(refresh().remains[-1])
        """
    row = "top: its __modcache_after__ failed: ValueError: top"
    assert run(tree, script) == f"aborted low {row} 1 | {row}"


def test_c22_a_part_that_is_not_connected_goes_on_without_the_one_that_fails(run: Runner) -> None:
    tree = {
        "one.py": hooked("one"),
        "two.py": hooked("two").replace('data["from"] = VERSION', "raise LookupError"),
        "main.py": "import one\nimport two\n",
    }
    for first, second in (("one", "two"), ("two", "one")):
        script = f"""
            import {first}, {second}, one, two
            edit("one.py", '"1"', '"2"'); edit("two.py", '"1"', '"2"')
            report = refresh()
            say(report.outcome, report.failed, one.VERSION, two.VERSION, report.complete)
            say(sorted(report.hooks), gate.log.count("before one 1"), gate.log[-1])
            """
        assert run(tree, script) == (
            "committed ('two',) 2 1 False | ['after one', 'before one', 'before two'] 1 after one 2 from 1"
        )


@pytest.mark.parametrize("when", ["before", "after"])
def test_c22_ctrl_c_in_a_hook_is_ctrl_c_and_leaves_nothing_in_between(run: Runner, when: str) -> None:
    script = f"""
        import top
        edit("mid.py", 'gate.log.append("{when}', 'raise KeyboardInterrupt; gate.log.append("{when}')
        if "{when}" == "before":
            refresh()
        gate.log.clear()
        edit("low.py", "K = 1", "K = 2")
        try:
            refresh()
        except KeyboardInterrupt:
            say("interrupted", session.generation, top.M, [row[:9] for row in gate.log])
        edit("mid.py", 'raise KeyboardInterrupt; ', '')
        edit("top.py", "VERSION" if False else '"1"', '"2"')
        """
    calls = {
        "before": "interrupted 1 1 ['before to', 'after top']",
        "after": "interrupted 1 2 ['before to', 'before mi', 'before lo', 'after low', 'after top']",
    }
    assert run(CHAIN, script) == calls[when]


def test_c22_what_exits_in_a_hook_does_not_end_the_program(run: Runner) -> None:
    tree = {"lib.py": "K = 1\ndef __modcache_before__(data): raise SystemExit(3)\n"}
    script = """
        import lib
        edit("lib.py", "K = 1", "K = 2")
        say(refresh().outcome, lib.K)
        """
    assert run(tree, script) == "aborted 1"


def test_c22_a_refresh_that_a_hook_asks_for_raises(run: Runner) -> None:
    tree = {
        "lib.py": """
            import gate
            K = 1
            def ask(data):
                try:
                    gate.ask()
                except Exception as error:
                    gate.log.append(type(error).__name__)
            __modcache_before__ = __modcache_after__ = ask
            """
    }
    script = """
        import lib
        for ask in (session.refresh, session.plan, session.undo, session.verify, lambda: session.reload(lib)):
            gate.ask = ask
            edit("lib.py", f"K = {lib.K}", f"K = {lib.K + 1}")
            say(refresh().outcome)
        say(set(gate.log), len(gate.log))
        """
    assert run(tree, script) == " | ".join(["committed"] * 5 + ["{'NestedRefresh'} 10"])


def test_c22_a_hook_that_is_a_coroutine_function_is_a_failure(run: Runner) -> None:
    tree = {"lib.py": "K = 1\nasync def __modcache_before__(data): pass\n"}
    script = """
        import lib
        edit("lib.py", "K = 1", "K = 2")
        report = refresh()
        say(report.outcome, report.error)
        """
    assert run(tree, script) == (
        "aborted lib.__modcache_before__ is a coroutine function; hooks are called, not awaited"
    )


def test_c22_reload_calls_the_hooks_too(run: Runner) -> None:
    script = """
        import top, low, modcache
        modcache.reload(low)
        say(gate.log)
        """
    before, after = (
        ["before top 1", "before mid 1", "before low 1"],
        [f"after {n} 1 from 1" for n in ("low", "mid", "top")],
    )
    assert run(CHAIN, script, session=False) == str(before + after)


def test_c22_the_data_is_new_for_each_refresh(run: Runner) -> None:
    script = """
        import lib
        for version in "123":
            edit("lib.py", f'"{version}"', f'"{int(version) + 1}"')
            refresh()
        say(gate.log[1::2])
        """
    assert run({"lib.py": hooked("lib")}, script) == (
        "['after lib 2 from 1', 'after lib 3 from 2', 'after lib 4 from 3']"
    )


def test_c22_a_hook_that_takes_away_what_the_commit_is_about_to_change_aborts_it(run: Runner) -> None:
    tree = {
        "lib.py": """
            class C:
                def a(self): return 1
                def b(self): return 2
            K = 1
            def __modcache_before__(data):
                if "b" in vars(C):
                    del C.b
            def __modcache_after__(data):
                data["aborted"] = data.aborted
            """
    }
    script = """
        import lib
        edit("lib.py", "def b(self): return 2", "pass")
        edit("lib.py", "K = 1", "K = 2")
        report = refresh()
        say(report.outcome, lib.K, sorted(vars(lib.C).keys() & {"a", "b"}), *report.hooks)
        say(refresh().outcome, lib.K, sorted(vars(lib.C).keys() & {"a", "b"}))
        """
    assert run(tree, script) == "aborted 1 ['a'] before lib after lib | committed 2 ['a']"
