"""The import system of a space: what it shares with the interpreter, what it is given, how it loads native modules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib.machinery import ModuleSpec
from typing import Any

from modcache._runtime.attributes import initialise
from modcache._runtime.dispatch import inside
from modcache._runtime.system import ImportSystem, is_standard
from modcache._spaces.native import Natives, is_native
from modcache._spaces.provided import Provided
from modcache._spaces.standard import Farewells, StandardCopies, is_shared_standard

__all__ = ["SpaceSystem"]


class SpaceSystem(ImportSystem):
    """A private import system that looks nowhere but where it is told.

    ``path``: folders and archives; ``share``: names that are the interpreter's, each with all that is below it;
    ``provide``: name -> module, source or factory; ``deep``: whether C code is dispatched.
    """

    def __init__(
        self, name: str, path: Iterable[str], share: Iterable[str], provide: Mapping[str, object], *, deep: bool
    ) -> None:
        self._shared = tuple(dict.fromkeys((*share, "modcache")))
        super().__init__(name, path, share=self._takes)
        self.farewells = Farewells()
        self.inside: Callable[..., Any] = inside(self.builtins)
        self._natives = Natives(self, deep=deep)
        self.meta_path[:0] = [Provided(self, provide), StandardCopies(self, self.farewells)]

    def _takes(self, name: str) -> bool:
        if name == "__main__":
            return name not in self.modules  # until the space runs a program of its own
        if is_shared_standard(name):
            return True
        return any(name == shared or name.startswith(f"{shared}.") for shared in self._shared)

    def has_of_its_own(self, name: str) -> bool:
        """Whether a name, imported here, is not the interpreter's module of that name."""
        if is_standard(name) or self.shares(name):
            return False
        return name in self.modules or self.find(name, None) is not None

    def adopt(self, name: str) -> Any:
        """Take a module from the interpreter, also below a package that the space has a copy of (`importlib.abc`)."""
        module = super().adopt(name)
        parent, _, child = name.rpartition(".")
        if parent and not self.shares(parent):
            self.bind(self.modules[parent], child, module)
        return module

    def create(self, spec: ModuleSpec) -> Any:
        """Make a module; a native one of its own image of the file."""
        if not is_native(spec):
            return super().create(spec)
        module = self._natives.create(spec)
        self.own(spec.name, module)
        initialise(spec, module)
        return module

    def execute(self, spec: ModuleSpec, module: Any) -> None:
        """Execute a module; a native one so that its C code imports from here."""
        if is_native(spec):
            self._natives.execute(spec, module)
        else:
            super().execute(spec, module)
