"""The process that `modcache check-reload` lets the modules be executed in: it may be lost, the user's shell may not.

What it has to say goes line by line, as JSON, to what was its stdout; what the modules print goes to its stderr.
"""

from __future__ import annotations

import functools
import importlib
import json
import os
import pkgutil
import sys
from collections.abc import Iterator
from typing import Any, TextIO

from modcache._cli.program import Program
from modcache._cli.trying import Trying
from modcache._cli.workers import exclusive, forks
from modcache._session.session import Session
from modcache._stress.acts import listen
from modcache.errors import RootNotFound

__all__ = ["main"]

_LEFT_OUT = ("__main__", "conftest", "setup", "test", "tests")
"""Modules that are programs, or only for the package's own tests."""
_MANY = 32
"""More modules than that are executed together first: a trial of each would take too long to wait for an answer."""


def main(order: str) -> None:
    """Do what the order, an object as JSON, says: ``package``, ``folder``, ``path``, and what to do with them."""
    asked = json.loads(order)
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.path[:0] = [folder for folder in asked["path"] if folder not in sys.path]
    try:
        session = Session([asked["folder"] or asked["package"]])
    except RootNotFound as mistake:
        _say(events, "mistake", message=str(mistake))
        return
    if asked["words"]:
        _run_tests(session, asked, events)
    else:
        _stress(session, asked, events)


def _say(events: TextIO, event: str, **fields: Any) -> None:
    with exclusive():
        print(json.dumps({"event": event, **fields}), file=events, flush=True)


def _stress(session: Session, asked: dict[str, Any], events: TextIO) -> None:
    failed = _imported(session, asked, events)
    _say(events, "imported", failed=failed)
    listen()
    loaded = [name for name in session.modules if name != "__main__"]
    names = [name for name in asked["modules"] or loaded if name in loaded]
    _say(events, "begin", names={name: getattr(sys.modules[name], "__file__", None) or name for name in names})
    trying = Trying(session, asked["modes"], functools.partial(_say, events))
    if asked["together"] or len(names) > _MANY:
        _say(events, "jointly", forked=forks())
        names = trying.together(names, asked["together_time"])
    _say(events, "alone")
    if asked["time"] > 0:
        trying.alone(names, asked["jobs"])
    _say(events, "end")


def _imported(session: Session, asked: dict[str, Any], events: TextIO) -> dict[str, str]:
    """Import all that is to be checked; returns what went wrong, by module."""
    failed = {}
    with session.watching_imports():
        for name in _names(asked["package"], asked["folder"]):
            _say(events, "import", name=name)
            try:
                importlib.import_module(name)
            except (Exception, SystemExit) as error:
                failed[name] = f"{type(error).__name__}: {error}"
    _forget_orphans(session)
    return failed


def _forget_orphans(session: Session) -> None:
    """Take out of the cache what a package that could not be imported had imported before: nobody can import it now."""
    while orphans := [name for name in session.modules if "." in name and name.rpartition(".")[0] not in sys.modules]:
        for name in orphans:
            del sys.modules[name]


def _names(package: str, folder: str | None) -> Iterator[str]:
    """A package or module and all that is in it; of a folder that is no package, all the modules in it."""
    if folder is not None and not package:
        found = _walked([folder], "")
    else:
        yield package
        module = sys.modules.get(package)
        where = getattr(module, "__path__", None)
        if where is None:
            return
        found = _walked(list(where), f"{package}.", namespace=getattr(module, "__file__", None) is None)
    yield from (name for name in found if not any(part in _LEFT_OUT for part in name.split(".")))


def _walked(folders: list[str], prefix: str, namespace: bool = False) -> Iterator[str]:
    """The modules in some folders; those that a namespace package has in folders of its own, too."""
    yield from (info.name for info in pkgutil.walk_packages(folders, prefix, onerror=lambda name: None))
    for folder in folders if namespace else ():
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
            if entry.name.isidentifier() and entry.is_dir() and not os.path.exists(f"{entry.path}/__init__.py"):
                yield from _walked([entry.path], f"{prefix}{entry.name}.", namespace=True)


def _run_tests(session: Session, asked: dict[str, Any], events: TextIO) -> None:
    """Run the tests, with modules reloaded in between if so asked; ends as they end."""
    is_module = asked["words"][0] == "-m"
    words = asked["words"][1:] if is_module else asked["words"]
    program = Program(words[0], tuple(words[1:]), is_module=is_module)
    program.enter()
    sys.path[1:1] = [folder for folder in asked["path"] if folder not in sys.path]
    try:
        if not asked["every"]:
            program.execute(program.load())
            return
        with session.reloading(every=asked["every"], modules=asked["modules"] or None) as reloads:
            try:
                program.execute(program.load())
            finally:
                failed = {name: f"{type(error).__name__}: {error}" for name, error in reloads.failed.items()}
                _say(events, "reloads", count=reloads.count, failed=failed)
    finally:
        session.close()
