"""The steps in which an import goes: resolve the name, import the parents, find, load, execute, bind.

What each does is what ``importlib._bootstrap`` does in the function named beside it, on the state of one system.
"""

from __future__ import annotations

import _imp
import importlib
import sys
import warnings
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from modcache._runtime import attributes, statement
from modcache._runtime.locks import DeadlockError, Locks
from modcache._runtime.private_sys import on_sys

__all__ = ["Steps"]

_MISSING: Any = object()


class Steps:
    """The machinery of an import system; every public method is a step that a subclass may extend."""

    sys: Any
    """What the system's code sees as ``sys``; the state is kept there, all else is the interpreter's."""
    modules: dict[str, Any] = on_sys("modules")
    """The module cache: name -> whatever object stands there."""
    meta_path: list[Any] = on_sys("meta_path")
    """The finders, in the order in which they are asked."""
    path_hooks: list[Any] = on_sys("path_hooks")
    """What makes a finder for an entry of the path, in the order in which they are asked."""
    path: list[str] = on_sys("path")
    """The folders and archives in which modules are looked for."""
    path_importer_cache: dict[str, Any] = on_sys("path_importer_cache")
    """Entry of the path -> its finder, or None if no hook takes it."""
    executing: dict[str, ModuleSpec]
    """The modules that are being executed: name -> spec."""
    settled: statement.Settled
    """Names that were imported and are not being executed: what the short way of ``__import__`` goes by."""
    builtins: dict[str, Any]
    """The namespace in which the system's code finds its built-in names, ``__import__`` among them."""
    _locks: Locks

    def resolve(self, name: str, namespace: Any, level: int) -> str:
        """The absolute name that an import statement means, by the globals of its code (``_calc___package__``)."""
        return statement.absolute_name(name, namespace, level) if level else name

    def import_absolute(self, name: str) -> Any:
        """What the cache holds under an absolute name, imported if need be, and done if that can be waited for."""
        module = self.modules.get(name)
        if module is not None and attributes.is_initializing(module):
            self._locks.wait(name)
            module = self.modules.get(name)
        return self.find_and_load(name) if module is None else module

    def find_and_load(self, name: str) -> Any:
        """Import what the cache does not have: the parents, then the module, under its lock. Raises ``ImportError``."""
        sys.audit("import", name, None, self.path, self.meta_path, self.path_hooks)
        modules = self.modules
        parent = name.rpartition(".")[0]
        # The parents come before the lock: who holds a child's lock and waits for its parent closes circles.
        if parent and name not in modules and parent not in modules:
            self.import_absolute(parent)
        lock = self._locks.of(name)
        try:
            lock.acquire()
        except DeadlockError:
            if modules.get(name) is None:
                raise
            return modules[name]
        try:
            module = modules.get(name, _MISSING)
            if module is _MISSING:
                module = self._found_and_loaded(name, parent)
        finally:
            lock.release()
        if module is None:
            raise ModuleNotFoundError(f"import of {name} halted; None in sys.modules", name=name)
        return module

    def _found_and_loaded(self, name: str, parent: str) -> Any:
        if self.shares(name):
            return self.adopt(name)
        modules = self.modules
        if not parent:
            return self.load(self._found(name, None))
        if parent not in modules:
            self.import_absolute(parent)
            if name in modules:
                return modules[name]
        try:
            path = modules[parent].__path__
        except AttributeError:
            message = f"No module named {name!r}; {parent!r} is not a package"
            raise ModuleNotFoundError(message, name=name) from None
        above = getattr(modules[parent], "__spec__", None)
        spec = self._found(name, path)
        child = name.rpartition(".")[2]
        # The interpreter tells a missing attribute from a submodule that is on its way by this list.
        pending = getattr(above, "_uninitialized_submodules", [])
        pending.append(child)
        try:
            module = self.load(spec)
        finally:
            pending.remove(child)
        self.bind(modules[parent], child, module)
        return module

    def _found(self, name: str, path: Any) -> ModuleSpec:
        spec = self.find(name, path)
        if spec is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return spec

    def shares(self, name: str) -> bool:
        """Whether a module is the interpreter's own, so that importing it takes it from there."""
        raise NotImplementedError

    def adopt(self, name: str) -> Any:
        """Take a module from the interpreter, imported there if need be; what is done there stays in the cache here."""
        module = importlib.import_module(name)
        if not attributes.is_initializing(module):
            self.modules[name] = module
        return module

    def find(self, name: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        """Ask the finders in their order; the first spec wins, None if there is none.

        ``path``: the parent's ``__path__``, None for a topmost name. ``target``: the module that a reload is to fill.
        """
        finders, modules = self.meta_path, self.modules
        if finders is None:
            raise ImportError("sys.meta_path is None, Python is likely shutting down")
        if not finders:
            warnings.warn("sys.meta_path is empty", ImportWarning, stacklevel=2)
        known = name in modules
        for finder in finders:
            spec = self.ask(finder, name, path, target)
            if spec is not None:
                if not known and name in modules:  # it was imported while it was looked for
                    return getattr(modules[name], "__spec__", None) or spec
                return spec
        return None

    def ask(self, finder: Any, name: str, path: Any, target: ModuleType | None) -> ModuleSpec | None:
        """Ask one finder, under the process's import lock; one that can't find specs has none."""
        _imp.acquire_lock()
        try:
            try:
                find_spec = finder.find_spec
            except AttributeError:
                return None
            spec: ModuleSpec | None = find_spec(name, path, target)
            return spec
        finally:
            _imp.release_lock()

    def load(self, spec: ModuleSpec) -> Any:
        """Make a module of its spec, put it into the cache, execute it there; return what the cache then holds.

        If it raises, the module leaves the cache. The caller holds the module's lock.
        """
        name = spec.name
        if spec.loader is not None and not hasattr(spec.loader, "exec_module"):
            return self._load_legacy(spec)
        module = self.create(spec)
        outer = self.executing.get(name)
        flagged: Any = spec  # before the cache has the module: who meets it there must wait
        flagged._initializing = True
        self.executing[name] = spec
        self.settled.pop(name, None)
        try:
            self.modules[name] = module
            try:
                self.execute(spec, module)
            except BaseException:
                self.modules.pop(name, None)
                raise
            return self._moved_to_end(name)
        finally:
            flagged._initializing = False
            if outer is None:
                del self.executing[name]
            else:  # it took itself out of the cache and imported itself again
                self.executing[name] = outer

    def _load_legacy(self, spec: ModuleSpec) -> Any:
        _warn_legacy(spec)
        try:
            spec.loader.load_module(spec.name)  # type: ignore[union-attr]
        except BaseException:
            if spec.name in self.modules:
                self._moved_to_end(spec.name)
            raise
        module = self._moved_to_end(spec.name)
        attributes.initialise_legacy(spec, module)
        return module

    def _moved_to_end(self, name: str) -> Any:
        """The cache is in the order in which modules were done. ``KeyError`` for one that took itself out."""
        module = self.modules[name] = self.modules.pop(name)
        return module

    def create(self, spec: ModuleSpec) -> Any:
        """An empty module with its attributes set, which is not in the cache yet; what code it gets imports from here.

        See :func:`importlib.util.module_from_spec`. Raises ``ImportError`` for a loader that can't make modules.
        """
        module = None
        if hasattr(spec.loader, "create_module"):
            module = spec.loader.create_module(spec)  # type: ignore[union-attr]
        elif hasattr(spec.loader, "exec_module"):
            raise ImportError("loaders that define exec_module() must also define create_module()")
        if module is not None:
            self.own(spec.name, module)
            attributes.initialise(spec, module)
            return module
        module = ModuleType(spec.name)
        self.own(spec.name, module)
        vars(module).update(attributes.wanted(spec))
        return module

    def own(self, name: str, module: Any) -> None:
        """Have the code of a new module find this system's built-in names, so that it imports from here for ever."""
        raise NotImplementedError

    def execute(self, spec: ModuleSpec, module: Any) -> None:
        """Have the loader execute a module. Raises what its body raises, ``ImportError`` without a loader."""
        if spec.loader is not None:
            spec.loader.exec_module(module)
        elif spec.submodule_search_locations is None:
            raise ImportError("missing loader", name=spec.name)

    def bind(self, parent: Any, child: str, module: Any) -> None:
        """Make a submodule an attribute of its package; one that refuses it gets a warning."""
        try:
            setattr(parent, child, module)
        except AttributeError:
            warnings.warn(
                f"Cannot set an attribute on {parent!r} for child module {child!r}", ImportWarning, stacklevel=2
            )

    def execute_again(self, spec: ModuleSpec, module: Any) -> None:
        """Execute a spec in a module that is in the cache, for a reload; it stays there if that raises (``_exec``)."""
        name = spec.name
        lock = self._locks.of(name)
        lock.acquire()
        try:
            if self.modules.get(name) is not module:
                raise ImportError(f"module {name!r} not in sys.modules", name=name)
            try:
                if spec.loader is not None or spec.submodule_search_locations is not None:
                    attributes.initialise(spec, module, override=True)
                if spec.loader is None or hasattr(spec.loader, "exec_module"):
                    self.execute(spec, module)
                else:
                    _warn_legacy(spec)
                    spec.loader.load_module(name)
            finally:
                self._moved_to_end(name)
        finally:
            lock.release()


def _warn_legacy(spec: ModuleSpec) -> None:
    loader = type(spec.loader)
    message = f"{loader.__module__}.{loader.__qualname__}.exec_module() not found; falling back to load_module()"
    warnings.warn(message, ImportWarning, stacklevel=2)
