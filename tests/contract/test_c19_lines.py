"""Contract line 19: tracebacks, inspect and line tables show the lines of the code that runs."""

from __future__ import annotations

import pytest

from tests.conftest import Runner

LIB = """
class C:
    def m(self):
        raise ValueError("m")

    @property
    def p(self):
        return self.m()


def make():
    def inner():
        raise KeyError("inner")
    return inner


def gen():
    yield 1
    raise IndexError("gen")


def f():
    return C().p


anonymous = lambda: f()
"""

LOOK = """
        import lib, traceback, inspect
        held = [lib.f, lib.C().m, lib.make(), lib.anonymous, lambda g=lib.gen: list(g())]
        def rows():
            out = []
            for h in held:
                try:
                    h()
                except Exception as error:
                    frames = traceback.extract_tb(error.__traceback__)
                    out += [(r.name, r.lineno, r.line) for r in frames if r.filename.endswith("lib.py")]
            return out
"""

MOVES = {
    "lines above": ("class C:", "import os\n\n\n# moved\nclass C:"),
    "a comment above": ("class C:", "# moved\nclass C:"),
    "a comment within": ("    def m(self):\n", "    def m(self):\n        # about to fail\n\n"),
    "layout": ('raise ValueError("m")', 'raise ValueError(\n            "m"\n        )'),
    "a function before": ("class C:", "def before():\n    return 0\n\n\nclass C:"),
    "within a nested function": ("    def inner():\n", "    # nested\n\n    def inner():\n\n"),
    "blank lines removed": ("\n\n\ndef gen", "\ndef gen"),
}


@pytest.mark.parametrize("name", MOVES)
def test_c19_tracebacks_show_the_lines_of_the_code_that_runs(run: Runner, name: str) -> None:
    old, new = MOVES[name]
    script = f"""
{LOOK}
        before = rows()
        edit("lib.py", {old!r}, {new!r})
        report = refresh()
        text = open("lib.py").read().splitlines()
        right = all(text[number - 1].strip() == line for _, number, line in rows())
        say(report.complete, len(rows()) == len(before), right, "lib:f" in ran(report))
        say(all(inspect.getsource(o).splitlines()[0] == text[o.__code__.co_firstlineno - 1]
                for o in (lib.f, lib.make, lib.gen)))
        """
    assert run({"lib.py": LIB}, script) == "True True True False | True"


@pytest.mark.parametrize("name", ["lines above", "a comment above", "layout", "blank lines removed"])
def test_c19_moved_lines_are_not_executed(run: Runner, name: str) -> None:
    old, new = MOVES[name]
    new = new.replace("import os\n", "# no import\n")
    script = f"""
        import lib
        before = (lib.f, lib.C, lib.make, lib.anonymous)
        edit("lib.py", {old!r}, {new!r})
        report = refresh()
        say(report.complete, report.statements, before == (lib.f, lib.C, lib.make, lib.anonymous))
        """
    assert run({"lib.py": LIB}, script) == "True 0 True"


def test_c19_inspect_gives_the_new_source(run: Runner) -> None:
    script = """
        import lib, inspect
        f, C = lib.f, lib.C
        inspect.getsource(f)
        write("lib.py", "# first\\n\\ndef f():\\n    return 'new'\\n\\n\\nclass C:\\n    b = 'new'\\n")
        refresh()
        say(repr(inspect.getsource(f)), repr(inspect.getsource(C)), inspect.getsourcelines(f)[1])
        """
    tree = {"lib.py": "def f():\n    return 'old'\n\n\nclass C:\n    a = 'old'\n"}
    assert run(tree, script) == repr("def f():\n    return 'new'\n") + " " + repr("class C:\n    b = 'new'\n") + " 3"


def test_c19_a_partly_executed_module_has_its_real_lines(run: Runner) -> None:
    tree = {"lib.py": "A = 1\n\n\nB = 2\n\n\ndef late():\n    raise OSError\n"}
    script = """
        import lib, traceback
        edit("lib.py", "A = 1", "A = 1\\n# more")
        edit("lib.py", "B = 2\\n", "B = 3\\nclass N:\\n    def m(self):\\n        late()\\n")
        refresh()
        try:
            lib.N().m()
        except OSError as error:
            say([f"{r.name}:{r.lineno}" for r in traceback.extract_tb(error.__traceback__)][1:])
        """
    assert run(tree, script) == "['m:8', 'late:12']"


def test_c19_file_names_are_the_real_ones(run: Runner) -> None:
    script = """
        import lib, os
        new = "class C:\\n    def m(self): pass\\nnew = lambda: 1\\n"
        write("lib.py", "def f():\\n    def g(): pass\\n    return g\\n" + new)
        refresh()
        names = {os.path.basename(x.__code__.co_filename) for x in (lib.f, lib.f(), lib.C.m, lib.new)}
        say(names, lib.f.__code__.co_filename == lib.__file__)
        """
    assert run({"lib.py": "def f(): pass\n"}, script) == "{'lib.py'} True"


HELD = """\
class Desk:
    def __init__(self):
        self.held = []

DESK = Desk()
def keep(f):
    DESK.held.append(f)

@keep
def asked():
    return 1

TABLE = {"a": lambda: 1, "b": [lambda: 2]}
"""
LINES = """
        def lines():
            held = [*lib.DESK.held, lib.TABLE["a"], lib.TABLE["b"][0]]
            return [f.__code__.co_firstlineno for f in held]
"""


def test_c19_functions_that_no_name_leads_to_have_their_new_lines(run: Runner) -> None:
    script = f"""
        import lib
        {LINES}
        edit("lib.py", "class Desk", "#\\nclass Desk")
        one = refresh()
        say(lines(), one.complete, one.statements)
        edit("lib.py", "class Desk", "#\\nclass Desk")
        two = refresh()
        say(lines(), one.swept, two.swept)
        """
    assert run({"lib.py": HELD}, script) == "[10, 14, 14] True 0 | [11, 15, 15] True False"


def test_c19_also_after_the_statement_that_made_them_was_executed_again(run: Runner) -> None:
    script = f"""
        import lib
        {LINES}
        edit("lib.py", "class Desk", "#\\nclass Desk")
        refresh()
        edit("lib.py", "lambda: 2", "lambda: 3")
        refresh()
        edit("lib.py", "class Desk", "#\\nclass Desk")
        refresh()
        session.undo()
        session.undo()
        say(lines(), lib.TABLE["b"][0]())
        refresh()
        say(lines(), lib.TABLE["b"][0]())
        """
    assert run({"lib.py": HELD}, script) == "[10, 14, 14] 2 | [11, 15, 15] 3"
