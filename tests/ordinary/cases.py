"""A case of one number: a program, a row of edits of it, what is held and done meanwhile; and what came of it."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.fresh import Result, Worker
from tests.ordinary.derive import FIRST_NUMBER, NotPossible
from tests.ordinary.edits import EDITS, Hand
from tests.ordinary.program import APP, Program, files, new_program

__all__ = ["BAD", "Case", "Edit", "case", "run", "story"]

BAD = ("silently wrong", "broken")
FREQUENT = ("number", "expression", "members", "form", "several")


@dataclass(frozen=True)
class Edit:
    """One edit: its name, and the files that it writes (None for one that it deletes)."""

    name: str
    files: Mapping[str, str | None]


@dataclass(frozen=True)
class Case:
    """``hold`` and ``script`` are what `tests.fresh.Worker.run` takes: what is held from the start, what was done."""

    before: Mapping[str, str]
    edits: Sequence[Edit]
    hold: Mapping[str, str]
    script: str


def case(seed: int, length: int = 4) -> Case:
    """The case of a number, always the same, with so many edits."""
    chance = random.Random(seed)
    serials, numbers = itertools.count(), itertools.count(FIRST_NUMBER)
    history = [new_program(chance, serials, numbers)]
    edits: list[Edit] = []
    while len(edits) < length:
        name = chance.choice((*EDITS, *FREQUENT, *FREQUENT))
        hand = Hand(chance, serials, numbers, history)
        try:
            new = EDITS[name](_mended(history[-1]), hand)
        except NotPossible:
            continue
        step = _difference(files(history[-1]), files(new))
        if step:
            history.append(new)
            edits.append(Edit(name, step))
    return Case(files(history[0]), edits, _held(history[0]), _script(history[0]))


def _mended(program: Program) -> Program:
    return Program(program.modules, program.packages, program.styles, program.options)


def _difference(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str | None]:
    gone: dict[str, str | None] = dict.fromkeys(old.keys() - new.keys())
    return {**{name: text for name, text in new.items() if old.get(name) != text}, **gone}


def _held(program: Program) -> dict[str, str]:
    """What somebody holds from the start, each with the question that it is asked after every edit.

    Nothing that answers by what old code has put into it, as an instance by its own attributes: that is state.
    """
    probes = {"function": "it()", "visitor": f"it({APP}.probe)", "class": "it().total()", "generator": "list(it())"}
    found = {}
    for module, one in program.all():
        place = f"{module}.{one.name}"
        if one.type in probes and one.type != "visitor":
            found[place] = probes[one.type]
        if one.type == "class":
            found |= {f"{place}()": "it.hook()", f"{place}().hook": "it()"}
    return found


def _script(program: Program) -> str:
    """A program at work: what its functions do to the state of its modules."""
    calls = [f"{module}.{one.name}()" for module, one in program.all() if one.type in ("state", "function")]
    return "\n".join(calls)


def run(worker: Worker, folder: Path, what: Case) -> list[Result]:
    """What came of every edit of a case; nothing, if the program is none that can be imported."""
    edits = [edit.files for edit in what.edits]
    return worker.run(folder, what.before, edits, [APP], hold=what.hold, script=what.script)


def story(what: Case, results: Sequence[Result], number: int) -> str:
    """What to read when an edit came out wrong: the program before it, the edit, the result."""
    files_ = dict(what.before)
    for edit in what.edits[:number]:
        files_ = {name: text for name, text in {**files_, **edit.files}.items() if text is not None}
    rows = [f"# {name}\n{text}" for name, text in files_.items()]
    rows.append(f"the edit ({what.edits[number].name}):")
    rows += [f"# {name}\n{text}" for name, text in what.edits[number].files.items()]
    rows += [f"edits before it: {[result.verdict for result in results[:number]]}", str(results[number])]
    return "\n".join(rows)
