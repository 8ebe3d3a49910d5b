"""Modules that a space is given: as an object, as source, or as a factory."""

from __future__ import annotations

import linecache
from collections.abc import Callable, Mapping
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modcache._runtime.system import ImportSystem

__all__ = ["Provided"]


class Provided:
    """The finder of what a space is given.

    A string is source, executed in the space. A callable that is no module is a factory: it is called once, with the
    name, when the module is first imported, and returns the object. Anything else is the object.
    """

    def __init__(self, system: ImportSystem, given: Mapping[str, object]) -> None:
        self._system = system
        self._given = given

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """The spec of what is given under that name; None if nothing is."""
        if name not in self._given:
            return self._package(name)
        value = self._given[name]
        below = any(other.startswith(f"{name}.") for other in self._given)
        origin = f"provided to {self._system.name!r}"
        if isinstance(value, str):
            return ModuleSpec(name, _Source(self._system.name, value), origin=origin, is_package=below)
        factory = value if callable(value) and not isinstance(value, ModuleType) else None
        make: Callable[[str], object] = factory or (lambda _: value)
        return ModuleSpec(name, _Handed(self._system, make), origin=origin, is_package=below)

    def _package(self, name: str) -> ModuleSpec | None:
        """A package that nobody gave, above something that somebody did: an empty one, unless it is on the path."""
        if not any(other.startswith(f"{name}.") for other in self._given):
            return None
        for finder in self._system.meta_path:
            if finder is not self and (found := finder.find_spec(name, None, None)) is not None:
                spec: ModuleSpec = found
                return spec
        return ModuleSpec(name, _Source(self._system.name, ""), origin="provided", is_package=True)


class _Source(Loader):
    """Executes a text, with its lines in tracebacks."""

    def __init__(self, space: str, text: str) -> None:
        self._space = space
        self._text = text

    def create_module(self, spec: ModuleSpec) -> None:
        """A plain module will do."""

    def get_source(self, name: str) -> str:
        """The text."""
        return self._text

    def exec_module(self, module: ModuleType) -> None:
        """Compile and execute."""
        file = f"<{module.__name__} of {self._space}>"
        linecache.cache[file] = len(self._text), None, self._text.splitlines(keepends=True), file
        exec(compile(self._text, file, "exec", dont_inherit=True), vars(module))


class _Handed(Loader):
    """Puts an object, whatever it is, in the place of the module that is being made."""

    def __init__(self, system: ImportSystem, make: Callable[[str], Any]) -> None:
        self._system = system
        self._make = make

    def create_module(self, spec: ModuleSpec) -> None:
        """A module for the time of the import only: nothing of the object is changed."""

    def exec_module(self, module: ModuleType) -> None:
        """Let the object stand where the module stood, as a module may do that executes."""
        self._system.modules[module.__name__] = self._make(module.__name__)
