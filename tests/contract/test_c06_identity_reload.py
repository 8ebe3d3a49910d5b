"""Contract line 6: executing what did not change changes no identity; and what modules do besides, `stress` tells."""

from __future__ import annotations

from tests.conftest import Runner
from tests.stressed import CALM, UNSAFE

PLUGINS = """
    import sys, types
    plugins = types.ModuleType("plugins")
    plugins.TABLE, plugins.count = [], 0
    def number():
        plugins.count += 1
        return plugins.count
    plugins.number, plugins.known = number, lambda name: name in plugins.TABLE
    sys.modules["plugins"] = plugins
    """


def test_c06_executing_a_module_anew_changes_no_identity(run: Runner) -> None:
    script = """
        import app, kinds, tools
        held = {name: getattr(kinds, name) for name in vars(kinds)} | {name: getattr(app, name) for name in vars(app)}
        found = session.stress(modes=["identity"])
        say([str(row) for module in found.modules for row in module.findings if row.certain], found.ok)
        say(all(getattr(app, name, getattr(kinds, name, None)) is value for name, value in held.items()))
        """
    assert run(CALM, script) == "[] True | True"


def test_c06_what_makes_a_module_unsafe_is_told_with_its_line(run: Runner) -> None:
    script = f"""{PLUGINS}
    import once, grows, counts, calm
    found = session.stress()
    for module in found.modules:
        say(module.name, module.verdict, [(str(row.kind), row.line) for row in module.findings if row.certain])
    say(found.ok)
    """
    assert run(UNSAFE, script).split(" | ") == [
        "once unsafe [('fails', 6)]",
        "grows unsafe [('outside', 4)]",
        "counts unsafe [('state', 3), ('outside', 3)]",
        "calm safe []",
        "False",
    ]


def test_c06_what_a_module_does_outside_is_its_own_and_leads_there_from_those_it_is_executed_with(run: Runner) -> None:
    tree = {
        "lib.py": "import plugins\ndef K():\n    return plugins.number()\n",
        "app.py": "import plugins\nfrom lib import K\nV = K() * 0\n",
    }
    script = f"""{PLUGINS}
    import app
    found = session.stress()
    for module in found.modules:
        say(module.name, module.verdict, module.through, [(str(row.kind), row.line) for row in module.findings])
    """
    assert run(tree, script) == "app unsafe () [('outside', 3), ('doubt', 0)] | lib safe ('app',) []"
