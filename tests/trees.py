"""A tree of files, a script over it, and the trace that the script says: how most tests of a refresh are written.

`run` lays the files, runs the script in a process of its own and returns what it said, as one line. The script has:

- ``write(name, text)``, writes a file (None deletes it); ``edit(name, old, new)``, replaces what stands there once;
- ``session``, a session on the tree, made before anything of it was imported; ``refresh()`` is ``session.refresh()``;
- ``say(*values)`` adds to the trace;
- ``state()``, the identity of everything of the tree that can be reached by name, to compare with a later one;
- ``ran(report)``, what was executed, as ``"lib:1 app:3"``;
- ``gate``, a module outside of the tree with a list ``log`` and two events, ``entered`` and ``release``, by which a
  body can say that it runs, and wait.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import subprocess
import sys
import textwrap
import threading
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests import stress_modes

__all__ = ["environment", "lay", "play", "run"]

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 600
"""Seconds after which a script is taken to hang: a guard, not a measure. Half a minute of work on a machine to itself
takes minutes on one that does ten other things."""


def lay(folder: Path, tree: Mapping[str, str | None]) -> None:
    """Write the files of a tree into a folder; None deletes one. The texts are dedented."""
    for name, text in tree.items():
        path = folder / name
        if text is None:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_dedented(text).encode())


def environment(**more: str) -> dict[str, str]:
    """The environment of a process that can import modcache and the tests, and repeats itself."""
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    return {
        **os.environ,
        "PYTHONPATH": path,
        "PYTHONHASHSEED": "0",
        "NO_COLOR": "1",
        "PYTHONIOENCODING": "utf-8",
        **more,
    }


def run(folder: Path, tree: Mapping[str, str | None], script: str, session: bool = True, alone: bool = False) -> str:
    """Lay the tree, run the script over it, return its trace. What the script raises fails the test.

    ``session=False``: the script makes its own. ``alone``: in a process that has loaded nothing before (otherwise in
    a fork of one that has loaded modcache, which is much faster).
    """
    lay(folder, tree)
    script = textwrap.dedent(script)
    if alone or not hasattr(os, "fork"):
        status, out, errors = _alone(folder, session, script)
    else:
        status, out, errors = _forked(folder, session, script)
    if status != 0:
        raise AssertionError(f"the script failed ({status})\n{out}{errors}")
    return " | ".join(out.splitlines())


def _alone(folder: Path, session: bool, script: str) -> tuple[int, str, str]:
    start = f"import sys; from tests.trees import play; play({str(folder)!r}, {session!r}, sys.stdin.read())"
    done = subprocess.run(
        [sys.executable, "-c", start],
        input=script,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment(),
        timeout=LIMIT,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def _forked(folder: Path, session: bool, script: str) -> tuple[int, str, str]:
    worker = _worker()
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(json.dumps({"folder": str(folder), "session": session, "script": script}) + "\n")
    worker.stdin.flush()
    line = worker.stdout.readline()
    if not line:
        raise AssertionError(f"the worker ended ({worker.wait()})")
    answer = json.loads(line)
    return answer["status"], answer["out"], answer["errors"]


@functools.cache
def _worker() -> subprocess.Popen[str]:
    worker = subprocess.Popen(
        [sys.executable, "-m", "tests.trees_worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=environment(),
    )
    atexit.register(worker.communicate)
    return worker


def play(folder: str, with_session: bool, script: str) -> None:
    """The other side of `run`: execute the script as ``__main__``, with its helpers."""
    os.chdir(folder)
    sys.path.insert(0, folder)
    namespace = sys.modules["__main__"].__dict__
    tools = _Tools(Path(folder))
    names = ("write", "edit", "say", "state", "ran", "refresh")
    namespace.update({name: getattr(tools, name) for name in names})
    namespace["gate"] = _gate()
    if with_session:
        import modcache

        namespace["session"] = tools.session = modcache.Session([folder])
    with stress_modes.watching(os.environ.get("MODCACHE_STRESS", ""), tools.owned):
        exec(compile(script, "<script>", "exec"), namespace)


class _Tools:
    """What a script is given."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.session: Any = None
        self._alive: list[object] = []

    def write(self, name: str, text: str | bytes | None) -> None:
        path = self.folder / name
        if isinstance(text, bytes):
            path.write_bytes(text)
        else:
            lay(self.folder, {name: text})

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        text = path.read_bytes().decode()
        if text.count(old) != 1:
            raise ValueError(f"{old!r} does not stand exactly once in {name}")
        path.write_bytes(text.replace(old, new).encode())

    def say(self, *values: object) -> None:
        sys.stdout.write(" ".join(str(value) for value in values) + "\n")
        sys.stdout.flush()

    def refresh(self, **options: Any) -> Any:
        return self.session.refresh(**options)

    def ran(self, report: Any) -> str:
        rows = [(name, row.lineno) for name, rows in report.executed.items() for row in rows]
        return " ".join(f"{name}:{line}" for name, line in rows)

    def state(self) -> list[tuple[str, object]]:
        """Every path with the identity of what stands there; what is listed is kept alive: no id comes twice."""
        rows: list[tuple[str, object]] = [("sys.modules", tuple(filter(_is_foreign, sys.modules)))]
        for name in self.owned():
            rows.append((name, id(sys.modules[name])))
            for key, value in vars(sys.modules[name]).items():
                self._note(rows, f"{name}.{key}", value, set())
        return rows

    def owned(self) -> list[str]:
        """The names of the tree's modules, in the order of the cache."""
        origins = {name: str(getattr(module, "__file__", "")) for name, module in list(sys.modules.items())}
        return [name for name, origin in origins.items() if origin.startswith(str(self.folder))]

    def _note(self, rows: list[tuple[str, object]], path: str, value: object, seen: set[int]) -> None:
        self._alive.append(value)
        rows.append((path, id(value)))
        if id(value) in seen or path.count(".") > 6:
            return
        seen.add(id(value))
        for name, part in _parts(value, self.owned()):
            self._note(rows, f"{path}.{name}", part, seen)


def _is_foreign(name: str) -> bool:
    """Whether a module is not the standard library's nor ours: what we load when it is first needed is no trace."""
    return name.partition(".")[0] not in sys.stdlib_module_names | {"modcache"}


def _parts(value: object, owned: list[str]) -> list[tuple[str, object]]:
    """What makes up a container, a function or a class of the tree, or an instance of one: in order."""
    if isinstance(value, dict):
        return [(f"[{key!r}]", part) for key, part in list(value.items())[:50] if isinstance(key, (str, int))]
    if isinstance(value, (list, tuple)):
        return [(f"[{n}]", part) for n, part in enumerate(value[:50])]
    if isinstance(value, (staticmethod, classmethod)):
        return [("__func__", value.__func__)]
    if isinstance(value, property):
        return [(name, getattr(value, name)) for name in ("fget", "fset", "fdel") if getattr(value, name)]
    if isinstance(value, types.FunctionType) and value.__module__ in owned:
        names = ("__code__", "__defaults__", "__kwdefaults__", "__doc__", "__name__", "__qualname__")
        cells = [(f"cell{n}", cell.cell_contents) for n, cell in enumerate(value.__closure__ or ())]
        return [(name, getattr(value, name)) for name in names if getattr(value, name) is not None] + cells
    if isinstance(value, type) and value.__module__ in owned:
        bases = [(f"base{n}", base) for n, base in enumerate(value.__bases__)]
        return [*((name, part) for name, part in vars(value).items() if not name.startswith("__")), *bases]
    if type(value).__module__ in owned:
        return [("__class__", type(value)), *getattr(value, "__dict__", {}).items()]
    return []


def _gate() -> types.ModuleType:
    gate = types.ModuleType("gate")
    gate.log = []  # type: ignore[attr-defined]
    gate.entered = threading.Event()  # type: ignore[attr-defined]
    gate.release = threading.Event()  # type: ignore[attr-defined]
    sys.modules["gate"] = gate
    return gate


def _dedented(text: str) -> str:
    return textwrap.dedent(text).lstrip("\n") if text.startswith("\n") else textwrap.dedent(text)
