"""The basics of a module cache: the same on the interpreter's and on a private one, by whatever means one imports."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.trees import run

Play = Callable[[dict[str, str], str], str]
MEANS = ("import", "from", "__import__", "import_", "import_module", "exec", "lazy", "other code")
SYSTEMS = {"interpreter": "modcache.interpreter", "private": "modcache.ImportSystem('mine', ['.'])"}
START = """\
import threading, types, modcache
system = {system}
modules = system.modules

def code(text, **names):
    names.update(__builtins__=system.builtins, __name__="code")
    exec(text, names)
    return names

MEANS = {{
    "import": lambda name: code(f"import {{name}} as m")["m"],
    "from": lambda name: (code(f"from {{name}} import __name__"), modules[name])[1],
    "__import__": lambda name: code(f"m = __import__({{name!r}}, fromlist=['x'])")["m"],
    "import_": lambda name: system.import_(name, fromlist=["x"]),
    "import_module": system.import_module,
    "exec": lambda name: code(f"exec('import {{name}} as m')")["m"],
    "lazy": lambda name: code(f"def f():\\n import {{name}} as m\\n return m")["f"](),
    "other code": lambda name: code("import asks")["asks"].ask(name),
}}

def everyone(name):
    '''What each of the means gives, each in a thread, all at once.'''
    given, ready = [], threading.Barrier(len(MEANS))
    def work(means):
        ready.wait(30)
        given.append(means(name))
    threads = [threading.Thread(target=work, args=[means]) for means in MEANS.values()]
    for thread in threads: thread.start()
    for thread in threads: thread.join(30)
    return given
"""
LOUD = {
    "test.py": "print('Hello world!')\n",
    "asks.py": "def ask(name):\n    return __import__(name, fromlist=['x'])\n",
}


@pytest.fixture(params=list(SYSTEMS))
def play(request: pytest.FixtureRequest, tmp_path: Path) -> Play:
    """Lay a tree and run a script over it, with one of the two systems."""

    def play(tree: dict[str, str], script: str) -> str:
        start = START.format(system=SYSTEMS[request.param])
        return run(tmp_path, {**LOUD, **tree}, start + textwrap.dedent(script), session=False)

    return play


@pytest.mark.parametrize("first", MEANS)
def test_a_module_is_executed_once(play: Play, first: str) -> None:
    script = f"""
        modules.pop("test", None)
        one = MEANS[{first!r}]("test")
        say({{means(name="test") is one for means in MEANS.values()}}, "test" in modules, modules["test"] is one)
    """
    assert play({}, script) == "Hello world! | {True} True True"


def test_a_module_is_executed_once_by_all_threads(play: Play) -> None:
    script = """
        modules.pop("test", None)
        given = everyone("test")
        say(len(given) == len(MEANS), {module is modules["test"] for module in given})
    """
    assert play({}, script) == "Hello world! | True {True}"


def test_a_deleted_key_makes_another_module_and_reload_does_not(play: Play) -> None:
    script = """
        modules.pop("test", None)
        one = system.import_module("test")
        del modules["test"]
        two = system.import_module("test")
        say(one is two, system.reload(two) is two, modules["test"] is two)
        try:
            system.reload(one)
        except ImportError as error:
            say(error)
    """
    trace = "Hello world! | Hello world! | Hello world! | False True True | module test not in sys.modules"
    assert play({}, script) == trace


@pytest.mark.parametrize("means", [means for means in MEANS if means != "from"])
def test_any_object_may_stand_in_the_cache(play: Play, means: str) -> None:
    script = f"""
        class TestModule(types.ModuleType):
            def addition(self, a, b): return a + b
        modules["test"] = made = TestModule("test")
        say(MEANS[{means!r}]("test") is made, code("import test")["test"].addition(1, 2))
        say(code("from test import addition")["addition"](1, 2))
        for thing in (1, "", [], object()):
            modules["test"] = thing
            say(MEANS[{means!r}]("test") is thing)
    """
    assert play({}, script) == "True 3 | 3 | True | True | True | True"


@pytest.mark.parametrize("means", MEANS)
def test_none_blocks(play: Play, means: str) -> None:
    script = f"""
        modules["test"] = None
        try:
            MEANS[{means!r}]("test")
        except ModuleNotFoundError as error:
            say(error, error.name)
    """
    assert play({}, script) == "import of test halted; None in sys.modules test"


def test_a_circular_pair(play: Play) -> None:
    tree = {
        "even.py": "import odd\ndef is_even(n): return n == 0 or odd.is_odd(n - 1)\n",
        "odd.py": "import even\ndef is_odd(n): return n != 0 and even.is_even(n - 1)\n",
    }
    script = "say({m.is_even(10) for m in everyone('even')}, system.import_module('odd').is_odd(10))"
    assert play(tree, script) == "{True} False"


def test_a_circular_pair_of_from(play: Play) -> None:
    tree = {"even.py": "from odd import is_odd\n", "odd.py": "from even import is_even\n"}
    script = """
        for name in MEANS:
            try:
                MEANS[name]("even")
            except ImportError as error:
                say(str(error).partition(" (/")[0])
        say("even" in modules, "odd" in modules)
    """
    message = (
        "cannot import name 'is_even' from partially initialized module 'even' (most likely due to a circular import)"
    )
    assert play(tree, script) == " | ".join([message] * 8 + ["False False"])


def test_parents_first(play: Play) -> None:
    tree = {f"{path}.py": "print(__name__)\n" for path in ("foo/__init__", "foo/spam/__init__", "foo/spam/eggs")}
    script = """
        eggs = MEANS["import"]("foo.spam.eggs")
        say(code("import foo.spam.eggs")["foo"].spam.eggs is eggs)
        say({module is eggs for module in everyone("foo.spam.eggs")})
    """
    assert play(tree, script) == "foo | foo.spam | foo.spam.eggs | True | {True}"
