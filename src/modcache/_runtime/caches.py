"""What a :func:`functools.lru_cache` holds: how to take it back to an earlier moment, and who is in it.

Its C type has no way to forget one entry, but refers to the dict of its entries, new ones last. An entry that is taken
from that is asked for no more. A bounded cache has them in a list besides: one that is not in the dict is passed over
there and dropped in its turn (``bounded_lru_cache_wrapper`` in ``_functoolsmodule.c`` provides for just that).
"""

from __future__ import annotations

import functools
import gc
from collections.abc import Container, Iterator
from types import FunctionType, ModuleType
from typing import Any

from modcache._runtime.peek import Kinds, is_a

__all__ = ["LRU", "Entries", "every_cache", "forget", "holds"]

LRU: Any = type(functools.lru_cache(lambda: None))
"""The type of what :func:`functools.lru_cache` returns."""
_DEPTH = 3
_MOST = 10_000
_LINK = "_lru_list_elem"
_NOT_INTO = (type, FunctionType, ModuleType)
_PLAIN = Kinds(int, str, bytes, float, bool, type(None), complex)


class Entries:
    """The entries of one cache at one moment."""

    def __init__(self, cache: Any) -> None:
        self._cache = cache
        rows = _rows_of(cache)
        self._rows: dict[Any, Any] = {} if rows is None else rows
        self._count = len(self._rows)
        self._last = next(reversed(self._rows.items()), (None, None))

    def take_back(self) -> None:
        """Take out those that came since."""
        if self._rows and not self._count:
            forget(self._cache)
        while self._rows and not self._is_as_before():
            self._rows.popitem()  # hashes no key, so it runs no code of anybody's

    def _is_as_before(self) -> bool:
        key, value = next(reversed(self._rows.items()))
        return len(self._rows) <= self._count and key is self._last[0] and value is self._last[1]


def _rows_of(cache: Any) -> dict[Any, Any] | None:
    """The dict in which a cache has its entries; None if it keeps none (``maxsize=0``), or has it elsewhere."""
    maxsize = cache.cache_parameters()["maxsize"]
    if maxsize == 0:
        return None
    dicts = [one for one in gc.get_referents(cache) if type(one) is dict and one is not cache.__dict__]
    if maxsize is None:
        return dicts[0] if len(dicts) == 1 else None
    size = cache.cache_info().currsize
    dicts = [one for one in dicts if len(one) == size and all(type(row).__name__ == _LINK for row in one.values())]
    return dicts[-1] if dicts else None


def every_cache() -> Iterator[Any]:
    """All caches of the process that hold anything: one walk over the heap."""
    found = [one for one in gc.get_objects() if type(one) is LRU]
    return (one for one in found if LRU.cache_info(one).currsize)


def holds(cache: Any, wanted: Container[int]) -> bool:
    """Does an entry lead to one of some objects (``wanted``: their ids): itself, in what it holds, as its class?"""
    own = {id(cache.__wrapped__), id(cache.__dict__)}
    layer = [one for one in gc.get_referents(cache) if id(one) not in own]
    seen: set[int] = set()
    for _ in range(_DEPTH + 1):
        if any(id(one) in wanted for one in layer):
            return True
        seen |= {id(one) for one in layer}
        open_ = [one for one in layer if type(one) not in _PLAIN and not is_a(one, *_NOT_INTO)]
        layer = [one for one in gc.get_referents(*open_) if id(one) not in seen][:_MOST]
    return False


def forget(cache: Any) -> None:
    """Empty a cache."""
    LRU.cache_clear(cache)
