"""A trace records imports as a tree, and is in nobody's way before and after."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from tests.trees import run

SYSTEMS = {"interpreter": "modcache.interpreter", "private": "modcache.ImportSystem('mine', ['.'])"}
START = """\
import builtins, importlib, sys, threading, modcache
system = {}

def code(text):
    exec(text, {{"__builtins__": system.builtins, "__name__": "code"}})

def tree(imports):
    return " ".join(f"{{each.name}}:{{each.how}}({{tree(each.imports)}})" for each in imports)
"""
APP = {
    "app/__init__.py": "",
    "app/main.py": "import app\nfrom . import part\nfrom app.part import X\nimport broken_not\n",
    "app/part.py": "X = 1\n",
    "broken_not.py": "",
    "broken.py": "import app.part\n1 / 0\n",
}


def play(folder: Path, kind: str, script: str) -> str:
    return run(folder, APP, START.format(SYSTEMS[kind]) + textwrap.dedent(script), session=False)


@pytest.mark.parametrize("kind", SYSTEMS)
def test_the_tree_of_an_import(tmp_path: Path, kind: str) -> None:
    script = """
        with system.trace() as trace:
            code("import app.main")
            code("import app.main")
            system.import_module("app")
            for name in ("broken", "absent"):
                try:
                    system.import_module(name)
                except Exception: pass
        code("import broken_not")
        say(tree(trace.imports))
    """
    assert play(tmp_path, kind, script) == (
        "app.main:executed(app:executed() app:hit() app:hit(app.part:executed()) app.part:hit() broken_not:executed()) "
        "app.main:hit() app:hit() broken:failed(app.part:hit()) absent:failed()"
    )


@pytest.mark.parametrize("kind", SYSTEMS)
def test_what_is_told_of_each(tmp_path: Path, kind: str) -> None:
    script = """
        with system.trace() as trace:
            code("\\\\n\\\\nimport app.part")
        part = trace.imports[0]
        say(part.asked_by, part.origin.endswith("part.py"), part.size, part.loader.rpartition(".")[2], part.thread)
        say(part.finder.rpartition(".")[2], sorted(part.steps))
        say(part.total >= part.steps["execute"] > 0, part.total >= part.own > 0, part.total > part.imports[0].total)
        say(str(trace).split()[:2], len(str(trace).splitlines()), [each.name for each in trace.walk()])
    """.replace("\\\\n", "\\n")
    loader, finder = (
        ("SharedSourceLoader", "SystemPathFinder") if kind == "private" else ("SourceFileLoader", "PathFinder")
    )
    assert play(tmp_path, kind, script) == (
        f"code:3 True 6 {loader} MainThread | {finder} ['create', 'execute', 'find'] | True True True | "
        "['app.part', 'executed'] 2 ['app.part', 'app']"
    )


def test_what_is_shared(tmp_path: Path) -> None:
    script = """
        sys.modules.pop("colorsys", None)
        with system.trace() as trace:
            code("import colorsys\\\\nimport colorsys")
        say(tree(trace.imports), list(trace.imports[0].steps))
    """.replace("\\\\n", "\\n")
    assert play(tmp_path, "private", script) == "colorsys:shared() colorsys:hit() ['adopt']"


@pytest.mark.parametrize("kind", SYSTEMS)
def test_afterwards_all_is_as_it_was(tmp_path: Path, kind: str) -> None:
    script = """
        def state():
            return (dict(vars(system)), dict(system.builtins), builtins.__import__, importlib.import_module,
                    list(system.meta_path), list(sys.meta_path))
        code("import json")
        before = state()
        with system.trace() as outer:
            with system.trace() as inner:
                code("import app")
            say(system.builtins["__import__"] is not before[1]["__import__"])
            code("import app.part")
        say(state() == before, tree(outer.imports), tree(inner.imports))
        one, two = system.trace(), system.trace()
        one.__enter__(), two.__enter__(), one.__exit__(), two.__exit__()
        say(state() == before)
    """
    trace = "True | True app:executed() app.part:executed() app:executed() | True"
    assert play(tmp_path, kind, script) == trace


@pytest.mark.parametrize("kind", SYSTEMS)
def test_all_threads_are_traced(tmp_path: Path, kind: str) -> None:
    script = """
        with system.trace() as trace:
            thread = threading.Thread(target=code, args=["import app.part"], name="other")
            thread.start()
            thread.join()
        say([(each.name, each.thread) for each in trace.imports])
    """
    assert play(tmp_path, kind, script) == "[('app.part', 'other')]"


def test_a_circle_is_imported_under_a_trace_too(tmp_path: Path) -> None:
    script = """
        write("a/__init__.py", "")
        write("a/b.py", "from . import c")
        write("a/c.py", "import a.b as one; from a import b as two; same = one is two")
        with system.trace():
            code("import a.b")
        say(system.modules["a.c"].same, "a.b" in sys.modules)
    """
    assert play(tmp_path, "private", script) == "True False"


def test_another_import_function_is_not_passed_by(tmp_path: Path) -> None:
    script = """
        real = builtins.__import__
        builtins.__import__ = other = lambda *arguments: real(*arguments)
        try:
            with system.trace(): pass
        except RuntimeError as error:
            say("it would be passed by" in str(error), builtins.__import__ is other)
    """
    assert play(tmp_path, "interpreter", script) == "True True"
