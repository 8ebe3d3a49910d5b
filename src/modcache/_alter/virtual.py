"""Modules that stand in no file: given as source, as values, or as what makes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from modcache._alter.alteration import Alteration
from modcache._alter.loading import VirtualLoader
from modcache._alter.names import checked
from modcache._runtime.layers import Layer, parent_of
from modcache._runtime.provider import Provider
from modcache._runtime.system import ImportSystem, interpreter

__all__ = ["Virtual", "provide", "virtual"]


def virtual(modules: Mapping[str, object], *, system: ImportSystem = interpreter) -> Virtual:
    """Modules that stand in no file, within a scope: real ones, found by a finder and executed with their first import.

    ``modules``: by absolute name, each given as

    - source (str, or bytes as in a file): tracebacks and ``inspect`` show its lines, ``importlib.reload`` executes it
      again;
    - a mapping of names to values;
    - a module object, which is then the module;
    - a function or class that makes it, called with the first import: it returns one of the above, or any other object
      to stand there. A subclass of ``ModuleType`` is called with the name.

    A name with a ``/`` is a file of the package before it (``"pkg/data/words.txt"``: str or bytes), for
    ``importlib.resources``. What has modules or files below it is a package. Parents that nobody can find are made;
    those that are real stay so. A real module of a given name, and what is below it, is out of reach.

    Returns a handle: context manager, decorator, :meth:`~Alteration.enter` and :meth:`~Alteration.leave`.
    Raises ``TypeError`` and ``ValueError`` for what is no name or no content, and
    :class:`modcache.errors.AlterationRefused` for modules that the interpreter itself needs. Thread-safe; the change is
    seen by the whole process: between entering and the import the given names are not in the cache.
    """
    return Virtual(modules, system)


def provide(name: str, *, system: ImportSystem = interpreter) -> Callable[[Callable[..., object]], Virtual]:
    """A decorator for a function or class that makes a module: it becomes a handle, as of :func:`modcache.virtual`.

    ``name``: the module's. The maker is called with the first import in the scope; see :func:`modcache.virtual` for
    what it may return. Raises the same.
    """
    checked(name, "modcache.provide")

    def decorator(maker: Callable[..., object]) -> Virtual:
        if not callable(maker):
            raise TypeError(f"modcache.provide decorates what makes a module, not {type(maker).__name__}")
        return Virtual({name: maker}, system)

    return decorator


class Virtual(Alteration):
    """The handle of :func:`modcache.virtual` and :func:`modcache.provide`."""

    def __init__(self, modules: object, system: ImportSystem) -> None:
        if not isinstance(modules, Mapping) or not modules:
            raise TypeError("modcache.virtual takes a mapping of names to modules, with at least one in it")
        contents, files = _sorted_out(modules)
        super().__init__(f"modcache.virtual({', '.join(map(repr, contents))})", system)
        self._names = tuple(contents)
        parents = {parent_of(name) for name in contents}
        self._loaders = {
            name: VirtualLoader(
                system, name, content, package=name in parents or name in files, files=files.get(name, {})
            )
            for name, content in contents.items()
        }

    def _made(self) -> Layer:
        layer = Layer(self._title, self._names)
        layer.finder = Provider(self._system, layer, self._offer)
        return layer

    def _offer(self, name: str) -> ModuleSpec | None:
        loader = self._loaders.get(name)
        return loader.spec() if loader is not None else None


def _sorted_out(modules: Mapping[Any, object]) -> tuple[dict[str, object], dict[str, dict[str, bytes]]]:
    """The contents of modules by name, and of files by package and path. Raises ``TypeError``, ``ValueError``."""
    contents: dict[str, object] = {}
    files: dict[str, dict[str, bytes]] = {}
    for key, content in modules.items():
        package, slash, path = key.partition("/") if isinstance(key, str) else (key, "", "")
        name = checked(package, "modcache.virtual")
        if not slash:
            contents[name] = _checked_content(name, content)
        elif path and isinstance(content, str | bytes):
            files.setdefault(name, {})[path] = content.encode() if isinstance(content, str) else content
        else:
            raise TypeError(f"the virtual file {key!r} must have a name, and be given as str or bytes")
    return {**dict.fromkeys(files, ""), **contents}, files


def _checked_content(name: str, content: object) -> object:
    if isinstance(content, str | bytes | Mapping | ModuleType) or callable(content):
        return content
    raise TypeError(
        f"the virtual module {name!r} must be given as source, a mapping, a module or what makes one, not "
        f"{type(content).__name__}; modcache.replaced puts any object under a name"
    )
