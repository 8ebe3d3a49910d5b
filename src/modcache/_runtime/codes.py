"""Code objects are shared between the systems that load one and the same file.

A code object is immutable and holds no globals, so one of them serves every copy of a module. It is shared for as long
as a system that loaded it lives, and only between loads of the very same content.
"""

from __future__ import annotations

import os
import time
import weakref
from importlib.machinery import SourceFileLoader
from types import CodeType
from typing import Any

__all__ = ["Codes", "SharedSourceLoader"]

_YOUNG = 2 * 10**9
"""Nanoseconds for which a file that has just been written is not trusted: it may be written again and its times be the
same, as the clocks of file systems are coarse (git treats its index in the same way)."""

Identity = tuple[int, int, int, int, int]


class _Shared:
    """The code of one content of one file."""

    __slots__ = ("__weakref__", "code", "identity")

    def __init__(self, code: CodeType, identity: Identity) -> None:
        self.code = code
        self.identity = identity


class _SharedRef(weakref.ref[_Shared]):
    """A reference to shared code that knows of which file it is."""

    __slots__ = ("path",)
    path: str


# Not a WeakValueDictionary: each module that is imported is entered, and that one takes four calls in Python for it.
_known: dict[str, _SharedRef] = {}


def _forget(ref: _SharedRef) -> None:
    # If the same file is entered by another thread just now, its code is read once more later: no harm.
    if _known.get(ref.path) is ref:
        _known.pop(ref.path, None)


class Codes:
    """What one import system uses of the shared code, which goes with the last that uses it. Thread-safe."""

    def __init__(self) -> None:
        self._held: dict[str, _Shared] = {}

    def loader(self, name: str, path: str) -> SharedSourceLoader:
        """The loader of a source file."""
        return SharedSourceLoader(name, path, self)

    def get(self, path: str, identity: Identity) -> CodeType | None:
        """The code of a file with that identity, if another system has loaded it."""
        ref = _known.get(path)
        shared = ref() if ref is not None else None
        if shared is None or shared.identity != identity:
            return None
        self._held[path] = shared
        return shared.code

    def put(self, path: str, identity: Identity, code: CodeType) -> None:
        """Offer the code of a file to other systems."""
        shared = self._held[path] = _Shared(code, identity)
        ref = _SharedRef(shared, _forget)
        ref.path = path
        _known[path] = ref


class SharedSourceLoader(SourceFileLoader):
    """The stock loader of source files, that takes the code from another system which has loaded the same file."""

    def __init__(self, fullname: str, path: str, codes: Codes) -> None:
        super().__init__(fullname, path)
        self._codes = codes
        self._status: os.stat_result | None = None

    def get_code(self, fullname: str) -> CodeType | None:
        """The code of the file as it is now. Raises ``SyntaxError``, ``OSError``, ``ImportError``."""
        path = self.path
        try:
            status = os.stat(path)
        except OSError:
            return super().get_code(fullname)
        # Taken before the file is read: who finds the same identity later knows that nobody has written since.
        identity = _identity(status)
        if _is_young(identity) or fullname != self.name:
            # A bytecode file can be as stale as our own memory (python/cpython#75953): not for what is so new.
            return self.source_to_code(self.get_data(self.get_filename(fullname)), path)
        code = self._codes.get(path, identity)
        if code is None:
            self._status = status
            code = super().get_code(fullname)
            self._status = None
            if code is not None:
                self._codes.put(path, identity, code)
        return code

    def path_stats(self, path: str) -> dict[str, Any]:
        """What a bytecode file is compared with: the source's times, looked up once."""
        if self._status is None or path != self.path:
            return dict(super().path_stats(path))
        return {"mtime": self._status.st_mtime, "size": self._status.st_size}


def _identity(status: os.stat_result) -> Identity:
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_dev


def _is_young(identity: Identity) -> bool:
    return time.time_ns() - max(identity[0], identity[1]) < _YOUNG
