"""The import graph of a module cache, made of the code of what is loaded, and kept for what stays the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from modcache._model.edges import Edge
from modcache._model.importgraph import ImportGraph, edges_of
from modcache._model.imports import ImportSite, imports_of
from modcache._model.names import absolute_name
from modcache._runtime import peek
from modcache._runtime.collector import uncollected
from modcache._runtime.loaded_code import code_of

if TYPE_CHECKING:
    from modcache._runtime.versions import Version, Versions

__all__ = ["Graphs"]

_NOTHING = object()


class _Read(NamedTuple):
    """The imports of one module, and what they were read for: its identity, spec and recorded version."""

    identity: int
    spec: object
    version: Version | None
    sites: tuple[ImportSite, ...]


class Graphs:
    """Makes the graphs of one system's cache. Thread-safe."""

    def __init__(self) -> None:
        self._read: dict[str, _Read] = {}
        self._last: tuple[dict[str, _Read], ImportGraph] | None = None

    @uncollected()  # it makes very many objects, and no garbage in circles
    def graph(self, modules: Mapping[str, Any], versions: Versions) -> ImportGraph:
        """The graph of these entries; the same as the last time, if nothing has changed."""
        rows = {name: self._sites(name, module, versions) for name, module in modules.items() if module is not None}
        last = self._last
        if last is not None and list(last[0]) == list(rows) and all(map(_same, last[0].values(), rows.values())):
            return last[1]
        graph = ImportGraph(rows, (edge for name, row in rows.items() for edge in _edges(name, row.sites, modules)))
        self._read, self._last = rows, (rows, graph)
        return graph

    def _sites(self, name: str, module: Any, versions: Versions) -> _Read:
        namespace = peek.namespace_of(module)
        spec = namespace.get("__spec__")
        version = versions.recorded(name, spec)
        known = self._read.get(name)
        if known is not None and known.identity == id(module) and known.spec is spec and known.version == version:
            return known
        code = code_of(name, namespace, recorded=version is not None)
        sites = imports_of(code, is_main=name == "__main__") if code is not None else ()
        return _Read(id(module), spec, version, sites)


def _same(one: _Read, other: _Read) -> bool:
    return one is other


def _edges(name: str, sites: Iterable[ImportSite], modules: Mapping[str, Any]) -> Iterator[Edge]:
    names = peek.namespace_of(modules[name])

    def is_submodule(package: str, child: str) -> bool:
        found = modules.get(f"{package}.{child}")
        # a package may have something else under the name of a submodule, which then is what the statement gives
        return found is not None and peek.namespace_of(modules.get(package)).get(child, found) is found

    package = names.get("__package__")
    if type(package) is not str:
        package = name if "__path__" in names else name.rpartition(".")[0]
    taken = _taken(sites, names, lambda site: _brought(site, package, modules))
    return edges_of(name, package, peek.source_of(names) or "", taken, is_submodule)


def _taken(
    sites: Iterable[ImportSite], names: Mapping[str, Any], brought: Callable[[ImportSite], object]
) -> Iterator[ImportSite]:
    """The imports, without those that stand in branches which were not taken, as far as the module shows it.

    Of several imports that are bound to one name, that is: it holds what one of them brings, and not the others.
    """
    by_name: dict[str, list[ImportSite]] = defaultdict(list)
    for site in sites:
        by_name[site.bound].append(site)
    for bound, rivals in by_name.items():
        shown = [site for site in rivals if brought(site) is names.get(bound)] if len(rivals) > 1 and bound else []
        yield from shown or rivals


def _brought(site: ImportSite, package: str, modules: Mapping[str, Any]) -> object:
    """What an import would give now."""
    base = absolute_name(package, site.level, site.module)
    if site.name is not None:
        inner = modules.get(f"{base}.{site.name}", _NOTHING)
        return peek.namespace_of(modules.get(base)).get(site.name, inner)
    top = base.partition(".")[0]
    return modules.get(top if site.bound == top else base, _NOTHING)
