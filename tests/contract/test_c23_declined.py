"""Contract line 23: what can't be changed live is refused, or ``RestartRequired``: with the chain, and no effect."""

from __future__ import annotations

import pytest

from tests.conftest import Runner

TREE = {
    "conf.py": "LIMIT = 1\n",
    "engine.py": """
        import conf
        SPEED = conf.LIMIT * 2
        SCHEMA = ["a"]
        SCHEMA.append("b")
        def run():
            return 1
        __modcache__ = {"decline": WORD}
        """,
    "app.py": "import engine\nV = engine.SPEED\n",
}


def declining(word: str) -> dict[str, str]:
    return {**TREE, "engine.py": TREE["engine.py"].replace("WORD", word)}


EDITS = {
    "an edit": ('edit("engine.py", "* 2", "* 3")', "engine:2 SPEED = conf.LIMIT * 3: it was edited"),
    "a body": ('edit("engine.py", "return 1", "return 2")', "engine:5 run has a new body"),
    "a dependency": (
        'edit("conf.py", "LIMIT = 1", "LIMIT = 2")',
        "engine:2 SPEED = conf.LIMIT * 2: it uses conf.LIMIT",
    ),
    "a new statement": ('edit("engine.py", "def run", "NEW = 1\\ndef run")', "engine:5 NEW = 1: it is new"),
    "a statement less": ("edit(\"engine.py\", 'SCHEMA.append(\"b\")', '')", "is gone"),
    "the file gone": (
        'write("engine.py", None); edit("app.py", "import engine\\nV = engine.SPEED", "")',
        "the file of",
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_c23_a_module_that_declines_is_not_changed(run: Runner, name: str) -> None:
    act, why = EDITS[name]
    script = f"""
        import app, engine
        before = state()
        {act}
        plan = session.plan()
        report = refresh()
        say(report.outcome, report.generation, state() == before, len(report.refusals))
        refusal = report.refusals[0]
        say(refusal.kind, refusal.module, refusal.object, {why!r} in " ".join(refusal.chain), {why!r} in str(report))
        say(plan.refusals == report.refusals, refusal.to_dict()["chain"] == list(refusal.chain))
        say(refresh().outcome)
        """
    assert run(declining("True"), script) == ("refused 0 True 1 | declined engine None True True | True True | refused")


def test_c23_the_chain_leads_from_the_edit(run: Runner) -> None:
    script = """
        import app
        edit("conf.py", "LIMIT = 1", "LIMIT = 2")
        say(*refresh().refusals[0].chain, sep="")
        """.replace(', sep=""', "")
    assert run(declining("True"), script) == (
        "engine:2 SPEED = conf.LIMIT * 2: it uses conf.LIMIT conf.LIMIT conf:1 LIMIT = 2"
    )


def test_c23_nothing_else_of_the_refresh_happens_either(run: Runner) -> None:
    script = """
        import app
        write("other.py", "K = 1\\n")
        import other
        write("other.py", "K = 2\\n")
        edit("engine.py", "return 1", "return 2")
        say(refresh().outcome, other.K)
        edit("engine.py", "return 2", "return 1")
        say(refresh().outcome, other.K)
        """
    assert run(declining("True"), script) == "refused 1 | committed 2"


def test_c23_names_can_be_declined_alone(run: Runner) -> None:
    script = """
        import app, engine
        edit("engine.py", "return 1", "return 2")
        say(refresh().outcome, engine.run())
        for old, new in (('["a"]', '["c"]'), ('append("b")', 'append("d")')):
            edit("engine.py", old, new)
            report = refresh()
            say(report.outcome, report.refusals[0].object, engine.SCHEMA)
            edit("engine.py", new, old)
        """
    assert run(declining('["SCHEMA"]'), script) == "committed 2 | refused SCHEMA ['a', 'b'] | refused SCHEMA ['a', 'b']"


def test_c23_layout_and_a_new_word_alone_are_no_change(run: Runner) -> None:
    script = """
        import app, engine
        edit("engine.py", "def run", "# a comment\\n\\ndef run")
        say(refresh().outcome, engine.run.__code__.co_firstlineno)
        edit("engine.py", "False}", "True}")
        say(refresh().outcome)
        edit("engine.py", "return 1", "return 2")
        say(refresh().outcome, engine.run())
        edit("engine.py", "True}", "False}")
        say(refresh().outcome, engine.run(), "the word of the version that runs counts too")
        """
    assert run(declining("False"), script) == (
        "committed 7 | committed | refused 1 | refused 1 the word of the version that runs counts too"
    )


def test_c23_reload_raises_restart_required(run: Runner) -> None:
    script = """
        import modcache, app, engine, conf
        before = state()
        for module, text in ((engine, None), (conf, "LIMIT = 5\\n")):
            if text:
                write("conf.py", text)
            try:
                session.reload(module)
            except modcache.errors.RestartRequired as error:
                refusal = error.refusals[0]
                say(refusal.kind, refusal.module, len(refusal.chain) > 0, str(refusal) == str(error), state() == before)
        """
    row = "declined engine True True True"
    assert run(declining("True"), script) == f"{row} | {row}"


def test_c23_a_hook_can_decline_for_the_moment(run: Runner) -> None:
    tree = {
        "engine.py": """
            import gate
            BUSY = [True]
            K = 1
            def __modcache_before__(data):
                gate.log.append("before")
                if BUSY:
                    data.decline("a transaction is open")
            def __modcache_after__(data):
                gate.log.append("aborted" if data.aborted else "after")
            """
    }
    script = """
        import engine
        before = state()
        edit("engine.py", "K = 1", "K = 2")
        report = refresh()
        say(report.outcome, report.refusals[0].detail, state() == before, gate.log, "not now" in str(report))
        engine.BUSY.clear()
        say(refresh().outcome, engine.K, gate.log[2:])
        """
    assert run(tree, script) == (
        "refused the module declines the change: a transaction is open True ['before', 'aborted'] True | "
        "committed 2 ['before', 'after']"
    )


def test_c23_no_hook_is_called_for_what_is_declined(run: Runner) -> None:
    tree = declining("True")
    tree["app.py"] += "import gate\ndef __modcache_before__(data): gate.log.append('before')\n"
    script = """
        import app
        edit("conf.py", "LIMIT = 1", "LIMIT = 2")
        report = refresh()
        say(report.outcome, report.hooks, gate.log)
        """
    assert run(tree, script) == "refused () []"
