"""Tiny programs and edits written to break the analysis, as data: one text file for each family, read by `table`.

A case of such a file::

    === its name
    # lib.py
    K = 1
    # app.py
    from lib import K
    --- edit
    K = 1 => K = 2
    --- held
    app.f -> it()

A line ``# lib.py`` begins a file of the program. An edit is written the same way (``# lib.py is gone`` deletes one)
or, shorter, as lines ``old => new``, where each ``old`` stands once in the program and ``\\n`` is a line's end. What
is held: an expression over the modules, evaluated before the edit, and a probe in which ``it`` is what was held.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["FAMILIES", "Case", "table"]

FOLDER = Path(__file__).resolve().parent
FAMILIES = (
    *"effects registries computed patching mutation values".split(),
    *"classes shapes records closures order cycles names text held successors proofs registrations".split(),
    *"enums instances declared".split(),
    "attributes",
    "lent",
    "releases",
    "decorators",
    "members",
    "models",
    "patterns",
    "replacements",
    "ordinary",
)
_FILE = re.compile(r"^# ([\w/]+\.\w+)( is gone)?$")


@dataclass(frozen=True)
class Case:
    """One program, one edit.

    ``before``: every file. ``after``: the files that the edit writes, None for one that it deletes. ``hold``: what is
    held, by expression, with its probe: that must give what it gives on the same expression in a fresh process.
    """

    name: str
    family: str
    before: Mapping[str, str]
    after: Mapping[str, str | None]
    hold: Mapping[str, str]

    @property
    def edited(self) -> dict[str, str]:
        """The whole program as it is after the edit."""
        files: dict[str, str | None] = {**self.before, **self.after}
        return {name: text for name, text in files.items() if text is not None}


def table() -> tuple[Case, ...]:
    """Every case of every family, in order."""
    return tuple(case for family in FAMILIES for case in _cases(family))


def introduction(family: str) -> str:
    """What a family is about, in a line."""
    return (FOLDER / f"{family}.txt").read_text(encoding="utf-8").splitlines()[0]


def _cases(family: str) -> Iterator[Case]:
    text = (FOLDER / f"{family}.txt").read_text(encoding="utf-8")
    for part in re.split(r"^=== ", text, flags=re.MULTILINE)[1:]:
        name, _, rest = part.rstrip("\n").partition("\n")
        program, _, rest = rest.partition("\n--- edit\n")
        edit, _, held = rest.partition("\n--- held\n")
        before = {file: text for file, text in _files(program) if text is not None}
        after = dict(_files(edit)) if _FILE.match(edit.partition("\n")[0]) else _replaced(name, before, edit)
        pairs = [row.partition(" -> ") for row in held.splitlines()]
        yield Case(name, family, before, after, {expression: probe for expression, _, probe in pairs})


def _files(text: str) -> Iterator[tuple[str, str | None]]:
    for part in re.split(r"^(?=# [\w/]+\.\w+(?: is gone)?$)", text, flags=re.MULTILINE)[1:]:
        head, _, body = part.partition("\n")
        mark = _FILE.match(head)
        assert mark is not None
        yield mark[1], None if mark[2] else body.rstrip("\n") + "\n" if body.strip() else ""


def _replaced(name: str, program: Mapping[str, str], edits: str) -> dict[str, str | None]:
    files = dict(program)
    for line in edits.splitlines():
        old, new = (part.replace("\\n", "\n") for part in re.split(" =>(?: |$)", line, maxsplit=1))
        places = [file for file, text in files.items() if old in text]
        if len(places) != 1 or files[places[0]].count(old) != 1:
            raise ValueError(f"case {name}: {old!r} does not stand exactly once in the program")
        files[places[0]] = files[places[0]].replace(old, new)
    return {file: text for file, text in files.items() if text != program[file]}
