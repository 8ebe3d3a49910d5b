"""What executing a module can change that is not the package's own: registries of the process, tables of libraries."""

from __future__ import annotations

import atexit
import builtins
import copyreg
import logging
import os
import signal
import sys
import threading
import types
import warnings
from collections.abc import Callable, Collection, Iterable
from typing import Any

from modcache._runtime.functions import instance_dict

__all__ = ["Outside"]

_KINDS: frozenset[type] = frozenset({dict, list, set})


class Outside:
    """The process's registries, and the containers of libraries, as they are at one moment.

    ``inside``: the names of the modules that are not outside.
    """

    def __init__(self, inside: Collection[str]) -> None:
        self._registries = {name: read() for name, read in _REGISTRIES.items()}
        self._containers = dict(_containers(inside))

    def changes(self, later: Outside) -> list[str]:
        """What a later look finds other, in words."""
        found = [name for name, value in self._registries.items() if later._registries[name] != value]
        for where, (container, size) in self._containers.items():
            now = later._containers.get(where)
            if now is not None and now[0] is container and now[1] != size:
                found.append(f"{where} ({size} items, then {now[1]})")
        return found


def _containers(inside: Collection[str]) -> Iterable[tuple[str, tuple[object, int]]]:
    """Lists, dicts and sets in the modules of libraries, and in the objects that stand there under a name."""
    for name, module in list(sys.modules.items()):
        top = name.partition(".")[0]
        if name in inside or top in sys.stdlib_module_names or top == "modcache" or name == "__main__":
            continue
        if type(module) is types.ModuleType:
            yield from _in_namespace(name, vars(module))


def _in_namespace(name: str, namespace: dict[str, Any]) -> Iterable[tuple[str, tuple[object, int]]]:
    for key, value in list(namespace.items()):
        if key.startswith("__"):
            continue
        if type(value) in _KINDS:
            yield f"{name}:{key}", (value, len(value))
        elif not issubclass(type(value), type | types.ModuleType | types.FunctionType):
            for inner, held in list((instance_dict(value) or {}).items()):
                if type(held) in _KINDS:
                    yield f"{name}:{key}.{inner}", (held, len(held))


def _handlers() -> list[tuple[str, int]]:
    """The handlers of every logger."""
    loggers = {"root": logging.getLogger(), **logging.Logger.manager.loggerDict}
    return [
        (name, id(handler))
        for name, logger in list(loggers.items())
        if isinstance(logger, logging.Logger)
        for handler in logger.handlers
    ]


_REGISTRIES: dict[str, Callable[[], Any]] = {
    "functions to call at exit": lambda: atexit._ncallbacks(),
    "the pickling table of copyreg": lambda: len(copyreg.dispatch_table),
    "the environment": lambda: dict(os.environ),
    "the working folder": os.getcwd,
    "names in builtins": lambda: sorted(vars(builtins).keys() - {"_"}),
    "handlers of loggers": _handlers,
    "signal handlers": lambda: [id(signal.getsignal(number)) for number in signal.valid_signals()],
    "sys.meta_path": lambda: [id(finder) for finder in sys.meta_path],
    "sys.path": lambda: list(sys.path),
    "sys.path_hooks": lambda: [id(hook) for hook in sys.path_hooks],
    "sys.excepthook": lambda: id(sys.excepthook),
    "threads": lambda: sorted(thread.name for thread in threading.enumerate()),
    "warnings filters": lambda: len(warnings.filters),
}
