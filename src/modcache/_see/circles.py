"""Circles among the modules of one run, and the statement that breaks each most cheaply."""

from __future__ import annotations

from collections.abc import Iterable

from modcache._model.cycles import Cycle
from modcache._model.edges import Edge
from modcache._model.graph import components
from modcache._model.importgraph import ImportGraph
from modcache._model.observation import Observation
from modcache._see.edges import graph_of
from modcache._see.sources import Sources

__all__ = ["circles_of"]


def circles_of(seen: Observation) -> tuple[Cycle, ...]:
    """The cycles of the statements that were executed, the largest first.

    How each of them uses what it imports is read off the source as it is now, for those in a circle only.
    """
    graph = graph_of(seen)
    outer = [edge for edge in graph.edges if edge.kind != "lazy" and not edge.implied]
    inside = components(_targets(graph.modules, outer))
    circling = [edge for edge in outer if edge.imported in set(inside[edge.importer])]
    sources = Sources()
    return ImportGraph(graph.modules, (edge._replace(kind=sources.kind(edge)) for edge in circling)).cycles


def _targets(modules: Iterable[str], edges: Iterable[Edge]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {name: [] for name in modules}
    for edge in edges:
        found[edge.importer].append(edge.imported)
    return found
