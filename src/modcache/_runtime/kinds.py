"""What kind of thing stands in a module cache, told without touching it."""

from __future__ import annotations

import functools
import mmap
from importlib.machinery import BuiltinImporter, ExtensionFileLoader, FrozenImporter, NamespaceLoader
from typing import Any, Literal

from modcache._runtime import peek
from modcache._runtime.provider import Provided

__all__ = ["Kind", "kind_of"]

Kind = Literal[
    "source", "package", "bytecode", "namespace", "single-phase extension", "multi-phase extension", "extension",
    "builtin", "frozen", "virtual", "object", "blocked", "lazy",
]  # fmt: skip
"""``extension`` alone: one whose file can't be read any more."""
_MULTI_PHASE = b"PyModuleDef_Init"


def kind_of(module: object) -> Kind:
    """The kind of what stands in the cache."""
    if module is None:
        return "blocked"
    if not peek.is_module(module):
        return "object"
    if type(module).__qualname__ == "_LazyModule" and type(module).__module__ == "importlib.util":
        return "lazy"
    names = peek.namespace_of(module)
    loader = peek.loader_of(names)
    by_loader = _by_loader(loader if peek.is_a(loader, type) else type(loader), names)
    return by_loader or _by_origin(names)


def _by_loader(loader: type, names: dict[str, Any]) -> Kind | None:
    if issubclass(loader, BuiltinImporter):
        return "builtin"
    if issubclass(loader, FrozenImporter):
        return "frozen"
    if issubclass(loader, Provided):
        return "virtual"
    if issubclass(loader, NamespaceLoader):
        return "namespace"
    if issubclass(loader, ExtensionFileLoader):
        return _phase(peek.origin_of(names) or "")
    return None


def _by_origin(names: dict[str, Any]) -> Kind:
    origin = peek.origin_of(names)
    locations = peek.spec_of(names).get("submodule_search_locations")
    if origin is None:
        return "namespace" if locations is not None else "object"
    if origin.endswith((".so", ".pyd", ".dylib")):
        return _phase(origin)
    if locations is not None or "__path__" in names:
        return "package"
    return "bytecode" if origin.endswith(".pyc") else "source"


@functools.cache
def _phase(path: str) -> Kind:
    """By the name of the function that modules of the newer kind (PEP 489) call in their file's table of symbols."""
    try:
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return "multi-phase extension" if content.find(_MULTI_PHASE) >= 0 else "single-phase extension"
    except (OSError, ValueError):
        return "extension"
