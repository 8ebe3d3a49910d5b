"""Contract line 15: a refresh in the middle of work, at every so many calls, leaves the work's outcome as it is."""

from __future__ import annotations

from tests.conftest import Runner
from tests.stressed import CALM

WORK = """
    import app, kinds, tools
    def work():
        rows = []
        for n in range(200):
            side = n % 7
            square = app.Square(side)
            rows.append((square.area(), square.cost, app.show(square), app.first(n), tools.square(n), square.name))
            try:
                app.REGISTRY["second"]()
            except kinds.Problem as problem:
                rows.append(problem.args[0] is kinds.Colour.RED)
            rows.append([make() for make in app.TABLE])
        return rows
    """


def test_c15_work_comes_out_the_same_while_modules_are_reloaded_in_it(run: Runner) -> None:
    script = f"""{WORK}
    alone = work()
    with session.reloading(every=37) as reloads:
        meanwhile = work()
    say(meanwhile == alone, reloads.count > 20, reloads.failed)
    count = reloads.count
    work()
    say(reloads.count == count)
    """
    assert run(CALM, script) == "True True {} | True"


def test_c15_only_the_modules_that_are_named_are_reloaded_and_failures_are_told(run: Runner) -> None:
    tree = {
        "lib.py": "import gate\nnext(gate.runs)\ndef f():\n    return 1\n",
        "once.py": "import gate\nif next(gate.turns): raise OSError('once only')\n",
        "other.py": "import gate\ngate.log.append('other')\n",
    }
    script = """
        import itertools
        gate.runs, gate.turns = itertools.count(), itertools.count()
        import lib, once, other
        with session.reloading(every=2, modules=["lib", "once"]) as reloads:
            for _ in range(10):
                lib.f()
        say(next(gate.runs), reloads.count, reloads.failed)
        """
    assert run(tree, script) == "5 4 {'once': OSError('once only')}"
