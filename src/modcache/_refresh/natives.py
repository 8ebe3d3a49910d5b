"""Native modules of the roots: they can't be made new, but whether their file is another one by now can be told."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib.machinery import ExtensionFileLoader
from types import ModuleType

from modcache._runtime.files import Stat, read, stat_of
from modcache._runtime.peek import namespace_of, spec_of

__all__ = ["Natives"]


class Natives:
    """The native modules that were met in the roots (``owns(path)``), each with what its file held then."""

    def __init__(self, owns: Callable[[str], bool]) -> None:
        self._owns = owns
        self._met: dict[str, tuple[str, Stat | None, bytes]] = {}

    def __bool__(self) -> bool:
        return bool(self._met)

    def meet(self, name: str, module: ModuleType) -> None:
        """Remember a module, if it is a native one of the roots."""
        loader = spec_of(namespace_of(module)).get("loader")
        if isinstance(loader, ExtensionFileLoader) and name not in self._met and self._owns(loader.path):
            self._met[name] = (loader.path, stat_of(loader.path), _digest(loader.path))

    def changed(self) -> list[str]:
        """Those whose file holds something else by now."""
        found = []
        for name, (path, stat, digest) in self._met.items():
            now = stat_of(path)
            if now == stat:
                continue
            if _digest(path) != digest:
                found.append(name)
            else:
                self._met[name] = (path, now, digest)
        return found


def _digest(path: str) -> bytes:
    return hashlib.sha256(read(path) or b"").digest()
