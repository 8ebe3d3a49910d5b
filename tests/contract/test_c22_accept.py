"""Contract line 22: a module accepts changes of its dependencies, or finds that it can't."""

from __future__ import annotations

import pytest

from tests.conftest import Runner

ACCEPT = {
    "conf.py": "LIMIT = 1\ndef f(): return LIMIT\n",
    "app.py": """
        import gate
        import conf
        from conf import LIMIT, f
        POOL = [LIMIT]
        SIZE = conf.LIMIT
        RUN = f()
        OWN = 5
        def now(): return LIMIT, conf.LIMIT, f()
        __modcache__ = {"accept": ["conf"]}
        def __modcache_after__(data):
            gate.log.append(("after", data.accepted, now()))
        """,
    "main.py": "import app\nfrom app import LIMIT, POOL\nDERIVED = LIMIT * 2\nSAME = POOL[0]\nNOW = app.now()\n",
}


def test_c22_accept_leaves_the_module_alone_and_calls_its_hook(run: Runner) -> None:
    script = """
        import main, app
        pool = app.POOL
        edit("conf.py", "LIMIT = 1", "LIMIT = 2")
        plan = session.plan()
        report = refresh()
        say(app.POOL is pool, pool, app.SIZE, app.RUN, app.LIMIT, app.now(), gate.log)
        say(main.LIMIT, main.DERIVED, main.SAME, main.NOW)
        say(report.accepted, plan.accepted, plan.hooks, sorted(report.kept), report.complete)
        say(ran(report))
        """
    assert run(ACCEPT, script) == (
        "True [1] 1 1 2 (2, 2, 2) [('after', ('conf',), (2, 2, 2))] | 2 4 1 (2, 2, 2) | "
        "{'app': ('conf',)} {'app': ('conf',)} ('after app',) ['app:POOL', 'app:RUN', 'app:SIZE'] True | "
        "conf:1 app:3 main:2 main:3 main:5"
    )


def test_c22_accept_verifies_as_state(run: Runner) -> None:
    tree = {**ACCEPT, "app.py": ACCEPT["app.py"].replace("import gate", "").replace("gate.log.append", "tuple")}
    script = """
        import main
        edit("conf.py", "LIMIT = 1", "LIMIT = 2")
        report = refresh(verify=True)
        say(report.verified, report.remains, sorted({f"{d.module}:{d.name}" for d in session.verify().kept}))
        """
    assert run(tree, script) == "True () ['app:POOL', 'app:RUN', 'app:SIZE', 'main:SAME']"


def test_c22_a_change_that_only_patches_what_is_accepted_is_told_too(run: Runner) -> None:
    script = """
        import main, app
        edit("conf.py", "return LIMIT", "return LIMIT + 1")
        report = refresh()
        say(report.hooks, gate.log, app.RUN, ran(report))
        """
    assert run(ACCEPT, script) == "('after app',) [('after', ('conf',), (1, 1, 2))] 1 main:5"


def test_c22_a_module_that_accepts_is_executed_for_its_own_edits(run: Runner) -> None:
    script = """
        import main, app
        edit("conf.py", "LIMIT = 1", "LIMIT = 2")
        edit("app.py", "OWN = 5", "OWN = LIMIT")
        edit("app.py", "SIZE = conf.LIMIT", "SIZE = conf.LIMIT + 10")
        report = refresh()
        say(app.OWN, app.SIZE, app.RUN, app.POOL, sorted(report.kept))
        """
    assert run(ACCEPT, script) == "2 12 1 [1] ['app:POOL', 'app:RUN']"


def test_c22_what_is_accepted_no_more_is_made_anew(run: Runner) -> None:
    script = """
        import main, app
        edit("conf.py", "LIMIT = 1", "LIMIT = 2")
        refresh()
        edit("app.py", '["conf"]', '[]')
        report = refresh()
        say(app.POOL, app.SIZE, app.RUN, main.SAME, report.kept, report.complete)
        """
    assert run(ACCEPT, script) == "[2] 2 2 2 () True"


def test_c22_what_an_accepting_module_registers_is_registered_again(run: Runner) -> None:
    tree = {
        "reg.py": "REG = {}\ndef add(f):\n    REG[f.__name__] = f\n    return f\n",
        "app.py": "from reg import add\n@add\ndef f(): return 1\n__modcache__ = {'accept': ['reg']}\n",
    }
    script = """
        import app, reg
        edit("reg.py", "REG = {}", "REG = {'new': 1}")
        report = refresh()
        say(sorted(reg.REG), reg.REG["f"] is app.f, report.complete is not False)
        """
    assert run(tree, script) == "['f', 'new'] True True"


@pytest.mark.parametrize("relative", [True, False])
def test_c22_accept_by_a_relative_name(run: Runner, relative: bool) -> None:
    name = ".conf" if relative else "pkg.conf"
    tree = {
        "pkg/__init__.py": "",
        "pkg/conf.py": "K = 1\n",
        "pkg/app.py": f"from .conf import K\nV = K\n__modcache__ = {{'accept': ['{name}']}}\n",
    }
    script = """
        import pkg.app as app
        edit("pkg/conf.py", "K = 1", "K = 2")
        say(refresh().accepted, app.K, app.V)
        """
    assert run(tree, script) == "{'pkg.app': ('pkg.conf',)} 2 1"


INVALID = {
    "conf.py": "LIMIT = 1\n",
    "app.py": """
        import gate
        from conf import LIMIT
        gate.log.append("app")
        POOL = [LIMIT]
        __modcache__ = {"accept": ["conf"]}
        def HOOK(data):
            gate.log.append(("hook", data.accepted, LIMIT))
            if data.accepted:
                data.invalidate("no way")
        """,
    "main.py": "from app import POOL\nSAME = POOL[0]\n",
}


@pytest.mark.parametrize("when", ["before", "after"])
def test_c22_invalidate_executes_the_module_whole_and_goes_on_to_its_dependents(run: Runner, when: str) -> None:
    tree = {**INVALID, "app.py": INVALID["app.py"].replace("HOOK", f"__modcache_{when}__")}
    script = """
        import main, app
        gate.log.clear()
        edit("conf.py", "LIMIT = 1", "LIMIT = 2")
        report = refresh()
        say(app.POOL, main.SAME, report.outcome, report.generation, report.complete, gate.log)
        say(*report.hooks, report.executed["app"][-1].reason, sorted(report.executed), report.kept)
        """
    whole = "the whole module is executed: it can't cope with the change: no way"
    if when == "before":
        log = "[('hook', ('conf',), 1), 'app']"
        expected = f"[2] 2 committed 1 True {log} | before app {whole} ['app', 'conf', 'main'] ()"
    else:
        log = "[('hook', ('conf',), 2), 'app', ('hook', (), 2)]"
        expected = f"[2] 2 committed 2 True {log} | after app after app {whole} ['app', 'conf', 'main'] ('app:POOL',)"
    assert run(tree, script) == expected


def test_c22_invalidate_that_fails_is_told(run: Runner) -> None:
    tree = {**INVALID, "app.py": INVALID["app.py"].replace("HOOK", "__modcache_after__")}
    tree["app.py"] = tree["app.py"].replace("POOL = [LIMIT]", "POOL = [LIMIT, 1 / (2 - LIMIT)]")
    script = """
        import main, app
        edit("conf.py", "LIMIT = 1", "LIMIT = 2")
        report = refresh()
        say(report.outcome, report.complete, type(report.error).__name__, app.LIMIT, app.POOL, report.failed)
        """
    assert run(tree, script) == "committed False ZeroDivisionError 2 [1, 1.0] ('app',)"


def test_c22_whatever_is_left_alone_is_named(run: Runner) -> None:
    tree = {
        "conf.py": "LIMIT = 1\nLOG = []\ndef deco(f):\n    f.limit = LIMIT\n    return f\n",
        "app.py": """
            import gate
            from conf import LIMIT, deco
            @deco
            def f(a=LIMIT): return a
            class C:
                limit = LIMIT
            gate.log.append(LIMIT)
            __modcache__ = {"accept": ["conf"]}
            """,
    }
    script = """
        import app
        edit("conf.py", "LIMIT = 1", "LIMIT = 2")
        report = refresh()
        say(sorted(report.kept), app.f(), app.C.limit, gate.log)
        """
    assert run(tree, script) == "['app:7 gate.log.append(LIMIT)', 'app:C', 'app:f'] 1 1 [1]"
