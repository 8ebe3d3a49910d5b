"""What one statement registered, as data: in which place, what stands there for it, and what stood there before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from modcache._refresh.registrations.places import Place, Row, token

__all__ = ["ABSENT", "NOTHING", "Put", "Record", "Records", "puts"]

ABSENT: Any = type("_Absent", (), {"__repr__": lambda self: "<absent>"})()


@dataclass(frozen=True, slots=True)
class Put:
    """One entry that a statement made (``value``), replaced (``before`` is what was there), or took out.

    ``key`` is None where the place has no keys. ``first``: it was put before all others that were there. ``at``: where
    it stood, if it was taken out.
    """

    place: Place
    key: Any
    before: Any
    value: Any
    first: bool = False
    at: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """What was seen of one statement's execution. ``whole``: nothing else can have been registered by it."""

    puts: tuple[Put, ...]
    whole: bool

    def joined(self, other: Record) -> Record:
        """Both, the other one later."""
        return Record((*self.puts, *other.puts), self.whole and other.whole)

    def lasting(self) -> Record:
        """What may be taken back some day: nothing, if it may be somebody else's for good."""
        return self if self.whole else NOTHING


NOTHING = Record((), whole=False)
"""Of a statement that nobody looked at."""
Records = Mapping[int, Record]
"""First line of a statement -> what is known of it."""


def puts(place: Place, before: list[Row], after: list[Row]) -> Iterator[Put]:
    """What was done to a place, by its rows before and after."""
    if place.keyed:
        olds, news = dict(_by_token(before)), dict(_by_token(after))
        for name, (key, value) in news.items():
            old = olds.get(name, (key, ABSENT))[1]
            if token(old) != token(value):
                yield Put(place, key, old, value)
        for name, (key, value) in olds.items():
            if name not in news:
                yield Put(place, key, value, ABSENT)
        return
    known = Counter(token(value) for _, value in before)
    for index, (_, value) in enumerate(after):
        known[token(value)] -= 1
        if known[token(value)] < 0:
            yield Put(place, None, ABSENT, value, first=index == 0 and bool(before))
    left = Counter(token(value) for _, value in after)
    for index, (_, value) in enumerate(before):
        left[token(value)] -= 1
        if left[token(value)] < 0:
            yield Put(place, None, value, ABSENT, at=index)


def _by_token(rows: Iterable[Row]) -> Iterator[tuple[object, Row]]:
    return ((token(row[0]), row) for row in rows)
