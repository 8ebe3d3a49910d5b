"""The import system as an object: the module cache, what fills it, and the steps in which an import goes."""

from __future__ import annotations

import builtins
import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterable
from importlib.machinery import BuiltinImporter, FrozenImporter, ModuleSpec
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Any, Protocol

from modcache._runtime import private_sys, statement
from modcache._runtime.attributes import is_initializing
from modcache._runtime.codes import Codes
from modcache._runtime.finder import SystemPathFinder, path_hooks
from modcache._runtime.locks import Locks, ProcessLocks
from modcache._runtime.process import ProcessCache, lend
from modcache._runtime.steps import Steps

if TYPE_CHECKING:
    from modcache._runtime.entries import Cache
    from modcache._runtime.trace import Timing, Trace
    from modcache._runtime.versions import Version

__all__ = ["ImportSystem", "interpreter"]


class Claims(Protocol):
    """An alteration that is active: it has its own to give for some names."""

    def claims(self, name: object) -> bool:
        """Is that one of its names?"""


class ImportSystem(Steps):
    """A module cache with the finders, path and locks that fill it; code that is loaded here imports from here.

    ``name``: what it is called. ``path``: the folders and archives in which it looks. ``share(name)``: whether a module
    is the interpreter's own, taken from its cache; by default the standard library and ``__main__``. The standard
    library taken privately is whole only as far as C code does not ask for it by name.

    :data:`modcache.interpreter` is the running interpreter's system; those made by this class are private. Each step of
    an import is a method that a subclass may extend: :meth:`resolve`, :meth:`find`, :meth:`load` (which calls
    :meth:`create` and :meth:`execute`) and :meth:`bind`. Thread-safe, as imports are.
    """

    layers: tuple[Claims, ...] = ()
    """The alterations that are active, the uppermost last."""
    timings: dict[str, Timing]
    """What traces have seen of the imports that made the modules."""
    versions: dict[str, Version]
    """Which content modules are of, where it is recorded."""
    import_: statement.Import
    """``import_(name, globals=None, locals=None, fromlist=(), level=0)``: the ``__import__`` of the system's code."""

    def __init__(
        self,
        name: str,
        path: Iterable[str | os.PathLike[str]] = (),
        *,
        share: Callable[[str], bool] | None = None,
    ) -> None:
        self.name = name
        self.executing = {}
        self.timings = {}
        self.versions = {}
        self.settled = {}
        self._share = is_standard if share is None else share
        self._locks: Locks = Locks()
        self._reloading: dict[str, Any] = {}
        self._codes = Codes()
        self._make_state([os.fspath(entry) for entry in path])
        self._make_builtins()
        self._replaced()

    def _make_state(self, path: list[str]) -> None:
        state = {
            "modules": {},
            "meta_path": [BuiltinImporter, FrozenImporter, SystemPathFinder(self)],
            "path_hooks": path_hooks(self._codes.loader),
            "path": path,
            "path_importer_cache": {},
        }
        self.sys = private_sys.make(state, self._replaced)
        self.modules["sys"] = self.sys

    def _make_builtins(self) -> None:
        own = ModuleType("builtins", builtins.__doc__)
        self.builtins = vars(own)
        self.builtins.update(vars(builtins))
        self.modules["builtins"] = own

    def _replaced(self) -> None:
        """The cache is another dict now: what has it in its closure is made again."""
        self.import_ = statement.import_function(self)
        self.builtins["__import__"] = self.import_

    def __repr__(self) -> str:
        return f"<import system {self.name!r}, {len(self.modules)} entries>"

    # -- the verbs

    def import_module(self, name: str, package: str | None = None) -> Any:
        """Import a module and return it, or whatever stands under its name; see :func:`importlib.import_module`."""
        if not isinstance(name, str):
            raise TypeError(f"module name must be str, not {type(name)}")
        module = self.modules.get(name)
        if module is not None and not is_initializing(module):
            return module
        level = len(name) - len(name.lstrip("."))
        if level:
            if not package:
                raise TypeError(f"the 'package' argument is required to perform a relative import for {name!r}")
            return self.import_absolute(statement.relative_name(name[level:], package, level))
        if not name:
            raise ValueError("Empty module name")
        return self.import_absolute(name)

    def reload(self, module: ModuleType) -> Any:
        """Execute a module again, whole and in place; return what the cache then holds; see :func:`importlib.reload`.

        Raises ``TypeError`` for what is no module, ``ImportError`` for what is not in the cache, and what the body
        raises: then the module stays, with what had been executed by then.
        """
        name = _name_of(module)
        if self.modules.get(name) is not module:
            raise ImportError(f"module {name} not in sys.modules", name=name)
        if name in self._reloading:
            return self._reloading[name]
        self._reloading[name] = module
        try:
            spec = module.__spec__ = self.find(name, self._path_above(name), module)
            if spec is None:
                raise ModuleNotFoundError(f"spec not found for the module {name!r}", name=name)
            self.execute_again(spec, module)
            return self.modules[name]
        finally:
            self._reloading.pop(name, None)

    def find_spec(self, name: str, package: str | None = None) -> ModuleSpec | None:
        """The spec of a module, which is not imported (its parents are); see :func:`importlib.util.find_spec`.

        Raises ``ValueError`` for a module in the cache without a spec, ``ModuleNotFoundError`` for a parent that is
        missing or no package.
        """
        full = self.resolve_name(name, package)
        if full in self.modules:
            return _spec_in_cache(name, self.modules[full])
        parent = full.rpartition(".")[0]
        path = None
        if parent:
            try:
                path = self.import_absolute(parent).__path__
            except AttributeError as error:
                message = f"__path__ attribute not found on {parent!r} while trying to find {full!r}"
                raise ModuleNotFoundError(message, name=full) from error
        return importlib.util.find_spec(full) if self.shares(full) else self.find(full, path)

    def resolve_name(self, name: str, package: str | None) -> str:
        """A name with leading dots made absolute. Raises ``ImportError`` outside of a package and beyond its top."""
        return importlib.util.resolve_name(name, package)

    def invalidate_caches(self) -> None:
        """Make the finders look at the folders again (a file has appeared)."""
        for finder in self.meta_path:
            if hasattr(finder, "invalidate_caches"):
                finder.invalidate_caches()

    def _path_above(self, name: str) -> Any:
        parent = name.rpartition(".")[0]
        if not parent:
            return None
        try:
            return self.modules[parent].__path__
        except KeyError:
            raise ImportError(f"parent {parent!r} not in sys.modules", name=parent) from None

    @property
    def cache(self) -> Cache:
        """The module cache as records, live and read-only; see :class:`modcache.Cache`."""
        from modcache._runtime.entries import Cache

        found: Cache = vars(self).get("_cache") or vars(self).setdefault("_cache", Cache(self))
        return found

    def trace(self) -> Trace:
        """A context manager: while it lasts, imports of this system are recorded; see :class:`modcache.Trace`."""
        from modcache._runtime.trace import Trace

        return Trace(self)

    # -- the steps in which it is not the interpreter

    def shares(self, name: str) -> bool:
        """Whether a module is the interpreter's own, so that importing it takes it from there.

        One that is altered here is not.
        """
        return self._share(name) and not any(layer.claims(name) for layer in self.layers)

    def is_foreign(self, name: str, module: object) -> bool:
        """Is what stands in the cache the interpreter's, and so not to be written on?"""
        return self.sys is not sys and sys.modules.get(name) is module

    def own(self, name: str, module: Any) -> None:
        """Have the code of a new module find this system's built-in names, so that it imports from here for ever.

        What is the interpreter's (some C modules are one object however often they are made) is left alone.
        """
        if isinstance(module, ModuleType) and sys.modules.get(name) is not module:
            vars(module)["__builtins__"] = self.builtins

    def bind(self, parent: Any, child: str, module: Any) -> None:
        """Make a submodule an attribute of its package, unless that is the interpreter's."""
        if sys.modules.get(getattr(parent, "__name__", "")) is not parent:
            super().bind(parent, child, module)

    def import_for(self, frame: FrameType, name: str, namespace: Any, local: Any, fromlist: Any, level: int) -> Any:
        """What the ``__import__`` of the system's code does for a module that is not there and done."""
        return statement.import_for(self, frame, name, namespace, local, fromlist, level)

    def bridge(self, name: str, until: list[Any]) -> None:
        """C code imports ``name`` by ``PyImport_Import``: it has called our ``__import__``, throws the result away, and
        reads the *interpreter's* cache; then it drops the list ``until``.

        What is of the standard library is imported there too. Anything else is lent to that cache, for just as long.
        """
        if is_standard(name) and name != "__main__":
            importlib.import_module(name)
        else:
            lend(name, self.modules[name], until)


def is_standard(name: str) -> bool:
    """Whether a module belongs to the standard library, or is ``__main__``: what a system shares by default."""
    top = name.partition(".")[0]
    return top in sys.stdlib_module_names or top == "__main__" or top.startswith("_sysconfigdata_")


class _Interpreter(ImportSystem):
    """The running interpreter's import system: the state is that of ``sys``, the locks are the process's.

    The interpreter's own code goes on to import by its own ``__import__``, which does the same.
    """

    modules = ProcessCache()
    """The module cache: name -> whatever object stands there."""

    def __init__(self) -> None:
        self.name = "interpreter"
        self.executing = {}
        self.timings = {}
        self.versions = {}
        self.settled = {}
        self.sys = sys
        self.builtins = vars(builtins)
        self._locks = ProcessLocks()
        self._reloading = {}
        self.import_ = self._import

    def _import(
        self,
        name: str,
        globals: Any = None,  # noqa: A002 - code may give it by this name
        locals: Any = None,  # noqa: A002 - the same
        fromlist: Any = (),
        level: int = 0,
    ) -> Any:
        return statement.import_name(self, name, globals, fromlist, level)

    def import_for(self, frame: FrameType, name: str, namespace: Any, local: Any, fromlist: Any, level: int) -> Any:
        """What the ``__import__`` of the interpreter does."""
        return statement.import_name(self, name, namespace, fromlist, level)

    def __repr__(self) -> str:
        return f"<the interpreter's import system, {len(self.modules)} entries>"

    def shares(self, name: str) -> bool:
        """Nothing: it is the interpreter."""
        return False

    def own(self, name: str, module: Any) -> None:
        """Nothing: code finds the interpreter's built-in names by itself."""

    def bind(self, parent: Any, child: str, module: Any) -> None:
        """Make a submodule an attribute of its package."""
        Steps.bind(self, parent, child, module)


interpreter = _Interpreter()
"""The running interpreter's import system."""


def _name_of(module: Any) -> str:
    try:
        return str(module.__spec__.name)
    except AttributeError:
        try:
            return str(module.__name__)
        except AttributeError:
            raise TypeError("reload() argument must be a module") from None


def _spec_in_cache(name: str, module: Any) -> ModuleSpec | None:
    if module is None:
        return None
    try:
        spec: ModuleSpec | None = module.__spec__
    except AttributeError:
        raise ValueError(f"{name}.__spec__ is not set") from None
    if spec is None:
        raise ValueError(f"{name}.__spec__ is None")
    return spec
