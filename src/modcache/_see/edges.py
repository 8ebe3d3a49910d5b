"""The import graph of one run: of the statements that were executed, so of nothing that the run did not come by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from modcache._model.edges import Edge
from modcache._model.importgraph import ImportGraph
from modcache._model.imports import EdgeKind
from modcache._model.observation import Observation, Place, Seen, Statement

__all__ = ["Ways", "graph_of"]


class _Link(NamedTuple):
    """One reason why a module brings another: an :class:`Edge` that is not made yet."""

    imported: str
    place: Place
    statement: Statement | None
    """None if no statement names it: `import_module` did, or C."""
    implied: bool

    @property
    def rank(self) -> int:
        """What is told first, of several links between two modules: the least."""
        return 2 * self.implied + self.place.is_lazy

    def edge(self) -> Edge:
        place, statement = self.place, self.statement
        if statement is None:
            text = f"(imports {self.imported}: by its name, or in C)"
        elif statement.names:
            text = f"from {statement.name} import {', '.join(statement.names)}"
        else:
            text = f"import {statement.name}"
        kind: EdgeKind = "lazy" if place.is_lazy else "attribute"
        return Edge(place.module, self.imported, kind, place.file, place.line, text, self.implied)


def graph_of(seen: Observation) -> ImportGraph:
    """The graph; an edge is ``lazy`` if its statement is inside a function, and ``attribute`` otherwise.

    Raises ``ValueError`` if the statements were not asked for.
    """
    modules = _modules(seen)
    return ImportGraph(modules, [link.edge() for link in _links(seen, modules)])


class Ways:
    """The ways from the program to its modules, a statement for each step.

    Raises ``ValueError`` if the statements were not asked for. Most modules are never asked for: what a module brings
    is found when a way comes by it, and only those links that are told become edges.
    """

    def __init__(self, seen: Observation) -> None:
        self.modules = _modules(seen)
        self._stated: dict[str, list[Statement]] = {}
        for each in seen.statements:
            self._stated.setdefault(each.place.module, []).append(each)
        self._asked: dict[str, list[Seen]] = {}
        for one in seen.imports:
            if one.asked is not None:
                self._asked.setdefault(one.asked.module, []).append(one)
        self._links: dict[str, dict[str, _Link]] = {}

    def to(self, name: str) -> list[tuple[Edge, ...]]:
        """For each module that imports ``name``, the shortest chain by it.

        The shortest come first; of those of one length, those without an import inside a function.
        """
        last = [found for importer in self._importers(name) if (found := self._from(importer).get(name)) is not None]
        came = self._reached({link.place.module for link in last}, name)
        chains = [
            tuple(link.edge() for link in (*_back(came, link.place.module), link))
            for link in last
            if link.place.module in came
        ]
        return sorted(chains, key=lambda chain: (len(chain), sum(edge.kind == "lazy" for edge in chain)))

    def _importers(self, name: str) -> list[str]:
        """The modules that may bring it, by their statements' words."""
        package, _, last = name.rpartition(".")
        below = f"{name}."
        found = dict.fromkeys(importer for importer, rows in self._asked.items() if any(r.name == name for r in rows))
        for importer, rows in self._stated.items():
            for _, stated, names in rows:
                if stated == name or stated.startswith(below) or (stated == package and last in names):
                    found[importer] = None
                    break
        found.pop(name, None)
        return [importer for importer in self.modules if importer in found]

    def _from(self, importer: str) -> dict[str, _Link]:
        """What a module brings: the best link to each."""
        known = self._links.get(importer)
        if known is None:
            known = self._links[importer] = {}
            for each in self._stated.get(importer, ()):
                for link in _links_of(each, self.modules):
                    other = known.get(link.imported)
                    if other is None or link.rank < other.rank:
                        known[link.imported] = link
            for one in self._asked.get(importer, ()):
                if one.asked is not None and one.name not in known:
                    known[one.name] = _Link(one.name, one.asked, None, False)
        return known

    def _reached(self, wanted: set[str], avoided: str) -> dict[str, _Link | None]:
        """The last link of the shortest way to each module that does not come by ``avoided``, until all are found."""
        came: dict[str, _Link | None] = {"__main__": None}
        level = ["__main__"]
        while level and not wanted <= came.keys():
            following = []
            for name in level:
                for target, link in self._from(name).items():
                    if target not in came and target != avoided:
                        came[target] = link
                        following.append(target)
            level = following
        return came


def _back(came: Mapping[str, _Link | None], name: str) -> list[_Link]:
    """The way to a module, from the program on."""
    way: list[_Link] = []
    link = came[name]
    while link is not None:
        way.append(link)
        link = came[link.place.module]
    return way[::-1]


def _modules(seen: Observation) -> dict[str, None]:
    if seen.imports and not seen.statements:
        raise ValueError("the statements of this run were not watched")
    modules = dict.fromkeys([*seen.before, "__main__"])
    modules.update(dict.fromkeys(each.name for each in seen.imports if not each.error))
    modules.update(dict.fromkeys(each.place.module for each in seen.statements))
    return modules


def _links(seen: Observation, modules: Mapping[str, None]) -> Iterator[_Link]:
    told: set[tuple[str, str]] = set()
    for each in seen.statements:
        for link in _links_of(each, modules):
            pair = (each.place.module, link.imported)
            if not (link.implied and pair in told):  # a package above it is told once for each importer
                told.add(pair)
                yield link
    for one in seen.imports:
        if one.asked is not None and (one.asked.module, one.name) not in told:
            yield _Link(one.name, one.asked, None, False)


def _links_of(statement: Statement, modules: Mapping[str, None]) -> Iterator[_Link]:
    """What a statement brings: a module, or those that it takes from a package, and the packages above."""
    place, name, names = statement
    inner = [below for below in (f"{name}.{one}" for one in names) if below in modules] if names else []
    for below in inner:
        yield _Link(below, place, statement, False)
    yield _Link(name, place, statement, len(inner) == len(names) > 0)
    while "." in name:
        name = name.rpartition(".")[0]
        yield _Link(name, place, statement, True)
