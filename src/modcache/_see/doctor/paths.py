"""Places that give the same name: a file that hides another, a package in parts."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterator
from importlib.machinery import all_suffixes

from modcache._model.diagnosis import Diagnosis
from modcache._runtime import peek
from modcache._runtime.entries import Entry
from modcache._runtime.system import ImportSystem
from modcache._see.doctor.places import is_installed, is_standard, ours, path_entries, real, standard_folders

__all__ = ["found"]


def found(system: ImportSystem) -> Iterator[Diagnosis]:
    """A diagnosis for each top-level module that hides another one, or lies in several places."""
    entries = path_entries(system.path)
    for entry in system.cache.values():
        if "." in entry.name or entry.name == "__main__" or ours(entry.name):
            continue
        if entry.kind == "namespace":
            yield from _split(entry)
        elif entry.path is not None:
            yield from _hiding(entry, entry.path, entries)


def _hiding(entry: Entry, path: str, entries: list[str]) -> Iterator[Diagnosis]:
    if is_installed(path):
        return
    if is_standard(entry.name):
        hidden = _in_standard(entry.name)
        if hidden is not None:
            yield _hidden(entry, path, hidden, f"the standard library's module {entry.name}", "error")
        return
    own = _folder_of(path)
    for folder in _later(own, entries):
        place = _holds(folder, entry.name)
        if place is not None and real(place) != real(path):
            what = "an installed package" if is_installed(place) else "another file on sys.path"
            yield _hidden(entry, path, place, f"{what} of the same name", "warning")
            return


def _hidden(entry: Entry, path: str, hidden: str, what: str, severity: str) -> Diagnosis:
    return Diagnosis(
        "hidden", "error" if severity == "error" else "warning", entry.name,
        f"{os.path.basename(_folder_of(path))}/{_file_in_folder(path)} hides {what}",
        (path, hidden),
        f"whoever imports {entry.name} gets this file, libraries that mean the other one too: they fail with an "
        "AttributeError or ImportError far from here",
        "rename it (and delete what is left of it in __pycache__), or take its folder off sys.path; of the folder of a "
        "script, python -P does that",
    )  # fmt: skip


def _split(entry: Entry) -> Iterator[Diagnosis]:
    """A package without ``__init__.py`` in several folders, of which one at least is no installer's."""
    locations = peek.spec_of(peek.namespace_of(entry.module)).get("submodule_search_locations")
    parts = list(dict.fromkeys(map(real, filter(os.path.isdir, peek.namespace_of(locations).get("_path", ())))))
    own = [part for part in parts if not is_installed(part)]
    if len(parts) > 1 and own:
        yield Diagnosis(
            "split", "warning", entry.name,
            f"{entry.name} has no __init__.py, and is put together of {len(parts)} folders",
            tuple(parts),
            "what is imported as a part of it may be from any of them: a folder that only happens to have the name (a "
            "checkout, a data folder) is taken in, and the order of sys.path decides",
            f"if it is one package, give {own[0]} an __init__.py; if it is meant to be split, install all parts",
        )  # fmt: skip


def _in_standard(name: str) -> str | None:
    for folder in standard_folders():
        for place in (folder, os.path.join(folder, "lib-dynload")):
            found = _holds(place, name)
            if found is not None:
                return found
    return "built-in" if name in sys.builtin_module_names else None


def _later(own: str, entries: list[str]) -> list[str]:
    """The entries of the path behind a folder; all others, if it is not on it."""
    rest = entries[entries.index(own) + 1 :] if own in entries else entries
    return [entry for entry in rest if entry != own]


def _holds(folder: str, name: str) -> str | None:
    """The file that a folder has for a top-level name."""
    names = _names_in(folder)
    package = os.path.join(folder, name, "__init__.py")
    if name in names and os.path.isfile(package):
        return package
    return next((os.path.join(folder, name + end) for end in all_suffixes() if name + end in names), None)


@functools.lru_cache(maxsize=256)
def _names_in(folder: str) -> frozenset[str]:
    try:
        return frozenset(os.listdir(folder))
    except OSError:
        return frozenset()


def _folder_of(path: str) -> str:
    """The entry of the path that a top-level module is found in."""
    folder, file = os.path.split(real(path))
    return os.path.dirname(folder) if file == "__init__.py" else folder


def _file_in_folder(path: str) -> str:
    return os.path.relpath(real(path), _folder_of(path))
