"""Tables on a terminal, in colour by `rich`; anywhere else as plain text, in full width."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO

__all__ = ["Column", "is_coloured", "print_table", "say"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, whether it holds figures, and its style for `rich`."""

    title: str
    is_right: bool = False
    style: str = ""


def is_coloured(stream: TextIO) -> bool:
    """Whether people look at it, and have not said that they want no colours (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def say(text: str, style: str = "") -> None:
    """A line of the report."""
    if style and is_coloured(sys.stdout):
        from rich.console import Console
        from rich.text import Text

        Console(soft_wrap=True).print(Text(text, style))
        return
    try:
        print(text)
    except UnicodeEncodeError:
        print(text.encode("ascii", "replace").decode())


def print_table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """A table on stdout."""
    if is_coloured(sys.stdout):
        _print_rich(columns, rows)
        return
    table = [[column.title for column in columns], *rows]
    widths = [max(len(row[at]) for row in table) for at in range(len(columns))]
    for row in table:
        cells = [
            cell.rjust(width) if column.is_right else cell.ljust(width)
            for cell, width, column in zip(row, widths, columns, strict=True)
        ]
        say("  ".join(cells).rstrip())


def _print_rich(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(
            column.title,
            justify="right" if column.is_right else "left",
            style=column.style or None,
            no_wrap=True,
            overflow="ellipsis",
        )
    for row in rows:
        table.add_row(*(cell.replace("[", r"\[") for cell in row))
    Console().print(table)
