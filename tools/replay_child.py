"""The live process of a replay: imports a package, follows its releases with one tool, and says what became of it.

Reads commands, one JSON list a line, from standard input, and answers each with one line.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback
import types
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from replay_engines import make

from modcache._verify.child import import_all, owned
from modcache._verify.code import CodeDigests
from modcache._verify.describe import describe
from modcache._verify.raw import bases_of, is_class, module_of, mro_of, names_of, qualname_of, resolve

_MOST = 4000
_ATOMS = (str, bytes, int, float, complex, bool, type(None), tuple, frozenset, types.ModuleType)


class Held(NamedTuple):
    """Something held from outside of the modules: where it stood, what it is."""

    kind: str
    module: str
    qualname: str
    thing: Any


class Live:
    """The commands."""

    def __init__(self, engine: str, site: str) -> None:
        self._site = site
        self._engine = make(engine)
        self._held: list[Held] = []
        self._named: dict[tuple[str, str], Any] = {}

    def begin(self) -> None:
        """Start the tool."""
        self._engine.begin(self._site)

    def load(self, names: Iterable[str]) -> dict[str, str]:
        """Import modules; returns what failed."""
        importlib.invalidate_caches()
        failed = import_all(names)
        self._engine.imported()
        return failed

    def hold(self) -> int:
        """Hold functions, classes, bound methods and instances, and what the names of all modules refer to."""
        modules = owned((), [self._site])
        self._named = {
            (name, key): value
            for name, module in modules.items()
            for key, value in vars(module).items()
            if not key.startswith("__") and not issubclass(type(value), _ATOMS)
        }
        found = [held for name, module in modules.items() for held in _homed(name, module)]
        known = {id(held.thing) for held in self._held}
        self._held += [held for held in found[:: len(found) // _MOST + 1] if id(held.thing) not in known]
        return len(self._held)

    def refresh(self, written: Sequence[str], deleted: Sequence[str]) -> dict[str, Any]:
        """Have the tool follow; how long that took, what it said, what it raised."""
        began = time.perf_counter()
        report, crash = {}, None
        try:
            report = self._engine.refresh(written, deleted)
        except BaseException:
            crash = traceback.format_exc()
        return {"seconds": time.perf_counter() - began, "report": report, "crash": crash}

    def check(self) -> dict[str, Any]:
        """What of the held is not current, which names have another object now, which modules are loaded."""
        modules = owned((), [self._site])
        self._held = [held for held in self._held if _now(held, modules) is not None]
        stale = [f"{held.kind} {held.module}:{held.qualname}" for held in self._held if _is_stale(held, modules)]
        changed = []
        for (module, name), thing in self._named.items():
            now = vars(modules[module]).get(name, thing) if module in modules else thing
            if now is not thing:
                changed.append([module, name])
        return {"stale": stale, "rebound": changed, "loaded": list(modules)}

    def describe(self, path: str) -> None:
        """Write the description of all modules into a file."""
        # Classes that only this tool holds would be seen as subclasses; functions are held from here to the end.
        self._held = [held for held in self._held if held.kind in ("function", "method")]
        self._named = {}
        Path(path).write_text(json.dumps(describe(owned((), [self._site]))), encoding="utf-8")


def _homed(name: str, module: Any) -> Iterable[Held]:
    """What stands in a module under its own qualified name."""
    for value in list(vars(module).values()):
        if type(value) is types.FunctionType:
            if _stands(name, module, value, value.__qualname__):
                yield Held("function", name, value.__qualname__, value)
        elif is_class(value):
            if _stands(name, module, value, qualname_of(value)):
                yield from _of_class(name, value)
        elif module_of(type(value)).partition(".")[0] == name.partition(".")[0]:
            yield from _methods(value)


def _stands(name: str, module: Any, thing: Any, qualname: str) -> bool:
    return module_of(thing) == name and any(found is thing for found in resolve(vars(module), qualname))


def _of_class(name: str, cls: type) -> Iterable[Held]:
    yield Held("class", name, qualname_of(cls), cls)
    for key, member in list(names_of(cls).items()):
        if type(member) is types.FunctionType and member.__qualname__ == f"{qualname_of(cls)}.{key}":
            yield Held("method", name, member.__qualname__, member)
    if type(cls) is type and bases_of(cls) == (object,):
        yield Held("instance", name, qualname_of(cls), object.__new__(cls))


def _methods(thing: Any) -> Iterable[Held]:
    cls = type(thing)
    for name, member in list(names_of(cls).items()):
        if type(member) is types.FunctionType:
            bound = types.MethodType(member, thing)
            yield Held("bound method", module_of(cls), f"{qualname_of(cls)}.{name}", bound)


def _now(held: Held, modules: dict[str, Any]) -> Any:
    """What stands now where a held object stood; None if nothing does."""
    names = vars(modules[held.module]) if held.module in modules else {}
    return next(iter(resolve(names, held.qualname)), None)


def _is_stale(held: Held, modules: dict[str, Any]) -> bool:
    """Whether looking the name up again gives something that the held one is not."""
    now = _now(held, modules)
    if held.kind == "class":
        return is_class(now) and now is not held.thing
    if held.kind == "instance":
        return is_class(now) and not any(base is now for base in mro_of(type(held.thing)))
    function = held.thing.__func__ if held.kind == "bound method" else held.thing
    if (function.__kwdefaults__ or {}).get("__modcache_target__") is now:
        return False  # what it captures came or went: it forwards
    if type(now) is not types.FunctionType or now is function:
        return False
    codes = CodeDigests()
    return codes.of(now.__code__) != codes.of(function.__code__) or now.__globals__ is not function.__globals__


def main(engine: str, site: str, path: Sequence[str]) -> None:
    """Serve until the input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    commands = os.fdopen(os.dup(0), encoding="utf-8")
    quiet = os.open(os.devnull, os.O_RDWR)
    os.dup2(quiet, 0)
    os.dup2(quiet, 1)  # what the package prints must not come between the answers
    sys.path[:] = path
    sys.argv[:] = [""]
    live = Live(engine, site)
    for line in commands:
        name, *arguments = json.loads(line)
        command: Callable[..., Any] = getattr(live, name)
        answers.write(json.dumps(command(*arguments)) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))
