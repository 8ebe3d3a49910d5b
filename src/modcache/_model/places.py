"""Which files of a folder are a project's own sources."""

from __future__ import annotations

import os
from collections.abc import Iterable

__all__ = ["FOREIGN", "belongs", "prefix_of"]

FOREIGN = frozenset({"site-packages", "dist-packages", "node_modules", "__pycache__", ".git"})
"""Folders whose content is nobody's own source, wherever they lie."""
_OURSELVES = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), "")


def prefix_of(place: str) -> str:
    """What the real path of every file below a folder begins with; for a file, its real path."""
    real = os.path.realpath(place)
    return real if os.path.isfile(real) else os.path.join(real, "")


def belongs(path: str, prefixes: Iterable[str]) -> bool:
    """Is the file of this real path a source of a place that is given by its prefix? What we are made of never is."""
    if path.startswith(_OURSELVES):
        return False
    for prefix in prefixes:
        if path.startswith(prefix):
            return FOREIGN.isdisjoint(path[len(prefix) :].split(os.sep)[:-1])
    return False
