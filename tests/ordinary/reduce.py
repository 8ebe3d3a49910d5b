"""A case that went wrong, made small: as few states, files, lines and words as still go wrong in the same way."""

from __future__ import annotations

import ast
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.fresh import Result, Worker
from tests.ordinary.cases import Case
from tests.ordinary.program import APP

__all__ = ["Trial", "reduced", "trial_of"]

Files = Mapping[str, str]


@dataclass(frozen=True)
class Trial:
    """A program in several states, one edit after the other; the last edit is the one that goes wrong."""

    states: tuple[Files, ...]
    hold: Mapping[str, str]
    script: str

    def steps(self) -> list[dict[str, str | None]]:
        """The edits."""
        pairs = zip(self.states, self.states[1:], strict=False)
        return [
            {**{n: t for n, t in new.items() if old.get(n) != t}, **dict.fromkeys(old.keys() - new)}
            for old, new in pairs
        ]

    def __str__(self) -> str:
        rows = [f"# {name}\n{text.rstrip()}" for name, text in self.states[0].items()]
        for step in self.steps():
            rows += [
                "--- edit",
                *(f"# {n}\n{t.rstrip()}" if t is not None else f"# {n} is gone" for n, t in step.items()),
            ]
        rows += ["--- held", *(f"{place} -> {probe}" for place, probe in self.hold.items())] if self.hold else []
        return "\n".join([*rows, *(["--- script", self.script] if self.script else [])])


def trial_of(what: Case, number: int) -> Trial:
    """The trial of a case up to one of its edits."""
    states = [dict(what.before)]
    for edit in what.edits[: number + 1]:
        states.append({name: text for name, text in {**states[-1], **edit.files}.items() if text is not None})
    return Trial(tuple(states), what.hold, what.script)


def reduced(trial: Trial, verdict: str) -> tuple[Trial, Result]:
    """The smallest trial found whose last edit has that verdict, and its result. Raises ValueError if it has not."""
    judge = _Judge(verdict)
    if (found := judge(trial)) is None:
        raise ValueError(f"not {verdict}")
    again = True
    while again:
        again = False
        for candidates in (_without_states, _without_held, _without_lines, _without_words):
            trial, shorter = _walked(trial, candidates, judge)
            again = again or shorter
    found = judge(trial)
    judge.worker.close()
    assert found is not None
    return trial, found


class _Judge:
    """Whether a trial still goes wrong."""

    def __init__(self, verdict: str) -> None:
        self.worker = Worker()
        self._verdict = verdict
        self._kind = ""

    def __call__(self, trial: Trial) -> Result | None:
        try:
            for state in trial.states:
                for text in state.values():
                    ast.parse(text)
            with tempfile.TemporaryDirectory(prefix="ordinary-") as folder:
                place = Path(folder).resolve() / "program"
                kinds = {"hold": trial.hold, "script": trial.script}
                results = self.worker.run(place, trial.states[0], trial.steps(), [APP], **kinds)  # type: ignore[arg-type]
        except SyntaxError:
            return None
        except AssertionError:  # the worker is lost over it
            self.worker = Worker()
            return None
        if not results or results[-1].verdict != self._verdict or results[-1].failed:
            return None
        kind = _kind(results[-1])
        self._kind = self._kind or kind
        return results[-1] if kind == self._kind else None


def _kind(result: Result) -> str:
    """What sort of difference it is, so that a smaller trial is not one of something else."""
    found = sorted({"held" if row.startswith("held") else row.split(": ")[1] for row in result.differences})
    gone = any("no longer there" in row or "Error" in row for row in result.differences)
    return f"{result.outcome} {gone} {found[:1]} {(result.crash or '').strip().splitlines()[-1:]}"


def _walked(trial: Trial, candidates: Callable[[Trial], Iterator[Trial]], judge: _Judge) -> tuple[Trial, bool]:
    """The trial after every candidate that still goes wrong; the candidates are asked for anew after each."""
    shorter, skip = False, 0
    while True:
        for number, candidate in enumerate(candidates(trial)):
            if number < skip or candidate == trial:
                continue
            if judge(candidate) is not None:
                trial, shorter, skip = candidate, True, number
                break
        else:
            return trial, shorter


def _without_states(trial: Trial) -> Iterator[Trial]:
    for number in range(len(trial.states) - 2 if len(trial.states) > 2 else 0):
        yield replace(trial, states=trial.states[-2 - number :][:2] if not number else _but(trial.states, number - 1))
    if len(trial.states) > 2:
        yield replace(trial, states=_but(trial.states, len(trial.states) - 2))


def _but(states: Sequence[Files], number: int) -> tuple[Files, ...]:
    return (*states[:number], *states[number + 1 :])


def _without_held(trial: Trial) -> Iterator[Trial]:
    if trial.hold:
        yield replace(trial, hold={})
    rows = trial.script.splitlines()
    if rows:
        yield replace(trial, script="")
    for number in range(len(rows)):
        yield replace(trial, script="\n".join([*rows[:number], *rows[number + 1 :]]))
    for gone in trial.hold:
        yield replace(trial, hold={place: probe for place, probe in trial.hold.items() if place != gone})


def _without_lines(trial: Trial) -> Iterator[Trial]:
    """Without a file, a block or a line, in every state that has it."""
    for name in dict.fromkeys(name for state in trial.states for name in state):
        if name != f"{APP}.py":
            yield replace(trial, states=tuple({n: t for n, t in state.items() if n != name} for state in trial.states))
    for state in trial.states:
        for name, text in state.items():
            rows = text.splitlines(keepends=True)
            for start in range(len(rows)):
                for end in dict.fromkeys((_end(rows, start), start + 1)):
                    yield _replaced(trial, name, "".join(rows[:start]), "".join(rows[start:end]), "")


def _end(rows: Sequence[str], start: int) -> int:
    """Where the block that begins with a line ends."""
    depth = len(rows[start]) - len(rows[start].lstrip())
    end = start + 1
    while end < len(rows) and (not rows[end].strip() or len(rows[end]) - len(rows[end].lstrip()) > depth):
        end += 1
    return end


def _without_words(trial: Trial) -> Iterator[Trial]:
    """With a part of an expression in its place, or a number."""
    for state in trial.states:
        for name, text in state.items():
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.expr) and not isinstance(node, ast.Constant | ast.Name):
                    yield from _simpler(trial, name, text, node)


def _simpler(trial: Trial, name: str, text: str, node: ast.expr) -> Iterator[Trial]:
    whole = ast.get_source_segment(text, node) or ""
    parts = [ast.get_source_segment(text, child) for child in ast.walk(node) if isinstance(child, ast.expr)]
    for part in sorted({"1", *filter(None, parts)} - {whole}, key=len):
        if whole and len(part) < len(whole):
            yield replace(
                trial,
                states=tuple(_with(state, name, state.get(name, "").replace(whole, part)) for state in trial.states),
            )


def _replaced(trial: Trial, name: str, head: str, old: str, new: str) -> Trial:
    """With other text for one piece of a file in every state: in its place, or where else it stands once."""
    states = []
    for state in trial.states:
        text = state.get(name, "")
        if text.startswith(head + old):
            text = head + new + text[len(head + old) :]
        elif text.count(old) == 1:
            text = text.replace(old, new)
        states.append(_with(state, name, text))
    return replace(trial, states=tuple(states))


def _with(state: Files, name: str, text: str) -> Files:
    return {**state, name: text} if name in state else state
