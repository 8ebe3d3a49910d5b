"""What code may run while modules are imported: a closure over names, from the top level through functions.

It takes no notice of which object a name stands for: whatever bears a name that is loaded may run. So what is outside
of it does not run while importing, and need not be looked at any further.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from functools import cached_property

from modcache._model.doubts import Doubt
from modcache._model.unit import Unit
from modcache._refresh.special import SPECIAL

__all__ = ["Reach"]

Unnamed = Callable[[str, str, set[str], bool], set[str]]
"""(module, class, methods, is the class used?) -> those of them that may run though nobody names them."""
_IMPLICIT = frozenset({"__getattr__", "__dir__"})
_HINTS = frozenset({"get_type_hints", "get_annotations"})
"""What reads annotations without naming them."""


class Reach:
    """The closure for some modules (``units``) with all that they import (``every``, themselves included), by name.

    ``edition``: of the imports between them.
    """

    def __init__(self, units: Mapping[str, Unit], every: Mapping[str, Unit], edition: int) -> None:
        self.units = units
        self.every = every
        self.edition = edition
        self.renewed: set[str] = set()
        """Modules that are of other versions since."""
        self.unseen = set(every)
        """Modules that nobody has looked at yet for what is suspicious in them."""
        self._unnamed_words: set[str] | None = None
        self.suspicious: dict[str, Doubt] = {}
        """What was found in those that somebody has; holds as long as the closure does."""

    @cached_property
    def _closure(self) -> tuple[set[str], dict[str, set[str]]]:
        runs = self._runs()
        found = {module: set(unit.executed_words) for module, unit in self.units.items()}
        seen: set[str] = set()
        todo: set[str] = set().union(*found.values())
        while todo:
            word = todo.pop()
            seen.add(word)
            for module, loads in runs.get(word, ()):
                found.setdefault(module, set()).update(loads)
                todo |= loads - seen
        return seen, found

    def _runs(self) -> dict[str, list[tuple[str, set[str]]]]:
        runs: dict[str, list[tuple[str, set[str]]]] = defaultdict(list)
        classes = set[str]().union(*(unit.classes.names for unit in self.every.values()))
        for module, unit in self.every.items():
            for name, loads in unit.runs_by_name.items():
                runs[name].append((module, loads))
            for (
                name,
                made_of,
            ) in unit.classes.made_by_name.items():  # to call an instance, or to make one, runs its class
                if not made_of.isdisjoint(classes):
                    runs[name].append((module, made_of & classes))
        return runs

    def _words_with(self, unnamed: Unnamed) -> set[str]:
        """What may be loaded if methods count that nobody names."""
        if self._unnamed_words is None:
            self._unnamed_words = self._closed_with(unnamed)
        return self._unnamed_words

    def _closed_with(self, unnamed: Unnamed) -> set[str]:
        runs, seen, todo = self._runs(), set(self.words), set[str]()
        heirs = [
            (module, name, methods)
            for module, unit in self.every.items()
            for name, methods in unit.classes.heirs.items()
        ]
        while True:
            left = []
            for module, name, methods in heirs:
                used = name in seen
                todo.update(*(methods[method] for method in unnamed(module, name, set(methods), used)))
                if not used:
                    left.append((module, name, methods))
            todo -= seen
            if not todo:
                return seen
            while todo:
                word = todo.pop()
                seen.add(word)
                todo.update(*(loads - seen for _, loads in runs.get(word, ())))
            heirs = left

    def runs_function(self, qualname: str) -> bool:
        """May the function of this qualified name run?"""
        top, _, inner = qualname.partition(".")
        return self.runs(top, inner.partition(".")[0] or None)

    def inherit(self, earlier: Reach, changed: Collection[str]) -> None:
        """Take over the closure of an earlier time, if those modules that changed since still run the same."""
        if "_closure" in earlier.__dict__ and all(
            _alike(earlier.every[name], self.every[name], earlier.words) for name in changed
        ):
            self.__dict__["_closure"] = earlier._closure
            self._inherit_unnamed(earlier, changed)
            self.suspicious = dict(earlier.suspicious)
            self.unseen = earlier.unseen.union(changed)

    def _inherit_unnamed(self, earlier: Reach, changed: Collection[str]) -> None:
        known = earlier._unnamed_words
        pairs = [(earlier.every[name], self.every[name]) for name in changed]
        if known is not None and all(
            one.classes.heirs == other.classes.heirs and _alike(one, other, known) for one, other in pairs
        ):
            self._unnamed_words = known

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
        return member in self.words or (member == "__annotations__" and not self.words.isdisjoint(_HINTS))

    def running(self, name: str, members: set[str] | None, unnamed: Unnamed) -> set[str] | None:
        """Which of these members of the class of this name may run; ``members`` None: all of it, or the function."""
        if members is None:
            return None if self.runs(name, None) or name in self._words_with(unnamed) else set()
        return {member for member in members if self.runs(name, member) or member in self._words_with(unnamed)}


def _alike(one: Unit, other: Unit, seen: set[str]) -> bool:
    """Do two versions of a module load the same words while they execute, and in functions that may run then?"""
    mine, theirs = ({id(s.fragment): i for i, s in enumerate(unit.statements)} for unit in (one, other))
    olds = [index for key, index in mine.items() if key not in theirs]
    news = [index for key, index in theirs.items() if key not in mine]
    before = {word for index in olds for word in one.executed_words_of(index)}
    after = {word for index in news for word in other.executed_words_of(index)}
    if before != after and one.executed_words != other.executed_words:
        return False
    rows = (one.runs_of(olds), other.runs_of(news), one.runs_by_name, other.runs_by_name)
    made = (
        one.classes.made_of(olds),
        other.classes.made_of(news),
        one.classes.made_by_name,
        other.classes.made_by_name,
    )
    return one.classes.names == other.classes.names and all(_same_for(seen, *maps) for maps in (rows, made))


_Loads = Mapping[str, set[str]]


def _same_for(seen: set[str], was: _Loads, now: _Loads, before: _Loads, after: _Loads) -> bool:
    """Is what differs in some statements, for names that are seen, the same for the modules as wholes?"""
    differing = [name for name in was.keys() | now.keys() if name in seen and was.get(name) != now.get(name)]
    return all(before.get(name) == after.get(name) for name in differing)
