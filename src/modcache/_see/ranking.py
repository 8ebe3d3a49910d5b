"""Modules by what they cost: each with its own time and memory, and with those of all that it brought."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from modcache._model.observation import Observation, Place, Seen

__all__ = ["SORTS", "Row", "by_module", "by_package", "compared"]


@dataclass(frozen=True, slots=True)
class Row:
    """What a module cost, or a package with all that is below it. Seconds and bytes."""

    name: str
    own: float
    total: float
    bytes_own: int
    bytes_total: int
    modules: int
    asked: Place | None
    """Who had it imported first."""
    error: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        made = {name: getattr(self, name) for name in self.__slots__}
        made["asked"] = None if self.asked is None else self.asked._asdict()
        return made


SORTS: dict[str, Callable[[Row], float]] = {
    "own": lambda row: row.own,
    "total": lambda row: row.total,
    "memory": lambda row: row.bytes_own,
}


def by_module(seen: Observation) -> list[Row]:
    """A row for each name, in the order of their first imports; a name that was tried twice counts both."""
    return _rows(seen, lambda name: name)


def by_package(seen: Observation) -> list[Row]:
    """A row for each top-level name; ``total`` is what came in while something of it was being imported."""
    return _rows(seen, lambda name: name.partition(".")[0])


def _rows(seen: Observation, key: Callable[[str], str]) -> list[Row]:
    groups: dict[str, list[Seen]] = {}
    for each in seen.imports:
        groups.setdefault(key(each.name), []).append(each)
    rows = []
    for name, group in groups.items():
        outer = [each for each in group if not _is_inside(seen, each, name, key)]
        rows.append(
            Row(
                name,
                sum(each.own for each in group),
                sum(each.total for each in outer),
                sum(each.bytes_own for each in group),
                sum(each.bytes_total for each in outer),
                len({each.name for each in group}),
                group[0].asked,
                next((each.error for each in reversed(group) if each.error), "") if len(group) == 1 else "",
            )
        )
    return rows


def _is_inside(seen: Observation, each: Seen, name: str, key: Callable[[str], str]) -> bool:
    """Whether an import happened within another one of the same group, which has its time already."""
    at = each.within
    while at is not None:
        if key(seen.imports[at].name) == name:
            return True
        at = seen.imports[at].within
    return False


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs, module by module: the old one's own time beside the new one's; None where it was not imported."""

    name: str
    before: float | None
    after: float | None

    @property
    def change(self) -> float:
        """Seconds more."""
        return (self.after or 0.0) - (self.before or 0.0)


def compared(old: Iterable[Row], new: Iterable[Row]) -> list[Comparison]:
    """What came, what went, and what takes another time; the largest change first."""
    before = {row.name: row.own for row in old}
    after = {row.name: row.own for row in new}
    rows = [Comparison(name, before.get(name), after.get(name)) for name in before | after]
    return sorted(rows, key=lambda row: -abs(row.change))
