"""One attribute of many objects, set or taken away by one C call; and the way back from that."""

from __future__ import annotations

import operator
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import repeat
from typing import Any

__all__ = ["ABSENT", "Many", "set_every", "without"]

ABSENT: Any = object()
"""In a row of values: this object has no such attribute."""
Call = Callable[[], object]


def set_every(targets: Sequence[Any], name: str, values: Iterable[object]) -> Call:
    """Set an attribute of each of some objects, past their classes, to the value that stands at its place."""
    return partial(deque, map(object.__setattr__, targets, repeat(name), values), 0)


def without(targets: Sequence[Any], name: str) -> tuple[Call, Call]:
    """Take an attribute from each of some objects: two calls, one after the other."""
    # set first: what the program itself has deleted by now can't be deleted, and would raise in the middle
    gone: Call = partial(deque, map(object.__delattr__, targets, repeat(name)), 0)
    return set_every(targets, name, repeat(None)), gone


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
        yield set_every([target for target, _ in put_back], self._name, [old for _, old in put_back])
        yield from without([target for target, old in living if old is ABSENT], self._name)


def _reference(target: Any) -> Callable[[], Any]:
    if type(target).__weakrefoffset__:
        return weakref.ref(target)
    return partial(operator.itemgetter(0), (target,))
