"""`modcache cycles`: modules that import one another."""

from __future__ import annotations

import json

import click

from modcache._cli.table import say
from modcache._cli.target import OnProgram, Target, on_program
from modcache._cli.trees import print_chain
from modcache._cli.words import short
from modcache._model.cycles import Cycle
from modcache._model.edges import Edge
from modcache._see.circles import circles_of
from modcache._see.launch import Order

__all__ = ["command"]

_WAYS = {
    "attribute": "it is used as `module.name`, inside functions only: move the statement into them",
    "bind": "its names are used inside functions only: import them there",
    "exec": "it is used while the module executes: what both need belongs in a third module",
}
_EPILOG = """\b
Examples:
  modcache cycles django.db.models        in a package and what it imports
  modcache cycles --in app -- prog.py     only those with modules of `app`
"""


@click.command("cycles", cls=OnProgram, epilog=_EPILOG)
@click.option("--in", "packages", metavar="PACKAGE", multiple=True, help="Only cycles with modules of it.")
@click.option("--json", "as_json", is_flag=True, help="Say it as one JSON object.")
@on_program
def command(target: Target, packages: tuple[str, ...], as_json: bool) -> int:
    """Show the modules that import one another while they execute, and the statement that breaks each circle.

    Imports inside functions make no circle, nor do those under `if TYPE_CHECKING:`. The exit status is 1 if there
    is a cycle.
    """
    seen = target.observe(Order(statements=True, memory=False))
    cycles = [each for each in circles_of(seen) if not packages or _concerns(each, packages)]
    if as_json:
        print(json.dumps({"command": seen.command, "ending": seen.ending, "cycles": [c.to_dict() for c in cycles]}))
    else:
        say(f"{' '.join(seen.command)}: {seen.ending}", "dim")
        for cycle in cycles:
            _print(cycle)
        say(f"\n{len(cycles)} {'cycles' if len(cycles) > 1 else 'cycle'}" if cycles else "no cycles")
    return 1 if cycles else 0


def _concerns(cycle: Cycle, packages: tuple[str, ...]) -> bool:
    return any(name == one or name.startswith(f"{one}.") for name in cycle.modules for one in packages)


def _print(cycle: Cycle) -> None:
    count = len(cycle.modules)
    names = ", ".join(cycle.modules[:6]) + (f", … {count - 6} more" if count > 6 else "")
    say(f"\n{count} modules import one another by {len(cycle.edges)} statements: {names}", "bold")
    say("  the shortest circle:" if len(cycle.shortest) < len(cycle.edges) else "  the circle:")
    print_chain(cycle.shortest)
    say("  breaks it most cheaply:" if cycle.breaks else "  breaks most of it (no single import breaks all):")
    for edge in cycle.weakest:
        say(f"  {_statement(edge)}: {_WAYS[edge.kind]}", "green")


def _statement(edge: Edge) -> str:
    return f"{short(edge.path)}:{edge.line}  {edge.text}"
