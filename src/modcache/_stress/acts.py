"""What executing a module does to the rest of the world: files written, processes started, connections made.

CPython tells of it by audit events (PEP 578). A hook can never be taken off again, so there is one only in a process
that is made for this: :func:`listen` puts it there.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from modcache._stress.outside import Effect

__all__ = ["acts", "listen"]

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_SAID = {
    "os.mkdir": ("makes the folder", ("mkdir", "makedirs")),
    "os.remove": ("removes the file", ("remove", "unlink")),
    "os.rename": ("renames the file", ("rename", "replace")),
    "os.rmdir": ("removes the folder", ("rmdir", "rmtree")),
    "os.system": ("runs the command", ("system",)),
    "subprocess.Popen": ("starts the program", ("Popen", "run", "check_output", "check_call", "call")),
    "socket.connect": ("makes a connection", ("connect", "create_connection", "urlopen", "get")),
    "socket.bind": ("listens", ("bind", "serve_forever")),
}
"""Events of CPython's audit table -> what to say of them, and the words by which a source may do it."""

_TEMPORARY = tempfile.gettempdir()
_noted: dict[Effect, None] | None = None


def listen() -> None:
    """From here on, note what happens within :func:`acts`; for the rest of the process's life."""
    sys.addaudithook(_hook)


@contextmanager
def acts() -> Iterator[list[Effect]]:
    """While this lasts, note what is done; the list is filled when it ends. Stays empty unless somebody listens."""
    global _noted
    found: list[Effect] = []
    _noted = {}
    try:
        yield found
    finally:
        found += _noted
        _noted = None


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _noted is None:
        return
    if event == "open":
        path, _, flags = arguments
        if isinstance(path, str) and type(flags) is int and flags & _WRITING and not _is_ours(path):
            _noted[Effect(f"writes the file {path}", ("open", "write_text", "write_bytes", "FileHandler"))] = None
    elif event in _SAID:
        what, words = _SAID[event]
        object_ = next((one for one in arguments if type(one) is str), "")
        if not _is_ours(object_):
            _noted[Effect(f"{what} {object_}".rstrip(), words)] = None


def _is_ours(path: str) -> bool:
    """Is it what the import system writes beside a library that is imported late, a temporary file, or none at all?"""
    folder, name = os.path.split(path)
    passing = folder == _TEMPORARY and name.startswith(tempfile.gettempprefix())
    return passing or "__pycache__" in path or path in (os.devnull, _TEMPORARY)
