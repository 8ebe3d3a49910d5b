"""An alteration and a session on the same modules: neither takes the other's for its own."""

from __future__ import annotations

import pytest

from tests.conftest import Runner

TREE = {
    "lib.py": "K = 1\ndef f():\n    return K\n",
    "app.py": "import lib\nfrom lib import K, f\nY = 1\n",
    "guarded.py": "try:\n    import lib\nexcept ImportError:\n    lib = None\n",
}


@pytest.mark.parametrize("kind", ["replaced", "rebound", "virtual", "blocked", "isolated"])
def test_c25_a_refresh_inside_the_scope_does_not_break_the_way_back(run: Runner, kind: str) -> None:
    script = f"""
        import modcache, app, guarded, lib, sys, types
        kinds = {{
            "replaced": lambda: modcache.replaced("lib", types.SimpleNamespace(K=7, f=len)),
            "rebound": lambda: modcache.replaced("lib", types.SimpleNamespace(K=7, f=len), rebind=True),
            "virtual": lambda: modcache.virtual({{"lib": "K = 8"}}),
            "blocked": lambda: modcache.blocked("lib"),
            "isolated": lambda: modcache.isolated("lib"),
        }}
        held, f = [lib], lib.f
        with kinds[{kind!r}]():
            try:
                import lib as inside
            except ImportError:
                inside = None
            edit("lib.py", "K = 1", "K = 2")
            edit("app.py", "Y = 1", "Y = 2")
            report = refresh()
            say(report.outcome, [str(refusal.kind) for refusal in report.refusals], report.complete)
            say(held[0].K, app.Y, inside is not held[0])
        real = held[0]
        say(sys.modules["lib"] is real, app.lib is real, guarded.lib is real, app.f is f)
        report = refresh()
        say(report.outcome, report.complete, lib.K, app.K, f(), app.Y, app.f is f)
        """
    expected = [
        "refused ['altered'] False",
        "1 1 True",
        "True True True True",
        "committed True 2 2 2 2 True",
    ]
    assert run(TREE, script) == " | ".join(expected)


def test_c25_what_else_changed_is_refreshed_inside_the_scope(run: Runner) -> None:
    script = """
        import modcache, app, lib, sys, types
        substitute = types.SimpleNamespace(K=7, f=len)
        real = lib
        with modcache.replaced("lib", substitute):
            edit("app.py", "Y = 1", "Y = 2")
            say(refresh().outcome, app.Y, sys.modules["lib"] is substitute)
        say(refresh().outcome, sys.modules["lib"] is real, app.lib is real)
        edit("lib.py", "K = 1", "K = 3")
        say(refresh().outcome, app.K)
        """
    assert run(TREE, script) == "committed 2 True | unchanged True True | committed 3"


def test_c25_a_blocked_module_is_not_one_that_has_just_appeared(run: Runner) -> None:
    script = """
        import modcache, guarded
        with modcache.blocked("lib"):
            say(refresh().outcome, guarded.lib is not None)
        say(refresh().outcome, guarded.lib.K)
        """
    assert run(TREE, script) == "unchanged True | unchanged 1"


def test_c25_a_session_that_is_made_inside_the_scope(run: Runner) -> None:
    script = """
        import modcache, lib, sys
        with modcache.blocked("no_such"), modcache.virtual({"lib": "K = 8"}):
            import lib as inside
            with modcache.Session(["."]) as session:
                say(session.modules, session.refresh().outcome)
        say(sys.modules["lib"] is lib, [str(finder) for finder in sys.meta_path if "modcache" in repr(finder)])
        """
    assert run(TREE, script, session=False) == "() unchanged | True []"
