"""A module cache as records: what stands under each name, what it is, who imports it, and what it took.

A look never imports, never runs anybody's code, and never wakes a lazy module.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from modcache._model.edges import Edge
from modcache._runtime import peek
from modcache._runtime.extent import extent_of
from modcache._runtime.graphs import Graphs
from modcache._runtime.kinds import Kind, kind_of
from modcache._runtime.layers import cache_of
from modcache._runtime.system import ImportSystem, interpreter
from modcache._runtime.versions import Versions

if TYPE_CHECKING:
    from modcache._model.importgraph import ImportGraph
    from modcache._runtime.trace import Timing

__all__ = ["Cache", "Entry", "cache"]


class Entry:
    """One name in a module cache. What it says of the module is looked up when it is asked for.

    It keeps what stood under the name when it was made; look it up again to see what stands there now. Thread-safe.
    """

    __slots__ = ("_cache", "module", "name")

    def __init__(self, cache: Cache, name: str, module: Any) -> None:
        self._cache = cache
        self.name = name
        """The name in the cache."""
        self.module = module
        """What stands there: a module, any other object, or None for a name that is blocked."""

    def __repr__(self) -> str:
        return f"<entry {self.name}: {', '.join(filter(None, (self.kind, self.origin)))}>"

    @property
    def origin(self) -> str | None:
        """Where it is from, as its spec says: a file, ``built-in``, ``frozen``; None if nothing says it."""
        return peek.origin_of(self._names)

    @property
    def path(self) -> str | None:
        """The source file that it was made of; None if there is none."""
        return peek.source_of(self._names)

    @property
    def kind(self) -> Kind:
        """What kind of thing it is: see :data:`modcache._runtime.kinds.Kind`."""
        return kind_of(self.module)

    @property
    def generation(self) -> int:
        """The number of the commit that gave it its content (the last session that did so counts); 0: none has."""
        version = self._cache.versions.recorded(self.name, self._names.get("__spec__"))
        return version.generation if version is not None else 0

    @property
    def source_hash(self) -> str | None:
        """The hash of the source that it was made of, 16 hexadecimal digits; None without one, or if nobody knows."""
        path = self.path
        return self._cache.versions.loaded(self.name, self.module, path).digest if path is not None else None

    @property
    def stale(self) -> bool | None:
        """Does its file hold something else by now, or is it gone? None without a source file, or if nobody can tell.

        Known for what a session has read. For all else a file that was last changed before this process began is what
        was loaded (Linux says when that was); for any other, the code of its functions and its plain constants are
        compared with it.
        """
        path = self.path
        return self._cache.versions.is_stale(self.name, self.module, path) if path is not None else None

    @property
    def aliases(self) -> tuple[str, ...]:
        """The other names under which the same object stands in the cache."""
        if self.module is None:
            return ()
        rows = self._cache.snapshot().items()
        return tuple(name for name, module in rows if module is self.module and name != self.name)

    @property
    def imports(self) -> tuple[Edge, ...]:
        """The import statements in it that bring what is in the cache; the first look makes the graph."""
        graph = self._cache.graph()
        return graph.imports(self.name) if self.name in graph.modules else ()

    @property
    def importers(self) -> tuple[Edge, ...]:
        """The import statements that bring it; the first look makes the graph."""
        graph = self._cache.graph()
        return graph.importers(self.name) if self.name in graph.modules else ()

    @property
    def first_importer(self) -> str | None:
        """Who imported it first, as ``module:line``; None if no trace was on then."""
        timing = self._timing
        return timing.asked_by if timing is not None else None

    @property
    def seconds_self(self) -> float | None:
        """Seconds that its import took, less those of the imports in it; None if no trace was on then."""
        timing = self._timing
        return timing.own if timing is not None else None

    @property
    def seconds_total(self) -> float | None:
        """Seconds that its import took; None if no trace was on then."""
        timing = self._timing
        return timing.total if timing is not None else None

    @property
    def bytes(self) -> int:
        """Bytes of what it holds itself: its functions, classes and plain values, with their code. A lower bound.

        Instances of classes, and what extensions allocate, are not counted.
        """
        return extent_of(self.name, self._names)

    def to_dict(self) -> dict[str, Any]:
        """The entry as JSON-able data, all but the module."""
        names = "name origin path kind generation source_hash stale aliases first_importer seconds_self seconds_total"
        found = {name: getattr(self, name) for name in names.split()}
        edges = {name: [edge.to_dict() for edge in getattr(self, name)] for name in ("imports", "importers")}
        return {**found, "bytes": self.bytes, "aliases": list(self.aliases), **edges}

    @property
    def _names(self) -> dict[str, Any]:
        return peek.namespace_of(self.module) if self.module is not None else {}

    @property
    def _timing(self) -> Timing | None:
        timing = self._cache.timings.get(self.name)
        return timing if timing is not None and timing.spec is self._names.get("__spec__") else None


class Cache(Mapping[str, Entry]):
    """The module cache of an import system as records, live: name -> :class:`Entry`.

    Reading it never imports anything and runs nobody's code. Thread-safe, while others import too: whoever walks over
    it walks over the names that were there when the walk began.
    """

    def __init__(self, system: ImportSystem) -> None:
        self._system = system
        self.timings = system.timings
        """Name -> what a trace has seen of its import."""
        self.versions = Versions(system.versions)
        """Which content each module is of."""
        self._graphs = Graphs()

    def __repr__(self) -> str:
        return f"<cache of {self._system!r}>"

    def __getitem__(self, name: str) -> Entry:
        return Entry(self, name, cache_of(self._system)[name])

    def __contains__(self, name: object) -> bool:
        return type(name) is str and name in cache_of(self._system)

    def __iter__(self) -> Iterator[str]:
        return iter(self.snapshot())

    def __len__(self) -> int:
        return len(self.snapshot())

    def snapshot(self) -> dict[str, Any]:
        """Name -> object, as it is now. What has no plain name is left out."""
        modules = dict(cache_of(self._system))
        return modules if all(map(_is_plain, modules)) else {n: m for n, m in modules.items() if _is_plain(n)}

    def graph(self) -> ImportGraph:
        """Who imports whom in the cache, by the import statements in the code of what is loaded.

        The first call reads the code of every module (some tenths of a millisecond for each); later ones only that of
        modules that were made since. What somebody imports by a name that stands in no import statement
        (``importlib.import_module(name)``) is not in it.
        """
        return self._graphs.graph(self.snapshot(), self.versions)

    def stale(self) -> list[str]:
        """The names of the entries whose file holds something else than they were made of."""
        return [name for name, entry in self.items() if entry.stale]


def _is_plain(name: object) -> bool:
    return type(name) is str


cache = interpreter.cache
"""The running interpreter's module cache as records."""
