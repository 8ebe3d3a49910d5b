"""What executing a module can change that is not the package's own: registries of the process, tables of libraries."""

from __future__ import annotations

import atexit
import builtins
import copyreg
import itertools
import logging
import os
import signal
import sys
import threading
import types
import warnings
from collections.abc import Callable, Collection, Iterable, Sized
from textwrap import shorten
from typing import Any, NamedTuple, cast

from modcache._runtime.functions import instance_dict
from modcache._runtime.peek import Kinds

__all__ = ["Effect", "Outside"]

_KINDS = Kinds(dict, list, set)
_PLAIN = Kinds(int, float, complex, str, bytes, bool, type(None))
_TOLD = Kinds(dict, list, set, int, float, complex, str, bytes, bool, type(None), itertools.count)
"""Not other objects: one of the roots' own that a library holds may rightly be another afterwards."""

_SIGNALS = sorted(map(int, signal.valid_signals()))


class Effect(NamedTuple):
    """Something that was done outside, in words.

    ``words``: by which a source may do it; ``subject``: what it was done to, if that can be looked at again; ``place``:
    the module and line whose execution did it, if that was seen.
    """

    what: str
    words: tuple[str, ...] = ()
    subject: str = ""
    place: tuple[str, int] | None = None

    @property
    def registry(self) -> bool:
        """Was it done to a registry of the process, not to what a library holds?"""
        return self.subject in _REGISTRIES

    def __str__(self) -> str:
        return self.what


class Outside:
    """The process's registries, and what libraries hold by name, as they are at one moment.

    ``inside``: the names of the modules that are not outside.
    """

    def __init__(self, inside: Collection[str]) -> None:
        self._inside = inside
        self._registries = {name: registry.read() for name, registry in _REGISTRIES.items()}
        self._names = dict(_names(inside))

    def effects(self, later: Outside) -> list[Effect]:
        """What a later look finds other."""
        found = [
            Effect(f"changes {name}{_added(value, later._registries[name])}", _REGISTRIES[name].words, name)
            for name, value in self._registries.items()
            if later._registries[name] != value
        ]
        names = self._names if later._names is not self._names else {}  # they are thousands, and not looked at always
        for where, (value, mark) in names.items():
            now, its = later._names.get(where, (value, mark))
            if type(value) in _KINDS and now is value and its != mark:
                found.append(Effect(f"changes {where}, which had {mark} items and has {its}", subject=where))
            elif its != mark:
                was = f", which was {mark} and is {its}" if type(value) in _PLAIN else ""
                found.append(Effect(f"changes {where}{shorten(was, 60)}", subject=where))
        return found

    def look_again(self, everywhere: bool) -> Outside:
        """How it is now: the registries, and what libraries hold if ``everywhere``; else that as it was."""
        now = Outside.__new__(Outside)
        now._inside, now._registries = self._inside, {name: one.read() for name, one in _REGISTRIES.items()}
        now._names = dict(_names(self._inside)) if everywhere else self._names
        return now


class _Registry(NamedTuple):
    """How to read a registry of the process, and how sources change it."""

    read: Callable[[], Any]
    words: tuple[str, ...]


def _added(before: object, after: object) -> str:
    """What was added to a registry that is kept by name."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        return ""
    names = [str(name) for name, value in after.items() if before.get(name) != value]
    return f" ({', '.join(names[:3])})" if names else ""


def _names(inside: Collection[str]) -> Iterable[tuple[str, tuple[object, object]]]:
    """Every name in the modules of libraries, and in the objects that stand there, with what is behind it: a mark."""
    for name, module in list(sys.modules.items()):
        top = name.partition(".")[0]
        if name in inside or top in sys.stdlib_module_names or top == "modcache" or name == "__main__":
            continue
        if type(module) is types.ModuleType:
            yield from _in_namespace(name, vars(module))


def _in_namespace(name: str, namespace: dict[str, Any]) -> Iterable[tuple[str, tuple[object, object]]]:
    for key, value in list(namespace.items()):
        if key.startswith("__") or issubclass(type(value), type | types.ModuleType | types.FunctionType):
            continue
        if type(value) in _TOLD:
            yield f"{name}:{key}", (value, _mark(value))
            continue
        for inner, held in list((instance_dict(value) or {}).items()):
            if type(held) in _TOLD:
                yield f"{name}:{key}.{inner}", (held, _mark(held))


def _mark(value: object) -> object:
    """What tells whether a value is another now: of a container its size, of a plain value itself."""
    if type(value) in _KINDS:
        return len(cast("Sized", value))
    return value if type(value) in _PLAIN else repr(value)


def _handlers() -> dict[str, list[int]]:
    """The handlers of every logger that has any."""
    loggers = {"root": logging.getLogger(), **logging.Logger.manager.loggerDict}
    return {
        name: [id(handler) for handler in logger.handlers]
        for name, logger in list(loggers.items())
        if isinstance(logger, logging.Logger) and logger.handlers
    }


_REGISTRIES = {
    "what is called at exit": _Registry(lambda: atexit._ncallbacks(), ("atexit",)),
    "the pickling table of copyreg": _Registry(lambda: len(copyreg.dispatch_table), ("copyreg.pickle",)),
    "the environment": _Registry(lambda: dict(os.environ), ("environ", "putenv")),
    "the working folder": _Registry(os.getcwd, ("os.chdir",)),
    "the builtins": _Registry(lambda: sorted(vars(builtins).keys() - {"_"}), ("builtins",)),
    "the handlers of a logger": _Registry(_handlers, ("addHandler", "basicConfig", "dictConfig")),
    "signal handlers": _Registry(lambda: [id(signal.getsignal(number)) for number in _SIGNALS], ("signal.signal",)),
    "sys.meta_path": _Registry(lambda: [id(finder) for finder in sys.meta_path], ("sys.meta_path",)),
    "sys.path": _Registry(lambda: list(sys.path), ("sys.path",)),
    "sys.path_hooks": _Registry(lambda: [id(hook) for hook in sys.path_hooks], ("sys.path_hooks",)),
    "sys.excepthook": _Registry(lambda: id(sys.excepthook), ("sys.excepthook",)),
    "the threads that run": _Registry(
        lambda: sorted(thread.name for thread in threading.enumerate()), ("Thread", "start")
    ),
    "the filters of warnings": _Registry(
        lambda: len(warnings.filters),
        ("simplefilter", "filterwarnings", "warnings.simplefilter", "warnings.filterwarnings"),
    ),
}
