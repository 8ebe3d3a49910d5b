"""Who holds on to something: the way up, from object to referrer, until somebody who has a name."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable, Iterator
from types import FrameType, FunctionType, GeneratorType
from typing import Any

from modcache._runtime.dispatch import builtins_of

__all__ = ["holders"]

_DEPTH = 16
_WIDTH = 20_000
_FOUND = 20
_OWN = __name__.rpartition(".")[0]


def holders(last: Any) -> tuple[str, ...]:
    """Who holds what was loaded in a system, as sentences, at most twenty; never empty.

    ``last``: the ``__import__`` in the system's built-in names. They are what every module and function of it refers
    to, so the objects of the system are those that refer to them.
    """
    (builtins,) = (value for value in gc.get_referrers(last) if type(value) is dict)
    inner = [value for value in gc.get_referrers(builtins) if _is_of(value, builtins)]
    search = _Search(builtins, inner)
    found = list(dict.fromkeys(search.run()))
    return tuple(found[:_FOUND]) or ("something that the garbage collector can't see",)


def _is_of(value: Any, builtins: dict[str, Any]) -> bool:
    if type(value) is FunctionType:
        return builtins_of(value) is builtins
    return type(value) is dict and value.get("__builtins__") is builtins


class _Search:
    """Goes up level by level; what has a name ends a way, and so does what nobody visible holds."""

    def __init__(self, builtins: dict[str, Any], inner: list[Any]) -> None:
        self._builtins = builtins
        self._level: list[Any] = inner
        self._seen = {id(self), id(vars(self)), id(inner), id(builtins), *map(id, inner)}
        self._all: dict[int, Any] = {id(value): value for value in inner}

    def run(self) -> Iterator[str]:
        """The names of the holders."""
        for _ in range(_DEPTH):
            if not self._level or len(self._all) > _WIDTH:
                break
            above: list[Any] = []
            self._seen |= {id(above), id(self._level), id(self._all)}
            for value in gc.get_referrers(*self._level):
                if id(value) in self._seen or _is_ours(value):
                    continue
                self._seen.add(id(value))
                names = self._named(value)
                yield from names
                if not names:
                    above.append(value)
            self._level = above
            self._all.update((id(value), value) for value in above)
        yield from _in_frames(self._all)

    def _named(self, value: Any) -> list[str]:
        """``module.name`` for the namespace of a module that is not of the system."""
        if type(value) is dict and "__name__" in value and "__builtins__" in value:
            keys = [key for key, held in list(value.items()) if id(held) in self._all]
            return [f"{value['__name__']}.{key}" for key in keys]
        if type(value) is FrameType:
            return [_place(value)]
        return []


def _is_ours(value: Any) -> bool:
    """Whether it is of this search, not of the program. By its type alone: ``isinstance`` asks the object, which may be
    anything (a lazy object of a library loads itself)."""
    if type(value) is FrameType:
        return str(value.f_globals.get("__name__")).startswith(_OWN)
    return type(value) in (GeneratorType, type(iter([])))


def _in_frames(held: dict[int, Any]) -> Iterator[str]:
    """Variables of functions that are running: the collector does not see them."""
    for frame in _frames():
        for name, value in list(frame.f_locals.items()):
            if id(value) in held and not _is_ours(frame):
                yield f"{name!r} in {_place(frame)}"


def _frames() -> Iterable[FrameType]:
    for top in sys._current_frames().values():
        frame: FrameType | None = top
        while frame is not None:
            if frame.f_locals is not frame.f_globals:
                yield frame
            frame = frame.f_back


def _place(frame: FrameType) -> str:
    return f"{frame.f_code.co_qualname}, which is running ({frame.f_code.co_filename}:{frame.f_lineno})"
