"""Places in which something can be registered: each says what it holds, in rows, and can be given other rows.

A *row* is ``(key, value)``; where things stand in a row by themselves (lists, sets), the key is None. Nothing here asks
for a value's ``__eq__`` or ``__hash__``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from typing import Any, ClassVar

from modcache._runtime.operations import Operations, Step
from modcache._runtime.peek import Kinds, is_a

__all__ = ["Attributes", "Difference", "Filled", "Items", "Members", "Names", "Place", "Row", "alike", "token"]

Row = tuple[Any, Any]
_PLAIN = Kinds(int, str, bytes, float, bool, type(None))
_ABSENT: Any = object()


def token(value: Any) -> object:
    """What stands for a value when two are compared: plain data for itself, anything else for its identity."""
    return (type(value), value) if type(value) in _PLAIN else id(value)


def alike(one: list[Row], other: list[Row]) -> bool:
    """Are two lists of rows the same, value by value?"""
    return [(token(k), token(v)) for k, v in one] == [(token(k), token(v)) for k, v in other]


class Place(ABC):
    """One place. Two that stand for the same thing have the same ``key``."""

    keyed: ClassVar[bool] = False
    """Does it hold one value for each key?"""
    newest_first: bool = False
    """Does what is registered later stand before what was earlier?"""
    words: frozenset[str] = frozenset()
    """Identifiers without which code can't look at it, as far as is known of it."""
    library: str = ""
    """The package through which code looks at it, if no such words are known."""

    def __init__(self, name: str) -> None:
        self.name = name
        """As a report says it."""

    @property
    @abstractmethod
    def key(self) -> object:
        """What tells it from other places."""

    @abstractmethod
    def copy(self) -> Any:
        """Its content, quickly; two copies that are equal mean that nothing changed."""

    @abstractmethod
    def rows(self, copy: Any) -> list[Row]:
        """A copy as rows, in order."""

    @abstractmethod
    def fill(self, operations: Operations, rows: list[Row]) -> bool:
        """Add the operations that give it these rows; False if it can't be given them."""

    def read(self) -> list[Row]:
        """The rows that it holds."""
        return self.rows(self.copy())

    def write(self, rows: list[Row]) -> bool:
        """Give it these rows, now; False if that can't be done."""
        if alike(self.read(), rows):
            return True
        operations = Operations()
        filled = self.fill(operations, rows)
        operations.run()
        return filled


Difference = tuple[Place, list[Row], list[Row]]
"""(place, its rows before, its rows after)."""


class Filled(Place):
    """A container that is filled in place. ``get``: where it is found; ``changed``: who has to be told, by a C call."""

    only: tuple[str, ...] = ()

    def __init__(self, name: str, get: Callable[[], Any], changed: Callable[[], object] | None = None) -> None:
        super().__init__(name)
        self.get = get
        self.changed = changed

    @property
    def key(self) -> object:
        """What tells it from other places."""
        return (id(self.get()), self.only)

    def fill(self, operations: Operations, rows: list[Row]) -> bool:
        """Add the operations that give it these rows."""
        # run backwards, the notice that comes first here comes last: each direction ends with one
        self._notice(operations)
        self._fill(operations, rows)
        self._notice(operations)
        return True

    @abstractmethod
    def _fill(self, operations: Operations, rows: list[Row]) -> None: ...

    def _notice(self, operations: Operations) -> None:
        if self.changed is not None:
            operations.add(Step(self.changed), Step(self.changed))


class Items(Filled):
    """A list, or a deque."""

    def copy(self) -> Any:
        """Its items."""
        return list(self.get())

    def rows(self, copy: Any) -> list[Row]:
        """Its items, as rows."""
        return [(None, item) for item in copy]

    def _fill(self, operations: Operations, rows: list[Row]) -> None:
        target, items = self.get(), [value for _, value in rows]
        if is_a(target, deque):
            old = list(target)
            operations.add(Step(target.clear), Step(target.extend, old))
            operations.add(Step(target.extend, items), Step(target.clear))
        else:
            operations.fill_list(target, items)


class Members(Filled):
    """A set."""

    def copy(self) -> Any:
        """Its members."""
        return list(self.get())

    def rows(self, copy: Any) -> list[Row]:
        """Its members, as rows."""
        return [(None, item) for item in copy]

    def _fill(self, operations: Operations, rows: list[Row]) -> None:
        operations.fill_set(self.get(), [value for _, value in rows])


class Names(Filled):
    """A dict, or (``only``) some keys of it. ``mirror``: C callables that set and drop a key somewhere else, too."""

    keyed = True

    def __init__(
        self,
        name: str,
        get: Callable[[], Any],
        changed: Callable[[], object] | None = None,
        *,
        only: tuple[str, ...] = (),
        mirror: tuple[Callable[..., object], Callable[..., object]] | None = None,
    ) -> None:
        super().__init__(name, get, changed)
        self.only = only
        self.mirror = mirror

    def copy(self) -> Any:
        """Its items."""
        return dict(self.get())

    def rows(self, copy: Any) -> list[Row]:
        """Its items, as rows."""
        return [(key, copy[key]) for key in self.only if key in copy] if self.only else list(copy.items())

    def _fill(self, operations: Operations, rows: list[Row]) -> None:
        before, target = self.read(), self.get()
        common = [token(key) for key, _ in before][: len(rows)]
        if self.only or common == [token(key) for key, _ in rows][: len(before)]:
            self._each(operations, before, rows)
        else:
            operations.fill_dict(target, dict(rows))
        if self.mirror is not None:
            self._mirrored(operations, before, rows, *self.mirror)

    def _each(self, operations: Operations, before: list[Row], rows: list[Row]) -> None:
        kept = {token(key) for key, _ in rows}
        for key, _ in before:
            if token(key) not in kept:
                operations.drop(self.get(), key)
        for key, value in rows:
            operations.put(self.get(), key, value)

    @staticmethod
    def _mirrored(
        operations: Operations,
        before: list[Row],
        rows: list[Row],
        set_key: Callable[..., object],
        drop_key: Callable[..., object],
    ) -> None:
        olds, news = dict(before), dict(rows)
        for key in [key for key in olds if key not in news]:
            operations.add(Step(drop_key, key), Step(set_key, key, olds[key]))
        for key, value in news.items():
            old = olds.get(key, _ABSENT)
            if old is not value:
                back = Step(drop_key, key) if old is _ABSENT else Step(set_key, key, old)
                operations.add(Step(set_key, key, value), back)


class Attributes(Names):
    """Some attributes of what may not be there yet."""

    def copy(self) -> Any:
        """Those of them that there are; None if nothing is there at all."""
        found = self.get()
        return None if found is None else {name: found[name] for name in self.only if name in found}

    def rows(self, copy: Any) -> list[Row]:
        """(name, value)."""
        return list((copy or {}).items())
