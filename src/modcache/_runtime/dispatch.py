"""`sys.modules` while spaces are open: who looks a module up by name gets it from the cache that is his.

`enum`, `dataclasses`, `inspect`, `pickle` and their like are shared by all import systems, and look modules up by name
in ``sys.modules``. While a private system is open, a dispatcher stands there. It answers by the code that asks: the
nearest frame that is not the standard library's decides, by its ``__builtins__``.

While staged code is executed it stands there too. Staged code, and shared code that asks for it, finds the staged
modules by name; whatever else the stage calls finds those that no cache has yet. Other threads find neither.

The interpreter's own dict stays what it was: C code, and with it the interpreter's ``import`` statement, reads that. To
have C code dispatched too, the dict itself must become a dispatcher: see :mod:`modcache._runtime.deep`.
"""

from __future__ import annotations

import operator
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, Protocol

from modcache._runtime.process import process_cache
from modcache._runtime.system import is_standard

if TYPE_CHECKING:
    from modcache._runtime.system import ImportSystem

__all__ = ["Dispatcher", "Staged", "asking", "builtins_of", "inside", "stages", "systems"]

_getframe = sys._getframe
_STANDARD = tuple({os.path.realpath(os.path.dirname(os.__file__)) + os.sep, os.path.dirname(os.__file__) + os.sep})
_THIRD = tuple(f"{place}{name}{os.sep}" for place in _STANDARD for name in ("site-packages", "dist-packages"))
_INSTALLED = re.compile(r"[\\/](site|dist)-packages[\\/]")
_MACHINERY = frozenset({"<frozen importlib._bootstrap>", "<frozen importlib._bootstrap_external>"})


class Staged(Protocol):
    """What is asked of a stage: the names that its code finds, its modules, those that no cache has yet or any more.

    ``entries``: what its code has put into the cache itself, for the commit; ``left``: what it has taken out.
    """

    builtins: dict[str, Any]
    modules: dict[str, ModuleType]
    fresh: dict[str, ModuleType]
    gone: frozenset[str]
    entries: dict[str, Any]
    left: set[str]

    def import_module(self, name: str) -> Any:
        """The staged module of a name, executed if that has not begun."""


_NOTHING: dict[Any, Any] = {}
_process = process_cache()
systems: dict[int, ImportSystem] = {}
"""``id(builtins)`` -> the open system whose code has these."""
stages: dict[int, Staged] = {}
"""Thread -> the stage that it executes code on."""
_passed: dict[str, bool] = {}
"""File of some code -> whether its frames ask for somebody else; no more entries than there are files."""


def asking(depth: int = 1, name: object = None) -> ImportSystem | None:
    """On whose behalf the caller's caller runs: an open system, or None for the interpreter.

    ``name``: the module that is looked up. What the standard library asks for of itself is the interpreter's, whoever
    needs it first: `enum` loads `re` under a call from a space.
    """
    try:
        frame: Any = _getframe(depth + 1)
    except ValueError:
        return None  # C code with no Python above it, as at the end of the process
    while frame is not None:
        found = systems.get(id(frame.f_builtins))
        if found is not None:
            return found
        if not _asks_for_others(frame.f_code):
            return None
        if isinstance(name, str) and name != "__main__" and is_standard(name):
            return None
        frame = frame.f_back
    return None


def _asks_for_others(code: CodeType) -> bool:
    passed = _passed.get(code.co_filename)
    return (_is_passed(code.co_filename) if passed is None else passed) and code.co_name != "<module>"


def _is_passed(file: str) -> bool:
    standard = file.startswith(_STANDARD) and not file.startswith(_THIRD)
    answer = _passed[file] = standard or file.startswith("<frozen ")
    return answer


class Dispatcher(dict[Any, Any]):
    """Stands in ``sys.modules``; each method is the dict's own, of the asker's cache.

    A dict by type, since some code asks for that; its own storage is empty, so C code that reads it around its methods
    finds nothing. Any key will do (some look up ``None``). What a system shares and has not imported itself is
    answered from the interpreter's cache: `typing` looks up the module of every base class.
    """

    __slots__ = ()  # or it would not have a dict's layout, which the deep one needs

    def __getitem__(self, name: Any) -> Any:
        found = asking(1, name)  # not by way of `_readable`: every import of the process comes here, if it is deep
        return dict.__getitem__(_of(found, name), name)

    def get(self, name: Any, default: Any = None) -> Any:
        """What stands under a name, or the default."""
        return dict.get(_readable(name), name, default)

    def __contains__(self, name: object) -> bool:
        return dict.__contains__(_readable(name), name)

    def __setitem__(self, name: Any, value: Any) -> None:
        stage = _writing()
        if stage is None:
            dict.__setitem__(_cache(name), name, value)
        else:
            _put(stage, {name: value})

    def __delitem__(self, name: Any) -> None:
        stage = _writing()
        if stage is None:
            dict.__delitem__(_cache(name), name)
        else:
            _take(stage, name, _readable(name))

    def pop(self, name: Any, *default: Any) -> Any:
        """Take an entry away; the import machinery, which sets it again at once, only gets it."""
        stage = _writing()
        if stage is not None:
            return _take(stage, name, _readable(name), *default)
        cache = _cache(name)
        if cache is not _process and _getframe(1).f_code.co_filename in _MACHINERY:
            return cache[name]  # an entry must not be missing, not for a moment
        return dict.pop(cache, name, *default)

    def setdefault(self, name: Any, default: Any = None) -> Any:
        """What stands there, after the default was put there if nothing did."""
        stage = _writing()
        if stage is None:
            return dict.setdefault(_cache(name), name, default)
        if name not in (found := _readable(name)):
            found = _put(stage, {name: default})
        return found[name]

    def __iter__(self) -> Iterator[Any]:
        return dict.__iter__(_cache())

    def __reversed__(self) -> Iterator[Any]:
        return dict.__reversed__(_cache())

    def __len__(self) -> int:
        return dict.__len__(_cache())

    def keys(self) -> Any:
        """The names."""
        return dict.keys(_cache())

    def values(self) -> Any:
        """What stands under them."""
        return dict.values(_cache())

    def items(self) -> Any:
        """Both."""
        return dict.items(_cache())

    def copy(self) -> dict[Any, Any]:
        """A plain dict of the same."""
        return dict.copy(_cache())

    def clear(self) -> None:
        """Empty it."""
        dict.clear(_cache())

    def popitem(self) -> tuple[Any, Any]:
        """Take the last entry."""
        return dict.popitem(_cache())

    def update(self, *others: Any, **more: Any) -> None:
        """Put entries into it."""
        stage = _writing()
        if stage is None:
            dict.update(_cache(), *others, **more)
        else:
            _put(stage, dict(*others, **more))

    def __or__(self, other: Any) -> Any:
        return dict.copy(_cache()) | other

    def __ror__(self, other: Any) -> Any:
        return other | dict.copy(_cache())

    def __ior__(self, other: Any) -> Any:
        stage = _writing()
        if stage is None:
            dict.update(_cache(), other)
        else:
            _put(stage, dict(other))
        return self

    def __eq__(self, other: object) -> bool:
        return other is self or dict.copy(_cache()) == other

    __hash__ = None  # as a dict's

    def __repr__(self) -> str:
        return repr(dict.copy(_cache()))

    def __reduce_ex__(self, protocol: Any) -> Any:
        return dict, (dict.copy(_cache()),)


def _writing() -> Staged | None:
    """The stage whose code calls a dispatcher's method: what that does waits for the commit.

    Itself, not by way of others: a library that it imports is imported for good.
    """
    stage = stages.get(threading.get_ident()) if stages else None
    return stage if stage is not None and _getframe(2).f_builtins is stage.builtins else None


def _put(stage: Staged, entries: dict[Any, Any]) -> dict[Any, Any]:
    stage.entries.update(entries)
    stage.left.difference_update(entries)
    return stage.entries


def _take(stage: Staged, name: Any, found: dict[Any, Any], *default: Any) -> Any:
    if name not in found and default:
        return default[0]
    value = found[name]
    stage.entries.pop(name, None)
    stage.left.add(name)
    return value


def _cache(name: object = None) -> dict[Any, Any]:
    """The asker's cache. Called by a dispatcher's method: the asker is two frames up."""
    found = asking(2, name)
    return _process if found is None else found.modules


def _readable(name: Any) -> dict[Any, Any]:
    """The asker's cache, or the interpreter's for what the asker's system shares and has not imported."""
    return _of(asking(2, name), name)


def _of(system: ImportSystem | None, name: Any) -> dict[Any, Any]:
    cache = _process if system is None else system.modules
    if not isinstance(name, str):
        return cache
    if system is not None and not dict.__contains__(cache, name) and system.shares(name):
        return _process
    staged = stages.get(threading.get_ident()) if stages else None
    return cache if staged is None else _staged(staged, name, cache)


def _staged(stage: Staged, name: str, cache: dict[Any, Any]) -> dict[Any, Any]:
    """Where the thread of a stage finds a module that is there or not in a cache."""
    if not any(name in names for names in (stage.modules, stage.gone, stage.entries, stage.left)):
        return cache
    frame: Any = _getframe(1)
    while frame.f_globals is globals():
        frame = frame.f_back
    importing = frame.f_code.co_filename in _MACHINERY
    while frame is not None and frame.f_builtins is not stage.builtins and _is_between(frame.f_code):
        frame = frame.f_back
    if frame is None or frame.f_builtins is not stage.builtins:
        return stage.fresh if name in stage.fresh and name not in cache else cache
    if importing:
        stage.import_module(name)  # `importlib.import_module`: what a statement would give
    return stage.entries if name in stage.entries else _NOTHING if name in stage.left else stage.modules


def _is_between(code: CodeType) -> bool:
    """May code that a stage calls ask for it: the standard library, and installed packages at work?

    A library that looks a class's module up (pydantic, for the names in annotations) means the one that is executed.
    """
    return _asks_for_others(code) or (_INSTALLED.search(code.co_filename) is not None and code.co_name != "<module>")


# -- on behalf of a system -------------------------------------------------------------------------------------------


builtins_of: Callable[[FunctionType], dict[str, Any]] = operator.attrgetter("__builtins__")  # typeshed lacks it
"""The built-in names that a function's code finds: those of its system."""


def inside(builtins: dict[str, Any]) -> Callable[..., Any]:
    """A function ``call(function, *arguments, **named)`` that calls it on behalf of the system with these built-ins.

    It is code of that system: C code below it, and shared Python code, import from there and look up there.
    """
    return FunctionType(_call.__code__, {"__builtins__": builtins, "__name__": __name__}, "call", None, None)


def _call(function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Any:
    return function(*arguments, **named)
