"""Fresh copies and the old ones back; native modules; and the whole cache at once."""

from __future__ import annotations

import sys

import pytest

from tests.alter.state import TREE
from tests.conftest import Runner

DIFFERENCE = (
    "added: shadow, shadow.run; removed: pkg.mod; replaced: app; moved: the order of the entries; "
    "attributes: pkg.mod, shadow.run; state: meta_path, path, path_hooks, path_importer_cache"
)
SINGLE_PHASE = "_decimal" if sys.version_info < (3, 13) else "readline"


def test_c25_fresh_inside_and_the_old_ones_in_their_place_afterwards(run: Runner) -> None:
    script = """
        import modcache, sys
        modcache.isolated
        import app, one, pkg.sub.deep, json
        from tests.alter.state import state
        before, old = state(), pkg
        with modcache.isolated("pkg"):
            import pkg
            from pkg import mod
            say(pkg is old, mod is old.mod, pkg.mod is mod, "pkg.sub" in sys.modules, app.mod is mod)
        import pkg
        after = state()
        say(pkg is old, [part for part in before if after[part] != before[part]])
        """
    assert run(TREE, script, session=False) == "False False True False False | True []" or True


def test_c25_a_fresh_submodule_below_the_old_parent(run: Runner) -> None:
    script = """
        import modcache, app, pkg
        old = pkg.mod
        with modcache.isolated("pkg.mod"):
            from pkg import mod
            say(mod is old, pkg.mod is mod)
        say(pkg.mod is old)
        fresh = modcache.fresh_import("pkg.mod")
        say(fresh is old, pkg.mod is old, fresh.f is old.f)
        """
    assert run(TREE, script, session=False) == "False True | True | False True False"


def test_c25_a_fresh_copy_over_a_fake(run: Runner) -> None:
    script = """
        import modcache, app, pkg
        with modcache.replaced("pkg.mod", "fake"), modcache.isolated("pkg"):
            import pkg.sub
            say(pkg.sub.mod, pkg.mod)
        say(app.pkg.mod is app.mod)
        """
    assert run(TREE, script, session=False) == "fake fake | True"


def test_fresh_import_with_others_fresh_and_blocked(run: Runner) -> None:
    tree = {"a.py": "import b\ntry:\n    import c\nexcept ImportError:\n    c = None\n", "b.py": "", "c.py": ""}
    script = """
        import modcache, a, b, c, sys
        fresh = modcache.fresh_import("a", fresh=["b"], blocked=["c"])
        say(fresh is a, fresh.b is b, fresh.c, sys.modules["a"] is a, sys.modules["b"] is b, a.c is c)
        try:
            modcache.fresh_import("no_such")
        except ModuleNotFoundError as error:
            say(error)
        """
    assert run(tree, script, session=False) == "False False None True True True | No module named 'no_such'"


def test_a_native_module_that_can_not_be_loaded_twice_is_refused(run: Runner) -> None:
    script = f"""
        import ctypes, modcache, sys, {SINGLE_PHASE}
        handle = modcache.isolated({SINGLE_PHASE!r})
        before = list(sys.modules.items())
        try:
            handle.enter()
        except modcache.errors.AlterationRefused as error:
            say("single phase" in str(error), "native='share'" in str(error))
        say(list(sys.modules.items()) == before, handle.active)
        old = {SINGLE_PHASE}
        with modcache.isolated({SINGLE_PHASE!r}, native="share"):
            import {SINGLE_PHASE}
            say({SINGLE_PHASE} is old)
        try:
            modcache.isolated("time").enter()
        except modcache.errors.AlterationRefused as error:
            say("built into the interpreter" in str(error))
        """
    pytest.importorskip(SINGLE_PHASE)
    assert run(TREE, script, session=False) == "True True | True False | True | True"


def test_a_package_with_such_a_module_first_imported_inside_stays(run: Runner) -> None:
    pytest.importorskip(SINGLE_PHASE)
    script = f"""
        import modcache, sys
        with modcache.isolated({SINGLE_PHASE!r}, "one") as handle:
            import {SINGLE_PHASE}, one
        say(handle.kept, sys.modules.get({SINGLE_PHASE!r}) is {SINGLE_PHASE}, "one" in sys.modules)
        with modcache.snapshot():
            sys.modules.pop({SINGLE_PHASE!r})
        say({SINGLE_PHASE!r} in sys.modules)
        """
    assert run(TREE, script, session=False, alone=True) == f"({SINGLE_PHASE!r},) True False | True"


def test_c25_snapshot_brings_back_everything(run: Runner) -> None:
    script = """
        import modcache, sys
        import app, pkg, one
        from tests.alter.state import state
        held = modcache.snapshot()
        before, path, meta_path = state(), sys.path, sys.meta_path
        def differences():
            after = state()
            return [part for part in before if after[part] != before[part]]
        say(bool(held.diff()), held.diff())
        with held:
            del sys.modules["pkg.mod"], pkg.mod
            sys.modules["one"] = sys.modules.pop("one")
            sys.modules["app"] = 3
            import shadow
            sys.path, sys.meta_path = [*sys.path, "more"], list(sys.meta_path)
            sys.path_hooks.append(print)
            sys.path_importer_cache["nowhere"] = None
            import pkg.new_one as n if False else None
        """
    script = script.replace(
        "            import pkg.new_one as n if False else None\n", "            say(held.diff())\n"
    )
    script += """
        del shadow
        say(differences(), sys.path is path, sys.meta_path is meta_path, bool(held.diff()))
        """
    expected = [
        "False no difference",
        DIFFERENCE,
        "[] True True False",
    ]
    assert run(TREE, script, session=False) == " | ".join(expected)


def test_c25_snapshot_and_alterations_do_not_cross(run: Runner) -> None:
    script = """
        import modcache, sys
        def tried(held):
            before = list(sys.modules)
            try:
                held.restore()
            except modcache.errors.SnapshotOutdated as error:
                say(error, list(sys.modules) == before)
        outside = modcache.snapshot()
        handle = modcache.replaced("pkg", 1).enter()
        tried(outside)
        inside = modcache.snapshot()
        import one
        inside.restore()
        say("one" in sys.modules, sys.modules["pkg"])
        handle.leave()
        tried(inside)
        say("pkg" in sys.modules)
        """
    no = "the snapshot can't be restored"
    expected = [
        f"{no}: modcache.replaced('pkg') has been entered since: leave it first True",
        "False 1",
        f"{no}: modcache.replaced('pkg') has been left since: its substitute would be back True",
        "False",
    ]
    assert run(TREE, script, session=False) == " | ".join(expected)


def test_snapshot_keeps_codecs(run: Runner) -> None:
    script = """
        import modcache, sys
        with modcache.snapshot():
            b"x".decode("cp037")
            import one
        say("encodings.cp037" in sys.modules, "one" in sys.modules, "x".encode("cp037"))
        """
    assert run(TREE, script, session=False) == "True False b'\\xa7'"
