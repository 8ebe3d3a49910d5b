"""Two versions of a module, statement by statement."""

from __future__ import annotations

import difflib
import itertools
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from modcache._model.facts import Facts
from modcache._model.source import Source, Statement
from modcache._model.trees import Shape, same_shell

__all__ = ["Alignment", "Match", "align"]

Verdict = Literal["same", "patch", "edited", "born"]


@dataclass(frozen=True, slots=True)
class Match:
    """A statement of the new version and the one of the old version that it stands for.

    ``same``: it says the same. ``patch``: only bodies of functions differ. ``edited``: it binds what the old one
    bound and has to be executed. ``born``: it has no counterpart.
    """

    new: int
    old: int | None
    verdict: Verdict


@dataclass(slots=True)
class Alignment:
    """How the statements of a new version stand for those of the old: one match each, in order, and the ``gone``."""

    matches: list[Match] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    reordered: bool = False

    @property
    def unchanged(self) -> bool:
        """Does the new version say the same (positions apart)?"""
        return not self.gone and not self.reordered and all(m.verdict == "same" for m in self.matches)

    @property
    def patched(self) -> list[Match]:
        """The matches that differ in bodies of functions only."""
        return [m for m in self.matches if m.verdict == "patch"]


def align(old: Source, new: Source, facts: Callable[[Statement], Facts]) -> Alignment:
    """Align two versions. ``facts`` gives those of a statement; it is asked only about statements that differ."""
    result = Alignment()
    before, after = old.statements, new.statements
    matched = _equal(before, after)
    used = set(matched.values())
    moved = _moved(before, after, matched, used, facts)
    if moved:
        matched.update(moved)
        used.update(moved.values())
    successors = _successors(before, after, matched, used, facts)
    for index in range(len(after)):
        if index in matched:
            result.matches.append(Match(index, matched[index], "same"))
        elif index in successors:
            result.matches.append(_compared(before, after, index, successors[index]))
            used.add(successors[index])
        else:
            result.matches.append(Match(index, None, "born"))
    result.gone = [index for index in range(len(before)) if index not in used]
    return result


def _equal(before: tuple[Statement, ...], after: tuple[Statement, ...]) -> dict[int, int]:
    """new index -> old index of statements that say the same and kept their order."""
    matched: dict[int, int] = {}
    head, most = 0, min(len(before), len(after))
    while head < most and before[head].fragment is after[head].fragment:
        matched[head] = head
        head += 1
    tail = 0
    while tail < most - head and before[-1 - tail].fragment is after[-1 - tail].fragment:
        matched[len(after) - 1 - tail] = len(before) - 1 - tail
        tail += 1
    # equal text is equal syntax, and much cheaper to compare
    olds = [s.fragment.text for s in before[head : len(before) - tail]]
    news = [s.fragment.text for s in after[head : len(after) - tail]]
    for block in difflib.SequenceMatcher(None, olds, news, autojunk=False).get_matching_blocks():
        for offset in range(block.size):
            matched[head + block.b + offset] = head + block.a + offset
    _equal_between(before, after, matched)
    return matched


def _equal_between(before: tuple[Statement, ...], after: tuple[Statement, ...], matched: dict[int, int]) -> None:
    """Between statements of equal text: those that only look otherwise."""
    anchors = [(-1, -1), *sorted(matched.items()), (len(after), len(before))]
    for (new, old), (next_new, next_old) in itertools.pairwise(anchors):
        if next_new - new < 2 or next_old - old < 2:
            continue
        olds = [s.fragment.key for s in before[old + 1 : next_old]]
        news = [s.fragment.key for s in after[new + 1 : next_new]]
        for block in difflib.SequenceMatcher(None, olds, news, autojunk=False).get_matching_blocks():
            for offset in range(block.size):
                matched[new + 1 + block.b + offset] = old + 1 + block.a + offset


def _moved(
    before: tuple[Statement, ...],
    after: tuple[Statement, ...],
    matched: dict[int, int],
    used: set[int],
    facts: Callable[[Statement], Facts],
) -> dict[int, int]:
    """Statements that say the same elsewhere, where moving them means nothing."""
    elsewhere: dict[Shape, list[int]] = defaultdict(list)
    for index, statement in enumerate(before):
        if index not in used and facts(statement).calm:
            elsewhere[statement.fragment.key].append(index)
    found = {}
    for index, statement in enumerate(after):
        if index not in matched and (rest := elsewhere.get(statement.fragment.key)):
            found[index] = rest.pop(0)
    return found


def _successors(
    before: tuple[Statement, ...],
    after: tuple[Statement, ...],
    matched: dict[int, int],
    used: set[int],
    facts: Callable[[Statement], Facts],
) -> dict[int, int]:
    """new index -> old index of statements of one kind that bind the same names, first come first served."""
    waiting: dict[tuple[str, frozenset[str]], list[int]] = defaultdict(list)
    for index, statement in enumerate(before):
        if index not in used:
            fact = facts(statement)
            if fact.binds:
                waiting[_family(fact), frozenset(fact.binds)].append(index)
    found = {}
    for index, statement in enumerate(after):
        if index in matched:
            continue
        fact = facts(statement)
        if fact.binds and (rest := waiting.get((_family(fact), frozenset(fact.binds)))):
            found[index] = rest.pop(0)
    return found


def _family(facts: Facts) -> str:
    return {"from": "import"}.get(facts.kind, facts.kind)


def _compared(before: tuple[Statement, ...], after: tuple[Statement, ...], new: int, old: int) -> Match:
    one, other = before[old].fragment.node, after[new].fragment.node
    moved = before[old].fragment.key == after[new].fragment.key  # and not calm: its place means something
    if not moved and same_shell(one, other):
        return Match(new, old, "patch")
    return Match(new, old, "edited")
