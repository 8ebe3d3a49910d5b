"""Statements 49 to 60: from, threads, what the statement calls."""

from __future__ import annotations

import sys
import threading
from typing import Any

from tests.conformance.world import World, raises, statement

PATIENCE = 30
"""Seconds after which a thread is taken to hang."""


@statement(49, "An attribute wins over a submodule; else the submodule is imported.")
def _(w: World) -> None:
    w.write({"p/__init__.py": "attribute = 1\n", "p/attribute.py": "raise ZeroDivisionError\n", "p/sub.py": ""})
    found = w.run("from p import attribute, sub")
    assert found["attribute"] == 1
    assert found["sub"] is w.modules["p.sub"] is w.modules["p"].sub


@statement(50, "A missing name is ignored by __import__; the statement raises ImportError with name and path.")
def _(w: World) -> None:
    w.write({"p/__init__.py": "", "m.py": ""})
    for name, path in (("p", w.folder / "p" / "__init__.py"), ("m", w.folder / "m.py")):
        assert w.import_(name, None, None, ("absent",)) is w.modules[name]
        with raises(ImportError, f"cannot import name 'absent' from '{name}' ({path})", name=name, path=str(path)):
            w.run(f"from {name} import absent")


@statement(51, "ModuleNotFoundError for another name inside the submodule propagates; so does a None entry for it.")
def _(w: World) -> None:
    w.write({"p/__init__.py": "", "p/sub.py": "import absent\n"})
    with raises(ModuleNotFoundError, "No module named 'absent'", name="absent"):
        w.run("from p import sub")
    w.modules["p.sub"] = None
    with raises(ModuleNotFoundError, "import of p.sub halted", name="p.sub"):
        w.run("from p import sub")


@statement(52, "`*` imports the submodules named in __all__ and hides the rest.")
def _(w: World) -> None:
    w.write({"p/__init__.py": "__all__ = ['sub', 'one']\none = 1\nother = 2\n", "p/sub.py": "", "p/hidden.py": ""})
    found = w.run("from p import *")
    assert found["sub"] is w.modules["p.sub"]
    assert found["one"] == 1
    assert "other" not in found
    assert "p.hidden" not in w.modules


@statement(53, "Items not str raise TypeError (\"``from list''\" or 'pkg.__all__'), only for packages.")
def _(w: World) -> None:
    w.write({"p/__init__.py": "__all__ = [1]\n", "m.py": "__all__ = [1]\n"})
    with raises(TypeError, "Item in ``from list'' must be str, not int"):
        w.import_("p", None, None, (1,))
    with raises(TypeError, "Item in p.__all__ must be str, not int"):
        w.import_("p", None, None, ("*",))
    assert w.import_("m", None, None, (1,)) is w.modules["m"]


@statement(54, "In a cycle `import a.b as c`, `from . import x` find an unbound submodule in the cache.")
def _(w: World) -> None:
    w.write(
        {
            "a/__init__.py": "",
            "a/b.py": "from . import x\n",
            "a/x.py": "import a.b as c\nfrom . import b\nfrom a import b as d\nsame = b is c is d\n",
        }
    )
    assert w.import_module("a.b").x.same
    assert w.modules["a.x"].c is w.modules["a.b"]


@statement(55, "A name not there yet in a cycle: ImportError '... partially initialized module ...'.")
def _(w: World) -> None:
    w.write({"m.py": "from n import X\n", "n.py": "from m import Y\n"})
    text = "cannot import name 'Y' from partially initialized module 'm' (most likely due to a circular import)"
    with raises(ImportError, text, name="m", path=str(w.folder / "m.py")):
        w.import_module("m")
    assert {"m", "n"}.isdisjoint(w.modules)


@statement(56, "Module __getattr__ is consulted.")
def _(w: World) -> None:
    source = """
        asked = []
        def __getattr__(name):
            asked.append(name)
            if name == "made":
                return 1
            raise AttributeError(name)
    """
    w.write({"m.py": source, "p/__init__.py": source})
    for name in ("m", "p"):
        assert w.run(f"from {name} import made")["made"] == 1
        assert "made" in w.modules[name].asked
    assert w.modules["m"].asked.count("made") == 1


@statement(57, "Concurrent imports of one module run it once; the others wait and see it finished.")
def _(w: World) -> None:
    source = """
        import sys
        EARLY = sys.gate.log.append(1)
        sys.gate.entered.set()
        sys.gate.release.wait(30)
        DONE = 1
    """
    w.write({"m.py": source})
    for _ in range(2):  # the second time it is a name that has been imported before
        w.modules.pop("m", None)
        assert import_at_once(w) == ([1], [True] * 4)


def import_at_once(w: World) -> tuple[list[int], list[bool]]:
    """How often a module was executed that four threads import, and whether each found it done."""
    sys.gate = gate = Gate()  # type: ignore[attr-defined]
    seen: list[bool] = []

    def found(module: Any) -> None:
        seen.append(hasattr(module, "DONE"))

    first = start(lambda: found(w.import_module("m")))
    assert gate.entered.wait(PATIENCE)
    others = [
        start(lambda: found(w.import_module("m"))),
        start(lambda: found(w.run("import m")["m"])),
        start(lambda: w.run("from m import EARLY") and found(w.modules["m"])),
    ]
    wait_until_blocked(others)
    gate.release.set()
    finish([first, *others])
    return gate.log, seen


@statement(58, "A cycle between two threads neither hangs nor fails: one gets the partial module.")
def _(w: World) -> None:
    sys.gate = gate = Gate()  # type: ignore[attr-defined]
    body = "import sys\nsys.gate.both.wait(30)\nimport {other}\nDONE = 1\n"
    w.write({"m.py": body.format(other="n"), "n.py": body.format(other="m")})
    done: list[Any] = []
    finish([start(lambda name=name: done.append(w.run(f"import {name}")[name])) for name in ("m", "n")])
    assert sorted(module.__name__ for module in done) == ["m", "n"]
    assert gate.both.n_waiting == 0
    assert w.modules["m"].n is w.modules["n"]
    assert w.modules["n"].m is w.modules["m"]


@statement(59, "Module locks live only while used.")
def _(w: World) -> None:
    sys.probe = lambda: seen.append(w.has_lock("m"))  # type: ignore[attr-defined]
    seen: list[bool] = []
    w.module("import sys\nsys.probe()\n")
    sys.probe()  # type: ignore[attr-defined]
    assert seen == [True, False]


@statement(
    60, "The statement calls __import__ of the frame's __builtins__; without: ImportError '__import__ not found'."
)
def _(w: World) -> None:
    calls: list[tuple[Any, ...]] = []

    def spy(*arguments: Any) -> Any:
        calls.append(arguments)
        return w.import_("os")

    builtins = {**w.builtins, "__import__": spy}
    namespace = w.run("import os\nimport os.path\nfrom os import sep, path\nfrom .x import sep", __builtins__=builtins)
    expected = [("os", None, 0), ("os.path", None, 0), ("os", ("sep", "path"), 0), ("x", ("sep",), 1)]
    assert [(name, fromlist, level) for name, _, _, fromlist, level in calls] == expected
    assert all(call[1] is namespace and call[2] is namespace for call in calls)
    del builtins["__import__"]
    with raises(ImportError, "__import__ not found"):
        w.run("import os", __builtins__=builtins)
    w.builtins["__import__"] = spy
    w.run("import again")
    assert calls[-1][0] == "again"


class Gate:
    """By which the body of a module says that it runs, and waits."""

    def __init__(self) -> None:
        self.log: list[int] = []
        self.entered = threading.Event()
        self.release = threading.Event()
        self.both = threading.Barrier(2)


def start(body: Any) -> threading.Thread:
    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    return thread


def wait_until_blocked(threads: list[threading.Thread]) -> None:
    """Until all of these wait for a module lock, or one is done (which it should not be)."""
    while not all(map(is_blocked, threads)) and all(thread.is_alive() for thread in threads):
        threads[0].join(0.01)


def is_blocked(thread: threading.Thread) -> bool:
    """Whether a thread is in `_ModuleLock.acquire`."""
    frame = sys._current_frames().get(thread.ident or 0)
    return frame is not None and frame.f_code.co_name == "acquire"


def finish(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads), "a thread hangs"
