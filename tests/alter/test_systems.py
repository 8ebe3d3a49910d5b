"""Alterations of a private system: the interpreter sees nothing of them."""

from __future__ import annotations

import pytest

from tests.alter.state import TREE
from tests.conftest import Runner

START = """
        import modcache, sys
        from tests.alter.state import state
        modcache.replaced, modcache.virtual, modcache.blocked, modcache.isolated, modcache.fake, modcache.snapshot
        import app, json.decoder
        system = modcache.ImportSystem("mine", ["."])
        inside = system.import_module("app")
        system.import_module("json")
        outside, before = state(), state(system)
        def changed():
            now, then = state(system), state()
            return [p for p in now if now[p] != before[p]] + [p for p in then if then[p] != outside[p]]
"""


def test_c25_only_the_system_is_altered(run: Runner) -> None:
    script = f"""{START}
        with modcache.replaced("pkg.mod", 5, rebind=True, system=system), modcache.virtual(
            {{"made": "import pkg.mod as m, json\\nX = json.X", "json": "X = 1"}}, system=system
        ):
            made = system.import_module("made")
            say(made.m, made.X, inside.m, app.m is app.mod, app.mod.f(), json.decoder is sys.modules["json.decoder"])
        del made
        with modcache.isolated("pkg", system=system):
            say(system.import_module("pkg.sub").mod is inside.mod)
        with modcache.fake("pkg", None, system=system):
            say(system.import_module("pkg.anything").X is not None)
        say(changed())
        """
    assert run(TREE, script, session=False) == "5 1 5 True real True | False | True | []"


def test_c25_what_is_shared_with_the_interpreter_can_be_blocked(run: Runner) -> None:
    script = f"""{START}
        with modcache.blocked("json", "one", system=system):
            for name in ("json", "json.decoder", "one"):
                try:
                    system.import_module(name)
                except ModuleNotFoundError as error:
                    say(error)
            say(system.find_spec("json"), system.import_module("wave") is not None, "one" in sys.modules)
        say(system.import_module("json") is json)
        """
    found = "No module named 'json' | No module named 'json' | No module named 'one' | None True False | True"
    assert run(TREE, script, session=False) == found


def test_what_is_the_interpreters_is_not_written_on(run: Runner) -> None:
    script = f"""{START}
        for make in (
            lambda: modcache.replaced("json.decoder", 5, system=system),
            lambda: modcache.isolated("json", system=system),
        ):
            try:
                make().enter()
            except modcache.errors.AlterationRefused as error:
                say("the interpreter's" in str(error), changed())
        """
    assert run(TREE, script, session=False) == "True [] | True []"


def test_c25_a_snapshot_of_a_private_system(run: Runner) -> None:
    script = f"""{START}
        with modcache.snapshot(system=system) as held:
            system.import_module("shadow")
            system.path.append("more")
            system.meta_path = list(system.meta_path)
            say(held.diff())
        say(changed(), held.diff())
        say(modcache.fresh_import("pkg.mod", system=system) is inside.mod, changed())
        """
    difference = "added: shadow, shadow.run; attributes: shadow.run; state: meta_path, path, path_importer_cache"
    assert run(TREE, script, session=False) == f"{difference} | [] no difference | False []"


@pytest.mark.parametrize("deep", [False, True])
def test_c25_the_interpreter_is_altered_while_a_space_is_open(run: Runner, deep: bool) -> None:
    tree = {**TREE, "host.py": "", "inner/lib.py": "X = 1\ndef late():\n    import json\n    return json\n"}
    script = f"""
        import modcache, sys
        from tests.alter.state import state
        import host, json, one
        modcache.replaced, modcache.blocked, modcache.virtual, modcache.snapshot
        before = state()
        with modcache.Space("inner", "inner", deep={deep}) as space:
            lib = space.import_module("lib")
            with modcache.replaced("host", 5), modcache.blocked("one"), modcache.snapshot():
                import host as now
                say(now, "one" in sys.modules)
                try:
                    import one
                except ModuleNotFoundError as error:
                    say(error)
            inside = space.system
            with modcache.replaced("lib", 6, system=inside), modcache.virtual({{"json": ""}}, system=inside):
                say(space.import_module("lib"), lib.late() is json)
            say(space.import_module("lib") is lib, sys.modules["host"] is host, sys.modules["one"].X)
        del now, lib
        after = state()
        say(after["entries"][:len(before["entries"])] == before["entries"])
        """
    expected = "5 False | No module named 'one' | 6 False | True True 1 | True"
    assert run(tree, script, session=False) == expected
