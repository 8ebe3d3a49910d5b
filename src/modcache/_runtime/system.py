"""The import system as an object: the module cache and what fills it."""

from __future__ import annotations

import builtins
import importlib
import importlib.util
import sys
from collections.abc import MutableMapping, MutableSequence
from types import ModuleType
from typing import Any

__all__ = ["ImportSystem", "interpreter"]


class ImportSystem:
    """The running interpreter's import system: it reads and writes ``sys`` through.

    Everything above this floor reaches the module cache by way of an object of this class, never by ``sys.modules``.
    """

    @property
    def modules(self) -> MutableMapping[str, Any]:
        """The module cache: name -> whatever object stands there."""
        return sys.modules

    @property
    def meta_path(self) -> MutableSequence[Any]:
        """The finders, in the order in which they are asked."""
        return sys.meta_path

    @property
    def builtins(self) -> dict[str, Any]:
        """The namespace in which code of this system finds its built-in names, ``__import__`` among them."""
        return vars(builtins)

    def import_module(self, name: str) -> ModuleType:
        """Import a module by its absolute name; return what the cache then holds. Raises what the import raises."""
        return importlib.import_module(name)

    def find_spec(self, name: str, path: Any = None) -> Any:
        """Ask the finders for the spec of ``name``, its parents not being imported; None if there is none."""
        for finder in list(self.meta_path):
            find = getattr(finder, "find_spec", None)
            if find is not None and (spec := find(name, path, None)) is not None:
                return spec
        return None

    def invalidate_caches(self) -> None:
        """Make the finders look at the folders again (a file has appeared)."""
        importlib.invalidate_caches()

    def __repr__(self) -> str:
        return f"<the interpreter's import system, {len(self.modules)} entries>"


interpreter = ImportSystem()
"""The running interpreter's import system."""
