"""`modcache lazy`: imports that could be lazy, and what that would save."""

from __future__ import annotations

import json

import click

from modcache._cli.table import say
from modcache._cli.target import OnProgram, Target, on_program
from modcache._cli.words import brief, heading, megabytes, milliseconds, short
from modcache._model.observation import Observation
from modcache._see.launch import Order
from modcache._see.laziness import Candidate, Laziness, laziness_of

__all__ = ["command"]

_SHOWN = 4
_USERS = 3
_EPILOG = """\b
Examples:
  modcache lazy -- prog.py                  every statement outside of the standard library
  modcache lazy --in app -- prog.py --help  only those in `app`, which you can change
"""


@click.command("lazy", cls=OnProgram, epilog=_EPILOG)
@click.option("--in", "packages", metavar="PACKAGE", multiple=True, help="Only statements in it; may be repeated.")
@click.option("--least", type=float, default=1.0, show_default=True, metavar="MS", help="What saves less is left out.")
@click.option("-n", "--limit", type=int, default=15, show_default=True, help="How many; 0 for all.")
@click.option("--json", "as_json", is_flag=True, help="Say it as one JSON object.")
@on_program
def command(target: Target, packages: tuple[str, ...], least: float, limit: int, as_json: bool) -> int:
    """Show the imports that could be lazy: what is used inside functions only, and what it would save not to load it.

    A module is listed if every statement that imports it can be moved: it is not used while its importer executes,
    no `try` depends on it, and nothing in this run imports it inside a function. The saving is what the module took,
    with all that nobody else brings, for a run that does not come to use it. Modules whose bodies call something are
    listed apart, since that may be wanted early. The exit status is 1 if there is something to gain.
    """
    seen = target.observe(Order(statements=True))
    found = laziness_of(seen, packages=packages, least=least / 1e3)
    if as_json:
        print(json.dumps({"command": seen.command, "ending": seen.ending, **_plain(found)}))
    else:
        _print(seen, found, limit)
    return 1 if found.candidates else 0


def _plain(found: Laziness) -> dict[str, object]:
    return {
        "saves": found.saves,
        "candidates": [each.to_dict() for each in found.candidates],
        "doubtful": [each.to_dict() for each in found.doubtful],
    }


def _print(seen: Observation, found: Laziness, limit: int) -> None:
    say(heading(seen))
    for each in found.candidates[: limit or None]:
        _print_one(each)
    if len(found.candidates) > (limit or len(found.candidates)):
        say(f"\n… and {len(found.candidates) - limit} more; --limit 0 shows all", "dim")
    if found.doubtful:
        say("\nTheir bodies do something that may be wanted early:", "bold")
        for each in found.doubtful[: limit or None]:
            say(f"  {each.name}: {milliseconds(each.saves)} ms; it calls {each.effect}")
    if not found.candidates:
        say("\nnothing to gain: what is imported is used while modules execute, or was needed in this run")
        return
    share = f" ({found.saves / seen.total:.0%} of all imports)" if seen.total else ""
    say(f"\nall together save up to {milliseconds(found.saves)} ms{share}, in a run that uses none of it", "bold")
    say("from Python 3.15 on: `lazy import …`, where it stands (PEP 810); before: in the functions that use it")


def _print_one(one: Candidate) -> None:
    memory = f", {megabytes(one.bytes)} MB" if one.bytes > 0 else ""
    say(f"\n{one.name}: saves {milliseconds(one.saves)} ms{memory}, {one.modules} modules", "bold")
    for each in one.statements[:_SHOWN]:
        users = ", ".join(f"{name}()" for name in each.used_in[:_USERS])
        more = f" and {len(each.used_in) - _USERS} more" if len(each.used_in) > _USERS else ""
        say(f"  {short(each.edge.path)}:{each.edge.line}  {brief(each.text)}  -> {users}{more}")
    if len(one.statements) > _SHOWN:
        say(f"  … and {len(one.statements) - _SHOWN} more statements", "dim")
