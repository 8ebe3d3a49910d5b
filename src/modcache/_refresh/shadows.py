"""Loaded modules that a fresh process would find elsewhere: a file came, or went, that the import path prefers."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator
from importlib.machinery import (
    BYTECODE_SUFFIXES,
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
    SourcelessFileLoader,
)

from modcache._refresh.roots import Roots
from modcache._runtime.files import Stat, is_settled, stat_of
from modcache._runtime.system import ImportSystem

__all__ = ["Shadows"]

_LOADERS = (
    (ExtensionFileLoader, EXTENSION_SUFFIXES),
    (SourceFileLoader, SOURCE_SUFFIXES),
    (SourcelessFileLoader, BYTECODE_SUFFIXES),
)
"""In the order in which CPython looks for them (``_bootstrap_external._get_supported_file_loaders``)."""
_OF_PACKAGES = "__init__"


class Shadows:
    """Watches the folders that modules of the roots were found in, by their listings: one ``stat`` each."""

    def __init__(self, system: ImportSystem, roots: Roots) -> None:
        self._system = system
        self._roots = roots
        self._prefixes: dict[str, str] = {}
        """folder -> what comes before the names of the modules in it."""
        self._listings: dict[str, tuple[Stat | None, frozenset[str]]] = {}
        self._rows: dict[str, str] = {}
        self._meet_path()

    def __call__(self) -> tuple[str, ...]:
        """What would have been found elsewhere at the last look, as rows for a report."""
        return tuple(self._rows.values()) if self._rows else ()

    def note(self, name: str, path: str) -> None:
        """A module of the roots is imported, or met: as its folder is now, it ought to be."""
        folder, file = os.path.split(path)
        if file.partition(".")[0] == _OF_PACKAGES:
            self._note_folder(folder, f"{name}.")
            folder = os.path.dirname(folder)
        self._note_folder(folder, name[: len(name) - len(name.rpartition(".")[2])])

    def look(self) -> None:
        """Look at every folder again."""
        self._meet_path()
        for folder, prefix in list(self._prefixes.items()):  # others may import meanwhile
            for item in self._differing(folder):
                child = item.partition(".")[0]
                self._ask(prefix[:-1] if child == _OF_PACKAGES else f"{prefix}{child}")

    def _meet_path(self) -> None:
        for folder in sys.path:
            if folder not in self._prefixes and self._roots.owns(os.path.join(folder, f"{_OF_PACKAGES}.py")):
                self._note_folder(folder, "")

    def _note_folder(self, folder: str, prefix: str) -> None:
        if folder not in self._prefixes:
            self._prefixes[folder] = prefix
            self._differing(folder)

    def _differing(self, folder: str) -> Collection[str]:
        """The names of files and folders that came or went."""
        known = self._listings.get(folder)
        stat = stat_of(folder)
        if stat is None or (known is not None and known[0] == stat):
            return ()
        try:
            items = frozenset(os.listdir(folder))
        except OSError:
            return ()
        self._listings[folder] = (stat if is_settled(stat) else None, items)  # None: look again next time
        return items ^ known[1] if known is not None else ()

    def _ask(self, name: str) -> None:
        """Where would a loaded module be found now?"""
        self._rows.pop(name, None)
        spec = getattr(self._system.modules.get(name), "__spec__", None)
        if spec is None or (spec.loader is None and spec.submodule_search_locations is None):
            return
        parent = self._system.modules.get(name.rpartition(".")[0]) if "." in name else None
        path = getattr(parent, "__path__", None) if "." in name else sys.path
        place = next(_places(name, list(path or ())), None)
        if place is not None and not _is_same(place, spec.origin):
            was = spec.origin or "a folder without an __init__.py"
            self._rows[name] = f"{name} would be found in {place} by a fresh process, and is of {was}"


def _places(name: str, path: list[str]) -> Iterator[str]:
    """The files of which a module of this name would be made, the first one first."""
    for folder in path:
        # a finder of its own: what others remember of a folder may be older than the folder
        spec = FileFinder(folder or os.getcwd(), *_LOADERS).find_spec(name)
        if spec is not None and spec.loader is not None and spec.origin is not None:
            yield spec.origin


def _is_same(place: str, origin: str | None) -> bool:
    return origin is not None and os.path.realpath(place) == os.path.realpath(origin)
