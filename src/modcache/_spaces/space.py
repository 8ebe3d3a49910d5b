"""`Space`: an import system of one's own, with a way in and a way out."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from types import FunctionType, ModuleType, TracebackType
from typing import TYPE_CHECKING, Any, ClassVar

from modcache import errors
from modcache._runtime import deep as deeply
from modcache._runtime.dispatch import builtins_of
from modcache._runtime.while_open import close_for, open_for
from modcache._spaces import crossing, running
from modcache._spaces.closing import Closing, free
from modcache._spaces.system import SpaceSystem

if TYPE_CHECKING:
    from typing import Self

__all__ = ["Space"]

Place = str | os.PathLike[str]


class Space:
    """A private import system: code that is loaded in it imports from it, for all its life, in every thread.

    ``name``: unique among the open spaces; a pickle finds the space by it. ``path``: a folder, an archive, or several,
    in which modules are looked for, and nowhere else (`pip install --target` makes such a folder). The standard library
    is the interpreter's. ``share``: names of further modules that are the interpreter's, each with all that is below
    it. ``provide``: name -> source, values by name, a module or any other object, or what makes one of these, as for
    :func:`modcache.virtual`.
    ``deep``: have C code dispatched too; the page on spaces tells when that is needed, what it costs and risks.

    A space lives until it is closed; it is a context manager that closes itself. Thread-safe. Raises
    :class:`modcache.errors.SpaceExists`, :class:`modcache.errors.PathNotFound`, and
    :class:`modcache.errors.DeepUnavailable` where ``deep`` can not be had.
    """

    _open: ClassVar[dict[str, Space]] = {}
    _lock: ClassVar[threading.RLock] = threading.RLock()

    def __init__(
        self,
        name: str,
        path: Place | Iterable[Place] = (),
        *,
        share: str | Iterable[str] = (),
        provide: Mapping[str, object] | None = None,
        deep: bool = False,
    ) -> None:
        if deep and (reason := deeply.why_not()) is not None:
            raise errors.DeepUnavailable(f"the space {name!r} can not be deep: {reason}. Make it without deep=True")
        self._name = name
        self._path = tuple(_existing(place) for place in ([path] if isinstance(path, (str, os.PathLike)) else path))
        shared = (share,) if isinstance(share, str) else tuple(share)
        self._deep = deep
        self._recipe = crossing.Recipe(type(self), name, self._path, shared, dict(provide or {}), deep)
        self._system: SpaceSystem | None = None
        with self._lock:
            if name in self._open:
                raise errors.SpaceExists(f"there is an open space {name!r}; close it, or give this one another name")
            self._system = SpaceSystem(name, self._path, shared, dict(provide or {}), deep=deep)
            self._open[name] = self
        open_for(self._system)
        if deep:
            deeply.open_deep()

    # -- what it is

    @property
    def name(self) -> str:
        """The name that was given."""
        return self._name

    @property
    def path(self) -> tuple[str, ...]:
        """Where it looks for modules, as absolute paths."""
        return self._path

    @property
    def system(self) -> SpaceSystem:
        """Its import system. Raises :class:`modcache.errors.SpaceClosed`."""
        if self._system is None:
            raise errors.SpaceClosed(f"the space {self._name!r} is closed; make a new one with modcache.Space(...)")
        return self._system

    @property
    def modules(self) -> dict[str, Any]:
        """Its module cache: name -> whatever object stands there. Raises :class:`modcache.errors.SpaceClosed`."""
        return self.system.modules

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._system is None

    @staticmethod
    def owner_of(value: object) -> Space | None:
        """The open space that a module, function or class was made in; for anything else, that its class was made in.

        None if that is the interpreter, or a space that is closed.
        """
        return _owner(value)

    def __repr__(self) -> str:
        if self._system is None:
            return f"<modcache.Space {self._name!r}, closed>"
        places = ", ".join(self._path) or "no path"
        return f"<modcache.Space {self._name!r} of {places}, {len(self._system.modules)} entries>"

    # -- what it does

    def import_module(self, name: str, package: str | None = None) -> Any:
        """Import a module in this space and return it; see :func:`importlib.import_module`. Raises what it raises."""
        return self.system.import_module(name, package)

    def run(self, target: Place) -> ModuleType:
        """Execute a program as the space's ``__main__`` and return that module.

        ``target``: the path of a script, whose folder then comes first on the space's path, or of a folder or archive
        with a ``__main__.py``; or the name of a module, as with ``python -m``. ``sys.argv`` stays what it is. Raises
        :class:`modcache.errors.ProgramNotFound`, and what the program raises, `SystemExit` too.
        """
        return running.run(self.system, target)

    def bind(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same callable, for calls from anywhere: what it does, it does on behalf of this space.

        For shared code that looks things up by name and is called without a frame of the space above it: a thread whose
        target is `pickle.loads`, a callback of the standard library. Functions of the space itself need none of it. The
        result can be pickled if the function can.
        """
        return crossing.Bound(self._recipe, function, self.system.inside)

    def dumps(self, value: object, protocol: int | None = None) -> bytes:
        """Pickle so that `pickle.loads` finds the way back, in any thread and any process that can import modcache.

        Functions and classes of open spaces are named by space, module and name; a process that has no such space
        makes it anew. Raises :class:`pickle.PicklingError` for what can not be found by name.
        """
        return crossing.dumps(value, protocol, _owner)

    def loads(self, data: bytes) -> Any:
        """Unpickle on behalf of this space: plain names in the pickle mean its modules. Raises what `pickle` raises."""
        import pickle

        return self.system.inside(pickle.loads, data)

    # -- its end

    def close(self) -> Closing:
        """Let go of everything, and tell what still holds on to it. A second call does nothing.

        What was registered with the space's `atexit` is called. Objects that somebody holds go on working, except that
        their code can not import any more. Memory goes back only when nobody holds any of them; then ``freed`` is True.
        """
        with self._lock:
            if self._system is None:
                return Closing(self._name, (), ())
            raised = self._system.farewells.run()
            self._open.pop(self._name)
            if self._deep:
                deeply.close_deep()
            close_for(self._system)
        return free(self._name, self._take, raised)

    def _take(self) -> SpaceSystem:
        system, self._system = self.system, None
        return system

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _existing(place: Place) -> str:
    path = os.path.abspath(place)
    if not os.path.exists(path):
        raise errors.PathNotFound(f"there is no folder or archive {path}: a space can't look for modules there")
    return path


def _owner(value: object) -> Space | None:
    """See :meth:`Space.owner_of`."""
    namespace = _builtins_of(value)
    if namespace is None:
        return None
    spaces = list(Space._open.values())
    return next((space for space in spaces if space._system and space._system.builtins is namespace), None)


def _builtins_of(value: Any) -> object:
    """The built-in names that an object's code finds: those of its space.

    By its type alone: ``isinstance`` asks the object, and a lazy one of a library loads itself.
    """
    kind = type(value)
    if kind is FunctionType:
        return builtins_of(value)
    if issubclass(kind, ModuleType):
        return vars(value).get("__builtins__")
    if not issubclass(kind, type):
        return _builtins_of(kind)
    for part in vars(value).values():
        function: Any = getattr(part, "__func__", part) if type(part) in (staticmethod, classmethod) else part
        if type(function) is FunctionType and function.__module__ == value.__module__:
            return builtins_of(function)
    return _builtins_of_home(value)


def _builtins_of_home(value: type) -> object:
    """For a class without a method of its own: those of the module that has it under its name."""
    for space in list(Space._open.values()):
        module = space._system.modules.get(value.__module__) if space._system else None
        if module is not None and module is not sys.modules.get(value.__module__):
            if crossing.found(module, value.__qualname__) is value:
                return vars(module).get("__builtins__")
    return None


def _at_exit() -> None:
    """The process ends with spaces open: their farewells are said, and failures told as the interpreter tells them."""
    for space in list(Space._open.values()):
        if space._system is not None:
            for text in space._system.farewells.run():
                sys.stderr.write(text)


crossing.prepare(_owner)
atexit.register(_at_exit)
