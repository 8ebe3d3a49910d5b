"""Bytecode files that are not of their source, and that the interpreter takes all the same."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from types import CodeType

from modcache._model.diagnosis import Diagnosis
from modcache._runtime.entries import Cache
from modcache._runtime.files import read
from modcache._runtime.loaded_code import Bytecode, bytecode_of
from modcache._see.doctor.places import ours

__all__ = ["found"]


def found(cache: Cache) -> Iterator[Diagnosis]:
    """One diagnosis for each such file."""
    for entry in cache.values():
        path = entry.path
        if path is None or ours(entry.name) or not os.path.isfile(path):
            continue
        known = bytecode_of(path)
        if known is not None and known.matches and not known.fits and not _is_of(known, path):
            yield Diagnosis(
                "stale-bytecode", "error", entry.name,
                f"the bytecode of {entry.name} is of an older source, and the interpreter can not tell",
                (known.path, path),
                _UNCHECKED if known.is_hashed else _SAME_SECOND,
                f"delete {known.path}; tools that write sources should compile by hash "
                "(python -m compileall --invalidation-mode checked-hash)",
            )  # fmt: skip


_SAME_SECOND = (
    "the source was written twice within one second and has the same size: its times tell nothing, so what was "
    "compiled of the first is taken for the second, now and at each start (python/cpython#75953)"
)
_UNCHECKED = "it was compiled with `unchecked-hash`, so the interpreter never looks at the source: edits have no effect"


def _is_of(known: Bytecode, path: str) -> bool:
    """Is it of the source all the same?"""
    data = read(path)
    if data is None:
        return True
    if known.is_hashed:
        return known.hash == importlib.util.source_hash(data)
    try:
        code = compile(data, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError):
        return False
    return _same(known.code, code)


def _same(one: CodeType | None, other: CodeType) -> bool:
    # the names of files are as they were when it was compiled: an installer compiles elsewhere
    return one is not None and one.replace(co_filename=other.co_filename) == other
