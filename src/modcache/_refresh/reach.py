"""What code may run while modules are imported: a closure over names, from the top level through functions.

It takes no notice of which object a name stands for: whatever bears a name that is loaded may run. So what is outside
of it does not run while importing, and need not be looked at any further.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property

from modcache._model.unit import Unit
from modcache._refresh.special import SPECIAL

__all__ = ["Reach"]

_IMPLICIT = frozenset({"__getattr__", "__dir__"})


class Reach:
    """The closure for some modules (``units``) with all that they import (``every``, themselves included)."""

    def __init__(self, units: Iterable[Unit], every: Iterable[Unit]) -> None:
        self.units = list(units)
        self.every = list(every)
        self.looked_at: dict[str, tuple[Unit, str]] = {}
        """What was found suspicious in a unit; holds as long as the closure does."""

    @cached_property
    def _closure(self) -> tuple[set[str], dict[str, set[str]]]:
        seen: set[str] = set()
        found: dict[str, set[str]] = defaultdict(set)
        todo: list[str] = []
        for unit in self.units:
            found[unit.name] |= unit.executed_words
            todo.extend(unit.executed_words)
        while todo:
            word = todo.pop()
            if word in seen:
                continue
            seen.add(word)
            for unit in self.every:
                loads = unit.runs_by_name.get(word)
                if loads is not None:
                    found[unit.name] |= loads
                    todo.extend(loads - seen)
        return seen, found

    def inherit(self, earlier: Reach) -> None:
        """Take over the closure of an earlier time, if the same modules still run the same."""
        if "_closure" in earlier.__dict__ and len(earlier.every) == len(self.every):
            pairs = zip(earlier.every, self.every, strict=True)
            if all(one is other or _alike(one, other, earlier.words) for one, other in pairs):
                self.__dict__["_closure"] = earlier._closure
                self.looked_at = earlier.looked_at

    @cached_property
    def words(self) -> set[str]:
        """Every identifier that may be loaded while the modules are imported."""
        return self._closure[0]

    def words_of(self, module: str) -> set[str]:
        """Those that code of one module may load."""
        return self._closure[1].get(module, set())

    def runs(self, name: str, member: str | None) -> bool:
        """May a function of this name (``member`` None), or this member of the class of this name, run?"""
        if member is None or member in SPECIAL:
            return name in self.words or name in _IMPLICIT
        return member in self.words


def _alike(one: Unit, other: Unit, seen: set[str]) -> bool:
    """Do two versions of a module load the same words while they execute, and in functions that may run then?"""
    if one.name != other.name:
        return False
    mine, theirs = ({id(s.fragment): i for i, s in enumerate(unit.statements)} for unit in (one, other))
    olds = [index for key, index in mine.items() if key not in theirs]
    news = [index for key, index in theirs.items() if key not in mine]
    before = {word for index in olds for word in one.executed_words_of(index)}
    after = {word for index in news for word in other.executed_words_of(index)}
    if before != after and one.executed_words != other.executed_words:
        return False
    was, now = one.runs_of(olds), other.runs_of(news)
    differing = [name for name in was.keys() | now.keys() if name in seen and was.get(name) != now.get(name)]
    return not differing or all(one.runs_by_name.get(name) == other.runs_by_name.get(name) for name in differing)
