"""Checkpoints: the places of a refresh where a stress mode looks on, or makes it fail.

A refresh reaches one at the end of each phase, and one with the operations of a commit just before they are run. As
long as nobody looks on, reaching one is reading a global.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from modcache._runtime.operations import Operations

__all__ = ["COMMIT", "Onlooker", "reached", "watched"]

COMMIT = "operations"
"""The checkpoint just before a commit; the others are named for the phase that ends there."""

Onlooker = Callable[[str, Operations | None], None]
"""Called with the name of the checkpoint; what it raises makes the refresh fail right there."""

_onlooker: Onlooker | None = None


def reached(name: str, operations: Operations | None = None) -> None:
    """A refresh has come to a checkpoint."""
    if _onlooker is not None:
        _onlooker(name, operations)


@contextmanager
def watched(by: Onlooker) -> Iterator[None]:
    """While this lasts, ``by`` is called at each checkpoint. One at a time, for the whole process."""
    global _onlooker
    before, _onlooker = _onlooker, by
    try:
        yield
    finally:
        _onlooker = before
