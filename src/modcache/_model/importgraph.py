"""Who imports whom: the import statements of a set of modules as a graph, and the questions that people ask of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cached_property
from operator import attrgetter
from typing import Any

from modcache._model.cycles import Cycle, cycles_of
from modcache._model.edges import Edge
from modcache._model.imports import ImportSite
from modcache._model.names import absolute_name

__all__ = ["ImportGraph", "edges_of"]

IsSubmodule = Callable[[str, str], bool]
_Edges = Callable[[str], Iterable[Edge]]
_importer, _imported = attrgetter("importer"), attrgetter("imported")


def edges_of(
    importer: str, package: str, path: str, sites: Iterable[ImportSite], is_submodule: IsSubmodule
) -> Iterator[Edge]:
    """The edges that a module's imports make.

    ``package``: what its relative imports start from. ``is_submodule(package, name)``: does ``from package import
    name`` give a submodule? The packages above what is imported are imported with it: those edges are ``implied``.
    """
    for site in sites:
        base = absolute_name(package, site.level, site.module)
        if not base:
            continue
        target, kind = base, site.kind
        if site.name is not None and site.name != "*" and is_submodule(base, site.name):
            target, kind = f"{base}.{site.name}", "attribute" if kind == "bind" else kind
        yield Edge(importer, target, kind, path, site.line, site.text)
        while "." in target:
            target = target.rpartition(".")[0]
            yield Edge(importer, target, "lazy" if kind == "lazy" else "attribute", path, site.line, site.text, True)


class ImportGraph:
    """The modules of an import system and the import statements between them; a value: it does not change.

    ``modules``: the names in it; edges from or to anything else are left out.
    """

    def __init__(self, modules: Iterable[str], edges: Iterable[Edge]) -> None:
        self.modules: Mapping[str, None] = dict.fromkeys(modules)
        """The names of the modules, in the order in which they were given."""
        self.edges = tuple(
            edge
            for edge in edges
            if edge.imported in self.modules and edge.importer in self.modules and edge.imported != edge.importer
        )
        """Every import statement between two of them."""

    @cached_property
    def _by_importer(self) -> dict[str, list[Edge]]:
        return _grouped(self.edges, "importer")

    @cached_property
    def _by_imported(self) -> dict[str, list[Edge]]:
        return _grouped(self.edges, "imported")

    def __repr__(self) -> str:
        return f"<import graph: {len(self.modules)} modules, {len(self.edges)} import statements>"

    def imports(self, name: str) -> tuple[Edge, ...]:
        """What a module imports, by the statements that do. Raises ``KeyError`` for a name that is not in the graph."""
        return tuple(self._by_importer.get(self._checked(name), ()))

    def importers(self, name: str) -> tuple[Edge, ...]:
        """The statements that import a module. Raises ``KeyError``."""
        return tuple(self._by_imported.get(self._checked(name), ()))

    def dependencies(self, name: str, *, lazy: bool = True) -> frozenset[str]:
        """All that a module imports, over any number of steps, ``lazy`` ones too. Raises ``KeyError``."""
        return self._closed(name, lambda each: self._by_importer.get(each, ()), _imported, lazy)

    def dependents(self, name: str, *, lazy: bool = True) -> frozenset[str]:
        """All that import a module, over any number of steps, ``lazy`` ones too. Raises ``KeyError``."""
        return self._closed(name, lambda each: self._by_imported.get(each, ()), _importer, lazy)

    def chain(self, name: str, start: str | None = None) -> tuple[Edge, ...]:
        """The shortest way from ``start`` to a module, a statement for each step; empty if there is none.

        ``start``: by default ``__main__``, or without one the nearest module that nobody imports. Raises ``KeyError``.
        """
        return next(self.chains(name, start), ())

    def chains(self, name: str, start: str | None = None) -> Iterator[tuple[Edge, ...]]:
        """Every way from ``start`` to a module that comes by no module twice, the shortest first.

        Ways by statements that are executed with their module come before longer ones, and before ways of the same
        length by those in functions. There may be very many: take as many as you need. Raises ``KeyError``.
        """
        starts = self._starts(name) if start is None else {self._checked(start)}
        return self._ways(self._checked(name), starts)

    @cached_property
    def cycles(self) -> tuple[Cycle, ...]:
        """Modules that import one another while they execute, the largest set first; lazy imports make no cycle."""
        return cycles_of(self.edges)

    def to_dict(self) -> dict[str, Any]:
        """The graph as JSON-able data."""
        return {"modules": list(self.modules), "edges": [edge.to_dict() for edge in self.edges]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ImportGraph:
        """The graph that :meth:`to_dict` told of."""
        return cls(data["modules"], (Edge(**edge) for edge in data["edges"]))

    # -- the work

    def _checked(self, name: str) -> str:
        if name not in self.modules:
            raise KeyError(name)
        return name

    def _closed(self, name: str, edges: _Edges, end: Callable[[Edge], str], lazy: bool) -> frozenset[str]:
        seen: set[str] = set()
        todo = [self._checked(name)]
        while todo:
            for edge in edges(todo.pop()):
                found = end(edge)
                if found not in seen and (lazy or edge.kind != "lazy"):
                    seen.add(found)
                    todo.append(found)
        return frozenset(seen - {name})

    def _starts(self, name: str) -> set[str]:
        if "__main__" in self.modules and name != "__main__":
            if name in self.dependencies("__main__"):
                return {"__main__"}
        above = self.dependents(name)
        return {other for other in above if not self._by_imported.get(other)} or set(above)

    def _ways(self, name: str, starts: Collection[str]) -> Iterator[tuple[Edge, ...]]:
        """Breadth first, backwards from the module, by modules that a start leads to."""
        reached = set(starts).union(*(self.dependencies(start) for start in starts))
        ways: list[tuple[Edge, ...]] = [()]
        while ways:
            longer: list[tuple[Edge, ...]] = []
            for way in ways:
                passed = {name, *(edge.imported for edge in way), *(edge.importer for edge in way)}
                for edge in self._first_by_importer(way[0].importer if way else name):
                    if edge.importer in starts:
                        yield (edge, *way)
                    elif edge.importer in reached and edge.importer not in passed:
                        longer.append((edge, *way))
            ways = longer

    def _first_by_importer(self, name: str) -> list[Edge]:
        """One statement for each importer, those that are executed with their module first."""
        found: dict[str, Edge] = {}
        for edge in sorted(self._by_imported.get(name, ()), key=_preference):
            found.setdefault(edge.importer, edge)
        return list(found.values())


def _preference(edge: Edge) -> tuple[bool, bool, str]:
    return edge.kind == "lazy", edge.implied, edge.importer


def _grouped(edges: Iterable[Edge], end: str) -> dict[str, list[Edge]]:
    found: dict[str, list[Edge]] = defaultdict(list)
    for edge in edges:
        found[getattr(edge, end)].append(edge)
    return found
