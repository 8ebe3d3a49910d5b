"""Modules that a space is given: as source, values, an object, or what makes one of these."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from importlib.util import decode_source
from types import ModuleType
from typing import TYPE_CHECKING, Any

from modcache._runtime.provider import stand

if TYPE_CHECKING:
    from modcache._runtime.system import ImportSystem

__all__ = ["Provided"]


class Provided:
    """The finder of what a space is given.

    As for :func:`modcache.virtual`: a string (or bytes) is source, executed in the space; a mapping is names and their
    values; a function or class makes one of these, when the module is first imported (a subclass of ``ModuleType`` is
    called with the name). Anything else is what stands there, as it is.
    """

    def __init__(self, system: ImportSystem, given: Mapping[str, object]) -> None:
        self._system = system
        self._given = given

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """The spec of what is given under that name; None if nothing is."""
        below = any(other.startswith(f"{name}.") for other in self._given)
        if name in self._given:
            return self._spec(name, self._given[name], below)
        if not below:
            return None
        # a package that nobody gave, above something that somebody did: an empty one, unless there is a real one
        return self._elsewhere(name, path) or self._spec(name, "", below)

    def _elsewhere(self, name: str, path: object) -> ModuleSpec | None:
        """What the finders after this one find."""
        finders = self._system.meta_path
        found = (finder.find_spec(name, path, None) for finder in finders[finders.index(self) + 1 :])
        return next((spec for spec in found if spec is not None), None)

    def _spec(self, name: str, content: object, package: bool) -> ModuleSpec:
        if not isinstance(content, str | bytes):
            return ModuleSpec(name, _Made(self._system, content), origin="provided", is_package=package)
        loader = _Source(self._system.name, name, content)
        spec = ModuleSpec(name, loader, origin=loader.path, is_package=package)
        spec.has_location = True
        return spec


class _Source(Loader):
    """Executes a text. It knows no system: `linecache` keeps loaders, and must not keep a closed space."""

    def __init__(self, space: str, name: str, text: str | bytes) -> None:
        self._text = decode_source(text) if isinstance(text, bytes) else text
        self.path = os.path.join(os.sep, "modcache.space", space, *name.split(".")) + ".py"

    def create_module(self, spec: ModuleSpec) -> None:
        """A plain module will do."""

    def get_source(self, name: str) -> str:
        """The text, for tracebacks and `inspect`."""
        return self._text

    def exec_module(self, module: ModuleType) -> None:
        """Compile and execute."""
        exec(compile(self._text, self.path, "exec", dont_inherit=True), vars(module))


class _Made(Loader):
    """Fills a module with values, or lets an object stand in its place."""

    def __init__(self, system: ImportSystem, content: object) -> None:
        self._system = system
        self._content = content

    def create_module(self, spec: ModuleSpec) -> None:
        """A plain module, maybe for the time of the import only: nothing of a given object is changed."""

    def exec_module(self, module: ModuleType) -> None:
        """Have it made if need be, and put it there."""
        content = self._content
        if callable(content) and not isinstance(content, ModuleType):
            content = _called(content, module.__name__)
        if isinstance(content, str | bytes):
            _Source(self._system.name, module.__name__, content).exec_module(module)
        elif isinstance(content, Mapping):
            vars(module).update(content)
        else:
            stand(self._system, module, content)


def _called(maker: Callable[..., Any], name: str) -> object:
    return maker(name) if isinstance(maker, type) and issubclass(maker, ModuleType) else maker()
