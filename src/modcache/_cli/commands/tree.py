"""`modcache tree`: who brought whom."""

from __future__ import annotations

import json
from typing import Any

import click

from modcache._cli.table import say
from modcache._cli.target import OnProgram, Target, on_program
from modcache._cli.trees import print_tree
from modcache._cli.words import heading
from modcache._model.observation import Observation

__all__ = ["command"]

_EPILOG = """\b
Examples:
  modcache tree --depth 2 json             the first two levels
  modcache tree --least 5 -- prog.py       what took 5 ms or more, with all below it
"""


@click.command("tree", cls=OnProgram, epilog=_EPILOG)
@click.option("--depth", type=int, metavar="N", help="At most so many levels.")
@click.option("--least", type=float, default=0.0, metavar="MS", help="Leave out what took less, with all below it.")
@click.option("--json", "as_json", is_flag=True, help="Say it as one JSON object.")
@on_program
def command(target: Target, depth: int | None, least: float, as_json: bool) -> int:
    """Show the imports of a program as a tree: each below the one during which it happened.

    A module stands where it was imported first, with its statement; `modcache why` tells who else imports it.
    """
    seen = target.observe()
    if as_json:
        print(json.dumps({"command": seen.command, "ending": seen.ending, "imports": _nested(seen)}))
    else:
        say(heading(seen) + "\n")
        print_tree(seen, least=least / 1e3, depth=depth)
    return 0


def _nested(seen: Observation) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = []
    roots: list[dict[str, Any]] = []
    for each in seen.imports:
        where = None if each.asked is None else str(each.asked)
        row = {"name": each.name, "total": each.total, "own": each.own, "asked": where, "imports": []}
        nodes.append(row)
        (roots if each.within is None else nodes[each.within]["imports"]).append(row)
    return roots
