"""The process's own registries, one small adapter each: what Python and its standard library keep for everybody."""

from __future__ import annotations

import _abc  # type: ignore[import-not-found]  # what ABCMeta is made of: the only way to take a registration back
import _signal  # type: ignore[import-not-found]  # what `signal` is made of: that makes an enumeration of each answer
import abc
import atexit
import copyreg
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from modcache._refresh.registrations.known import RUNNERS
from modcache._refresh.registrations.loggers import LOGGING, changed_loggers, look_at_loggers
from modcache._refresh.registrations.places import Attributes, Difference, Items, Names, Place, Row, alike
from modcache._runtime.functions import raw_dict
from modcache._runtime.operations import Operations, Step
from modcache._runtime.peek import Kinds, field_of, home, is_a, mro_of, qualname_of

__all__ = ["Abstract", "Exits", "Finding", "Member", "Standing", "exits"]

_Exit = tuple[Callable[..., object], tuple[Any, ...], dict[str, Any]]


class Exits(Place):
    """What :mod:`atexit` was given while somebody listened. It can't be asked for what it holds."""

    words = frozenset({"_ncallbacks", "_run_exitfuncs"})

    def __init__(self) -> None:
        super().__init__("atexit")
        self._known: list[_Exit] = []
        self._register = atexit.register
        self._listeners: list[int] = []

    @property
    def key(self) -> object:
        """What tells it from other places."""
        return "atexit"

    def listen(self) -> None:
        """From here on, see what this thread registers."""
        self._listeners.append(threading.get_ident())
        atexit.register = self._heard

    def stop(self) -> None:
        """Listen no more (as often as was begun)."""
        ident = threading.get_ident()
        if ident in self._listeners:
            self._listeners.remove(ident)
        if not self._listeners:
            atexit.register = self._register

    def _heard(self, func: Callable[..., Any], /, *args: Any, **keywords: Any) -> Any:
        found = self._register(func, *args, **keywords)
        if threading.get_ident() in self._listeners:
            self._known.append((func, args, keywords))
        return found

    def copy(self) -> Any:
        """What is known to be registered."""
        return self._known[:]

    def rows(self, copy: Any) -> list[Row]:
        """As rows: function and arguments together."""
        return [(None, item) for item in copy]

    def fill(self, operations: Operations, rows: list[Row]) -> bool:
        """Everything from the first difference on is taken out and registered again: so it stays in order."""
        olds, news = self._known[:], [value for _, value in rows]
        pairs = enumerate(zip(olds, news, strict=False))
        start = self._whole(olds, next((i for i, (a, b) in pairs if a is not b), min(len(olds), len(news))))
        if not all(self._is_alone(func, olds[start:]) for func, _, _ in olds[start:]):
            return False
        for func, args, keywords in reversed(olds[start:]):
            operations.add(Step(atexit.unregister, func), Step(self._register, func, *args, **keywords))
        for func, args, keywords in news[start:]:
            operations.add(Step(self._register, func, *args, **keywords), Step(atexit.unregister, func))
        operations.fill_list(self._known, news)
        return True

    @staticmethod
    def functions() -> list[Any]:
        """All functions that are registered, by whomever: those that ``unregister`` compares with."""
        looker = _Looker()
        atexit.unregister(looker)  # type: ignore[arg-type]
        return looker.found

    @staticmethod
    def _whole(olds: list[_Exit], start: int) -> int:
        """``unregister`` takes out all that are equal: so the first of those is where it begins."""
        functions = [func for func, _, _ in olds[start:]]
        return next((i for i, row in enumerate(olds[:start]) if _among(row[0], functions)), start)

    @staticmethod
    def _is_alone(func: Any, known: list[_Exit]) -> bool:
        """Would taking it out take out only what is known, and run nobody's code?"""
        if type(func) not in _CALLED and type(func) is not type:
            return False
        there = sum(_among(func, [other]) for other in exits.functions())
        return there == sum(_among(func, [other]) for other, _, _ in known)


class _Looker:
    """Equal to nothing: it only looks at what it is compared with."""

    def __init__(self) -> None:
        self.found: list[Any] = []

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        self.found.append(other)
        return False


_CALLED = Kinds(FunctionType, BuiltinFunctionType, MethodType)


def _among(func: Any, others: list[Any]) -> bool:
    """Is it one of them, or a method of the same object that is?"""
    plain = type(func) in _CALLED
    return any(func is other or (plain and type(func) is type(other) and func == other) for other in others)


class Signals(Place):
    """The handlers of signals. They can be set in the main thread only."""

    keyed = True
    words = frozenset({"getsignal", "raise_signal"})
    _NUMBERS = sorted(_signal.valid_signals())

    def __init__(self) -> None:
        super().__init__("signal handlers")

    @property
    def key(self) -> object:
        """What tells it from other places."""
        return "signal"

    def copy(self) -> Any:
        """The handlers, in the order of the numbers."""
        return [*map(_signal.getsignal, self._NUMBERS)]

    def rows(self, copy: Any) -> list[Row]:
        """(number, handler)."""
        return list(zip(map(int, self._NUMBERS), copy, strict=True))

    def fill(self, operations: Operations, rows: list[Row]) -> bool:
        """Handlers are set right after the commit: that can fail, in another thread."""
        if threading.current_thread() is not threading.main_thread():
            return alike(self.read(), rows)
        olds = dict(self.read())
        for number, handler in rows:
            if olds[number] is not handler and handler is not None:
                operations.afterwards(Step(_signal.signal, number, handler), Step(_signal.signal, number, olds[number]))
        return True


class Abstract(Place):
    """The classes that were registered with an abstract base class."""

    words = frozenset({"isinstance", "issubclass"})

    def __init__(self, kind: type) -> None:
        super().__init__(f"{home(kind)}:{qualname_of(kind)}.register")
        self.kind = kind

    @property
    def key(self) -> object:
        """What tells it from other places."""
        return ("abc", id(self.kind))

    def copy(self) -> Any:
        """The classes, by name: the interpreter keeps them in no order."""
        found = [kind for reference in _abc._get_dump(self.kind)[0] if (kind := reference()) is not None]
        return sorted(found, key=lambda kind: (home(kind), qualname_of(kind), id(kind)))

    def rows(self, copy: Any) -> list[Row]:
        """As rows."""
        return [(None, kind) for kind in copy]

    def fill(self, operations: Operations, rows: list[Row]) -> bool:
        """Right after the commit: whoever is registered is asked for its bases, and that may be anybody's code."""
        before, after = [value for _, value in self.read()], [value for _, value in rows]
        operations.afterwards(Step(self._become, after), Step(self._become, before))
        return True

    def _become(self, kinds: list[type]) -> None:
        _abc._reset_registry(self.kind)
        for base in mro_of(self.kind):
            if is_a(base, abc.ABCMeta):
                _abc._reset_caches(base)
        for kind in kinds:
            _abc._abc_register(self.kind, kind)
        _abc._abc_register(abc.ABCMeta("_Any", (), {}), type("_One", (), {}))  # so that all others look anew, too


class Member(Place):
    """One attribute of a class of somebody else."""

    keyed = True

    def __init__(self, name: str, kind: type, member: str) -> None:
        super().__init__(name)
        self.kind = kind
        self.member = member

    @property
    def key(self) -> object:
        """What tells it from other places."""
        return (id(self.kind), self.member)

    def copy(self) -> Any:
        """Its raw value, if the class itself has it."""
        return raw_dict(self.kind).get(self.member, self)

    def rows(self, copy: Any) -> list[Row]:
        """One row, or none."""
        return [] if copy is self else [(self.member, copy)]

    def fill(self, operations: Operations, rows: list[Row]) -> bool:
        """Set or drop it."""
        if not field_of(self.kind, "__flags__") & _HEAP:
            return alike(self.read(), rows)
        for _, value in rows:
            operations.member(self.kind, self.member, value)
        if not rows and self.read():
            operations.drop_member(self.kind, self.member)
        return True


_HEAP = 1 << 9
exits = Exits()


def _filters_changed() -> Callable[[], object]:
    for name in ("_filters_mutated_lock_held", "_filters_mutated"):
        if hasattr(warnings, name) and sys.version_info < (3, 14):
            found: Callable[[], object] = getattr(warnings, name)
            return found
    return list  # 3.14: the cache that it invalidates is looked at under a lock; see _Filters.fill


class _Filters(Items):
    newest_first = True
    words = frozenset({"warn", "warn_explicit", "filters", "catch_warnings"})

    def __init__(self) -> None:
        super().__init__("warnings.filters", lambda: warnings.filters, _filters_changed())

    @property
    def key(self) -> object:
        return "warnings.filters"

    def fill(self, operations: Operations, rows: list[Row]) -> bool:
        super().fill(operations, rows)
        if sys.version_info >= (3, 14):
            operations.afterwards(Step(warnings.simplefilter.__globals__["_wm"]._filters_mutated_lock_held), Step(list))
        return True


class Finding(Items):
    """What decides where modules are found: every import statement looks at it."""


class _Reducers(Names):
    words = RUNNERS["copyreg"] | {"dispatch_table"}


class _Environment(Names):
    words = frozenset({"environ", "getenv", "environb", "getenvb", "expandvars"})


class _Shown(Attributes):
    words = RUNNERS["warnings"] | {"showwarning", "captureWarnings"}


_SIMPLE: tuple[Place, ...] = (
    exits,
    _Filters(),
    Finding("sys.meta_path", lambda: sys.meta_path),
    Finding("sys.path_hooks", lambda: sys.path_hooks),
    Finding("sys.path", lambda: sys.path),
    _Reducers("copyreg.dispatch_table", lambda: copyreg.dispatch_table),
    _Environment("os.environ", lambda: os.environ._data, mirror=(os.putenv, os.unsetenv)),  # type: ignore[attr-defined]
    Signals(),
    *LOGGING,
    _Shown("warnings.showwarning", lambda: vars(warnings), only=("showwarning",)),
)


class Standing:
    """The registries that any code may reach: looked at before and after each statement that may register something."""

    def look(self) -> Any:
        """How all of them stand; quick."""
        return [place.copy() for place in _SIMPLE], look_at_loggers()

    def differences(self, before: Any, after: Any) -> Iterator[Difference]:
        """What changed from one look to the other."""
        for place, one, other in zip(_SIMPLE, before[0], after[0], strict=True):
            if one is not None and one != other:
                yield place, place.rows(one), place.rows(other)
        if before[1] != after[1]:
            yield from changed_loggers(before[1], after[1])
