"""Which places are whose: the standard library's, what pip installed, and our own."""

from __future__ import annotations

import functools
import os
import sys
import sysconfig
from collections.abc import Callable, Iterable

__all__ = ["is_installed", "is_standard", "ours", "path_entries", "real", "standard_folders"]

_INSTALLERS = frozenset({"site-packages", "dist-packages"})
real: Callable[[str], str] = functools.lru_cache(maxsize=None)(os.path.realpath)


def ours(name: str) -> bool:
    """Is it a module of ours, which may be there only since somebody looks?"""
    return name.partition(".")[0] == "modcache"


def is_standard(name: str) -> bool:
    """Does the name belong to the standard library?"""
    return name.partition(".")[0] in sys.stdlib_module_names


@functools.cache
def standard_folders() -> tuple[str, ...]:
    """Where the standard library lies."""
    paths = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib")]
    return tuple(dict.fromkeys(real(path) + os.sep for path in paths if path))


def is_installed(path: str) -> bool:
    """Is a file of the standard library, or of what an installer put there?"""
    found = real(path)
    return found.startswith(standard_folders()) or not _INSTALLERS.isdisjoint(found.split(os.sep))


def path_entries(path: Iterable[object]) -> list[str]:
    """The entries of a ``sys.path``, whole; anybody may have put anything there, and what is no text finds nothing."""
    texts = [entry for entry in list(path) if type(entry) is str]
    try:
        here = os.getcwd()
    except OSError:  # it was removed: nothing is found from there
        texts, here = list(filter(os.path.isabs, texts)), ""
    return list(dict.fromkeys(real(os.path.join(here, text)) for text in texts))
