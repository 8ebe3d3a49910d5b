"""An import system behind the names of ``importlib._bootstrap``, so that CPython's tests of importlib can be run on it.

What is a step of ours goes to the import system; what is not (specs, loaders, the lock class) is the interpreter's own.
"""

from __future__ import annotations

import sys
from importlib.machinery import FileFinder, ModuleSpec
from types import ModuleType
from typing import Any

from modcache._runtime.finder import SystemPathFinder
from modcache._runtime.statement import absolute_name, handle_fromlist, relative_name
from modcache._runtime.system import ImportSystem

__all__ = ["NAMES", "bootstrap", "bootstrap_external", "path_finder", "verbs"]

NAMES = ("_frozen_importlib", "_frozen_importlib_external")
"""Under these names ``importlib`` looks in the module cache for what it is a front of."""


def bootstrap(system: ImportSystem) -> ModuleType:
    """A module that offers what ``importlib._bootstrap`` does, over an import system."""
    module = _copy(NAMES[0])

    def __import__(name: str, *arguments: Any, **named: Any) -> Any:  # noqa: A001, N807 - the stock name
        return system.import_(name, *arguments, **named)

    def _gcd_import(name: str, package: str | None = None, level: int = 0) -> Any:
        return system.import_module("." * level + name, package)

    def _find_spec(name: str, path: Any, target: Any = None) -> Any:
        return system.find(name, path, target)

    def _load(spec: Any) -> Any:
        with module._ModuleLockManager(spec.name):
            return system.load(spec)

    def _handle_fromlist(found: Any, fromlist: Any, import_: Any) -> Any:
        handle_fromlist(system, found, fromlist)
        return found

    def _exec(spec: Any, found: Any) -> Any:
        system.execute_again(spec, found)
        return system.modules[spec.name]

    ours = (__import__, _gcd_import, _find_spec, _load, _exec, _handle_fromlist)
    vars(module).update({function.__name__: function for function in ours})
    vars(module).update(
        module_from_spec=system.create,
        _load_unlocked=system.load,
        _find_and_load=lambda name, import_: system.find_and_load(name),
        _resolve_name=relative_name,
        _calc___package__=lambda namespace: absolute_name("", namespace, 1),
    )
    if system.sys is not sys:
        _add_locks(module, system)
    return module


def _add_locks(module: Any, system: ImportSystem) -> None:
    """A private system has a table of its own for the locks of its modules; the graph of who waits is the process's."""

    class Manager:
        def __init__(self, name: str) -> None:
            self._lock = system._locks.of(name)

        def __enter__(self) -> None:
            self._lock.acquire()

        def __exit__(self, *_: object) -> None:
            self._lock.release()

    module._ModuleLockManager = Manager
    module._get_module_lock = system._locks.of
    module._module_locks = system._locks._locks


def bootstrap_external(system: ImportSystem, core: ModuleType) -> ModuleType:
    """What ``importlib._bootstrap_external`` offers, over an import system and its :func:`bootstrap`."""
    module: Any = _copy(NAMES[1])
    finder = module.PathFinder = path_finder(system)
    module._bootstrap = core

    def _install(_: ModuleType) -> None:
        system.path_hooks.append(FileFinder.path_hook(*module._get_supported_file_loaders()))
        system.meta_path.append(finder)

    module._install = _install
    return module  # type: ignore[no-any-return]


def path_finder(system: ImportSystem) -> type:
    """The system's path finder as a class: ``importlib.abc`` registers it, and the tests never make an instance."""
    finder = SystemPathFinder(system)
    methods: dict[str, Any] = {
        "find_spec": finder.find_spec,
        "invalidate_caches": finder.invalidate_caches,
        "find_distributions": finder.find_distributions,
        "_path_hooks": finder._ask_hooks,
        "_path_importer_cache": finder.entry_finder,
    }
    return type("PathFinder", (), {name: staticmethod(method) for name, method in methods.items()})


def verbs(system: ImportSystem, package: Any) -> None:
    """Have a copy of ``importlib`` or of ``importlib.util`` call the system's own verbs where it has them."""
    wanted = ("find_spec", "resolve_name") if package.__name__ == "importlib.util" else _VERBS
    for verb in wanted:
        setattr(package, verb, getattr(system, verb))


_VERBS = ("import_module", "reload", "invalidate_caches")


def _copy(name: str) -> ModuleType:
    real: Any = sys.modules[name]
    module = ModuleType(name, real.__doc__)
    own = {"__name__", "__package__", "__spec__", "__loader__"}
    vars(module).update({key: value for key, value in vars(real).items() if key not in own})
    vars(module).update(__spec__=ModuleSpec(name, real.__loader__), __loader__=real.__loader__)
    return module
