"""The import graph of one run: of the statements that were executed, so of nothing that the run did not come by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from modcache._model.edges import Edge
from modcache._model.importgraph import ImportGraph
from modcache._model.imports import EdgeKind
from modcache._model.observation import Observation, Place, Statement

__all__ = ["chains_to", "graph_of"]


def graph_of(seen: Observation) -> ImportGraph:
    """The graph; an edge is ``lazy`` if its statement is inside a function, and ``attribute`` otherwise.

    Raises ``ValueError`` if the statements were not asked for.
    """
    if seen.imports and not seen.statements:
        raise ValueError("the statements of this run were not watched")
    modules = dict.fromkeys([*seen.before, "__main__"])
    modules.update(dict.fromkeys(each.name for each in seen.imports if not each.error))
    modules.update(dict.fromkeys(each.place.module for each in seen.statements))
    edges = [edge for each in seen.statements for edge in _edges(each, modules)]
    told = {(edge.importer, edge.imported) for edge in edges}
    unnamed = [  # by `import_module`, by C: no statement names it
        _edge(each.asked, each.name, f"(imports {each.name}: by its name, or in C)")
        for each in seen.imports
        if each.asked is not None and (each.asked.module, each.name) not in told
    ]
    return ImportGraph(modules, [*edges, *unnamed])


def _edges(statement: Statement, modules: Iterable[str]) -> Iterator[Edge]:
    place, name = statement.place, statement.name
    text = f"from {name} import {', '.join(statement.names)}" if statement.names else f"import {name}"
    inner = [below for below in (f"{name}.{one}" for one in statement.names) if below in modules]
    for target in inner:
        yield _edge(place, target, text)
    yield _edge(place, name, text, len(inner) == len(statement.names) > 0)
    while "." in name:
        name = name.rpartition(".")[0]
        yield _edge(place, name, text, True)


def _edge(place: Place, target: str, text: str, implied: bool = False) -> Edge:
    kind: EdgeKind = "lazy" if place.is_lazy else "attribute"
    return Edge(place.module, target, kind, place.file, place.line, text, implied)


def chains_to(graph: ImportGraph, name: str) -> list[tuple[Edge, ...]]:
    """For each module that imports ``name``, the shortest chain of statements by it, from the program on.

    The shortest come first; of those of one length, those without an import inside a function. Raises ``KeyError``.
    """
    importers: dict[str, Edge] = {}
    for edge in sorted(graph.importers(name), key=_order):
        importers.setdefault(edge.importer, edge)
    ways = _ways(graph, name)
    found = [(*ways[importer], edge) for importer, edge in importers.items() if importer in ways]
    return sorted(found, key=lambda chain: (len(chain), sum(edge.kind == "lazy" for edge in chain)))


def _order(edge: Edge) -> tuple[bool, bool]:
    return edge.implied, edge.kind == "lazy"


def _ways(graph: ImportGraph, avoided: str) -> dict[str, tuple[Edge, ...]]:
    """The shortest way from the program to each module that does not come by ``avoided``."""
    came: dict[str, tuple[Edge, ...]] = {"__main__": ()}
    level = ["__main__"]
    while level:
        following = []
        for name in level:
            for edge in sorted(graph.imports(name), key=_order):
                if edge.imported not in came and edge.imported != avoided:
                    came[edge.imported] = (*came[name], edge)
                    following.append(edge.imported)
        level = following
    return came
