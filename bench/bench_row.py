"""What a figure says: rows of ours against a peer's, and how they are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

__all__ = ["Note", "Row", "clock", "markdown", "phases", "table"]

Note = Callable[[str], None]
TITLES = ("", "ours", "peer", "", "ratio", "aim", "")


@dataclass(frozen=True)
class Row:
    """One figure: medians in seconds, of ``rounds`` rounds in which ours and the peer took turns.

    ``met``: whether the aim is met; None where there is none. ``details``: where the time went, and the like.
    """

    name: str
    what: str
    ours: float
    peer: str
    theirs: float
    aim: str
    met: bool | None
    rounds: int
    details: str = ""

    @property
    def ratio(self) -> float:
        """Ours divided by the peer's."""
        return self.ours / self.theirs if self.theirs else float("inf")

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON-able data."""
        return {**asdict(self), "ratio": self.ratio}

    def cells(self) -> tuple[str, ...]:
        """The row as the columns of a table."""
        met = {True: "met", False: "NOT met", None: ""}[self.met]
        return (self.what, clock(self.ours), self.peer, clock(self.theirs), _times(self.ratio), self.aim, met)


def clock(seconds: float) -> str:
    """A time with three digits that count, in the unit that fits."""
    size = abs(seconds)
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if size * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e9:.0f} ns"


def phases(timings: Iterable[dict[str, float]]) -> str:
    """The median of each phase of some reports."""
    rows = list(timings)
    names = list(dict.fromkeys(name for row in rows for name in row if name != "total"))
    return ", ".join(f"{name} {clock(median(row.get(name, 0.0) for row in rows))}" for name in names)


def table(rows: Sequence[Row]) -> str:
    """All rows for a terminal, with their details below."""
    cells = [TITLES, *(row.cells() for row in rows)]
    widths = [max(len(line[n]) for line in cells) for n in range(len(TITLES))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in cells]
    told = [f"{row.what}: {row.rounds} rounds{row.details and '; '}{row.details}" for row in rows]
    return "\n".join([*(line.rstrip() for line in lines), "", *told])


def markdown(rows: Sequence[Row]) -> str:
    """All rows for a page."""
    lines = ["| figure | ours | peer | its | ratio | aim | |", "| --- | ---: | --- | ---: | ---: | --- | --- |"]
    lines += [f"| {' | '.join(row.cells())} |" for row in rows]
    told = [f"- *{row.what}*: {row.rounds} rounds{row.details and '; '}{row.details}." for row in rows]
    return "\n".join([*lines, "", *told])


def _times(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio >= 0.1 else f"1/{1 / ratio:.0f}" if ratio else "0"
