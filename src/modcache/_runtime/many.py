"""One attribute of many objects, set or taken away by one C call; and the way back from that."""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import compress, repeat
from typing import Any

__all__ = ["ABSENT", "Every", "Many", "set_every", "without"]

ABSENT: Any = object()
"""In a row of values: this object has no such attribute."""
Call = Callable[[], object]


class Every:
    """One C function over many objects, as an operation that can be run more than once: :meth:`call` makes it."""

    def __init__(self, do: Callable[..., object], targets: Sequence[Any], *columns: Iterable[object]) -> None:
        self._do = do
        self._rows: tuple[Iterable[object], ...] = (targets, *columns)

    def call(self) -> Call:
        """What does it, once."""
        return partial(deque, map(self._do, *self._rows), 0)


def set_every(targets: Sequence[Any], name: str, values: Iterable[object]) -> Every:
    """Set an attribute of each of some objects, past their classes, to the value that stands at its place."""
    return Every(object.__setattr__, targets, repeat(name), values)


def without(targets: Sequence[Any], name: str) -> tuple[Every, Every]:
    """Take an attribute from each of some objects: two operations, one after the other."""
    # set first: what the program itself has deleted by now can't be deleted, and would raise in the middle
    return set_every(targets, name, repeat(None)), Every(object.__delattr__, targets, repeat(name))


class Many:
    """The inverse of one attribute of many objects of one class: made when it is asked for, of those that still live.

    ``olds``: what they had; None if they had none. Objects are held weakly where their class allows it: what a program
    lets go of must not wait for eight commits.
    """

    def __init__(self, targets: Sequence[Any], name: str, olds: Sequence[object] | None) -> None:
        self._name = name
        self._olds = olds
        self._references: list[Callable[[], Any]] | None = None
        self._targets = targets
        if targets and type(targets[0]).__weakrefoffset__:
            self._references, self._targets = list(map(weakref.ref, targets)), ()

    def steps(self) -> Iterator[Call]:
        """What is to be run for it, in order."""
        targets = self._targets if self._references is None else [reference() for reference in self._references]
        living = [target is not None for target in targets]
        targets = list(compress(targets, living))
        if self._olds is not None:
            yield set_every(targets, self._name, list(compress(self._olds, living))).call()
        else:
            yield from (every.call() for every in without(targets, self._name))
