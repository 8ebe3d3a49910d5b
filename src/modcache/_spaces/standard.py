"""The standard library in a space: shared, but for the few modules that a space must have of its own.

Most of it is shared: the classes of `enum`, `collections` or `typing` must be the same ones on both sides, or objects
could not cross; what looks modules up by name is answered by the dispatcher. Copies of their own are had of those that
keep the state of one import system in their hands, or import by `__import__`.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Callable
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import ModuleType
from typing import TYPE_CHECKING, Any

from modcache._runtime.system import is_standard

if TYPE_CHECKING:
    from modcache._runtime.system import ImportSystem

__all__ = ["Farewells", "StandardCopies", "is_shared_standard"]

_COPIED = frozenset("atexit builtins importlib importlib.metadata importlib.util pkgutil runpy sys".split())


def is_shared_standard(name: str) -> bool:
    """Whether a module is of the standard library, and the one of the interpreter."""
    return is_standard(name) and name not in _COPIED and not name.startswith("importlib.metadata.")


class StandardCopies:
    """A finder of the standard library's modules that a space has of its own."""

    def __init__(self, system: ImportSystem, farewells: Farewells) -> None:
        self._made: dict[str, Callable[[ModuleType], None]] = {
            "atexit": farewells.fill,
            "importlib": lambda module: _importlib(module, system),
            "importlib.util": lambda module: _importlib_util(module, system),
        }

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """The spec of a copy; None for what is shared or not of the standard library."""
        if not is_standard(name) or is_shared_standard(name):
            return None
        if name == "atexit":
            return ModuleSpec(name, _Made(self._made[name]), origin="built-in")
        found = importlib.util.find_spec(name)
        origin = getattr(found, "origin", None)
        if found is not None and origin == "frozen":
            origin = found.loader_state.filename
        if found is None or origin is None:
            return None
        loader = _Copy(name, origin, self._made.get(name))
        return importlib.util.spec_from_file_location(
            name, origin, loader=loader, submodule_search_locations=found.submodule_search_locations
        )


class _Copy(SourceFileLoader):
    """Executes a module of the standard library once more, and changes in it what must be of the space."""

    def __init__(self, name: str, path: str, change: Callable[[ModuleType], None] | None) -> None:
        super().__init__(name, path)
        self._change = change

    def exec_module(self, module: ModuleType) -> None:
        """Execute and change."""
        super().exec_module(module)
        if self._change is not None:
            self._change(module)


class _Made(Loader):
    """Fills a module that has no source."""

    def __init__(self, fill: Callable[[ModuleType], None]) -> None:
        self._fill = fill

    def exec_module(self, module: ModuleType) -> None:
        """Fill it."""
        self._fill(module)

    def create_module(self, spec: ModuleSpec) -> None:
        """A plain module will do."""


def _importlib(module: ModuleType, system: ImportSystem) -> None:
    vars(module).update(
        __import__=system.builtins["__import__"],
        import_module=system.import_module,
        reload=system.reload,
        invalidate_caches=system.invalidate_caches,
    )


def _importlib_util(module: ModuleType, system: ImportSystem) -> None:
    vars(module).update(find_spec=system.find_spec, module_from_spec=system.create)


class Farewells:
    """A space's own `atexit`: what was registered there runs when the space closes, at the latest with the process."""

    def __init__(self) -> None:
        self._calls: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = []

    def fill(self, module: ModuleType) -> None:
        """Give a module the functions of `atexit`."""
        vars(module).update(
            __doc__=sys.modules["atexit"].__doc__ if "atexit" in sys.modules else None,
            register=self.register,
            unregister=self.unregister,
            _run_exitfuncs=self.run,
            _clear=self._calls.clear,
            _ncallbacks=self._calls.__len__,
        )

    def register(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Callable[..., Any]:
        """See :func:`atexit.register`."""
        if not callable(function):
            raise TypeError("the first argument must be callable")
        self._calls.append((function, arguments, named))
        return function

    def unregister(self, function: Callable[..., Any]) -> None:
        """See :func:`atexit.unregister`."""
        self._calls[:] = [call for call in self._calls if call[0] != function]

    def run(self) -> list[str]:
        """Call them, the last first; return the tracebacks of those that failed (an error would keep frames alive)."""
        raised: list[str] = []
        while self._calls:
            function, arguments, named = self._calls.pop()
            try:
                function(*arguments, **named)
            except Exception:
                raised.append(traceback.format_exc())
        return raised
