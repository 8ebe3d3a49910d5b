"""Trap 8: closing a space frees it, and tells what still holds it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.spaces.play import play

CLASSES = """
import atexit, sys, threading, typing

@typing.overload
def f(x: int) -> int: ...
@typing.overload
def f(x: str) -> str: ...
def f(x): return x

class Node:
    def __init__(self): self.me = self
    @typing.overload
    def g(self, x: int) -> int: ...
    @typing.overload
    def g(self, x: str) -> str: ...
    def g(self, x): return lambda: (self, x)

nodes: typing.List[Node] = [Node()]
hints = typing.get_type_hints(Node.g), typing.Optional[typing.List[Node]]
local = threading.local()
local.node = Node()
log = []
atexit.register(log.append, "first")
atexit.register(lambda: log.append("second"))

def late(name):
    return __import__(name)
"""


def test_c26_closing_frees_it(tmp_path: Path) -> None:
    """Cycles, overloads, generic aliases, thread-locals: nothing is left, and no object of it is."""
    script = """
        import weakref
        space = Space("a", ".")
        module = space.import_module("lib")
        log, dead = module.log, [weakref.ref(thing) for thing in (module, module.Node, module.nodes[0], module.f)]
        del module
        closing = space.close()
        say(closing.freed, closing.held, closing.raised, log, [ref() for ref in dead])
        import typing
        say("lib" in typing._overload_registry, as_it_was())
    """
    trace = "True () () ['second', 'first'] [None, None, None, None] | False True"
    assert play(tmp_path, {"lib.py": CLASSES}, script) == trace


@pytest.mark.parametrize(
    ("hold", "held"),
    [
        ("kept = module.Node", "__main__.kept"),
        ("kept = [{'deep': (module.nodes[0],)}]", "__main__.kept"),
        ("import json; json.hook = module.f", "json.hook"),
        ("import logging; logging.root.addFilter(module.Node())", "logging.root"),
    ],
)
def test_closing_tells_who_holds_it(tmp_path: Path, hold: str, held: str) -> None:
    script = f"""
        space = Space("a", ".")
        module = space.import_module("lib")
        {hold}
        del module
        closing = space.close()
        say(closing.freed, any(row.startswith({held!r}) for row in closing.held), len(closing.held) < 9)
    """
    assert play(tmp_path, {"lib.py": CLASSES}, script) == "False True True"


def test_closing_tells_of_a_function_that_runs(tmp_path: Path) -> None:
    script = """
        import threading
        space = Space("a", ".")
        def body(mine):
            gate.entered.set()
            gate.release.wait()
        thread = threading.Thread(target=body, args=[space.import_module("lib").Node()])
        thread.start()
        gate.entered.wait()
        say([row.partition(", which")[0] for row in space.close().held])
        gate.release.set()
        thread.join()
    """
    trace = play(tmp_path, {"lib.py": CLASSES}, script)
    assert "'mine' in body" in trace


def test_what_is_held_goes_on_working(tmp_path: Path) -> None:
    script = """
        space = Space("a", ".")
        kept = space.import_module("lib")
        closing = space.close()
        say(closing.freed, kept.Node().g(1)()[1], kept.late("json").__name__, space.closed)
        for name in ("lib", "other"):
            try:
                kept.late(name)
            except errors.SpaceClosed as error:
                say(error)
    """
    told = "can't be imported: its importer is of the closed space 'a'"
    trace = f"False 1 json True | 'lib' {told} | 'other' {told}"
    assert play(tmp_path, {"lib.py": CLASSES}, script) == trace


def test_farewells_that_fail_are_told(tmp_path: Path) -> None:
    tree = {
        "lib.py": "import atexit\natexit.register(lambda: 1 / 0)\natexit.register(print)\natexit.unregister(print)\n"
    }
    script = """
        import atexit
        before = atexit._ncallbacks()
        space = Space("a", ".")
        space.import_module("lib")
        say(atexit._ncallbacks() - before)
        closing = space.close()
        say(closing.freed, str(closing).replace("\\n", ";"))
    """
    trace = "0 | True space 'a' closed, all of it is freed;  at its end: ZeroDivisionError: division by zero"
    assert play(tmp_path, tree, script) == trace


def test_open_spaces_say_farewell_when_the_process_ends(tmp_path: Path) -> None:
    import subprocess
    import sys

    from tests.trees import environment

    (tmp_path / "lib.py").write_text("import atexit\natexit.register(print, 'farewell')\n")
    code = f"import modcache; modcache.Space('a', {str(tmp_path)!r}).import_module('lib'); print('end')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment())
    assert (done.stdout, done.stderr) == ("end\nfarewell\n", "")


def test_c26_no_growth_over_many_spaces(tmp_path: Path) -> None:
    """Objects after 200 spaces are as many as after 20: not one in ten spaces leaves one."""
    script = """
        def cycle():
            with Space("a", ".") as space:
                space.import_module("lib").Node()
            return len(gc.get_objects())
        counts = [cycle() for _ in range(200)]
        say(counts[199] - counts[20] < 18, as_it_was())
    """
    assert play(tmp_path, {"lib.py": CLASSES}, script) == "True True"
