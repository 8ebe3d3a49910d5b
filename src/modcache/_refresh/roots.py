"""Which files are the roots' sources: folders and packages whose modules a session keeps true to their source."""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Iterable

from modcache import errors
from modcache._model.places import FOREIGN, belongs, prefix_of
from modcache._runtime.system import ImportSystem, interpreter

__all__ = ["Roots"]

_MARKERS = ("pyproject.toml", ".git", "setup.py", "setup.cfg")


class Roots:
    """The folders of a session. Each root is a folder that exists or the name of a package that can be found.

    ``system``: the one that finds it. Raises :class:`modcache.errors.RootNotFound` for anything else.
    """

    def __init__(
        self, roots: Iterable[str | os.PathLike[str]] | None = None, system: ImportSystem = interpreter
    ) -> None:
        self._system = system
        self.files: set[str] = set()
        found: list[str] = []
        if roots is None:
            found.extend(_project())
            found.extend(_editable())
        else:
            for root in roots:
                self._add(os.fspath(root), found)
        self.folders = tuple(dict.fromkeys(os.path.realpath(folder) for folder in found))
        self._prefixes = tuple(map(prefix_of, self.folders))
        self.owns = functools.lru_cache(maxsize=None)(self._owns)

    def _add(self, root: str, found: list[str]) -> None:
        if os.path.isdir(root):
            found.append(root)
            return
        if os.path.isfile(root):
            message = f"the root {root!r} is a file: give its folder, or the name of the module that it is"
            raise errors.RootNotFound(message)
        locations = _locate(root, self._system)
        if locations is None:
            raise errors.RootNotFound(
                f"the root {root!r} is neither a folder that exists (looked in {os.getcwd()!r}) nor a package that "
                f"can be imported; give an existing folder, a package's name, or no root for the project's folder"
            )
        for location in locations:
            if os.path.isdir(location):
                found.append(location)
            else:
                self.files.add(os.path.realpath(location))

    def has(self, name: str, folder: str) -> bool:
        """Is there a source of the roots in this folder for a module or package of that name?"""
        paths = (os.path.join(folder, f"{name}.py"), os.path.join(folder, name, "__init__.py"))
        return any(os.path.isfile(path) and self.owns(path) for path in paths)

    def _owns(self, path: str) -> bool:
        real = os.path.realpath(path)
        return real in self.files or belongs(real, self._prefixes)


def _locate(name: str, system: ImportSystem) -> list[str] | None:
    if not all(part.isidentifier() for part in name.split(".")):
        return None
    try:
        spec = system.find_spec(name)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    if spec.submodule_search_locations is not None:
        return list(spec.submodule_search_locations)
    return [spec.origin] if spec.origin and spec.has_location else None


def _project() -> list[str]:
    """The nearest folder with a project's marker, above the main script or the working folder; else that folder."""
    main = sys.modules.get("__main__")
    script = getattr(main, "__file__", None)
    start = os.path.dirname(os.path.realpath(script)) if script else os.getcwd()
    if _is_foreign(start):
        start = os.getcwd()
    folder = start
    while True:
        if any(os.path.exists(os.path.join(folder, marker)) for marker in _MARKERS):
            return [folder]
        parent = os.path.dirname(folder)
        if parent == folder:
            return [start]
        folder = parent


def _is_foreign(folder: str) -> bool:
    """A console script's or a package runner's own place is nobody's project."""
    inside = os.path.realpath(folder).startswith(prefix_of(sys.prefix))
    return inside or not FOREIGN.isdisjoint(folder.split(os.sep))


def _editable() -> list[str]:
    import importlib.metadata  # here: it brings the email package, and most sessions name their roots

    found = []
    for distribution in importlib.metadata.distributions():
        text = distribution.read_text("direct_url.json")
        if not text:
            continue
        try:
            record = json.loads(text)
            if record.get("dir_info", {}).get("editable"):
                folder = _folder_of(record["url"])
                if os.path.isdir(folder):
                    found.append(folder)
        except (ValueError, KeyError, AttributeError):
            continue
    return found


def _folder_of(url: str) -> str:
    from urllib.parse import urlparse
    from urllib.request import url2pathname  # here: it brings sockets and TLS

    return url2pathname(urlparse(url).path)
