"""rich at work: a table, markup, a traceback, a tree, highlighted code."""

from __future__ import annotations

import io

from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table
from rich.traceback import Traceback
from rich.tree import Tree


def work() -> str:
    """Print all of them into a string."""
    out = io.StringIO()
    console = Console(file=out, width=60, force_terminal=True, color_system="truecolor", legacy_windows=False)
    table = Table("name", "price", title="shop")
    table.add_row("[bold]tea[/bold]", "3.60")
    tree = Tree("root")
    tree.add("leaf")
    console.print(table, tree, Syntax("x = 1", "python"))
    try:
        raise ValueError("on purpose")
    except ValueError:
        console.print(Traceback(show_locals=True))
    text = out.getvalue()
    assert "\x1b[1mtea" in text
    assert "on purpose" in text
    assert "leaf" in text
    return "table, tree, syntax, traceback"
