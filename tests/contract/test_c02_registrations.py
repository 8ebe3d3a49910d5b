"""Contract lines 2, 6, 9, 10 and 11, for what statements register elsewhere: it is exchanged with them."""

from __future__ import annotations

import pytest

from tests.conftest import Runner

LEVELS = "levels = lambda: [h.level for h in logging.getLogger('c02').handlers]"
THREE = """
import logging
log = logging.getLogger("c02")
log.addHandler(logging.NullHandler(10))
log.addHandler(logging.NullHandler(20))
log.addHandler(logging.NullHandler(30))
"""


def test_c02_a_failed_refresh_leaves_every_registry_as_it_was(run: Runner) -> None:
    script = f"""
        import logging, atexit, warnings, signal
        import app
        {LEVELS}
        before = [levels(), atexit._ncallbacks(), warnings.filters[:], signal.getsignal(signal.SIGUSR1)]
        edit("app.py", "NullHandler(20)", "NullHandler(25)")
        edit("app.py", "pass", "signal.signal(signal.SIGUSR1, print); warnings.simplefilter('error'); 1 / 0")
        report = refresh()
        after = [levels(), atexit._ncallbacks(), warnings.filters[:], signal.getsignal(signal.SIGUSR1)]
        say(report.outcome, before == after, levels())
        """
    tree = {"app.py": THREE + "import signal, warnings\npass\n"}
    assert run(tree, script) == "aborted True [10, 20, 30]"


def test_c02_what_could_not_be_seen_is_named(run: Runner) -> None:
    """A module that was there before the session: nobody saw what it registered."""
    script = f"""
        import logging, sys, modcache
        import app
        {LEVELS}
        session = modcache.Session(["."])
        edit("app.py", "NullHandler(20)", "NullHandler(25)")
        report = session.refresh()
        say(report.complete is not True, any("handlers of logger 'c02'" in row for row in report.remains), levels())
        """
    assert run({"app.py": THREE}, script, session=False) == "True True [10, 20, 30, 25]"


def test_c06_only_the_edited_registration_is_executed(run: Runner) -> None:
    script = """
        import logging
        import app
        one, two, three = logging.getLogger("c02").handlers
        edit("app.py", "NullHandler(20)", "NullHandler(25)")
        report = refresh()
        new = logging.getLogger("c02").handlers
        say(report.complete, report.statements, [new[0] is one, new[1].level, new[2] is three])
        """
    assert run({"app.py": THREE}, script) == "True 1 [True, 25, True]"


def test_c06_a_handler_is_the_very_same_after_an_edit_next_to_it(run: Runner) -> None:
    script = """
        import logging
        import app
        before = logging.getLogger("c02").handlers[:]
        edit("app.py", "return 1", "return 2")
        report = refresh()
        say(report.complete, report.statements, before == logging.getLogger("c02").handlers, app.f())
        """
    assert run({"app.py": THREE + "def f():\n    return 1\n"}, script) == "True 0 True 2"


def test_c09_undo_brings_registrations_back(run: Runner) -> None:
    script = f"""
        import logging, copyreg, signal, collections.abc
        import app
        {LEVELS}
        state = lambda: (
            levels(), app.Row in copyreg.dispatch_table, issubclass(app.Row, collections.abc.Sequence),
            signal.getsignal(signal.SIGUSR1) is app.handle,
        )
        before = state()
        for old in ("log.addHandler(logging.NullHandler(10))", "copyreg.pickle(Row, reduce)",
                    "collections.abc.Sequence.register(Row)", "signal.signal(signal.SIGUSR1, handle)"):
            edit("app.py", old, "")
        report = refresh()
        after = state()
        session.undo()
        say(report.complete, before, after, state() == before)
        refresh()
        say(state() == after)
        """
    more = """
import collections.abc, copyreg, signal
class Row: pass
def reduce(row): return Row, ()
def handle(number, frame): pass
copyreg.pickle(Row, reduce)
collections.abc.Sequence.register(Row)
signal.signal(signal.SIGUSR1, handle)
"""
    expected = "True ([10, 20, 30], True, True, True) ([20, 30], False, False, False) True | True"
    assert run({"app.py": THREE + more}, script) == expected


def test_c10_ten_edits_in_a_row_leave_one_of_each(run: Runner) -> None:
    script = """
        import atexit, logging, warnings
        import app
        for n in range(10):
            edit("app.py", f"K = {n}\\n", f"K = {n + 1}\\n")
            report = refresh()
            assert report.complete, report
        found = [f for f in warnings.filters if f[1] is not None and "c02" in f[1].pattern]
        say(len(found), found[0][1].pattern, [h.level for h in logging.getLogger("c02").handlers], app.left())
        """
    source = """
import atexit, logging, warnings
K = 0
LOG = []
warnings.filterwarnings("ignore", message=f"c02 {K}")
logging.getLogger("c02").addHandler(logging.NullHandler(K))
atexit.register(LOG.append, K)
class Spy:
    def __init__(self): self.seen = []
    def __eq__(self, other): self.seen.append(other); return False
def left():
    spy = Spy()
    atexit.unregister(spy)
    return sum(getattr(f, "__self__", None) is LOG for f in spy.seen)
"""
    assert run({"app.py": source}, script) == "1 c02 10 [10] 1"


def test_c10_a_module_that_is_deleted_takes_what_it_registered_along(run: Runner) -> None:
    script = f"""
        import logging
        import app
        {LEVELS}
        write("plug.py", None)
        edit("app.py", "import plug", "plug = None")
        report = refresh()
        say(levels())
        """
    assert run({"plug.py": THREE, "app.py": "import plug\n"}, script) == "[]"


def test_c11_single_dispatch_and_abc_of_others(run: Runner) -> None:
    script = """
        import collections.abc, pkgutil
        import app
        row = app.Row()
        kinds = lambda: (isinstance(row, collections.abc.Sequence), isinstance(row, collections.abc.Mapping))
        say(kinds(), list(pkgutil.iter_importer_modules(row)))
        edit("app.py", "abc.Sequence", "abc.Mapping")
        edit("app.py", "return [1]", "return [2]")
        report = refresh()
        say(kinds(), list(pkgutil.iter_importer_modules(row)))
        edit("app.py", "@pkgutil.iter_importer_modules.register(Row)\\n", "")
        edit("app.py", "@collections.abc.Mapping.register\\n", "")
        report = refresh()
        say(report.complete, kinds(), list(pkgutil.iter_importer_modules(row)), isinstance(row, app.Row))
        """
    source = """
import collections.abc, pkgutil
@collections.abc.Sequence.register
class Row: pass
@pkgutil.iter_importer_modules.register(Row)
def modules(importer, prefix=""):
    return [1]
"""
    expected = "(True, False) [1] | (False, True) [2] | True (False, False) [] True"
    assert run({"app.py": source}, script) == expected


@pytest.mark.parametrize("where", ["after", "in"])
def test_c02_a_module_that_raises_while_it_is_imported_leaves_nobody_listening(run: Runner, where: str) -> None:
    script = """
        import atexit
        register = atexit.register
        try:
            import broken
        except ZeroDivisionError:
            pass
        say(atexit.register is register)
        """
    last = "atexit.register(print, 1 / 0)" if where == "in" else "atexit.register(len, ())\n1 / 0"
    assert run({"broken.py": f"import atexit\n{last}\n"}, script) == "True"


def test_c02_only_what_is_executed_with_the_module_has_it_parsed() -> None:
    from modcache._runtime.marks import _has_hint

    top = b"import warnings\nclass C:\n    x = 1\n\n    warnings.simplefilter('ignore')\n"
    method = b"class C:\n    def f(\n        self,\n    ):\n# why\n        if 1:\n            signal.signal(1, g)\n"
    assert [_has_hint(text, "m") for text in (top, method, method + top)] == [True, False, True]
