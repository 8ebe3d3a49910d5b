"""Native modules in a space: one image of a file for each space, or a refusal with its reason; never half.

A native module keeps state in its file's image in memory, which a process maps once for each file; and CPython keeps
modules of the older, single-phase kind by their file. So the first who loads a file gets it; everybody after that gets
a copy of the file, and with it an image of his own. What such a module leaves in the interpreter's cache is put back.
"""

from __future__ import annotations

import _imp
import atexit
import os
import shutil
import tempfile
import threading
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any

from modcache import errors
from modcache._runtime.process import process_cache, restoring

if TYPE_CHECKING:
    from modcache._spaces.system import SpaceSystem

__all__ = ["Natives", "is_native"]

_PAST = tuple(f"PyImport_{name}".encode() for name in ("ImportModuleLevel", "GetModule", "AddModule"))
"""What a native module calls to reach the interpreter's cache past ``__import__``, as those of Cython and mypyc do: the
names, or how they begin, are in the file's table of symbols."""
_lock = threading.Lock()
_mapped: set[tuple[int, int]] = set()
"""Files (device, inode) of which a space has mapped an image: there is no way to unmap one."""


def is_native(spec: ModuleSpec) -> bool:
    """Whether a spec is of a native module in a file."""
    return isinstance(spec.loader, ExtensionFileLoader) and spec.origin is not None


class Natives:
    """Loads the native modules of one space. Thread-safe. ``deep``: whether C code is dispatched."""

    def __init__(self, system: SpaceSystem, *, deep: bool) -> None:
        self._system = system
        self._deep = deep

    def create(self, spec: ModuleSpec) -> Any:
        """Map the file, or a copy of it, and make the module. Raises :class:`modcache.errors.NativeModule`."""
        origin = os.path.realpath(str(spec.origin))
        self._check(spec.name, origin)
        place, copied = _image(origin)
        given = ModuleSpec(spec.name, ExtensionFileLoader(spec.name, place), origin=place)
        try:
            with restoring(spec.name):
                module = self._system.inside(_imp.create_dynamic, given)
        except ImportError as error:
            raise (self._refusal(spec.name, copied, error) if copied else error) from error
        if getattr(module, "__file__", None) == place:
            module.__file__ = spec.origin  # where people look for what lies beside it
        return module

    def execute(self, spec: ModuleSpec, module: Any) -> None:
        """Run the module's body, if it has one of its own (a single-phase module ran when it was made)."""
        try:
            with restoring(spec.name):
                self._system.inside(_imp.exec_dynamic, module)
        except ImportError as error:
            if "once per process" in str(error) or "more than one interpreter" in str(error):
                raise self._refusal(spec.name, False, error) from error
            raise

    def _check(self, name: str, origin: str) -> None:
        """Refuse a module that would import the interpreter's version of what the space has its own of."""
        if self._deep:
            return
        with open(origin, "rb") as file:
            content = file.read()
        if not any(call in content for call in _PAST):
            return
        for other in self._elsewhere():
            if other.encode() in content and self._system.has_of_its_own(other):
                raise errors.NativeModule(
                    f"{name!r} is native and can import past the space {self._system.name!r}: it would get the "
                    f"interpreter's {other!r}, which is loaded, in the place of the space's. Share {other!r}, or make "
                    f"the space with deep=True, or load it before the interpreter has {other!r}. ({origin})"
                )

    def _elsewhere(self) -> list[str]:
        """The topmost names in the interpreter's cache, less what a native module of this space has just put there."""
        own = self._system.modules
        found = [name for name, module in list(process_cache().items()) if own.get(name) is not module]
        return sorted({name.partition(".")[0] for name in found if isinstance(name, str)})

    def _refusal(self, name: str, copied: bool, error: ImportError) -> errors.NativeModule:
        how = "not even from a copy of its file" if copied else "it says so itself"
        top = name.partition(".")[0]
        return errors.NativeModule(
            f"the native module {name!r} can't be loaded a second time, {how}: {error}. Take the interpreter's "
            f"with share=[{top!r}], in all spaces"
        )


def _image(origin: str) -> tuple[str, bool]:
    """The file to map: itself, if nobody has mapped it, else a fresh copy; and whether it is a copy."""
    found = os.stat(origin)
    identity = found.st_dev, found.st_ino
    with _lock:
        if identity not in _mapped and not _is_the_interpreters(origin):
            _mapped.add(identity)
            return origin, False
    return _copy(origin), True


def _is_the_interpreters(origin: str) -> bool:
    # their dicts, not their attributes: a lazy module would load
    modules = (module for module in list(process_cache().values()) if issubclass(type(module), ModuleType))
    files = (vars(module).get("__file__") for module in modules)
    name = os.path.basename(origin)
    return any(isinstance(file, str) and file.endswith(name) and os.path.realpath(file) == origin for file in files)


def _copy(origin: str) -> str:
    """A copy in a folder of its own, so that it has the same file name. It is removed when the process ends.

    Beside the original it could not be: that may be read-only. Libraries that it brings are mapped already, by name.
    """
    folder = tempfile.mkdtemp(dir=_folder())
    return shutil.copy(origin, folder)


def _folder() -> str:
    global _copies
    with _lock:
        if _copies is None:
            _copies = tempfile.mkdtemp(prefix="modcache-native-")
            atexit.register(_remove, _copies, os.getpid())
        return _copies


def _remove(folder: str, process: int) -> None:
    if os.getpid() == process:  # a fork's end is not ours
        shutil.rmtree(folder, ignore_errors=True)  # Windows does not remove what is mapped


_copies: str | None = None
