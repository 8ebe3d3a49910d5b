"""`sys.modules` while spaces are open: who looks a module up by name gets it from the cache that is his.

`enum`, `dataclasses`, `inspect`, `pickle` and their like are shared by all import systems, and look modules up by name
in ``sys.modules``. While a private system is open, a dispatcher stands there. It answers by the code that asks: the
nearest frame that is not the standard library's decides, by its ``__builtins__``.

The interpreter's own dict stays what it was: C code, and with it the interpreter's ``import`` statement, reads that. To
have C code dispatched too, the dict itself must become a dispatcher: see :mod:`modcache._runtime.deep`.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.machinery
import os
import sys
import threading
from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import Protocol

    class System(Protocol):
        """What is asked of a private import system."""

        @property
        def modules(self) -> dict[str, Any]: ...
        @property
        def builtins(self) -> dict[str, Any]: ...
        def import_module(self, name: str, /) -> Any: ...
        def find_spec(self, name: str, /) -> Any: ...


__all__ = ["Dispatcher", "asking", "close_for", "inside", "is_standard", "lend", "open_for", "process_cache", "restoring", "when_loaded"]

_getframe = sys._getframe
_STANDARD = tuple({os.path.realpath(os.path.dirname(os.__file__)) + os.sep, os.path.dirname(os.__file__) + os.sep})
_THIRD = tuple(f"{place}{name}{os.sep}" for place in _STANDARD for name in ("site-packages", "dist-packages"))
_MACHINERY = frozenset({"<frozen importlib._bootstrap>", "<frozen importlib._bootstrap_external>"})

_process: dict[Any, Any] = sys.modules
"""The interpreter's own module cache: C code has this very object, whatever stands in ``sys.modules``."""
_systems: dict[int, tuple[System, Callable[[str], bool]]] = {}
"""``id(builtins)`` -> the open system whose code has these, and which names it takes from the interpreter."""
_passed: dict[str, bool] = {}
"""File of some code -> whether its frames ask for somebody else; no more entries than there are files."""
_lock = threading.RLock()
_MISSING: Any = object()


def process_cache() -> dict[Any, Any]:
    """The interpreter's own module cache, dispatcher or not."""
    return _process


def is_standard(name: object) -> bool:
    """Whether a name is of the standard library."""
    # the build's own data (`_sysconfigdata__linux_...`) is in no list
    return isinstance(name, str) and (
        name.partition(".")[0] in sys.stdlib_module_names or name.startswith("_sysconfigdata_")
    )


def asking(depth: int = 1, name: object = None) -> tuple[System, Callable[[str], bool]] | None:
    """On whose behalf the caller's caller runs: an open system, with what it shares; None for the interpreter.

    ``name``: the module that is looked up. What is the standard library's is loaded for the interpreter, whoever needs
    it first: the import machinery asks for `re` under a call of `enum` from a space.
    """
    frame: Any = _getframe(depth + 1)
    first = frame.f_code.co_filename
    while frame is not None:
        found = _systems.get(id(frame.f_builtins))
        if found is not None:
            return found
        code = frame.f_code
        passed = _passed.get(code.co_filename)
        if not (_is_passed(code.co_filename) if passed is None else passed) or code.co_name == "<module>":
            return None
        if first in _MACHINERY and is_standard(name):
            return None
        frame = frame.f_back
    return None


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
        return dict.__getitem__(_process if found is None else _of(found, name), name)

    def get(self, name: Any, default: Any = None) -> Any:
        """What stands under a name, or the default."""
        return dict.get(_readable(name), name, default)

    def __contains__(self, name: object) -> bool:
        return dict.__contains__(_readable(name), name)

    def __setitem__(self, name: Any, value: Any) -> None:
        dict.__setitem__(_cache(name), name, value)

    def __delitem__(self, name: Any) -> None:
        dict.__delitem__(_cache(name), name)

    def pop(self, name: Any, *default: Any) -> Any:
        """Take an entry away; the import machinery, which sets it again at once, only gets it."""
        cache = _cache(name)
        if cache is not _process and _getframe(1).f_code.co_filename in _MACHINERY:
            return cache[name]  # an entry must not be missing, not for a moment
        return dict.pop(cache, name, *default)

    def setdefault(self, name: Any, default: Any = None) -> Any:
        """What stands there, after the default was put there if nothing did."""
        return dict.setdefault(_cache(name), name, default)

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
        dict.update(_cache(), *others, **more)

    def __or__(self, other: Any) -> Any:
        return dict.copy(_cache()) | other

    def __ror__(self, other: Any) -> Any:
        return other | dict.copy(_cache())

    def __ior__(self, other: Any) -> Any:  # type: ignore[override, misc]
        dict.update(_cache(), other)
        return self

    def __eq__(self, other: object) -> bool:
        return other is self or dict.copy(_cache()) == other

    __hash__ = None  # type: ignore[assignment]  # as a dict's

    def __repr__(self) -> str:
        return repr(dict.copy(_cache()))

    def __reduce_ex__(self, protocol: Any) -> Any:
        return dict, (dict.copy(_cache()),)


def _cache(name: object = None) -> dict[Any, Any]:
    """The asker's cache. Called by a dispatcher's method: the asker is two frames up."""
    found = asking(2, name)
    return _process if found is None else found[0].modules


def _readable(name: Any) -> dict[Any, Any]:
    """The asker's cache, or the interpreter's for what the asker's system shares and has not imported."""
    found = asking(2, name)
    return _process if found is None else _of(found, name)


def _of(found: tuple[System, Callable[[str], bool]], name: Any) -> dict[Any, Any]:
    system, shares = found
    cache = system.modules
    return _process if name not in cache and isinstance(name, str) and shares(name) else cache


# -- who is open -----------------------------------------------------------------------------------------------------


class _Finder:
    """First on ``sys.meta_path``: shared code that imports by name on behalf of a system imports from that system."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> Any:
        """A spec that hands over the system's own module; None if it is the interpreter that asks."""
        found = asking(1, name)
        if found is None or found[1](name):
            return _spec_with(name, path) if name in _awaited else None
        system = found[0]
        if system.find_spec(name) is None:
            # the interpreter's other finders must not be asked: theirs would be the wrong one
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return importlib.machinery.ModuleSpec(name, _Handing(system))


class _Handing:
    """A loader whose module is a system's. It is imported here, not in the finder: that runs under the import lock."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._spec: object = None

    def create_module(self, spec: Any) -> Any:
        """The system's module, imported if need be."""
        module = self._system.import_module(spec.name)
        self._spec = getattr(module, "__spec__", None)
        return module

    def exec_module(self, module: ModuleType) -> None:
        """It was executed; only the spec, which the machinery has put another in the place of, is set back."""
        if self._spec is not None:
            module.__spec__ = self._spec  # type: ignore[assignment]


_dispatcher = Dispatcher()
_finder = _Finder()
_awaited: dict[str, Callable[[ModuleType], None]] = {}


def when_loaded(name: str, change: Callable[[ModuleType], None]) -> None:
    """Change a shared module: now if it is loaded, else as soon as it is, if a system is open then."""
    module = _process.get(name)
    if module is None:
        _awaited[name] = change
    else:
        change(module)


def _spec_with(name: str, path: Any) -> Any:
    """The spec that the other finders give, its loader's `exec_module` followed once by the change that is awaited."""
    spec: Any = importlib.machinery.PathFinder.find_spec(name, path)
    if spec is not None:
        execute = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            del spec.loader.exec_module
            execute(module)
            _awaited.pop(name)(module)

        spec.loader.exec_module = exec_module
    return spec


def open_for(system: System, shares: Callable[[str], bool]) -> None:
    """Answer the code of a private system from its own cache, from now on; ``shares``: but not for these names.

    The first one that is open puts the dispatcher into ``sys.modules`` and the finder on ``sys.meta_path``.
    """
    with _lock:
        if not _systems:
            sys.meta_path.insert(0, _finder)  # type: ignore[arg-type]
            if sys.modules is _process and type(_process) is dict:
                sys.modules = _dispatcher
        _systems[id(system.builtins)] = system, shares


def close_for(system: System) -> None:
    """The end of that; after the last one ``sys.modules`` and ``sys.meta_path`` are as they were."""
    with _lock:
        if _systems.pop(id(system.builtins), None) is None or _systems:
            return
        if sys.modules is _dispatcher:
            sys.modules = _process
        sys.meta_path[:] = [finder for finder in sys.meta_path if finder is not _finder]


# -- on behalf of a system -------------------------------------------------------------------------------------------


def inside(builtins: dict[str, Any]) -> Callable[..., Any]:
    """A function ``call(function, *arguments, **named)`` that calls it on behalf of the system with these built-ins.

    It is code of that system: C code below it, and shared Python code, import from there and look up there.
    """
    return FunctionType(_call.__code__, {"__builtins__": builtins, "__name__": __name__}, "call", None, None)


def _call(function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Any:
    return function(*arguments, **named)


@contextlib.contextmanager
def restoring(name: str) -> Iterator[None]:
    """What C code puts under a name into the interpreter's own cache meanwhile is gone afterwards."""
    before = dict.get(_process, name, _MISSING)
    try:
        yield
    finally:
        if before is not _MISSING:
            dict.__setitem__(_process, name, before)
        elif name in _process:
            dict.pop(_process, name, None)


class _Loan:
    """Calls what it was given when it goes, without a step of Python in between: a C callable in a slot."""

    __slots__ = ("__del__",)


def lend(name: str, module: Any, until: list[Any]) -> None:
    """Put a module under a name into the interpreter's own cache, for as long as the list ``until`` lives.

    ``PyImport_Import`` (Python/import.c) calls our ``__import__`` with a fresh list, throws away what it returned, reads
    the interpreter's cache and drops the list: no other thread comes in between, since nothing of Python runs there.
    So this must be the last that is done before ``__import__`` returns.
    """
    if type(_process) is not dict:
        return  # a deep dispatcher: C asks it
    loan: Any = _Loan()
    if name in _process:
        loan.__del__ = functools.partial(dict.__setitem__, _process, name, _process[name])
    else:
        loan.__del__ = functools.partial(dict.pop, _process, name, None)
    until.append(loan)
    del loan
    _process[name] = module
