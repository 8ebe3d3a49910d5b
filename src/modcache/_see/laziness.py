"""Imports that could be lazy: what nobody uses while modules execute, and what would not be loaded then."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from modcache._model.dominators import dominators
from modcache._model.edges import Edge
from modcache._model.importgraph import ImportGraph
from modcache._model.observation import Observation
from modcache._see.edges import graph_of
from modcache._see.sources import Sources
from modcache._see.statements import Texts

__all__ = ["Candidate", "Laziness", "laziness_of"]

_ROOT = "__main__"


@dataclass(frozen=True, slots=True)
class Movable:
    """A statement that could be lazy."""

    edge: Edge
    text: str
    used_in: tuple[str, ...]
    """The functions that use what it binds: there it could stand."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        place = {"importer": self.edge.importer, "path": self.edge.path, "line": self.edge.line}
        return {**place, "text": self.text, "used_in": self.used_in}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A module that would not be loaded if all statements that import it were lazy, as long as it is not used."""

    name: str
    saves: float
    """Seconds: its own, and those of the modules that only it brings."""
    bytes: int
    modules: int
    statements: tuple[Movable, ...]
    effect: str
    """What its body does besides binding names; empty if nothing is known."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        made = {name: getattr(self, name) for name in self.__slots__}
        return {**made, "statements": [each.to_dict() for each in self.statements]}


@dataclass(frozen=True, slots=True)
class Laziness:
    """What could be lazy in one run."""

    candidates: tuple[Candidate, ...]
    """Those without a known effect, the largest saving first."""
    doubtful: tuple[Candidate, ...]
    """Those whose bodies do something that may be wanted early."""
    saves: float
    """Seconds that all candidates save together: what two of them bring is saved with both only."""


def laziness_of(seen: Observation, *, packages: Collection[str] = (), least: float = 0.0005) -> Laziness:
    """The imports that could be lazy and save ``least`` seconds.

    ``packages``: only statements in these are taken to be in our hands; by default, all but the standard library's.
    What is imported inside functions in this run is needed anyway, and so saves nothing.
    """
    return _Search(seen, packages).found(least)


class _Search:
    def __init__(self, seen: Observation, packages: Collection[str]) -> None:
        self._graph = graph_of(seen)
        self._packages = packages
        self._sources = Sources()
        self._texts = Texts(self._sources)
        self._origins = {each.name: each.origin for each in seen.imports if each.origin}
        self._own: dict[str, tuple[float, int]] = defaultdict(lambda: (0.0, 0))
        for each in seen.imports:
            seconds, size = self._own[each.name]
            self._own[each.name] = seconds + each.own, size + each.bytes_own
        self._targets = _causes(self._graph)
        self._above = dominators(self._targets, _ROOT)

    def found(self, least: float) -> Laziness:
        sums = self._sums()
        names = [name for name, (seconds, _, _) in sums.items() if seconds >= least and name != _ROOT]
        every = [self._candidate(name, sums) for name in sorted(names, key=lambda name: -sums[name][0])]
        candidates = [each for each in every if each is not None]
        sure = tuple(each for each in candidates if not each.effect)
        return Laziness(sure, tuple(each for each in candidates if each.effect), self._together(sure))

    def _sums(self) -> dict[str, tuple[float, int, int]]:
        """For each module, what it costs with all that only it brings: seconds, bytes, modules."""
        sums = {name: (*self._own[name], int(name in self._own)) for name in self._above}
        depth: dict[str, int] = {_ROOT: 0}
        for name in self._above:
            way = [name]
            while way[-1] not in depth:
                way.append(self._above[way[-1]])
            for one in reversed(way[:-1]):
                depth[one] = depth[self._above[one]] + 1
        for name in sorted(depth, key=lambda name: -depth[name]):
            if name != _ROOT:
                above, below = sums[self._above[name]], sums[name]
                sums[self._above[name]] = above[0] + below[0], above[1] + below[1], above[2] + below[2]
        return sums

    def _candidate(self, name: str, sums: Mapping[str, tuple[float, int, int]]) -> Candidate | None:
        statements: dict[tuple[str, int], Movable] = {}
        for edge in self._graph.importers(name):
            if edge.kind == "lazy":
                return None
            if not self._is_below(edge.importer, name) and (edge.path, edge.line) not in statements:
                movable = self._movable(edge)
                if movable is None:
                    return None
                statements[edge.path, edge.line] = movable
        if not statements:
            return None
        seconds, size, count = sums[name]
        effect = self._texts.effect_of(self._origins.get(name, ""))
        return Candidate(name, seconds, size, count, tuple(statements.values()), effect)

    def _movable(self, edge: Edge) -> Movable | None:
        if not self._is_ours(edge) or self._sources.kind(edge) == "exec":
            return None
        stated = self._texts.statement_at(edge.path, edge.line)
        if stated is None or stated.is_guarded or not stated.used_in:
            return None
        return Movable(edge, stated.text, stated.used_in)

    def _is_ours(self, edge: Edge) -> bool:
        top = edge.importer.partition(".")[0]
        if self._packages:
            return any(edge.importer == name or edge.importer.startswith(f"{name}.") for name in self._packages)
        return top not in sys.stdlib_module_names

    def _is_below(self, name: str, above: str) -> bool:
        """Whether a module is loaded only because of another."""
        while name != above and name in self._above and name != _ROOT:
            name = self._above[name]
        return name == above

    def _together(self, candidates: Iterable[Candidate]) -> float:
        gone = {(each.edge.importer, one.name) for one in candidates for each in one.statements}
        left = {_ROOT}
        todo = [_ROOT]
        while todo:
            name = todo.pop()
            for target in self._targets.get(name, ()):
                if target not in left and (name, target) not in gone:
                    left.add(target)
                    todo.append(target)
        return sum(self._own[name][0] for name in self._above if name not in left)


def _causes(graph: ImportGraph) -> dict[str, list[str]]:
    """Who loads whom. What a function imports in this run is loaded because of the run, wherever it stands."""
    found: dict[str, list[str]] = {name: [] for name in graph.modules}
    for importer, imported in _pairs(graph):
        found[importer].append(imported)
    return found


def _pairs(graph: ImportGraph) -> Iterator[tuple[str, str]]:
    for edge in graph.edges:
        yield (_ROOT if edge.kind == "lazy" else edge.importer), edge.imported
