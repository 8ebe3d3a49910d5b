"""Who refers to an object: what the collector lists, and the plain containers that it does not."""

from __future__ import annotations

import gc
import operator
import sys
from collections.abc import Iterator, Sequence
from typing import Any

__all__ = ["referrers"]

_FEW = 32
_CHUNK = 256


def referrers(objects: Sequence[Any]) -> list[Any]:
    """Who refers to any of some objects: one walk over the heap, two if the collector does not track one of them."""
    wanted = set(map(id, objects))
    found = _few(objects) if len(objects) <= _FEW else _listed(wanted)
    if not all(map(gc.is_tracked, objects)):
        found += _unlisted(wanted)
    return found


_ASKED: list[Any] = [[]]
_CALL_IS_A_HOLDER = len(gc.get_referrers(*_ASKED)) > len([_ASKED])
"""Does the collector count the arguments of the call that asks it? (Since CPython 3.13 they are copied.)"""


def _few(objects: Sequence[Any]) -> list[Any]:
    rows = gc.get_referrers(*objects)
    if _CALL_IS_A_HOLDER:
        calls = [index for index, row in enumerate(rows) if _is_call(row, objects)]
        del rows[min(calls, key=lambda index: sys.getrefcount(rows[index]))]  # who is held elsewhere is somebody's
    return rows


def _is_call(row: Any, objects: Sequence[Any]) -> bool:
    """May it be the arguments by which the collector was asked?"""
    return type(row) is tuple and len(row) == len(objects) and all(map(operator.is_, row, objects))


def _listed(wanted: set[int]) -> list[Any]:
    """``gc.get_referrers`` compares each reference with each object; for many objects a set is quicker."""
    found = []
    for chunk in _chunks():
        if not wanted.isdisjoint(map(id, gc.get_referents(*chunk))):
            found += [row for row in chunk if not wanted.isdisjoint(map(id, gc.get_referents(row)))]
    return found


def _unlisted(wanted: set[int]) -> list[Any]:
    """Dicts and tuples of nothing but what the collector does not track either: it leaves them out.

    (``MAINTAIN_TRACKING`` in ``dictobject.c``, up to 3.13, and ``_PyTuple_MaybeUntrack``.)
    """
    found, seen = [], set[int]()
    for chunk in _chunks():
        todo = [one for one in gc.get_referents(*chunk) if _is_left_out(one)]
        while todo:
            one = todo.pop()
            if id(one) in seen:
                continue
            seen.add(id(one))
            inner = gc.get_referents(one)
            if not wanted.isdisjoint(map(id, inner)):
                found.append(one)
            todo += filter(_is_left_out, inner)
    return found


def _is_left_out(value: object) -> bool:
    return (type(value) is dict or type(value) is tuple) and not gc.is_tracked(value)


def _chunks() -> Iterator[list[Any]]:
    everything = gc.get_objects()
    for start in range(0, len(everything), _CHUNK):
        yield everything[start : start + _CHUNK]
