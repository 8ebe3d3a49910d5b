"""Loaders of modules that are given as source, as a mapping, or as a function that makes them."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Mapping
from importlib.abc import InspectLoader
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType
from typing import Any

from modcache import errors
from modcache._alter.resources import Folder, Reader, tree_of
from modcache._runtime.provider import Provided, stand
from modcache._runtime.system import ImportSystem

__all__ = ["VirtualLoader"]

_numbers = itertools.count(1)
Maker = Callable[[], object]


class VirtualLoader(Provided, InspectLoader):
    """Loads one module from what it was given: source (str or bytes), a mapping of names to values, or its maker."""

    def __init__(
        self, system: ImportSystem, name: str, content: object, *, package: bool, files: Mapping[str, bytes]
    ) -> None:
        self._system = system
        self._name = name
        self._content = content
        self._package = package
        self._files = files
        # a name of its own for each: linecache keeps what it once read for a name
        place = [os.sep, "modcache.virtual", str(next(_numbers)), *name.split(".")]
        self._path = os.path.join(*place, "__init__.py") if package else os.path.join(*place) + ".py"

    def spec(self) -> ModuleSpec:
        """A new spec for the module."""
        spec = ModuleSpec(self._name, self, origin=self._path, is_package=self._package)
        spec.has_location = isinstance(self._content, str | bytes)
        return spec

    # -- what is asked of a loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """A module that was given, and that no import has made, is the one; otherwise a plain one is made."""
        given = self._content
        return given if isinstance(given, ModuleType) and given.__spec__ is None else None

    def exec_module(self, module: ModuleType) -> None:
        """Fill the module, or let what was given or made take its place."""
        content = self._content
        if isinstance(content, ModuleType):
            if module is not content:
                stand(self._system, module, content)
            return
        if callable(content):
            content = self._make(content)
        if isinstance(content, str | bytes):
            exec(self.source_to_code(content, self._path), module.__dict__)
        elif isinstance(content, Mapping):
            module.__dict__.update(content)
        else:
            stand(self._system, module, content)

    def _make(self, maker: Callable[..., object]) -> object:
        is_module = isinstance(maker, type) and issubclass(maker, ModuleType)
        made = maker(self._name) if is_module else maker()
        if made is None:
            raise errors.AlterationRefused(
                f"the maker of the virtual module {self._name!r} returned None: let it return the module, a mapping of "
                "names to values, or source"
            )
        return made

    def is_package(self, fullname: str) -> bool:
        """Has it submodules or files?"""
        return self._package

    def get_source(self, fullname: str) -> str | None:
        """Its source; None if it was not given as such."""
        if isinstance(self._content, bytes):
            from importlib.util import decode_source

            return decode_source(self._content)
        return self._content if isinstance(self._content, str) else None

    def get_code(self, fullname: str) -> CodeType | None:
        """Its code; None if it was not given as source. Raises ``SyntaxError``."""
        if not isinstance(self._content, str | bytes):
            return None
        code: CodeType = self.source_to_code(self._content, self._path)
        return code

    def get_filename(self, fullname: str) -> str:
        """The name under which tracebacks tell its lines; there is no such file."""
        return self._path

    def get_data(self, path: str) -> bytes:
        """What a file of the package holds, for ``pkgutil.get_data``. Raises ``FileNotFoundError``."""
        below = os.path.relpath(path, os.path.dirname(self._path)).replace(os.sep, "/")
        if below not in self._files:
            raise FileNotFoundError(f"the virtual package {self._name!r} has no file {below!r}")
        return self._files[below]

    def get_resource_reader(self, fullname: str) -> Any:
        """For ``importlib.resources``; None if it is no package."""
        return Reader(self._folder()) if self._package else None

    def _folder(self) -> Folder:
        return tree_of(self._name, self._files)

    def __repr__(self) -> str:
        return f"<loader of the virtual module {self._name!r}>"
