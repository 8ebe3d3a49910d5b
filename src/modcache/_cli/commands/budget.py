"""`modcache budget`: whether commands keep to the limits for what they import."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from modcache._cli.table import say
from modcache._cli.trees import print_chain
from modcache._model.observation import Observation
from modcache._see.budget import Limits, Verdict, find_limits, judge
from modcache.errors import BudgetUnusable, NotObserved, ProgramNotFound

__all__ = ["command"]

_EPILOG = """\b
In pyproject.toml, a table for each command:
  [tool.modcache.budget.help]
  command = "app --help"       # or a list of words
  modules = 150                # at most so many are imported
  ratio = 4.0                  # at most so many times a bare start of the interpreter
  memory = "40 MB"             # at most so much more by imports
  forbidden = ["pandas"]       # these, and what is below them, never
\b
Examples:
  modcache budget              every command that has limits
  modcache budget help         this one
"""


@click.command("budget", epilog=_EPILOG)
@click.option("--timeout", type=float, metavar="SECONDS", help="End a command after so long.")
@click.option("--json", "as_json", is_flag=True, help="Say it as one JSON object.")
@click.argument("names", nargs=-1)
def command(timeout: float | None, as_json: bool, names: tuple[str, ...]) -> int:
    """Hold commands to the limits in pyproject.toml for what they import: how many modules, how long, which never.

    Each NAME is a table [tool.modcache.budget.NAME]; by default all are run, in the project's folder. What goes over is
    told with the chain of imports that brought it. The exit status is 1 then, or if a command fails.
    """
    try:
        folder, every = find_limits(os.getcwd())
        chosen = _chosen(every, names)
        os.chdir(folder)
        results = [(limits, *judge(limits, timeout)) for limits in chosen]
    except (BudgetUnusable, NotObserved, ProgramNotFound) as mistake:
        print(f"modcache: {mistake}", file=sys.stderr)
        sys.exit(2)
    if as_json:
        print(json.dumps({"commands": [_plain(*result) for result in results]}))
    else:
        for limits, _, verdicts in results:
            _print(limits, verdicts)
    return int(any(not verdict.kept for _, _, verdicts in results for verdict in verdicts))


def _chosen(every: Sequence[Limits], names: Sequence[str]) -> list[Limits]:
    known = {limits.name: limits for limits in every}
    if strange := [name for name in names if name not in known]:
        raise BudgetUnusable(f"there are no limits for {', '.join(strange)}, but for {', '.join(known)}")
    return [known[name] for name in names] or list(every)


def _plain(limits: Limits, seen: Observation, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    told = [verdict.to_dict() for verdict in verdicts]
    return {"name": limits.name, "command": limits.command, "ending": seen.ending, "limits": told}


def _print(limits: Limits, verdicts: Sequence[Verdict]) -> None:
    say(f"{limits.name}: {' '.join(limits.command)}", "bold")
    for verdict in verdicts:
        word, style = ("kept", "green") if verdict.kept else ("over", "red")
        say(f"  {word}  {verdict.limit:<9}  {verdict.told}", style)
        for chain in verdict.chains:
            print_chain(chain, indent="      ")
    if not verdicts:
        say("  no limits are set")
