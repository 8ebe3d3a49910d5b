"""`modcache doctor`: what is wrong with a program's imports."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence

import click

from modcache._cli.examined import examined
from modcache._cli.table import say
from modcache._cli.target import OnProgram, Target, on_program
from modcache._model.diagnosis import Diagnosis

__all__ = ["command"]

_STYLES = {"error": "bold red", "warning": "bold yellow", "note": "bold cyan"}
_EPILOG = """\b
Examples:
  modcache doctor flask               a package: it is imported
  modcache doctor -- flask --version  an installed command
  modcache doctor -- prog.py          a program, also one that fails with a circular import
"""


@click.command("doctor", cls=OnProgram, epilog=_EPILOG)
@click.option("--json", "as_json", is_flag=True, help="Say it as one JSON object.")
@on_program
def command(target: Target, as_json: bool) -> int:
    """Say what is wrong with a program's imports: what, where, why it hurts, and what to do.

    The program is run to its end, and looked at then. Errors and warnings make the exit status 1; notes do not. What
    the program prints goes to stderr.
    """
    seen, rows = examined(target, "modcache._see.doctor:examine")
    diagnoses = [Diagnosis.from_dict(row) for row in rows]
    if as_json:
        run = {name: getattr(seen, name) for name in ("command", "python", "status", "ending")}
        print(json.dumps({**run, "diagnoses": [diagnosis.to_dict() for diagnosis in diagnoses]}))
    else:
        say(f"{' '.join(seen.command)}: {seen.ending} (Python {seen.python})")
        _print(diagnoses)
    return int(any(diagnosis.severity != "note" for diagnosis in diagnoses))


def _print(diagnoses: Sequence[Diagnosis]) -> None:
    for diagnosis in diagnoses:
        say(f"\n{diagnosis.severity}: {diagnosis.what}", _STYLES[diagnosis.severity])
        for place in diagnosis.where:
            say(f"  {_near(place)}", "dim")
        say(f"  why: {diagnosis.why}")
        say(f"  do:  {diagnosis.remedy}")
    counts = [(word, sum(diagnosis.severity == word for diagnosis in diagnoses)) for word in _STYLES]
    told = ", ".join(f"{count} {word}{'s' if count > 1 else ''}" for word, count in counts if count)
    say(f"\n{told}" if told else "nothing is wrong")


def _near(place: str) -> str:
    """A place as briefly as it is still clear. One file may hide another of its name, so no folder is cut off."""
    here = os.path.join(os.path.realpath(os.curdir), "")
    return place.removeprefix(here)
