"""`modcache top`: what the imports of a program cost."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import click

from modcache._cli.table import Column, print_table, say
from modcache._cli.target import OnProgram, Target, on_program
from modcache._cli.trees import print_tree
from modcache._cli.words import bar, heading, megabytes, milliseconds, place
from modcache._model.observation import Observation
from modcache._see.flame import write_flame
from modcache._see.ranking import SORTS, Row, by_module, by_package, compared
from modcache._see.saved import load, save
from modcache.errors import SavedFileUnusable

__all__ = ["command"]

_BAR = 12
_NOTABLE = 0.0005  # seconds: a smaller change is noise
_EPILOG = """\b
Examples:
  modcache top flask                                  a package: it is imported
  modcache top -- flask --version                     an installed command
  modcache top -- prog.py --its-option                a program, by this Python
  modcache top --sort memory -- python3.12 -m pytest  by another one
  modcache top --flame imports.html -- prog.py        a picture, for a browser
  modcache top --save before.json -- prog.py          ... then, after a change:
  modcache top --against before.json -- prog.py
"""


@click.command("top", cls=OnProgram, epilog=_EPILOG)
@click.option("--sort", type=click.Choice([*SORTS]), default="own", show_default=True, help="What comes first.")
@click.option("-n", "--limit", type=int, default=25, show_default=True, help="How many; 0 for all.")
@click.option("--packages", is_flag=True, help="Add up what belongs to one top-level name.")
@click.option("--tree", "as_tree", is_flag=True, help="Show who brought whom; what is short is left out.")
@click.option("--flame", metavar="FILE.html", help="Write a picture, one file for a browser.")
@click.option("--save", "to", metavar="FILE.json", help="Keep the run, to compare with.")
@click.option("--against", "old", metavar="FILE.json", help="Compare with a run that was kept.")
@click.option("--json", "as_json", is_flag=True, help="Say it as one JSON object.")
@on_program
def command(
    target: Target,
    sort: str,
    limit: int,
    packages: bool,
    as_tree: bool,
    flame: str | None,
    to: str | None,
    old: str | None,
    as_json: bool,
) -> int:
    """Show what the imports of a program cost, in time and memory.

    "own" is what a module's own body took, with finding and reading its file; "total" has all that it imported too.
    Each module is told with the statement that brought it first. What the program prints goes to stderr, so that
    stdout has the report alone.
    """
    before = _loaded(old)
    seen = target.observe()
    for path, write in ((to, save), (flame, write_flame)):
        if path is not None:
            _write(write, seen, path)
    rows = sorted((by_package if packages else by_module)(seen), key=SORTS[sort], reverse=True)
    if as_json:
        _print_json(seen, rows)
    elif before is not None:
        _print_comparison(before, seen, packages, limit)
    elif as_tree:
        say(heading(seen) + "\n")
        print_tree(seen, least=seen.total / 100)
    else:
        say(heading(seen) + "\n")
        _print_rows(rows, SORTS[sort](rows[0]) if rows else 0, sort, limit)
    return 0


def _loaded(path: str | None) -> Observation | None:
    try:
        return None if path is None else load(path)
    except SavedFileUnusable as mistake:
        print(f"modcache: {mistake}", file=sys.stderr)
        sys.exit(2)


def _write(write: object, seen: Observation, path: str) -> None:
    try:
        write(seen, path)  # type: ignore[operator]
    except OSError as error:
        print(f"modcache: {path} can not be written ({error.strerror}): name another file", file=sys.stderr)
        sys.exit(2)


def _print_json(seen: Observation, rows: Sequence[Row]) -> None:
    run = {name: getattr(seen, name) for name in ("command", "python", "status", "ending", "seconds", "notes")}
    print(json.dumps({**run, "total": seen.total, "before": len(seen.before), "modules": [r.to_dict() for r in rows]}))


def _print_rows(rows: Sequence[Row], most: float, sort: str, limit: int) -> None:
    shown = rows[: limit or None]
    columns = [
        Column("own ms", True, "bold" if sort == "own" else ""),
        Column("total ms", True, "bold" if sort == "total" else ""),
        Column("MB", True, "bold" if sort == "memory" else ""),
        Column("", False, "cyan"),
        Column("module", False, "bold"),
        Column("imported first by", False, "dim"),
    ]
    lines = []
    for row in shown:
        failed = f"  ({row.error.partition(':')[0]})" if row.error else ""
        count = f"  ({row.modules})" if row.modules > 1 else ""
        share = SORTS[sort](row) / most if most > 0 else 0
        figures = (milliseconds(row.own), milliseconds(row.total), megabytes(row.bytes_own))
        lines.append((*figures, bar(share, _BAR), row.name + count + failed, place(row.asked)))
    print_table(columns, lines)
    if len(rows) > len(shown):
        rest = rows[len(shown) :]
        say(f"… and {len(rest)} more with {milliseconds(sum(r.own for r in rest))} ms; --limit 0 shows all", "dim")


def _print_comparison(old: Observation, new: Observation, packages: bool, limit: int) -> None:
    rank = by_package if packages else by_module
    rows = compared(rank(old), rank(new))
    came = sum(row.before is None for row in rows)
    went = sum(row.after is None for row in rows)
    say(heading(new))
    say(
        f"before: {len(old.imports)} modules in {old.total * 1e3:.1f} ms; now {came} came, {went} went, "
        f"{(new.total - old.total) * 1e3:+.1f} ms\n"
    )
    shown = [row for row in rows if abs(row.change) >= _NOTABLE or None in (row.before, row.after)]
    lines = [
        (
            "-" if row.before is None else milliseconds(row.before),
            "-" if row.after is None else milliseconds(row.after),
            f"{row.change * 1e3:+.1f}",
            row.name,
        )
        for row in shown[: limit or None]
    ]
    titles = [Column(title, True) for title in ("before ms", "now ms", "change")]
    print_table([*titles, Column("module", False, "bold")], lines)
