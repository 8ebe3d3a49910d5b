"""`modcache check`: which loaded modules differ from what is on disk."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

import click

from modcache._cli.examined import examined
from modcache._cli.table import say
from modcache._cli.target import OnProgram, Target, on_program
from modcache._cli.words import short
from modcache._model.manifest import Outdated
from modcache._see.check import Manifest
from modcache.errors import SavedFileUnusable

__all__ = ["command"]

_EPILOG = """\b
Examples:
  modcache check --manifest app.json          a process that left one: modcache.manifest().save("app.json")
  modcache check -- prog.py                   a program, at its end
  modcache check --save app.json -- prog.py   ... and keep what it had loaded, to compare later
  modcache check --pid 4711                   a process that runs (Python 3.14 and newer)
"""


class _Check(OnProgram):
    """A manifest stands for the program."""

    def invoke(self, ctx: click.Context) -> Any:
        """With one there is nothing to run."""
        path = ctx.params.get("manifest")
        return _of_manifest(path, ctx.params["as_json"]) if path is not None else super().invoke(ctx)


@click.command("check", cls=_Check, epilog=_EPILOG)
@click.option("--manifest", metavar="FILE", help="Compare what this file says was loaded; nothing is run.")
@click.option("--save", "to", metavar="FILE", help="Keep what was loaded.")
@click.option("--json", "as_json", is_flag=True, help="Say it as one JSON object.")
@on_program
def command(target: Target, manifest: str | None, to: str | None, as_json: bool) -> int:
    """Say which loaded modules differ from what is on disk: an upgrade in place, an edit, a checkout.

    The program is run to its end, and looked at then. The exit status is 1 if a module differs.
    """
    seen, found = examined(target, "modcache._see.check:examine")
    rows = [Outdated.from_dict(row) for row in found["outdated"]]
    kept = Manifest.from_dict(found["manifest"])
    if to is not None:
        try:
            kept.save(to)
        except OSError as error:
            print(f"modcache: {to} can not be written ({error.strerror}): name another file", file=sys.stderr)
            return 2
    return _tell(f"{' '.join(seen.command)}: {seen.ending}", rows, len(kept.modules), as_json)


def _of_manifest(path: str, as_json: bool) -> int:
    try:
        kept = Manifest.load(path)
    except SavedFileUnusable as mistake:
        print(f"modcache: {mistake}", file=sys.stderr)
        return 2
    return _tell(f"{' '.join(kept.command)}, process {kept.process}", kept.outdated(), len(kept.modules), as_json)


def _tell(title: str, rows: Sequence[Outdated], count: int, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"program": title, "modules": count, "outdated": [row.to_dict() for row in rows]}))
        return int(bool(rows))
    say(title)
    for row in rows:
        on_disk = f"on disk {row.on_disk}" if row.on_disk else "its file is gone"
        say(f"{row.module}: loaded {row.loaded or 'something else'}, {on_disk}  ({short(row.path)})", "yellow")
    told = f"{len(rows)} of {count} modules differ from what is on disk"
    way = "restart it, or bring it up to date from inside (modcache.refresh)"
    say(f"{told}: {way}" if rows else f"all {count} modules are what is on disk")
    return int(bool(rows))
