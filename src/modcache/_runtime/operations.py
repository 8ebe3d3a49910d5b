"""A commit as a list of operations that are C callables, run by one C call, with the inverse list beside it.

No other thread and no signal handler runs between two operations: the interpreter looks for both only between byte
codes, and there are none. Every old value is held by the inverse list until long after, so that no destructor runs in
the middle. Nothing here may hash or compare a user's object.
"""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from types import CellType
from typing import Any

from modcache._runtime.collector import uncollected

__all__ = ["Operations", "Step"]


class Step(partial[object]):
    """One operation; of a type of its own, to tell what is kept for an undo from what a program holds."""

    __slots__ = ()


_MISSING = object()
_EMPTY = object()


class Operations:
    """What a commit does, collected beforehand and run at once by :meth:`run`; :meth:`revert` runs the inverse."""

    def __init__(self) -> None:
        self._forward: list[Callable[[], object]] = []
        self._backward: list[Callable[[], object]] = []

    def __len__(self) -> int:
        return len(self._forward)

    def run(self) -> None:
        """Do it all. Can not be interrupted, and no thread sees half of it (builds with the GIL)."""
        _run(self._forward)
        # taking it back needs the inverse only; what the list holds would count as held by somebody (reference counts)
        self._forward.clear()

    def revert(self) -> None:
        """Take it all back, in the opposite order."""
        _run(self._backward[::-1])

    def concerned(self) -> Iterator[object]:
        """What the inverse list is about: the objects that it changes, what it puts back, what it takes out."""
        for back in self._backward:
            if isinstance(back, Step):
                yield from back.args
                if back.func is dict.pop:
                    namespace, name, _ = back.args
                    yield namespace.get(name)

    def add(self, forward: Callable[[], object], backward: Callable[[], object]) -> None:
        """Add one operation and its inverse; both are C callables that can not fail."""
        self._forward.append(forward)
        self._backward.append(backward)

    def do(self, function: Callable[..., object], *args: object) -> None:
        """Add a C callable that is never taken back: for lists of operations that are run and forgotten."""
        self._forward.append(partial(function, *args))

    def put(self, namespace: dict[str, Any], name: str, value: object) -> None:
        """``namespace[name] = value`` for a namespace keyed by plain strings."""
        old = namespace.get(name, _MISSING)
        if old is value:
            return
        forward = Step(dict.__setitem__, namespace, name, value)
        if old is _MISSING:
            self.add(forward, Step(dict.pop, namespace, name, None))
        else:
            self.add(forward, Step(dict.__setitem__, namespace, name, old))

    def drop(self, namespace: dict[str, Any], name: str) -> None:
        """``del namespace[name]`` if it is there."""
        if name in namespace:
            back = Step(dict.__setitem__, namespace, name, namespace[name])
            self.add(Step(dict.pop, namespace, name, None), back)

    def assign(self, target: object, name: str, value: object) -> None:
        """Set an attribute of a function or another object whose type is C."""
        old = getattr(target, name, None)
        if old is not value:
            self.add(Step(setattr, target, name, value), Step(setattr, target, name, old))

    def cell(self, cell: CellType, value: object) -> None:
        """Put a value into a closure cell."""
        try:
            old = cell.cell_contents
        except ValueError:
            self.add(Step(setattr, cell, "cell_contents", value), Step(delattr, cell, "cell_contents"))
            return
        if old is not value:
            back = Step(setattr, cell, "cell_contents", old)
            self.add(Step(setattr, cell, "cell_contents", value), back)

    def member(self, owner: type, name: str, value: object) -> None:
        """Set a class's own attribute past its metaclass; method caches are invalidated by CPython itself."""
        old = type.__getattribute__(owner, "__dict__").get(name, _MISSING)
        if old is value:
            return
        forward = Step(type.__setattr__, owner, name, value)
        if old is _MISSING:
            self.add(forward, Step(type.__delattr__, owner, name))
        else:
            self.add(forward, Step(type.__setattr__, owner, name, old))

    def drop_member(self, owner: type, name: str) -> None:
        """Delete a class's own attribute past its metaclass."""
        old = type.__getattribute__(owner, "__dict__")[name]
        self.add(Step(type.__delattr__, owner, name), Step(type.__setattr__, owner, name, old))

    def attribute(self, target: object, name: str, value: object) -> None:
        """Set an instance's attribute past its class."""
        old = object.__getattribute__(target, name)
        if old is not value:
            back = Step(object.__setattr__, target, name, old)
            self.add(Step(object.__setattr__, target, name, value), back)

    def retype(self, target: object, kind: type) -> None:
        """Give an object another class of the same layout."""
        old = type(target)
        back = Step(object.__setattr__, target, "__class__", old)
        self.add(Step(object.__setattr__, target, "__class__", kind), back)

    def fill_list(self, target: list[Any], items: Iterable[Any]) -> None:
        """Give a list other items, in place."""
        everything = slice(None)
        self.add(
            Step(list.__setitem__, target, everything, list(items)),
            Step(list.__setitem__, target, everything, list(target)),
        )

    def fill_dict(self, target: dict[Any, Any], items: dict[Any, Any]) -> None:
        """Give a dict other items, in place. Its keys must hash without running anybody's code."""
        old = dict(target)
        self.add(Step(dict.clear, target), Step(dict.update, target, old))
        # run backwards: first empty it, then fill it with what it held
        self.add(Step(dict.update, target, dict(items)), Step(dict.clear, target))

    def fill_set(self, target: set[Any], items: Iterable[Any]) -> None:
        """Give a set other items, in place. They must hash without running anybody's code."""
        old = set(target)
        self.add(Step(set.clear, target), Step(set.update, target, old))
        self.add(Step(set.update, target, set(items)), Step(set.clear, target))


def _run(operations: list[Callable[[], object]]) -> None:
    # on 3.11 an allocation may start the collector, and so a finaliser, in the middle
    with uncollected():
        deque(map(operator.call, operations), maxlen=0)
