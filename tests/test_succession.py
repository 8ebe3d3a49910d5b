"""Classes that are gone or could not survive: nobody counts them any more, and an undo brings everything back."""

from __future__ import annotations

from pathlib import Path

from tests.trees import run

APP = """
class B: pass
class Z: pass
class C(B):
    def f(self): return super().__init__() or 1
"""
SUBCLASSES = "say([kind.__name__ for kind in app.B.__subclasses__()])\n"


def test_a_class_that_is_gone_is_a_subclass_no_more_until_an_undo(tmp_path: Path) -> None:
    script = f"""
import app
write("app.py", "class B: pass")
report = refresh()
say(report.complete)
{SUBCLASSES}
session.undo()
{SUBCLASSES}
say(app.C().f(), app.C.__bases__ == (app.B,))
"""
    assert run(tmp_path, {"app.py": APP}, script) == "True | [] | ['C'] | 1 True"


def test_a_class_that_is_gone_and_held_stays_what_it_was(tmp_path: Path) -> None:
    script = f"""
import app
held = app.C()
write("app.py", "class B: pass")
report = refresh()
say(report.complete, held.f(), isinstance(held, app.B))
{SUBCLASSES}
"""
    assert run(tmp_path, {"app.py": APP}, script) == "None 1 True | ['C']"


def test_c11_who_holds_a_class_that_could_not_survive_holds_its_successor_until_an_undo(tmp_path: Path) -> None:
    script = """
import app
one, place, kind = app.Z(), {"at": (app.Z, [app.Z])}, app.Z
one.n = 3
class Sub(app.Z): pass
edit("app.py", "class Z: pass", "class Z(B): k = 1")
report = refresh()
say(report.complete, report.replaced)
say(type(one) is app.Z, one.n, place["at"][0] is app.Z, place["at"][1][0] is app.Z, Sub.__bases__ == (app.Z,), Sub.k)
say(app.Z is not kind or "a local variable of the script is a global: it was led too")
session.undo()
say(type(one) is app.Z, one.n, place["at"][0] is app.Z, Sub.__bases__ == (app.Z,), app.Z.__bases__ == (object,))
"""
    said = run(tmp_path, {"app.py": APP}, script)
    assert said == (
        "True ('app:Z',) | True 3 True True True 1 | a local variable of the script is a global: it was led too "
        "| True 3 True True True"
    )


def test_c11_what_can_not_be_led_is_said(tmp_path: Path) -> None:
    script = """
import app, weakref
class D(app.Z):
    __slots__ = ()
held = iter((app.Z, 1))
edit("app.py", "class Z: pass", "class Z(B): pass")
report = refresh()
say(report.complete, [row for row in report.remains if "tuple_iterator" in row] != [])
"""
    assert run(tmp_path, {"app.py": APP}, script) == "False True"


def test_c14_a_held_function_goes_on_as_what_its_name_is_now(tmp_path: Path) -> None:
    script = """
import app
f, g = app.f, app.C.g
write("app.py", "from lib import f\\nclass C:\\n    def g(self, k=2, *, j=3): return super().__init__() or (k, j)\\n")
say(refresh().complete, f(), g(app.C()), g(app.C(), 5, j=6))
session.undo()
say(f(), g(None))
"""
    tree = {"app.py": "def f(): return 1\nclass C:\n    def g(self): return 1\n", "lib.py": "def f(): return 2\n"}
    assert run(tmp_path, {**tree, "use.py": "import lib"}, "import use\n" + script) == "True 2 (2, 3) (5, 6) | 1 1"


def test_a_class_that_was_held_is_a_subclass_no_more_once_nobody_holds_it(tmp_path: Path) -> None:
    script = f"""
import app
held = app.C()
write("app.py", "class B: pass")
say(refresh().complete, held.f())
del held
edit("app.py", "pass", "x = 1")
say(refresh().complete)
{SUBCLASSES}
session.undo()
session.undo()
say(app.C.__bases__ == (app.B,), app.C().f())
"""
    assert run(tmp_path, {"app.py": APP}, script) == "None 1 | True | [] | True 1"


def test_a_class_that_a_running_function_knows_stays_what_it_was(tmp_path: Path) -> None:
    script = """
import app
def at_work():
    kind = app.C
    write("app.py", "class B: pass")
    complete = refresh().complete
    return complete, issubclass(kind, app.B), kind().f()
say(*at_work())
"""
    assert run(tmp_path, {"app.py": APP}, script) == "None True 1"
