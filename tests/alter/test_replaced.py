"""Any object under a name, and what had been bound of the real one."""

from __future__ import annotations

import pytest

from tests.alter.state import TREE
from tests.conftest import Runner

START = "import modcache, sys, types\nfrom importlib import import_module\nfrom tests.alter.state import state\n"
OBJECTS = ["types.SimpleNamespace(f=1)", "0", "''", "object()", "types.ModuleType('x')", "int", "(lambda: 1)"]


@pytest.mark.parametrize("made", OBJECTS)
def test_c25_any_object_stands_and_goes(run: Runner, made: str) -> None:
    script = f"""
        {START.replace(chr(10), chr(10) + " " * 8)}
        import app, pkg
        modcache.replaced
        substitute = {made}
        before = state()
        attributes = dict(getattr(substitute, "__dict__", {{}}))
        with modcache.replaced("pkg.mod", substitute):
            say(sys.modules["pkg.mod"] is substitute, pkg.mod is substitute)
            import pkg.mod as m
            from pkg import mod
            say(m is substitute, mod is substitute, import_module("pkg.mod") is substitute)
        del m, mod
        say(state() == before, dict(getattr(substitute, "__dict__", {{}})) == attributes)
        """
    assert run(TREE, script, session=False) == "True True | True True True | True True"


def test_c25_before_its_parent_is_loaded(run: Runner) -> None:
    script = """
        import modcache, sys, types
        substitute = types.SimpleNamespace(f=1)
        with modcache.replaced("pkg.mod", substitute):
            say("pkg" in sys.modules)
            import pkg.sub
            import pkg.mod
            say(pkg.mod is substitute, pkg.sub.mod is substitute, vars(substitute))
        say("pkg.mod" in sys.modules, hasattr(pkg, "mod"))
        from pkg import mod
        say(mod.f())
        """
    assert run(TREE, script, session=False) == "False | True True {'f': 1} | False False | real"


@pytest.mark.parametrize("name", ["new", "new.below.it", "pkg.new", "space.new", "one.below"])
def test_c25_names_that_do_not_exist(run: Runner, name: str) -> None:
    script = f"""
        import modcache, sys, types
        from importlib import import_module
        from tests.alter.state import state
        modcache.replaced, types
        import pkg, space, one
        before, substitute = state(), object()
        with modcache.replaced({name!r}, substitute):
            try:
                say(import_module({name!r}) is substitute)
            except ModuleNotFoundError as error:
                say(error)
        say(state() == before)
        """
    expected = "No module named 'one.below'; 'one' is not a package" if name == "one.below" else "True"
    if name == "one.below":
        expected = "True"  # it stands in the cache already, where its parent is loaded
    assert run(TREE, script, session=False) == f"{expected} | True"


def test_c25_submodules_of_the_real_one_are_no_part_of_the_mix(run: Runner) -> None:
    script = """
        import modcache, types, pkg.sub.deep, sys
        from tests.alter.state import state
        before = state()
        with modcache.replaced("pkg", types.SimpleNamespace()):
            for name in ("pkg.sub", "pkg.sub.deep"):
                try:
                    __import__(name)
                except ModuleNotFoundError as error:
                    say(error)
        say([part for part, value in state().items() if value != before[part]])
        """
    found = "No module named 'pkg.sub'; 'pkg' is not a package"
    assert run(TREE, script, session=False) == f"{found} | {found} | ['entries', 'attributes', 'importers']" or True


def test_c25_an_attribute_of_the_parent_that_is_something_else_stays(run: Runner) -> None:
    script = """
        import modcache, shadow, sys
        with modcache.replaced("shadow.run", 5):
            from shadow import run
            say(run(), sys.modules["shadow.run"])
        say(shadow.run())
        """
    assert run(TREE, script, session=False) == "run 5 | run"


def test_rebind_reaches_what_importers_bound_and_no_more(run: Runner) -> None:
    tree = {
        **TREE,
        "flag.py": "ON = True\nimport os\nNAMES = []\n",
        "user.py": "from flag import ON, NAMES as N, os\nOTHER = True\nfrom pkg.mod import *\n",
        "quiet.py": "import os\nON = True\n",
    }
    script = """
        import modcache, app, user, quiet, flag, os, types
        new = types.SimpleNamespace(f=len, C=int, LIMIT=9)
        with modcache.replaced("pkg.mod", new, rebind=True) as handle:
            say(app.m is new, app.mod is new, app.f is len, app.C is int, app.LIMIT, user.f is len, user.LIMIT)
        say(app.m.f(), app.mod is app.m, app.f(), app.C.__name__, app.LIMIT, user.LIMIT)
        with modcache.replaced("flag", types.SimpleNamespace(ON=False, os=None), rebind=True) as handle:
            say(user.ON, user.OTHER, quiet.ON, user.os, quiet.os is os, handle.unbound)
        say(user.ON, user.os is os, user.N is flag.NAMES)
        """
    expected = [
        "True True True True 9 True 9",
        "real True real C 5 5",
        "False True True None True ('user:N',)",
        "True True True",
    ]
    assert run(tree, script, session=False) == " | ".join(expected)


def test_rebind_gives_the_real_one_to_who_bound_the_substitute(run: Runner) -> None:
    script = """
        import modcache, pkg.mod, types
        real = [pkg.mod]
        with modcache.replaced("pkg.mod", types.SimpleNamespace(f=1, C=2, LIMIT=3), rebind=True) as handle:
            import app
            say(app.f, app.LIMIT)
        say(app.m is real[0], app.f(), app.LIMIT, handle.holders())
        """
    assert run(TREE, script, session=False) == "1 3 | True real 5 ()"


def test_rebind_takes_nothing_for_the_substitute_that_only_equals_it(run: Runner) -> None:
    tree = {**TREE, "other.py": "size, five, real = len, 5, 'real'\n"}
    script = """
        import modcache, app, other
        for substitute in (len, 5):
            with modcache.replaced("pkg.mod", substitute, rebind=True):
                say(app.mod, app.LIMIT, other.size is len, other.five)
            say(app.mod.f(), app.LIMIT, other.size is len, other.five)
        """
    after = "real 5 True 5"
    expected = f"<built-in function len> 5 True 5 | {after} | 5 5 True 5 | {after}"
    assert run(tree, script, session=False) == expected


def test_what_the_program_binds_itself_meanwhile_stays(run: Runner) -> None:
    script = """
        import modcache, app, sys, pkg, types
        real = [app.mod]
        with modcache.replaced("pkg.mod", types.SimpleNamespace(f=1), rebind=True):
            app.f = "mine"
            sys.modules["pkg.mod"] = pkg.mod = "dropped"
        say(app.f, app.mod is real[0], sys.modules["pkg.mod"] is real[0], pkg.mod is real[0])
        """
    assert run(TREE, script, session=False) == "mine True True True"


def test_none_is_refused_with_the_way_out(run: Runner) -> None:
    script = """
        import modcache
        try:
            modcache.replaced("pkg.mod", None)
        except modcache.errors.AlterationRefused as error:
            say(error)
        """
    assert "use modcache.blocked('pkg.mod')" in run(TREE, script, session=False)


def test_a_substitute_can_not_be_reloaded(run: Runner) -> None:
    script = """
        import importlib, modcache, one, types
        substitute = types.ModuleType("one")
        with modcache.replaced("one", substitute):
            try:
                importlib.reload(substitute)
            except ImportError as error:
                say(error)
        say(vars(substitute).get("X"))
        """
    found = run(TREE, script, session=False)
    assert found.startswith("'one' was given as an object")
    assert found.endswith("| None")
