"""What can be seen in the cache itself: doubled, stale, half made, unbound, orphaned, native."""

from __future__ import annotations

import gc
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

from modcache._model.diagnosis import Diagnosis
from modcache._runtime import peek
from modcache._runtime.entries import Cache, Entry
from modcache._runtime.system import ImportSystem
from modcache._see.doctor.places import is_standard, ours, real, standard_folders

__all__ = ["found"]

_SHOWN = 4


def found(system: ImportSystem, held: Sequence[dict[str, Any]]) -> list[Diagnosis]:
    """All of them. ``held``: namespaces that only an error keeps alive."""
    cache = system.cache
    rows = [entry for entry in cache.values() if not ours(entry.name)]
    return [*_doubled(rows), *_stale(cache, rows), *_half_made(cache, rows), *_natives(rows), *_orphans(system, held)]


def _doubled(rows: list[Entry]) -> Iterator[Diagnosis]:
    by_file: dict[str, list[Entry]] = defaultdict(list)
    for entry in rows:
        path = entry.path or (entry.origin if entry.kind.endswith("extension") else None)
        if path is not None and os.path.isfile(path):
            by_file[real(path)].append(entry)
    for path, entries in by_file.items():
        if len({id(entry.module) for entry in entries}) > 1:
            yield _double(path, entries)


def _double(path: str, entries: list[Entry]) -> Diagnosis:
    names = [entry.name for entry in entries]
    if "__main__" in names:
        other = next(name for name in names if name != "__main__")
        remedy = (
            f"let nobody import {other!r} while it is the program: move what others need of it into a module of its "
            f"own, or start it from a file that only imports {other} and calls it"
        )
    else:
        remedy = (
            "import it by one name everywhere: take the folder that makes the shorter name possible off sys.path "
            "(PYTHONPATH, sys.path.insert), or use the full name in the import that says the other"
        )
    return Diagnosis(
        "doubled", "error", names[0],
        f"one file is loaded under {len(names)} names, as modules of their own: {', '.join(names)}",
        (path, *(f"{e.place}: {e.text}" for entry in entries for e in entry.importers[:2] if not e.implied)),
        "it was executed once for each name: its classes are there twice (isinstance and except do not match across "
        "them), and its state is split",
        remedy,
    )  # fmt: skip


def _stale(cache: Cache, rows: list[Entry]) -> Iterator[Diagnosis]:
    for entry in rows:
        if entry.stale and entry.path is not None:
            loaded = cache.versions.loaded(entry.name, entry.module, entry.path)
            gone = loaded.on_disk is None
            what = "its file is gone" if gone else "its file holds something else than was loaded"
            yield Diagnosis(
                "stale", "warning", entry.name,
                f"{entry.name}: {what}",
                (entry.path,),
                "the process runs code that is nowhere on disk: tracebacks show wrong lines, and what is imported from "
                "now on may not fit what is there",
                "restart, or bring it up to date in place: modcache.refresh()"
                if not gone else "restart; nothing of the old file can be imported again",
            )  # fmt: skip


def _half_made(cache: Cache, rows: list[Entry]) -> Iterator[Diagnosis]:
    for entry in rows:
        names = peek.namespace_of(entry.module)
        if peek.spec_of(names).get("_initializing") and entry.name != "__main__":
            yield Diagnosis(
                "half-made", "warning", entry.name,
                f"{entry.name} is in the cache, but its execution has not come to its end",
                (entry.origin or entry.name,),
                "who imports it now gets what is there so far, or waits for a thread that may be waiting too",
                "look at what its import waits for (py-spy dump, faulthandler.dump_traceback): a thread that is joined "
                "or a lock that is taken while a module is imported",
            )  # fmt: skip
        parent, _, child = entry.name.rpartition(".")
        if parent and parent not in cache:
            yield _without_parent(entry, parent)
        elif parent and entry.module is not None:
            yield from _unbound(entry, cache[parent], child)


def _without_parent(entry: Entry, parent: str) -> Diagnosis:
    return Diagnosis(
        "half-made", "warning", entry.name,
        f"{entry.name} is in the cache, and its package {parent} is not",
        (entry.origin or entry.name,),
        f"the import of {parent} failed after it, or somebody took {parent} out: the next import of {parent} is "
        f"executed anew around the old {entry.name}",
        f"see to the error with which {parent} failed; who takes a package out of sys.modules must take out all below "
        "it (modcache.isolated does)",
    )  # fmt: skip


def _unbound(entry: Entry, parent: Entry, child: str) -> Iterator[Diagnosis]:
    names = peek.namespace_of(parent.module)
    half = peek.spec_of(names).get("_initializing")
    # a package may answer for what it has not: by a function of its own, or by its class
    if not peek.is_module(parent.module) or not peek.is_open(parent.module) or "__getattr__" in names or half:
        return
    made = peek.spec_of(peek.namespace_of(entry.module)).get("name") == entry.name
    if child in names or not made or is_standard(entry.name):
        return
    yield Diagnosis(
        "unbound", "warning", entry.name,
        f"{parent.name} has no attribute {child!r}, though {entry.name} is loaded",
        (parent.origin or parent.name,),
        f"`import {entry.name}` succeeds, and {entry.name} then raises AttributeError: the attribute is set only when "
        "a module is loaded, not when it is found in the cache",
        f"find who deletes it, or who put {parent.name} or {entry.name} into sys.modules by hand",
    )  # fmt: skip


def _natives(rows: list[Entry]) -> Iterator[Diagnosis]:
    """One diagnosis for all: some programs have hundreds of them."""
    found = [row for row in rows if row.kind == "single-phase extension" and not is_standard(row.name)]
    if found:
        shown = ", ".join(entry.name for entry in found[:_SHOWN])
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        yield Diagnosis(
            "native-once", "note", found[0].name,
            f"native modules of the older kind (single-phase), which a process has once: {shown}{more}",
            tuple(entry.origin or "" for entry in found[:_SHOWN]),
            "importing them anew, in a sub-interpreter or in a second import system gives the same state again, or "
            "fails",
            "share them between spaces (modcache.Space(share=...)); never take them out of sys.modules",
        )  # fmt: skip


def _orphans(system: ImportSystem, held: Sequence[dict[str, Any]]) -> Iterator[Diagnosis]:
    """Modules that are alive and were made by an import, and stand in the cache no more."""
    cache = system.cache
    kept = {id(peek.namespace_of(module)) for module in cache.snapshot().values()}.union(map(id, held))
    alive: list[Any] = [each for each in gc.get_objects() if issubclass(type(each), ModuleType)]
    for module in alive:
        names = peek.namespace_of(module)
        name, path = peek.spec_of(names).get("name"), peek.source_of(names)
        if (
            type(name) is not str
            or path is None
            or id(names) in kept
            or ours(name)
            or names.get("__builtins__") is not system.builtins
        ):
            continue
        standing = cache[name].module if name in cache else None
        if standing is not None and (_took_its_place(standing, names) or real(path).startswith(standard_folders())):
            continue  # one of the standard library that is hidden is told as that; we may be who has loaded it
        now = "nothing stands there" if standing is None else "another module stands there"
        yield Diagnosis(
            "orphan", "warning", name,
            f"a module {name} is alive, but not in the cache: {now} under its name",
            (path,),
            "somebody took it out of sys.modules while others hold it: its classes and its state are not those that "
            "the next import of it gives",
            "find who holds it (gc.get_referrers), and do not take modules out of sys.modules: modcache.refresh() "
            "brings a module up to date in place, modcache.isolated() gives a copy for a while",
        )  # fmt: skip


def _took_its_place(standing: object, names: dict[str, Any]) -> bool:
    """Did a module put this in its own place while it was executed (as some do, to be lazy or to be callable)?"""
    spec = peek.namespace_of(standing).get("__spec__")
    return not peek.is_module(standing) or spec is None or spec is names.get("__spec__")
