"""What runs in the fresh process: import the modules from their sources, describe them, write the result down.

Only the standard library and this room are loaded before the modules are.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import sys
import traceback
from collections.abc import Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any

from modcache._model.places import belongs, prefix_of
from modcache._verify.describe import describe
from modcache._verify.raw import is_module

__all__ = ["SourceFinder", "import_all", "main", "owned"]


class _Loader(importlib.machinery.SourceFileLoader):
    """Loads from a given source, or from the file; never from compiled code, which may be older than the file."""

    source: bytes | None = None

    def path_stats(self, path: str) -> Mapping[str, Any]:
        """Refuse: without the file's times the import system compiles the source."""
        raise OSError(path)

    def get_data(self, path: str) -> bytes:
        """The given source, or what the file holds."""
        if self.source is not None and path == self.path:
            return self.source
        return super().get_data(path)


class SourceFinder(importlib.abc.MetaPathFinder):
    """Finds the modules under ``folders`` as the finders after it do, but has them loaded from their sources.

    ``sources``: module -> (path, source), for what shall not be read from disk. ``absent``: names that do not exist.
    """

    def __init__(
        self,
        folders: Iterable[str],
        sources: Mapping[str, tuple[str, bytes]] | None = None,
        absent: Iterable[str] = (),
    ) -> None:
        self._prefixes = tuple(map(prefix_of, folders))
        self._sources = dict(sources or {})
        self._absent = frozenset(absent)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec of a module, with a loader that reads its source; None if it is none of ours."""
        if fullname in self._absent:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        if fullname in self._sources:
            return self._given(fullname)
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(fullname, path, target)
            if spec is not None:
                return self._from_source(spec)
        return None

    def _given(self, fullname: str) -> importlib.machinery.ModuleSpec | None:
        path, source = self._sources[fullname]
        loader = _Loader(fullname, path)
        loader.source = source
        package = [os.path.dirname(path)] if os.path.basename(path) == "__init__.py" else None
        return importlib.util.spec_from_file_location(fullname, path, loader=loader, submodule_search_locations=package)

    def _from_source(self, spec: importlib.machinery.ModuleSpec) -> importlib.machinery.ModuleSpec:
        loader = spec.loader
        if type(loader) is not importlib.machinery.SourceFileLoader:
            return spec
        if belongs(os.path.realpath(str(loader.path)), self._prefixes):
            spec.loader = _Loader(loader.name, str(loader.path))
        return spec


def import_all(names: Iterable[str]) -> dict[str, str]:
    """Import each module; returns what went wrong, by module."""
    failed: dict[str, str] = {}
    for name in names:
        try:
            importlib.import_module(name)
        except BaseException as error:
            failed[name] = "".join(traceback.format_exception_only(error)).strip()
    return failed


def owned(names: Iterable[str], folders: Iterable[str]) -> dict[str, Any]:
    """The loaded modules among ``names``, and those whose files are sources of the ``folders``."""
    wanted = set(names)
    prefixes = tuple(map(prefix_of, folders))
    found: dict[str, Any] = {}
    for name, module in list(sys.modules.items()):
        path = vars(module).get("__file__") if is_module(module) else None
        under = isinstance(path, str) and belongs(os.path.realpath(path), prefixes)
        if (name in wanted or under) and name != "__main__":
            found[name] = module
    return found


def main(task: str, result: str) -> None:
    """Do what the file ``task`` says and write the description to the file ``result``."""
    with open(task, "rb") as file:
        wanted = json.load(file)
    sys.argv[:] = wanted["argv"]
    sys.path[:] = wanted["path"]
    sources = {name: (path, text.encode("latin-1")) for name, (path, text) in wanted["sources"].items()}
    sys.meta_path.insert(0, SourceFinder(wanted["folders"], sources, wanted["absent"]))
    failed = import_all(wanted["names"])
    description = describe(owned(wanted["names"], wanted["folders"]))
    description["failed"] = failed
    with open(result, "w", encoding="utf-8") as out:
        json.dump(description, out)
