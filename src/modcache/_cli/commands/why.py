"""`modcache why`: who brought a module."""

from __future__ import annotations

import json

import click

from modcache._cli.table import say
from modcache._cli.target import OnProgram, Target, on_program
from modcache._cli.trees import print_chain
from modcache._cli.words import milliseconds, place
from modcache._model.observation import Observation
from modcache._see.launch import Order
from modcache._see.reasons import Reason, reason_for

__all__ = ["command"]

_SHOWN = 3
_EPILOG = """\b
Examples:
  modcache why decimal -- flask --version       who brings it, statement by statement
  modcache why numpy pandas                     when pandas is imported
  modcache why --all typing -- prog.py          by every module that imports it
"""


@click.command("why", cls=OnProgram, epilog=_EPILOG)
@click.argument("name")
@click.option("--all", "every", is_flag=True, help=f"A chain for each module that imports it; else {_SHOWN}.")
@click.option("--json", "as_json", is_flag=True, help="Say it as one JSON object.")
@on_program
def command(target: Target, name: str, every: bool, as_json: bool) -> int:
    """Show who has NAME imported: the chains of import statements from the program to it, the shortest first.

    Only statements that were executed count. The exit status is 1 if NAME was not imported.
    """
    seen = target.observe(Order(statements=True, memory=False))
    reason = reason_for(name, seen)
    if as_json:
        print(json.dumps({"command": seen.command, "status": seen.status, "ending": seen.ending, **reason.to_dict()}))
    else:
        _print(reason, seen, every)
    return 1 if reason.how in ("never", "failed") else 0


def _print(reason: Reason, seen: Observation, every: bool) -> None:
    say(f"{' '.join(seen.command)}: {seen.ending}", "dim")
    for line in _heads(reason, seen):
        say(line, "bold")
    shown = reason.chains if every else reason.chains[:_SHOWN]
    for chain in shown:
        say("")
        print_chain(chain)
    if len(shown) < len(reason.chains):
        rest = reason.chains[len(shown) :]
        names = ", ".join(chain[-1].importer for chain in rest[:4]) + (", …" if len(rest) > 4 else "")
        say(f"\n… and by {len(rest)} more modules ({names}); --all shows each", "dim")


def _heads(reason: Reason, seen: Observation) -> list[str]:
    name = reason.name
    if reason.how == "never":
        count = len({each.name for each in seen.imports})
        similar = f" Did you mean {' or '.join(reason.similar)}?" if reason.similar else ""
        return [f"{name} was not imported: this run imported {count} other modules.{similar}"]
    if reason.how == "before":
        return [f"{name} was loaded before the program began, by the interpreter itself or a .pth file"]
    if reason.how == "set":
        return [
            f"{name} is in the cache, but was not imported: the program has put it there (sys.modules[{name!r}] = …)"
        ]
    if reason.how == "failed":
        return [f"{name} could not be imported: {reason.error}", f"first tried by {place(reason.first)}"]
    brought = f" with {reason.brought} modules that it brought" if reason.brought else ""
    count = len(reason.chains)
    by = f"{count} modules import it" if count != 1 else "one module imports it"
    heads = [f"{name}: {milliseconds(reason.total)} ms{brought}; {by}", f"first imported by {place(reason.first)}"]
    if reason.during is not None:
        heads[1] += f", while {place(reason.during)} was executed"
    return heads
