"""What is changed in the interpreter while private systems are open for dispatch, and set back after the last.

`sys.modules` holds the dispatcher, a finder stands first on `sys.meta_path`, and a few shared modules that import by a
name that they are given, with ``__import__``, do so on behalf of who asks.
"""

from __future__ import annotations

import builtins
import contextlib
import importlib.machinery
import sys
import threading
from collections.abc import Callable, Iterator
from importlib.abc import Loader
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from modcache._runtime.dispatch import Dispatcher, Staged, asking, stages, systems
from modcache._runtime.process import process_cache, put_in_place, take_away

if TYPE_CHECKING:
    from modcache._runtime.system import ImportSystem

__all__ = ["Change", "change_while_open", "close_for", "open_for", "staging"]

_lock = threading.RLock()


class Change(NamedTuple):
    """What is done to a shared module while a system is open, and how it is undone."""

    do: Callable[[Any], None]
    undo: Callable[[Any], None]


def _import(
    name: str,
    globals: Any = None,  # noqa: A002 - code may give it by this name
    locals: Any = None,  # noqa: A002 - the same
    fromlist: Any = (),
    level: int = 0,
) -> Any:
    """The ``__import__`` of shared code that imports what somebody else names: on behalf of him."""
    system = None if level else asking(1, name)
    if system is None or system.shares(name):
        return builtins.__import__(name, globals, locals, fromlist, level)
    return system.import_(name, globals, locals, fromlist)


def _put(module: Any) -> None:
    vars(module)["__import__"] = _import  # found before the built-in one


def _take(module: Any) -> None:
    vars(module).pop("__import__", None)


def _put_importer(module: Any) -> None:
    _put(module)
    module.BaseConfigurator.importer = staticmethod(_import)


def _take_importer(module: Any) -> None:
    _take(module)
    module.BaseConfigurator.importer = staticmethod(builtins.__import__)


_IMPORTERS = """
    doctest pickle pydoc traceback unittest.loader unittest.main unittest.mock warnings xml.dom.domreg xml.sax
""".split()
_changes: dict[str, Change] = {
    **dict.fromkeys(_IMPORTERS, Change(_put, _take)),
    "logging.config": Change(_put_importer, _take_importer),
}
_done: dict[str, ModuleType] = {}


def change_while_open(name: str, change: Change) -> None:
    """Change a shared module, loaded or not yet, for as long as any system is open; for good if it is said twice."""
    with _lock:
        _changes[name] = change
        if systems:
            _do(name)


def _do(name: str) -> None:
    module = dict.get(process_cache(), name)
    if isinstance(module, ModuleType) and name not in _done:
        _changes[name].do(module)
        _done[name] = module


def open_for(system: ImportSystem) -> None:
    """Answer the code of a private system from its own cache, from now on."""
    with _lock:
        if not systems:
            sys.meta_path.insert(0, _finder)
            put_in_place(_dispatcher)
            for name in _changes:
                _do(name)
        systems[id(system.builtins)] = system


def close_for(system: ImportSystem) -> None:
    """The end of that; after the last one everything is as it was, except what somebody else has changed since."""
    with _lock:
        if systems.pop(id(system.builtins), None) is None or systems:
            return
        _take_dispatcher()
        sys.meta_path[:] = [finder for finder in sys.meta_path if finder is not _finder]
        while _done:
            name, module = _done.popitem()
            _changes[name].undo(module)


@contextlib.contextmanager
def staging(system: ImportSystem, stage: Staged) -> Iterator[tuple[object, object]]:
    """While this thread executes code on a stage: it asks on behalf of the stage's system, and finds staged modules.

    Gives what stands in ``sys.modules`` meanwhile, and what will do so afterwards.
    """
    thread = threading.get_ident()
    with _lock:
        if systems.get(id(system.builtins)) is system:
            systems[id(stage.builtins)] = system
        stages[thread] = stage
        before = sys.modules
        put_in_place(_dispatcher)
    try:
        yield sys.modules, before
    finally:
        with _lock:
            systems.pop(id(stage.builtins), None)
            del stages[thread]
            _take_dispatcher()


def _take_dispatcher() -> None:
    if not (systems or stages):
        take_away()


class _Finder:
    """First on ``sys.meta_path``: shared code that imports by name on behalf of a system imports from that system."""

    def find_spec(self, name: str, path: Any = None, target: object = None) -> Any:
        """A spec that hands over the system's own module; None if it is the interpreter that asks."""
        system = asking(1, name)
        if system is None or system.shares(name):
            return _followed(name, path) if name in _changes else None
        if system.find_spec(name) is None:
            # the interpreter's other finders must not be asked: theirs would be the wrong one
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return importlib.machinery.ModuleSpec(name, _Handing(system))


class _Handing(Loader):
    """A loader whose module is a system's. It is imported here, not in the finder: that runs under the import lock."""

    def __init__(self, system: ImportSystem) -> None:
        self._system = system
        self._spec: Any = None

    def create_module(self, spec: Any) -> Any:
        """The system's module, imported if need be."""
        module = self._system.import_module(spec.name)
        self._spec = getattr(module, "__spec__", None)
        return module

    def exec_module(self, module: ModuleType) -> None:
        """It was executed; only the spec, which the machinery has put another in the place of, is set back."""
        if self._spec is not None:
            module.__spec__ = self._spec


def _followed(name: str, path: Any) -> Any:
    """The spec of a shared module, with its loader's ``exec_module`` followed once by the change to it."""
    spec: Any = importlib.machinery.PathFinder.find_spec(name, path)
    if spec is not None:
        execute = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            del spec.loader.exec_module
            execute(module)
            with _lock:
                if systems:
                    _do(name)

        spec.loader.exec_module = exec_module
    return spec


_dispatcher = Dispatcher()
_finder = _Finder()
