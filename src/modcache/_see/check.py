"""Which loaded modules differ from what is on disk: of this process, or of one that left a manifest."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from modcache._model.manifest import FORMAT, Made, Outdated
from modcache._model.source import digest_of
from modcache._runtime.entries import Cache, Entry
from modcache._runtime.files import read, stat_of
from modcache._runtime.origin import changed_since_start
from modcache._runtime.system import ImportSystem, interpreter
from modcache.errors import SavedFileUnusable

__all__ = ["Manifest", "check", "examine", "manifest"]

_KIND = "modcache manifest"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a process had loaded at one moment."""

    process: int
    """Its number."""
    command: tuple[str, ...]
    """Its ``sys.argv``."""
    python: str
    """The version of its interpreter."""
    taken: float
    """When, in seconds since the epoch."""
    modules: Mapping[str, Made] = field(repr=False)
    """Name -> what it was made of."""

    def outdated(self) -> tuple[Outdated, ...]:
        """The modules whose file holds something else now, by name."""
        rows = ((name, made, _digest(made.path)) for name, made in sorted(self.modules.items()))
        return tuple(
            Outdated(name, made.path, made.digest, on_disk)
            for name, made, on_disk in rows
            if made.digest != on_disk or on_disk is None
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it to a file, for :meth:`load` and ``modcache check --manifest``. Raises ``OSError``."""
        import json  # here: whoever looks at a program from inside can do without

        place = os.fspath(path)
        with open(place + ".new", "w", encoding="utf-8") as file:
            json.dump(self.to_dict(), file)
        os.replace(place + ".new", place)  # whoever reads it meanwhile reads the old one whole

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Manifest:
        """Read one that was saved. Raises :class:`modcache.errors.SavedFileUnusable` for anything else."""
        import json

        try:
            with open(path, encoding="utf-8") as file:
                return cls.from_dict(json.load(file))
        except OSError as error:
            raise SavedFileUnusable(f"{path} can not be read ({error.strerror})") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            way = "write it with modcache.manifest().save(FILE), or modcache check --save FILE"
            raise SavedFileUnusable(f"{path} is no manifest of this version of modcache: {way}") from None

    def to_dict(self) -> dict[str, Any]:
        """It as JSON-able data."""
        made = {name: list(each) for name, each in self.modules.items()}
        words = {"process": self.process, "command": list(self.command), "python": self.python, "taken": self.taken}
        return {"kind": _KIND, "format": FORMAT, **words, "modules": made}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Manifest:
        """What :meth:`to_dict` told of. Raises ``ValueError`` for another format."""
        if (data["kind"], data["format"]) != (_KIND, FORMAT):
            raise ValueError("another format")
        modules = {str(name): Made(*made) for name, made in data["modules"].items()}
        return cls(data["process"], tuple(data["command"]), data["python"], data["taken"], modules)


def manifest(*, system: ImportSystem = interpreter) -> Manifest:
    """What is loaded now, with the hash of what each module was made of. Reads every file once; imports nothing."""
    modules = dict(_all(system.cache))
    argv = tuple(map(str, getattr(sys, "argv", ())))
    return Manifest(os.getpid(), argv, ".".join(map(str, sys.version_info[:3])), time.time(), modules)


def check(*, system: ImportSystem = interpreter) -> tuple[Outdated, ...]:
    """Which loaded modules differ from what their files hold now, by name; see :attr:`modcache.Entry.stale`.

    Reads only files that were written since the process began (where that is known, or was looked at before).
    """
    cache = system.cache
    found = [row for entry in cache.values() if (row := _outdated(cache, entry)) is not None]
    return tuple(sorted(found, key=lambda row: row.module))


def examine(argument: str = "") -> str:
    """What is loaded, and what of it is outdated, as a literal of Python's: called at the end of a process."""
    rows = [row.to_dict() for row in check()]
    return repr({"manifest": manifest().to_dict(), "outdated": rows})


def _outdated(cache: Cache, entry: Entry) -> Outdated | None:
    path = entry.path
    if path is not None and entry.stale:
        loaded = cache.versions.loaded(entry.name, entry.module, path)
        return Outdated(entry.name, path, loaded.digest, loaded.on_disk)
    if path is None and entry.origin is not None and entry.kind.endswith("extension"):
        if _was_replaced(entry.origin):
            return Outdated(entry.name, entry.origin, None, _digest(entry.origin))
    return None


def _all(cache: Cache) -> Iterator[tuple[str, Made]]:
    for entry in cache.values():
        path = entry.path
        if path is not None:
            yield entry.name, Made(path, cache.versions.loaded(entry.name, entry.module, path).digest)
        elif entry.origin is not None and entry.kind.endswith("extension"):
            yield entry.name, Made(entry.origin, None if _was_replaced(entry.origin) else _digest(entry.origin))


def _was_replaced(path: str) -> bool:
    """Is a native module's file another one than is mapped into this process? Linux tells; elsewhere, if it is gone.

    What was written into the very same file does not show.
    """
    stat = stat_of(path)
    if stat is None:
        return True
    maps = read("/proc/self/maps") if changed_since_start(stat) is True else None
    # of each line the fifth word is the number of the file, whatever has become of its name
    return maps is not None and str(stat[3]).encode() not in {line.split()[4] for line in maps.splitlines()}


def _digest(path: str) -> str | None:
    data = read(path)
    return digest_of(data) if data is not None else None
