"""What executing a module does to the rest of the world: files written, processes started, connections made.

CPython tells of it by audit events (PEP 578). A hook can never be taken off again, so there is one only in a process
that is made for this: :func:`listen` puts it there.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Container, Iterator
from contextlib import contextmanager
from typing import Any

from modcache._stress.outside import Effect
from modcache._stress.placing import place_of

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
_inside: Container[str] = ()


def listen() -> None:
    """From here on, note what happens within :func:`acts`; for the rest of the process's life."""
    sys.addaudithook(_hook)


@contextmanager
def acts(inside: Container[str]) -> Iterator[list[Effect]]:
    """While this lasts, note what is done; the list is filled when it ends. Stays empty unless somebody listens.

    ``inside``: the names of the modules one of which did it.
    """
    global _noted, _inside
    found: list[Effect] = []
    _noted, _inside = {}, inside
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
            _note(f"writes the file {path}", ("open", "write_text", "write_bytes", "FileHandler"))
    elif event in _SAID:
        what, words = _SAID[event]
        object_ = next((one for one in arguments if type(one) is str), "")
        if not _is_ours(object_):
            _note(f"{what} {object_}".rstrip(), words)


def _note(what: str, words: tuple[str, ...]) -> None:
    assert _noted is not None  # or nobody would have come here
    _noted[Effect(what, words, place=place_of(sys._getframe(2), _inside))] = None


def _is_ours(path: str) -> bool:
    """Is it what the import system writes beside a library that is imported late, a temporary file, or none at all?"""
    folder, name = os.path.split(path)
    passing = folder == _TEMPORARY and name.startswith(tempfile.gettempprefix())
    return passing or "__pycache__" in path or path in (os.devnull, _TEMPORARY)
