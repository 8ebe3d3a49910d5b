"""Programs in a space: a script, a folder, an archive or a module, executed as its ``__main__``."""

from __future__ import annotations

import os
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import ModuleType
from typing import TYPE_CHECKING, Any

from modcache import errors

if TYPE_CHECKING:
    from modcache._runtime.system import ImportSystem

__all__ = ["run"]


def run(system: ImportSystem, target: str | os.PathLike[str]) -> ModuleType:
    """See :meth:`modcache.Space.run`."""
    path = os.fspath(target)
    is_path = not isinstance(target, str) or path.endswith(".py") or os.sep in path or "/" in path
    spec, folder = _of_path(os.path.abspath(path), system) if is_path else (_of_module(path, system), None)
    if folder is not None and folder not in system.path:
        system.path.insert(0, folder)
    module = system.create(spec)
    system.modules["__main__"] = module
    system.execute(spec, module)
    return module  # type: ignore[no-any-return]


def _of_path(path: str, system: ImportSystem) -> tuple[ModuleSpec, str]:
    if os.path.isdir(path) or (os.path.isfile(path) and not path.endswith((".py", ".pyc"))):
        if path not in system.path:
            system.path.insert(0, path)
        return _as_main(_found(system, "__main__", [path], path)), path
    if not os.path.isfile(path):
        raise errors.ProgramNotFound(f"there is no program {path}")
    spec = ModuleSpec("__main__", SourceFileLoader("__main__", path), origin=path)
    spec.has_location = True
    return spec, os.path.dirname(path)


def _of_module(name: str, system: ImportSystem) -> ModuleSpec:
    try:
        spec = system.find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = system.find_spec(f"{name}.__main__")
    except ImportError as error:
        raise errors.ProgramNotFound(f"{system!r} has no module {name!r} to run: {error}") from error
    if spec is None:
        raise errors.ProgramNotFound(f"{system!r} has no module {name!r} to run")
    return _as_main(spec)


def _found(system: ImportSystem, name: str, path: list[str], place: str) -> ModuleSpec:
    spec: Any = None
    for finder in system.meta_path:
        spec = spec or finder.find_spec(name, path, None)
    if spec is None:
        raise errors.ProgramNotFound(f"there is no {name}.py in {place}")
    found: ModuleSpec = spec
    return found


def _as_main(spec: ModuleSpec) -> ModuleSpec:
    """The same code under the name of the main module, with the package that it was found in."""
    if not hasattr(spec.loader, "get_code"):
        raise errors.ProgramNotFound(f"{spec.name!r} has no code that could be run as a program")
    main = ModuleSpec(spec.name, _Main(spec), origin=spec.origin)
    main.has_location = spec.has_location
    return main


class _Main(Loader):
    """Executes a module's code in one that is called ``__main__``."""

    def __init__(self, spec: ModuleSpec) -> None:
        self._spec = spec

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """A module of the right name: relative imports go by its package."""
        module = ModuleType("__main__")
        module.__package__ = self._spec.parent
        return module

    def get_code(self, name: str) -> Any:
        """The code, as the one who found it has it."""
        loader: Any = self._spec.loader
        return loader.get_code(self._spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Execute it."""
        exec(self.get_code("__main__"), vars(module))
