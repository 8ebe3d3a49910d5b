"""One attribute of many objects, set or taken away by one C call; and the way back from that."""

from __future__ import annotations

import operator
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import repeat
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
    """The inverse of one attribute of many objects: made when it is asked for, of those that still live.

    Objects are held weakly where their class allows it: what a program lets go of must not wait for eight commits.
    """

    def __init__(self, targets: Iterable[Any], name: str, olds: Iterable[object]) -> None:
        self._name = name
        self._rows = [(_reference(target), old) for target, old in zip(targets, olds, strict=False)]

    def steps(self) -> Iterator[Call]:
        """What is to be run for it, in order."""
        living = [(target, old) for reference, old in self._rows if (target := reference()) is not None]
        put_back = [(target, old) for target, old in living if old is not ABSENT]
        yield set_every([target for target, _ in put_back], self._name, [old for _, old in put_back]).call()
        for every in without([target for target, old in living if old is ABSENT], self._name):
            yield every.call()


def _reference(target: Any) -> Callable[[], Any]:
    if type(target).__weakrefoffset__:
        return weakref.ref(target)
    return partial(operator.itemgetter(0), (target,))
