"""What an import system writes on a module: the attributes that come from its spec."""

from __future__ import annotations

from importlib.machinery import ModuleSpec, NamespaceLoader
from typing import Any

__all__ = ["initialise", "initialise_legacy", "is_initializing"]


def is_initializing(module: object) -> bool:
    """Whether a module is being executed; its spec says so, to the interpreter too."""
    try:
        return bool(module.__spec__._initializing)  # type: ignore[attr-defined]
    except AttributeError:
        return False


def initialise(spec: ModuleSpec, module: Any, *, override: bool = False) -> None:
    """Set the import-related attributes; those that are there stay, unless ``override`` (a reload).

    A module may be any object: one that refuses an attribute does without it.
    """
    wanted: dict[str, Any] = {
        "__name__": spec.name,
        "__loader__": spec.loader,
        "__package__": spec.parent,
    }
    if spec.loader is None and spec.submodule_search_locations is not None:
        if override or getattr(module, "__loader__", None) is None:
            wanted["__loader__"] = spec.loader = _namespace_loader(spec)
            _set(module, "__file__", None)  # python/cpython#76486: as its spec's origin
    if spec.submodule_search_locations is not None:
        wanted["__path__"] = spec.submodule_search_locations
    if spec.has_location:
        wanted["__file__"] = spec.origin
        if spec.cached is not None:
            wanted["__cached__"] = spec.cached
    for name, value in wanted.items():
        if override or getattr(module, name, None) is None:
            _set(module, name, value)
    _set(module, "__spec__", spec)


def initialise_legacy(spec: ModuleSpec, module: Any) -> None:
    """Fill in what a loader that has only ``load_module`` left out."""
    if getattr(module, "__loader__", None) is None:
        _set(module, "__loader__", spec.loader)
    if getattr(module, "__package__", None) is None:
        # __path__ need not be what the spec says, so its parent is not asked
        own = getattr(module, "__name__", spec.name)
        _set(module, "__package__", own if hasattr(module, "__path__") else spec.name.rpartition(".")[0])
    if getattr(module, "__spec__", None) is None:
        _set(module, "__spec__", spec)


def _set(module: Any, name: str, value: object) -> None:
    try:
        setattr(module, name, value)
    except AttributeError:
        pass


def _namespace_loader(spec: ModuleSpec) -> Any:
    # Around the initialiser, which would compute the path anew with the interpreter's finder.
    loader: Any = NamespaceLoader.__new__(NamespaceLoader)
    loader._path = spec.submodule_search_locations
    return loader
