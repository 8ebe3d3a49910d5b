"""Circles in the import graph: the statements that make them, and the one that breaks them most cheaply."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from modcache._model.edges import Edge
from modcache._model.graph import components

__all__ = ["COSTS", "Cycle", "cycles_of"]

COSTS = {"attribute": 1, "bind": 2, "exec": 10}
"""What it takes to make an import lazy. An attribute is read at call time anyway: the statement moves into a function.
A bound name has to be imported in each function that uses it. What is used while the module executes is a redesign."""
_TRIED = 200

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Cycle:
    """Modules each of which imports all others, over any number of steps, while it executes."""

    modules: tuple[str, ...]
    """The modules, by name."""
    edges: tuple[Edge, ...]
    """The import statements between them that are executed with their module."""
    shortest: tuple[Edge, ...]
    """The shortest circle among them, a statement for each step."""
    weakest: tuple[Edge, ...]
    """The statements from one module to another that, made lazy, break it most cheaply."""
    breaks: bool
    """Is there no circle left then?"""

    def __str__(self) -> str:
        return " -> ".join([*(edge.importer for edge in self.shortest), self.shortest[0].importer])

    def to_dict(self) -> dict[str, Any]:
        """The cycle as JSON-able data."""
        return {
            "modules": list(self.modules),
            "edges": [edge.to_dict() for edge in self.edges],
            "shortest": [edge.to_dict() for edge in self.shortest],
            "weakest": [edge.to_dict() for edge in self.weakest],
            "breaks": self.breaks,
        }


def cycles_of(edges: Iterable[Edge]) -> tuple[Cycle, ...]:
    """The cycles that some edges make, the largest first. What is lazy, or implied, makes none."""
    pairs: dict[Pair, list[Edge]] = defaultdict(list)
    for edge in edges:
        if edge.kind != "lazy" and not edge.implied:
            pairs[edge.importer, edge.imported].append(edge)
    found = {id(members): members for members in components(_targets(pairs)).values() if len(members) > 1}
    cycles = [_cycle(sorted(members), pairs) for members in found.values()]
    return tuple(sorted(cycles, key=lambda cycle: (-len(cycle.modules), cycle.modules)))


def _cycle(members: list[str], every: Mapping[Pair, list[Edge]]) -> Cycle:
    inside = set(members)
    pairs = {pair: edges for pair, edges in every.items() if inside.issuperset(pair)}
    pair, left = _weakest(pairs)
    return Cycle(
        tuple(members),
        tuple(edge for edges in pairs.values() for edge in edges),
        tuple(pairs[step][0] for step in _shortest(members, pairs)),
        tuple(pairs[pair]),
        not left,
    )


def _weakest(pairs: Mapping[Pair, list[Edge]]) -> tuple[Pair, int]:
    """The pair to break, and how many modules are in a circle still: first what leaves none, then what costs least."""
    costs = {pair: sum(COSTS[edge.kind] for edge in edges) for pair, edges in pairs.items()}
    tried = sorted(pairs, key=lambda pair: (costs[pair], pair))[:_TRIED]
    lefts = {pair: _circling(other for other in pairs if other != pair) for pair in tried}
    best = min(tried, key=lambda pair: (lefts[pair] > 0, costs[pair] if not lefts[pair] else lefts[pair], costs[pair]))
    return best, lefts[best]


def _circling(pairs: Iterable[Pair]) -> int:
    """How many modules are in a circle."""
    found = components(_targets(pairs))
    return sum(len(members) > 1 for members in found.values())


def _targets(pairs: Iterable[Pair]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for importer, imported in pairs:
        found[importer].append(imported)
    return found


def _shortest(members: list[str], pairs: Mapping[Pair, list[Edge]]) -> list[Pair]:
    """The steps of the shortest circle; of two, that of the module that is first by name."""
    targets = _targets(pairs)
    best: list[Pair] = []
    for start in members:
        steps = _circle_at(start, targets, len(best) - 1 if best else len(members))
        best = steps or best
        if len(best) == 2:
            break
    return best


def _circle_at(start: str, targets: Mapping[str, list[str]], most: int) -> list[Pair]:
    """The shortest circle through a module of at most so many steps; empty if there is none."""
    came: dict[str, str] = {}
    level = [start]
    for _ in range(most):
        following: list[str] = []
        for name in level:
            for target in targets.get(name, ()):
                if target == start:
                    return _steps_back(start, name, came)
                if target not in came:
                    came[target] = name
                    following.append(target)
        level = following
    return []


def _steps_back(start: str, last: str, came: Mapping[str, str]) -> list[Pair]:
    steps = [(last, start)]
    while last != start:
        steps.insert(0, (came[last], last))
        last = came[last]
    return steps
