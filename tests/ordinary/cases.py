"""A case of one number: a program, a row of edits of it, what is held and done meanwhile; and what came of it."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.fresh import Result, Worker
from tests.ordinary.derive import FIRST_NUMBER, Node, NotPossible, texts
from tests.ordinary.edits import EDITS, Hand
from tests.ordinary.program import APP, Program, files, new_program

__all__ = ["BAD", "Case", "Edit", "case", "is_program", "run", "story"]

BAD = ("silently wrong", "broken")
PROBES = {"function": "it()", "class": "it().total()", "generator": "list(it())"}
DEFINITIONS = ("def ", "class ", "@", "\n")
REMEMBERING = ("functools.cache", "functools.lru_cache", "global ", "setdefault", "append")
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

    Not another name of something else, nor what answers by what old code has put somewhere, as an instance by its own
    attributes and a function by what it remembers: that is state.
    """
    forgetful = _forgetful(program)
    found = {}
    for module, one in program.all():
        place = f"{module}.{one.name}"
        if one.serial not in forgetful or not _begins(one.node, DEFINITIONS):
            continue
        if one.type in PROBES:
            found[place] = PROBES[one.type]
        if one.type == "class":
            found |= {f"{place}()": "it.hook()", f"{place}().hook": "it()"}
    return found


def _forgetful(program: Program) -> set[int]:
    """The definitions that remember nothing, nor do those that they use, to any depth."""
    found: set[int] = set()
    for _, one in program.all():
        if one.uses <= found and not any(word in text for text in texts(one.node) for word in REMEMBERING):
            found.add(one.serial)
    return found


def _begins(node: Node, words: Sequence[str]) -> bool:
    first = node.form[0]
    return isinstance(first, str) and first.startswith(tuple(words))


def _script(program: Program) -> str:
    """A program at work: what its functions do to the state of its modules."""
    return "\n".join(f"{module}.{one.name}()" for module, one in program.all() if one.type == "state")


def run(worker: Worker, folder: Path, what: Case) -> list[Result]:
    """What came of every edit of a case."""
    edits = [edit.files for edit in what.edits]
    return worker.run(folder, what.before, edits, [APP], hold=what.hold, script=what.script)


def is_program(results: Sequence[Result]) -> bool:
    """Could the program of a case be imported at all? (Now and then names get in each other's way.)"""
    return bool(results) and not (results[0].crash is not None and not results[0].report)


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
