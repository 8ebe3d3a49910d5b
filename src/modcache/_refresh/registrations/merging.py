"""What a place is to hold: what it holds, less what is withdrawn, and what is put instead where that stood."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from modcache._refresh.registrations.places import Place, Row, token
from modcache._refresh.registrations.record import ABSENT, Put

__all__ = ["Owned", "merged", "without"]


@dataclass(frozen=True, slots=True)
class Owned:
    """A put with the statement that it is of: its module, and its place in the order of execution."""

    module: str
    order: tuple[int, float]
    """(place of the module in the order of imports, place of the statement in the new version)."""
    put: Put


@dataclass(slots=True)
class _Slot:
    row: Row | None
    owner: tuple[str, tuple[int, float]] | None = None


def without(rows: list[Row], gone: Iterable[Put]) -> list[Row]:
    """The rows that are left when some puts are taken back, the latest first."""
    slots = [_Slot(row) for row in rows]
    for put in reversed(list(gone)):
        _withdraw(slots, put)
    return [slot.row for slot in slots if slot.row is not None]


def merged(place: Place, rows: list[Row], kept: list[Owned], gone: list[Owned], new: list[Owned]) -> list[Row]:
    """The rows of a place: ``gone`` are taken back, ``new`` are put in the order of their statements."""
    slots = [_Slot(row) for row in rows]
    if place.newest_first:
        slots.reverse()
    for owned in kept:
        slot = _slot_of(slots, owned.put)
        if slot is not None:
            slot.owner = (owned.module, owned.order)
    for owned in reversed(gone):
        slot = _withdraw(slots, owned.put)
        if slot is not None:
            slot.owner = (owned.module, owned.order)
    for owned in new:
        _put(slots, owned, newest_first=place.newest_first)
    if place.newest_first:
        slots.reverse()
    return [slot.row for slot in slots if slot.row is not None]


def _slot_of(slots: list[_Slot], put: Put) -> _Slot | None:
    """Where the entry of a put stands; None if it stands there no more."""
    wanted = (token(put.key), token(put.value))
    return next((s for s in slots if s.row is not None and (token(s.row[0]), token(s.row[1])) == wanted), None)


def _withdraw(slots: list[_Slot], put: Put) -> _Slot | None:
    if put.value is ABSENT:  # it took something out
        if put.place.keyed and any(s.row is not None and token(s.row[0]) == token(put.key) for s in slots):
            return None  # somebody put it there again
        slot = _Slot((put.key, put.before))
        slots.insert(min(put.at, len(slots)), slot)
        return slot
    found = _slot_of(slots, put)  # if it is not there, it was replaced by somebody else
    if found is not None:
        found.row = None if put.before is ABSENT else (put.key, put.before)
    return found


def _put(slots: list[_Slot], owned: Owned, *, newest_first: bool) -> None:
    put = owned.put
    if put.value is ABSENT:
        slot = _slot_of(slots, Put(put.place, put.key, ABSENT, put.before))
        if slot is not None:
            slot.row = None
        return
    row: tuple[Any, Any] = (put.key, put.value)
    if put.place.keyed:
        slot = next((s for s in slots if s.row is not None and token(s.row[0]) == token(put.key)), None)
        if slot is not None and slot.row is not None:
            if slot.owner is None or slot.owner[1] <= owned.order:  # else a later statement had the last word
                slot.row, slot.owner = (slot.row[0], put.value), (owned.module, owned.order)
            return
    made = _Slot(row, (owned.module, owned.order))
    mine = [(i, s.owner[1]) for i, s in enumerate(slots) if s.owner is not None and s.owner[0] == owned.module]
    before = [i for i, order in mine if order <= owned.order]
    later = [i for i, order in mine if order > owned.order]
    if put.first and not newest_first:  # it asked for the first place
        slots.insert(before[0] if before else 0, made)
    elif before:
        slots.insert(before[-1] + 1, made)
    else:
        slots.insert(later[0] if later else len(slots), made)
