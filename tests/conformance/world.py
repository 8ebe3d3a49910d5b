"""What a statement is held against: the plain interpreter, `modcache.interpreter`, or a private system.

A `World` has the verbs and the state under one set of names, so that a statement is written once. It lives in a
process of its own.
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import importlib.util
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import modcache
from tests.trees import lay

__all__ = ["KINDS", "STATEMENTS", "Finder", "Loader", "Statement", "World", "raises", "statement", "warns", "world"]

KINDS = ("plain", "interpreter", "private")
MISSING = object()


class Statement:
    """One of the sixty: its number, its line, and the function that holds it against a world."""

    def __init__(self, number: int, line: str, check: Callable[[World], None]) -> None:
        self.number = number
        self.line = line
        self.check = check


STATEMENTS: dict[int, Statement] = {}


def statement(number: int, line: str) -> Callable[[Callable[[World], None]], Callable[[World], None]]:
    """Enter a function as one of the sixty."""

    def enter(check: Callable[[World], None]) -> Callable[[World], None]:
        assert number not in STATEMENTS
        STATEMENTS[number] = Statement(number, line, check)
        return check

    return enter


class World:
    """An import system as the statements see it, with a folder on its path."""

    def __init__(self, system: Any, folder: Path, names: Mapping[str, Any]) -> None:
        self.import_module = system.import_module
        self.reload = system.reload
        self.invalidate_caches = system.invalidate_caches
        self.sys: Any = names["sys"]
        self.find_spec = names["find_spec"]
        self.import_ = names["import_"]
        self.builtins = names["builtins"]
        self.has_lock = names["has_lock"]
        self.folder = folder

    @property
    def modules(self) -> dict[str, Any]:
        return self.sys.modules  # type: ignore[no-any-return]

    def write(self, tree: Mapping[str, str]) -> None:
        lay(self.folder, tree)
        self.invalidate_caches()

    def run(self, source: str, **names: Any) -> dict[str, Any]:
        """Execute code of the system; its namespace."""
        namespace = {"__builtins__": self.builtins, "__name__": "code", **names}
        exec(source, namespace)
        return namespace

    def module(self, source: str, name: str = "m") -> Any:
        """Write a module and import it."""
        self.write({f"{name}.py": source})
        return self.import_module(name)

    def find_with(self, **sources: Any) -> Finder:
        """Put a finder before all others."""
        finder = Finder(sources)
        self.sys.meta_path.insert(0, finder)
        return finder


def world(kind: str, folder: Path) -> World:
    """A world in this process, which is its alone."""
    if kind == "private":
        system = modcache.ImportSystem("private", [folder])
        return World(system, folder, _names(system, system.sys, system.builtins, system._locks.__contains__))
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    locks: Any = sys.modules["_frozen_importlib"]
    if kind == "interpreter":
        system = modcache.interpreter
        builtins.__import__ = system.import_  # so that the statements of all modules come to ours
        return World(system, folder, _names(system, sys, vars(builtins), system._locks.__contains__))
    names = {
        "sys": sys,
        "builtins": vars(builtins),
        "import_": builtins.__import__,
        "find_spec": importlib.util.find_spec,
        "has_lock": lambda name: name in locks._module_locks,
    }
    return World(importlib, folder, names)


def _names(system: Any, its_sys: Any, its_builtins: Any, has_lock: Any) -> dict[str, Any]:
    return {
        "sys": its_sys,
        "builtins": its_builtins,
        "import_": system.import_,
        "find_spec": system.find_spec,
        "has_lock": has_lock,
    }


class Finder:
    """A finder that knows its calls. ``sources``: name (`__` for a dot) -> source, loader, spec, or an exception."""

    def __init__(self, sources: Mapping[str, Any]) -> None:
        self.sources = {name.replace("__", "."): source for name, source in sources.items()}
        self.calls: list[tuple[str, Any, Any]] = []
        self.invalidated = 0

    @property
    def names(self) -> list[str]:
        return [name for name, _, _ in self.calls]

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        self.calls.append((name, path, target))
        found = self.sources.get(name)
        if isinstance(found, BaseException):
            raise found
        if callable(found):
            found = found(name, path, target)
        if found is None or isinstance(found, ModuleSpec):
            return found
        loader = Loader(found) if isinstance(found, str) else found
        return ModuleSpec(name, loader, is_package=getattr(loader, "package", False))

    def invalidate_caches(self) -> None:
        self.invalidated += 1


class Loader:
    """A loader that executes a source, or calls a function with the module."""

    def __init__(self, body: str | Callable[[Any], None] = "", package: bool = False) -> None:
        self.body = body
        self.package = package
        self.executed: list[Any] = []

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: Any) -> None:
        self.executed.append(module)
        if callable(self.body):
            self.body(module)
        else:
            exec(self.body, module.__dict__)


@contextlib.contextmanager
def raises(kind: type[BaseException], text: str = "", **attributes: Any) -> Iterator[None]:
    """Exactly that error, with that text in its message, and these attributes."""
    raised: BaseException | None = None
    try:
        yield
    except BaseException as error:
        raised = error
    assert type(raised) is kind, repr(raised)
    assert text in str(raised), str(raised)
    found = {name: getattr(raised, name) for name in attributes}
    assert found == attributes


@contextlib.contextmanager
def warns(kind: type[Warning], text: str = "") -> Iterator[None]:
    """A warning of that kind with that text."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        yield
    found = [(row.category, str(row.message)) for row in seen]
    assert any(category is kind and text in message for category, message in found), found
