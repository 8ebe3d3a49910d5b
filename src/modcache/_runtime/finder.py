"""Finding on a path, for one import system: what ``importlib.machinery.PathFinder`` does with the state in ``sys``."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    ModuleSpec,
    SourcelessFileLoader,
)
from types import ModuleType
from typing import TYPE_CHECKING, Any

from modcache._runtime.codes import SharedSourceLoader

if TYPE_CHECKING:
    from modcache._runtime.system import ImportSystem

__all__ = ["NamespacePath", "SystemPathFinder", "path_hooks"]

_BYTECODE_SUFFIXES = [".pyc"]


def path_hooks(load_source: Callable[[str, str], SharedSourceLoader]) -> list[Any]:
    """The hooks of a private system: the interpreter's, with source files loaded by ``load_source(name, path)``.

    Hooks for folders are replaced, those for archives and what a program has added stay, in their places.
    """
    details: tuple[Any, ...] = (
        (ExtensionFileLoader, EXTENSION_SUFFIXES),
        (load_source, SOURCE_SUFFIXES),
        (SourcelessFileLoader, _BYTECODE_SUFFIXES),
    )
    files = FileFinder.path_hook(*details)
    return [files if _is_for_folders(hook) else hook for hook in sys.path_hooks]


def _is_for_folders(hook: Any) -> bool:
    return getattr(hook, "__qualname__", "").startswith("FileFinder.path_hook")


class SystemPathFinder:
    """A finder of the modules on a system's path: by its path hooks, with its ``path_importer_cache``."""

    def __init__(self, system: ImportSystem) -> None:
        self._system = system
        self.generation = 0
        """Rises when the caches are invalidated: then namespace paths are computed anew."""

    def __repr__(self) -> str:
        return f"<finder of the path of {self._system!r}>"

    def find_spec(self, fullname: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """What the first entry of ``path`` (by default the system's own) has under that name; None if none has.

        Without a module or a regular package, the folders of that name make a namespace package (PEP 420).
        """
        found = self.search(fullname, self._system.path if path is None else path, target)
        if found.loader is None:
            portions = found.submodule_search_locations
            if not portions:
                return None
            found.origin = None
            found.submodule_search_locations = NamespacePath(self._system, self, fullname, list(portions))  # type: ignore[assignment]
        return found

    def search(self, fullname: str, path: Iterable[Any], target: ModuleType | None = None) -> ModuleSpec:
        """The first spec with a loader; else one without, whose locations are the portions of a namespace."""
        portions: list[str] = []
        for entry in path:
            finder = self.entry_finder(entry) if isinstance(entry, str) else None
            spec: ModuleSpec | None = finder.find_spec(fullname, target) if finder is not None else None
            if spec is None:
                continue
            if spec.loader is not None:
                return spec
            if spec.submodule_search_locations is None:
                raise ImportError("spec missing loader")
            portions.extend(spec.submodule_search_locations)
        namespace = ModuleSpec(fullname, None)
        namespace.submodule_search_locations = portions
        return namespace

    def entry_finder(self, entry: str) -> Any:
        """The finder for one entry of the path, cached; None if no hook takes it. An empty one is the current one."""
        if not entry:
            try:
                entry = os.getcwd()
            except FileNotFoundError:
                return None  # the current folder is gone: there may be another one next time
        cache = self._system.path_importer_cache
        try:
            return cache[entry]
        except KeyError:
            finder = cache[entry] = self._ask_hooks(entry)
            return finder

    def _ask_hooks(self, entry: str) -> Any:
        hooks = self._system.path_hooks
        if not hooks and hooks is not None:
            warnings.warn("sys.path_hooks is empty", ImportWarning, stacklevel=2)
        for hook in hooks:
            try:
                return hook(entry)
            except ImportError:
                continue
        return None

    def invalidate_caches(self) -> None:
        """Forget entries that no hook took, and relative ones; have the other finders look at the disk again."""
        cache = self._system.path_importer_cache
        for name, finder in list(cache.items()):
            if finder is None or not os.path.isabs(name):
                del cache[name]
            elif hasattr(finder, "invalidate_caches"):
                finder.invalidate_caches()
        self.generation += 1
        metadata = self._system.modules.get("importlib.metadata")
        if metadata is not None:  # it remembers what it saw in the folders
            metadata.MetadataPathFinder().invalidate_caches()  # 3.11 lacks the classmethod

    def find_distributions(self, context: Any = None) -> Iterable[Any]:
        """The installed distributions on the system's path; see :meth:`importlib.metadata.DistributionFinder`."""
        # The system's own, should it have one: its distributions are told by their class.
        metadata = self._system.import_module("importlib.metadata")
        given = dict(vars(context)) if context is not None else {}
        given.setdefault("path", list(self._system.path))
        return metadata.MetadataPathFinder.find_distributions(metadata.DistributionFinder.Context(**given))  # type: ignore[no-any-return]


class NamespacePath(Sequence[str]):
    """The ``__path__`` of a namespace package: its portions, computed anew when the path above it has changed."""

    def __init__(self, system: ImportSystem, finder: SystemPathFinder, name: str, portions: list[str]) -> None:
        self._system = system
        self._finder = finder
        self._name = name
        self._portions = portions
        self._made_of = self._made_of_now()

    def _made_of_now(self) -> tuple[int, tuple[Any, ...]]:
        parent = self._name.rpartition(".")[0]
        above = self._system.modules[parent].__path__ if parent else self._system.path
        return self._finder.generation, tuple(above)

    def _now(self) -> list[str]:
        made_of = self._made_of_now()
        if made_of != self._made_of:
            found = self._finder.search(self._name, made_of[1])
            if found.loader is None and found.submodule_search_locations:
                self._portions = list(found.submodule_search_locations)
            self._made_of = made_of
        return self._portions

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    def __getitem__(self, index: Any) -> Any:
        return self._now()[index]

    def __setitem__(self, index: int, value: str) -> None:
        self._portions[index] = value

    def __len__(self) -> int:
        return len(self._now())

    def __contains__(self, item: object) -> bool:
        return item in self._now()

    def append(self, portion: str) -> None:
        """Add a folder, until the path above changes."""
        self._portions.append(portion)

    # importlib.resources looks for the word NamespacePath in here
    def __repr__(self) -> str:
        return f"NamespacePath({self._portions!r})"
