"""The garbage collector kept from running for a while."""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Iterator, Sequence

__all__ = ["hides", "uncollected"]


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
