"""Which content of its file each loaded module was made of, and whether the file holds something else by now.

Nothing in a module says what it was made of. Where a session has read the source, or a commit has put another in its
place, that is recorded. For all else there is evidence: a file that was last changed before the process began is what
was loaded; for any other, the code of the module's functions and its plain constants are compared with the file.
"""

from __future__ import annotations

import sys
from importlib.machinery import SourceFileLoader
from typing import Any, NamedTuple

from modcache._model.source import Source, digest_of
from modcache._model.unit import Unit
from modcache._runtime import peek
from modcache._runtime.codes import SharedSourceLoader
from modcache._runtime.files import Stat, is_settled, read, stat_of
from modcache._runtime.origin import changed_since_start, origin_of
from modcache._runtime.recorder import RecordingLoader

__all__ = ["Loaded", "Version", "Versions"]

_PLAIN = (SourceFileLoader, SharedSourceLoader, RecordingLoader)
_LAZY_ANNOTATIONS = sys.version_info >= (3, 14)


class Version(NamedTuple):
    """What is recorded of a module."""

    digest: str
    """The hash of the source that it is of."""
    generation: int
    """The number of the commit that brought it; 0: it was imported so."""
    spec: object
    """The module's spec then: one that was made anew since has another."""


class Loaded(NamedTuple):
    """A module's version against its file's."""

    digest: str | None
    """The hash of what it was made of; None if that is not known."""
    on_disk: str | None
    """The hash of what the file holds; None if it is gone."""
    stale: bool | None
    """Do they differ? None if nobody can tell."""


class _Seen(NamedTuple):
    """What was found out, and for which spec and state of the file that holds (None: look again)."""

    spec: object
    stat: Stat | None
    loaded: Loaded


class Versions:
    """The versions of the modules of one system. Thread-safe: what two threads find out at once is the same.

    ``recorded``: name -> what is recorded of it.
    """

    def __init__(self, recorded: dict[str, Version]) -> None:
        self._recorded = recorded
        self._seen: dict[str, _Seen] = {}

    def recorded(self, name: str, spec: object) -> Version | None:
        """What is recorded of a module."""
        version = self._recorded.get(name)
        if version is not None and version.spec is spec:
            return version
        loader = peek.namespace_of(spec).get("loader") if spec is not None else None
        if type(loader) is not RecordingLoader or not loader.digest:
            return None
        return Version(loader.digest, 0, spec)

    def is_stale(self, name: str, module: object, path: str) -> bool | None:
        """Does the file hold something else than the module was made of, or nothing? None if nobody can tell."""
        stat = stat_of(path)
        if stat is None:
            return True
        if name not in self._seen and changed_since_start(stat) is False:
            if self.recorded(name, peek.namespace_of(module).get("__spec__")) is None:
                return False  # without reading it
        return self._loaded(name, module, path, stat).stale

    def loaded(self, name: str, module: object, path: str) -> Loaded:
        """The module's version against its file's."""
        stat = stat_of(path)
        if stat is None:
            return Loaded(self._known(name, peek.namespace_of(module).get("__spec__")), None, True)
        return self._loaded(name, module, path, stat)

    def _loaded(self, name: str, module: object, path: str, stat: Stat) -> Loaded:
        spec = peek.namespace_of(module).get("__spec__")
        known, seen = self._known(name, spec), self._seen.get(name)
        if seen is not None and seen.spec is spec and seen.stat == stat and seen.loaded.digest == known:
            return seen.loaded
        data = read(path)
        on_disk = digest_of(data) if data is not None else None
        agrees = known == on_disk if known is not None else _agrees(name, module, path, data, stat)
        loaded = Loaded(known or (on_disk if agrees else None), on_disk, None if agrees is None else not agrees)
        self._seen[name] = _Seen(spec, stat if is_settled(stat) else None, loaded)
        return loaded

    def _known(self, name: str, spec: object) -> str | None:
        """The hash that is recorded, or that was found when the module was looked at last."""
        version, seen = self.recorded(name, spec), self._seen.get(name)
        if version is not None:
            return version.digest
        return seen.loaded.digest if seen is not None and seen.spec is spec else None


def _agrees(name: str, module: Any, path: str, data: bytes | None, stat: Stat) -> bool | None:
    """Was the module made of what its file holds? By the age of that, or by its functions and constants."""
    if data is None:
        return False
    if changed_since_start(stat) is False:
        return True
    names = peek.namespace_of(module)
    if not peek.is_open(module) or type(peek.loader_of(names)) not in _PLAIN:
        return None  # others rewrite what they load
    unit = Unit(name, Source(data, path), is_package="__path__" in names, lazy_annotations=_LAZY_ANNOTATIONS)
    return origin_of(unit, module, stat) in ("known", "plausible")
