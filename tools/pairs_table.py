"""What became of a pair, and the page of them all."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pairs_releases import CACHE, PAIRS

__all__ = ["MODES", "PAGE", "ROOT", "Row", "keep", "kept", "page", "shown"]

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "explanation" / "pairs.md"
MODES = {
    "plain": "two spaces",
    "switch": "with `deep=True`",
    "host": "two spaces, and the newer one in the interpreter too",
    "host-switch": "the same with `deep=True`",
}
VERDICTS = {"works": "works", "refused": "refused", "mixed": "**MIXED**", "broken": "**breaks**"}
_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
HEAD = """# Real pairs

<!-- Made by `./dev pairs --write`; do not edit. -->

Two versions of one library in one process, each in a space of its own, each doing real work: a table is migrated and
asked, a template rendered, a request sent over a socket, a result pickled. What is checked: the results; that every
module, class and function which the modules of a space hold is of its own version; that no function would import from
another space; that nothing is left in the interpreter's module cache. *Works* means all of that. *Refused* means an
error that says why, before anything was mixed. `./dev pairs NAME` runs one of them again.
"""


@dataclass(frozen=True)
class Row:
    """One pair in one mode: ``verdict`` is works, refused, mixed or broken; ``told`` what was done, or why not."""

    pair: str
    versions: list[str]
    mode: str
    verdict: str
    told: list[str] | str
    python: str = _PYTHON

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON-able data."""
        return asdict(self)


def shown(row: Row) -> str:
    """The row for a terminal."""
    told = row.told if isinstance(row.told, str) else " | ".join(dict.fromkeys(row.told))
    return f"{row.pair} {' + '.join(row.versions)} [{row.mode}] {row.verdict}: {told}"


def keep(row: Row) -> None:
    """Write the row down, for the page."""
    folder = CACHE / "results"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{row.python}--{row.pair}--{row.mode}.json"
    path.write_text(json.dumps(row.to_dict()), encoding="utf-8")


def kept() -> list[Row]:
    """All rows that were kept, of every Python, in the order of the pairs."""
    order = [pair.name for pair in PAIRS]
    rows = [Row(**json.loads(path.read_text("utf-8"))) for path in sorted((CACHE / "results").glob("*.json"))]
    return sorted((row for row in rows if row.pair in order), key=lambda row: (row.python, order.index(row.pair)))


def page(rows: list[Row]) -> str:
    """The page: a table for each Python, and below it what each pair did or why it was refused."""
    pythons = dict.fromkeys(row.python for row in rows)
    return "\n".join([HEAD, *(_section(python, [row for row in rows if row.python == python]) for python in pythons)])


def _section(python: str, rows: list[Row]) -> str:
    lines = [f"## CPython {python}", "", f"| pair | {' | '.join(MODES.values())} |", "| --- |" + " --- |" * len(MODES)]
    told = []
    for pair in dict.fromkeys(row.pair for row in rows):
        found = {row.mode: row for row in rows if row.pair == pair}
        lines.append(_line(pair, found))
        told += _told(pair, found)
    return "\n".join([*lines, "", *told, ""])


def _line(pair: str, found: dict[str, Row]) -> str:
    versions = " and ".join(next(iter(found.values())).versions)
    cells = [VERDICTS[found[mode].verdict] if mode in found else "not run" for mode in MODES]
    return f"| {pair} {versions} | {' | '.join(cells)} |"


def _told(pair: str, found: dict[str, Row]) -> list[str]:
    done = (f"- {pair}: {'; '.join(dict.fromkeys(row.told))}." for row in found.values() if row.mode == "plain")
    rest = (row for row in found.values() if row.verdict != "works")
    not_done = [f"- {pair}, {MODES[row.mode]}: {row.verdict}, {_reason(row)}" for row in rest]
    return not_done or list(done)


def _reason(row: Row) -> str:
    """Why not, without the place on this machine."""
    return str(row.told).partition(" (/")[0].rstrip(".")
