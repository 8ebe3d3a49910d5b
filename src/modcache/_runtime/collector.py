"""The garbage collector kept from running for a while."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

__all__ = ["hides", "uncollected", "unseen_dicts"]

_SLICE = 50_000


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """No automatic collection as long as it lasts; may be nested. The collector is the process's: other threads too.

    Syntax trees are millions of objects that the collector would look through again and again while they are made,
    together with the program's own: that takes longer than making them.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def hides(heap: Sequence[object]) -> bool:
    """Has somebody called ``gc.freeze()``? ``heap``: what ``gc.get_objects()`` gives; frozen objects are not in it."""
    if not gc.get_freeze_count():
        return False
    # CPython 3.12 has frozen some hundred objects by itself before it begins; what is as old as this module is a sign
    return id(os.__dict__) not in map(id, heap)


def unseen_dicts(holders: Sequence[object]) -> list[dict[Any, Any]]:
    """The dicts that only these hold and that the collector does not list, since they hold nothing but plain values.

    Up to 3.13 a dict of numbers and strings is not tracked before something else is put into it (``MAINTAIN_TRACKING``
    of ``dictobject.c``). So it is not told by its age who made it, but by its references: all of them are known.
    """
    found: dict[int, dict[Any, Any]] = {}
    counts: Counter[int] = Counter()
    for start in range(0, len(holders), _SLICE):
        for value in gc.get_referents(*holders[start : start + _SLICE]):
            if type(value) is dict and not gc.is_tracked(value):
                found[id(value)] = value
                counts[id(value)] += 1
    value = None  # it would count
    # two references are ours: the dict's and the argument's
    return [found[key] for key in found if sys.getrefcount(found[key]) - 2 == counts[key]]
