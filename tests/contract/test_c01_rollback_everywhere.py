"""Contract lines 1, 3 and 9: a commit that fails before any one of its operations, a refresh that fails after any one
of its phases, and an undo leave every dict, class, function and instance as it was, by identity and in order.
"""

from __future__ import annotations

import pytest

from tests.conftest import Runner
from tests.stressed import CALM

HELD = """
    import app, kinds, tools
    held = [app.first, app.Square, app.UNIT, kinds.Colour.RED, app.TABLE[0], tools.square, app.UNIT.area]
    app.UNIT.cost, tools.square(3), app.UNIT.__dict__.update(own=1)
    """


@pytest.mark.parametrize("mode", ["rollback", "undo", "phases"])
def test_c01_every_way_back_leads_to_where_it_began(run: Runner, mode: str) -> None:
    script = f"""{HELD}
    found = session.stress(modes=[{mode!r}])
    rows = [str(row) for module in found.modules for row in module.findings if row.certain]
    say(rows, [module.name for module in found.modules], min(module.operations for module in found.modules) > 10)
    """
    assert run(CALM, script) == f"[] ['app', 'kinds', 'tools'] {mode == 'rollback'}"


@pytest.mark.parametrize("index", [0, 1, 5, -1])
def test_c01_a_refresh_whose_commit_fails_is_reported_and_tried_again(run: Runner, index: int) -> None:
    script = f"""{HELD}
    from modcache._runtime.checkpoints import COMMIT, watched
    before = state()
    edit("tools.py", "return n * n", "return n ** 3")
    edit("tools.py", "def maker(n):", "NEW = 1\\ndef maker(n, m=2):")
    edit("app.py", "UNIT = Square(1)", "")

    def fail(name, operations):
        if name == COMMIT:
            at = {index} % (len(operations) + 1)
            operations.insert_failure(at, OSError("injected"))

    with watched(fail):
        report = refresh()
    say(report.outcome, report.error, report.generation, state() == before, tools.square(3))
    say(refresh().outcome, tools.square(3), tools.NEW, hasattr(app, "UNIT"))
    session.undo()
    say(state() == before)
    """
    assert run(CALM, script) == "aborted injected 0 True 9 | committed 27 1 False | True"


@pytest.mark.parametrize("phase", ["know", "plan", "stage", "pair"])
def test_c01_an_interrupt_at_the_end_of_any_phase_leaves_everything_as_it_was(run: Runner, phase: str) -> None:
    script = f"""{HELD}
    from modcache._runtime.checkpoints import watched
    before = state()
    edit("tools.py", "return n * n", "return n ** 3")
    edit("kinds.py", "BLUE = 2\\n", "BLUE = 2\\n    GREEN = 3\\n")

    def interrupt(name, operations):
        if name == {phase!r}:
            raise KeyboardInterrupt

    try:
        with watched(interrupt):
            refresh()
    except KeyboardInterrupt:
        say("interrupted", state() == before)
    say(refresh().outcome, tools.square(3), kinds.Colour.GREEN)
    """
    assert run(CALM, script) == "interrupted True | committed 27 Colour.GREEN"


def test_c01_what_was_staged_in_vain_goes_even_if_it_was_collected_into_the_oldest_generation(run: Runner) -> None:
    tree = {"lib.py": "class C: pass\nclass D(C): pass\n", "app.py": "from lib import C\n"}
    new = "import gc\nK = 2\nclass C: pass\nclass D(C): pass\ngc.collect()\ngc.collect()\n1 / 0\n"
    script = f"""
        import app
        made = lambda: [c for c in [*app.C.__subclasses__(), *object.__subclasses__()] if c.__module__ == "lib"]
        before = made()
        write("lib.py", {new!r})
        say(refresh().outcome, made() == before)
        """
    assert run(tree, script) == "aborted True"
