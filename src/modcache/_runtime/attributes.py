"""What an import system writes on a module: the attributes that come from its spec."""

from __future__ import annotations

from importlib.machinery import ModuleSpec, NamespaceLoader
from typing import Any

__all__ = ["initialise", "initialise_legacy", "is_initializing", "wanted"]


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
    for name, value in wanted(spec).items():
        if override or name == "__spec__" or getattr(module, name, None) is None:
            _set(module, name, value)


def wanted(spec: ModuleSpec) -> dict[str, Any]:
    """The attributes that a module of this spec has; a namespace package gets its loader here."""
    namespace = spec.loader is None and spec.submodule_search_locations is not None
    if namespace:
        spec.loader = _namespace_loader(spec)
    found: dict[str, Any] = {
        "__loader__": spec.loader,
        "__name__": spec.name,
        "__package__": spec.parent,
        "__spec__": spec,
    }
    if spec.submodule_search_locations is not None:
        found["__path__"] = spec.submodule_search_locations
    if spec.has_location:
        found["__file__"] = spec.origin
        if (cached := spec.cached) is not None:
            found["__cached__"] = cached
    elif namespace:
        found["__file__"] = None  # as its origin (python/cpython#76486)
    return found


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
