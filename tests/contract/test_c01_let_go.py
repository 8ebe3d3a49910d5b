"""Contract line 1: a refresh that failed keeps nothing of the stage alive."""

from __future__ import annotations

import textwrap

from tests.conftest import Runner


def test_c01_classes_in_the_frames_of_what_led_to_a_failure_go(run: Runner) -> None:
    failing = """
        from lib import C
        def inner():
            class Local(C): pass
            raise KeyError(1)
        try:
            inner()
        except KeyError:
            raise ValueError(2)
        """
    script = f"""
        import other, gc
        gc.disable()
        write("other.py", {failing!r})
        report = refresh()
        say(report.outcome, report.error.__context__ is not None, other.C.__subclasses__())
        """
    tree = {"lib.py": "class C: pass\n", "other.py": "from lib import C\n"}
    assert run(tree, script) == "aborted True []"


_LIB = """
    import functools
    class Base: pass
    @functools.cache
    def count(base): return len(base.__subclasses__())
    @functools.lru_cache
    def table(kind): return [kind]
    class Tables:
        @staticmethod
        @functools.cache
        def of(kind): return [kind]
    def put(): pass
    def tag(where, what): where.last = what
    """
_SAY = """
    import gate, lib, app
    kept = lib.table(int)
    write("app.py", %r)
    report = refresh()
    names = [kind.__name__ for kind in lib.Base.__subclasses__()]
    rows = [row for row in report.remains if "made on a stage" in row]
    """


def _after(run: Runner, body: str, script: str) -> str:
    """What a script says after a stage of which a body was executed, with ``class D(lib.Base)``, and then failed."""
    text = f"import lib\nclass C(lib.Base): pass\nclass D(lib.Base): pass\n{body}\nraise ValueError(1)\n"
    tree = {"lib.py": _LIB, "app.py": "import lib\nclass C(lib.Base): pass\n"}
    return run(tree, textwrap.dedent(_SAY) % text + textwrap.dedent(script))


def test_c01_caches_of_live_functions_are_as_they_were_before_a_stage_in_vain(run: Runner) -> None:
    body = "N = lib.count(lib.Base)\nlib.Tables.of(D)\nlib.table(str)"
    script = """
        say(report.outcome, names, rows, report.doubts)
        say(lib.table(int) is kept, lib.table.cache_info().currsize, lib.Tables.of.cache_info().currsize)
        say(lib.count(lib.Base))
        """
    assert _after(run, body, script) == "aborted ['C'] [] () | True 1 0 | 1"


def test_c01_a_bounded_cache_that_holds_what_a_stage_in_vain_made_is_emptied_and_that_is_said(run: Runner) -> None:
    said = "('lib:table: its cache was emptied, which held what a stage in vain had made',)"
    assert _after(run, "lib.table(D)", "say(names, rows, report.doubts)") == f"['C'] [] {said}"


def test_c01_what_a_stage_in_vain_assigned_to_live_modules_and_classes_is_taken_back(run: Runner) -> None:
    body = "lib.last = D\nlib.put = D\ndel lib.tag\nlib.Base.last = D\nlib.Base.__eq__ = lambda one, other: True"
    script = """
        say(report.outcome, names, rows)
        say(hasattr(lib, "last"), type(lib.put).__name__, hasattr(lib, "tag"), hasattr(lib.Base, "last"))
        say(lib.Base() == lib.Base())
        """
    assert _after(run, body, script) == "aborted ['C'] [] | False function True False | False"


def test_c01_what_is_held_of_a_stage_in_vain_is_said_until_it_is_gone(run: Runner) -> None:
    script = """
        say(names, rows)
        write("app.py", "import lib\\nclass C(lib.Base): pass\\n")
        report = refresh()
        say(report.outcome, report.complete, report.remains == tuple(rows))
        del lib.put.last
        import gc
        gc.collect()
        report = refresh()
        say(report.outcome, report.complete, report.remains, [kind.__name__ for kind in lib.Base.__subclasses__()])
        """
    row = "app:D: made on a stage that came to nothing, and held by lib:put"
    expected = f"['C', 'D'] ['{row}'] | unchanged False True | unchanged True () ['C']"
    assert _after(run, "lib.tag(lib.put, D)", script) == expected


def test_c01_who_holds_what_a_stage_in_vain_made_is_named(run: Runner) -> None:
    script = 'say([row.partition("held by ")[2] for row in rows])'
    outside = "import gate\nsetattr(gate, 'la' + 'st', [D])"
    assert _after(run, outside, script) == "['gate:last']"
    thread = """
        import threading, gate
        thread = threading.Thread(target=gate.release.wait, name="T", daemon=True)
        thread.kind = D
        thread.start()
        """
    assert _after(run, textwrap.dedent(thread), script) == "['the thread T']"
    method = "class E(D):\n    def m(self): return super().nothing\nE().m()"
    assert _after(run, method, script) == "['the traceback of the error', 'the traceback of the error']"


def test_c01_a_module_attribute_that_another_thread_sets_meanwhile_stays(run: Runner) -> None:
    tree = {"lib.py": "beats = 0\n", "app.py": "import gate\nK = 1\n"}
    script = """
        import threading, gate, lib, app
        def beat():
            gate.entered.wait()
            lib.beats = 7
            gate.release.set()
            done.wait()
        done = threading.Event()
        thread = threading.Thread(target=beat)
        thread.start()
        write("app.py", "import gate\\nK = 2\\ngate.entered.set()\\ngate.release.wait()\\nraise ValueError(1)\\n")
        say(refresh().outcome, lib.beats)
        done.set()
        """
    assert run(tree, script) == "aborted 7"


def test_c01_what_is_held_of_a_stage_that_was_given_up_for_a_larger_plan_is_said(run: Runner) -> None:
    tree = {
        "lib.py": "class Base: pass\nclass Rows:\n    def __init__(self): self.rows = []\nrows = Rows()\n",
        "app.py": "import gate, lib\ngetattr(lib, 'ro' 'ws').rows.append(1)\n",
    }
    script = """
        import gate, lib, app
        kept = "class D(lib.Base): pass\\ngetattr(gate, 'lo' 'g').append(D)\\n"
        edit("app.py", "getattr(lib, 'ro' 'ws').rows.append(1)", kept + "getattr(lib, 'ro' 'ws').rows.append(2)")
        report = refresh()
        say(report.outcome, report.complete, len(gate.log), len(lib.Base.__subclasses__()), lib.rows.rows)
        say([row for row in report.remains if "made on a stage" in row])
        """
    row = "app:D: made on a stage that came to nothing, and held by gate:log"
    assert run(tree, script) == f"committed False 2 2 [2] | ['{row}']"
