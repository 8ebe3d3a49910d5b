"""The garbage collector kept from running for a while."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

__all__ = ["uncollected"]


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
