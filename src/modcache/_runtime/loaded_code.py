"""The code that a module was made of. The module has let it go; but it is in a bytecode file, or can be made again."""

from __future__ import annotations

import _imp
import importlib.util
import marshal
import os
from importlib.machinery import FrozenImporter
from types import CodeType
from typing import Any

from modcache._runtime import peek
from modcache._runtime.files import read, stat_of
from modcache._runtime.origin import changed_since_start

__all__ = ["Bytecode", "bytecode_of", "code_of"]

_HEADER = 16
_HASHED, _CHECKED = 0b01, 0b10  # PEP 552


def code_of(name: str, namespace: dict[str, Any], *, recorded: bool = False) -> CodeType | None:
    """The code that the module of this namespace was made of; None if it has none (native), or it can't be had.

    ``recorded``: it was compiled from its source under a session, so a bytecode file says nothing. No loader of
    anybody's own is asked: what such a one has loaded is read from its file, if it has one.
    """
    loader = peek.loader_of(namespace)
    origin = peek.origin_of(namespace) or ""
    try:
        if loader is FrozenImporter:
            return _imp.get_frozen_object(namespace.get("__origname__", name))
        if origin.endswith((".py", ".pyw")) and os.path.exists(origin):
            return _of_source(origin, recorded)
        if origin.endswith(".pyc"):
            return _loads(read(origin))
        if type(loader).__module__ == "zipimport":
            found: CodeType = loader.get_code(name)
            return found
        if origin and os.path.isfile(origin) and name == "__main__":
            return _compiled(origin)
    except (ImportError, OSError, SyntaxError, ValueError, EOFError, TypeError, RecursionError):
        pass  # not to be had: a report on a thousand modules does not end with one of them
    return None


def _of_source(path: str, recorded: bool) -> CodeType | None:
    known = bytecode_of(path)
    if known is not None and not recorded and (known.matches or _was_loaded(path)):
        code = _loads(known.data)
        if code is not None:
            return code
    return _compiled(path)


def _was_loaded(path: str) -> bool:
    """Was a bytecode file that does not fit the source what this process loaded: was the source written since?"""
    stat = stat_of(path)
    return stat is not None and changed_since_start(stat) is True


class Bytecode:
    """A bytecode file beside its source."""

    def __init__(self, path: str, data: bytes, source: os.stat_result, written: int) -> None:
        self.path = path
        self.data = data
        self._source = source
        self._written = written
        self._flags = int.from_bytes(data[4:8], "little")

    @property
    def is_hashed(self) -> bool:
        """Does it go by a hash of its source, and not by its times (PEP 552)?"""
        return bool(self._flags & _HASHED)

    @property
    def hash(self) -> bytes:
        """The hash of its source, if it goes by one."""
        return self.data[8:16]

    @property
    def matches(self) -> bool:
        """Would the interpreter take it for the source's? It never looks, if it is hashed and not to be checked."""
        if self.is_hashed:
            return not self._flags & _CHECKED
        said = (int.from_bytes(self.data[8:12], "little"), int.from_bytes(self.data[12:16], "little"))
        return said == (int(self._source.st_mtime) & 0xFFFFFFFF, self._source.st_size & 0xFFFFFFFF)

    @property
    def fits(self) -> bool:
        """Is it sure to be of the source? Not if that was written later in the same second (python/cpython#75953)."""
        return self.matches and not self.is_hashed and self._written >= self._source.st_mtime_ns

    @property
    def code(self) -> CodeType | None:
        """The code in it; None if it can't be read."""
        return _loads(self.data)


def bytecode_of(path: str) -> Bytecode | None:
    """The bytecode file of a source file, of this interpreter; None if there is none that can be read."""
    try:
        place = importlib.util.cache_from_source(path)
        with open(place, "rb") as file:
            data, written = file.read(), os.fstat(file.fileno()).st_mtime_ns
        source = os.stat(path)
    except (OSError, NotImplementedError):
        return None
    whole = len(data) > _HEADER and data[:4] == importlib.util.MAGIC_NUMBER
    return Bytecode(place, data, source, written) if whole else None


def _loads(data: bytes | None) -> CodeType | None:
    try:
        code = marshal.loads(memoryview(data)[_HEADER:]) if data else None
    except (EOFError, ValueError, TypeError):
        return None
    return code if isinstance(code, CodeType) else None


def _compiled(path: str) -> CodeType | None:
    data = read(path)
    return compile(data, path, "exec", dont_inherit=True) if data is not None else None
