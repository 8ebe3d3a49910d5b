"""`modcache run`: the program, the session that knows it, and the thread that refreshes it."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from modcache import errors
from modcache._cli.printing import Printer, printer
from modcache._cli.program import Program
from modcache._session.session import Session
from modcache._watch import Watcher

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["Old", "Options", "Refresher", "run"]

Old = Literal["ignore", "wait", "refuse"]
_PATIENCE = 5.0  # seconds that the end of the program waits for a refresh that has begun


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line said; ``target`` is a file, or a module if ``is_module``."""

    target: str
    is_module: bool
    arguments: tuple[str, ...]
    roots: tuple[str, ...]
    quiet: bool
    as_json: bool
    verify: bool
    dry_run: bool
    old: Old = "ignore"


class Refresher:
    """Refreshes on save, from a daemon thread: it never keeps a program alive, and never ends one.

    ``changes`` gives sets of paths (a :class:`Watcher`); ``show`` is told what came of each.
    """

    def __init__(
        self,
        session: Session,
        changes: Iterable[frozenset[str]],
        show: Printer,
        *,
        verify: bool,
        dry_run: bool,
        old: Old = "ignore",
    ) -> None:
        self._session = session
        self._changes = changes
        self._show = show
        self._verify = verify
        self._old = old
        self._dry_run = dry_run
        self._thread = threading.Thread(target=self._work, name="modcache-refresh", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self, timeout: float) -> None:
        """Wait for the refresh that is under way, if one is, once ``changes`` has been closed."""
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _work(self) -> None:
        try:
            for paths in self._changes:
                self._refresh(paths)
        except Exception as error:
            self._show.failure("no longer watching", error)

    def _refresh(self, paths: frozenset[str]) -> None:
        try:
            if self._dry_run:
                self._show.plan(self._session.plan(paths=paths))
            else:
                self._show.report(self._session.refresh(paths=paths, verify=self._verify, old=self._old))
        except errors.SessionClosed:
            pass  # the program is ending
        except Exception as error:  # the thread must live: a later save may well work
            self._show.failure("the refresh itself failed", error)


def run(options: Options) -> None:
    """Run the program. Ends as the program ends: returns, or raises what it raises; status 2 for a usage mistake."""
    end: Callable[[int], object] = int
    try:
        program = Program(options.target, options.arguments, is_module=options.is_module)
        session = _session(options, program.enter())
        refresher, end = _refreshing(session, options)
        loaded = program.load()
        if loaded.path is not None and loaded.source is not None and session.owns(loaded.path):
            session.adopt(loaded.module, loaded.path, loaded.source)
        refresher.start()
        program.execute(loaded)
    except (errors.ProgramNotFound, errors.RootNotFound) as mistake:
        end(2)
        print(f"modcache: {mistake}", file=sys.stderr)
        sys.exit(2)
    except BaseException as error:
        end(_status(error))
        raise


def _refreshing(session: Session, options: Options) -> tuple[Refresher, Callable[[int], None]]:
    """What refreshes, not yet begun, and what is to be told the exit status.

    It ends last: after the program's threads, which stay true to the source for as long as they live, and after all
    that the program has registered with ``atexit``.
    """
    show = printer(sys.stderr, quiet=options.quiet, as_json=options.as_json)
    watcher = Watcher(lambda: session.folders)  # from now on: what is saved while the program starts counts
    refresher = Refresher(session, watcher, show, verify=options.verify, dry_run=options.dry_run, old=options.old)
    statuses = [0]
    process = os.getpid()

    def finish() -> None:
        if os.getpid() != process:
            return  # a fork has neither the thread nor anything to say
        watcher.close()
        refresher.join(_PATIENCE)
        session.close()
        show.exit(statuses[-1])

    atexit.register(finish)
    show.start(options.target, session.folders)
    return refresher, statuses.append


def _session(options: Options, main: ModuleType) -> Session:
    """The session: on the roots that were asked for, or the program's project and, if it is elsewhere, its folder."""
    if options.roots:
        return Session(options.roots)
    session = Session(None)
    file = getattr(main, "__file__", None)
    if file is None or session.owns(file) or _is_installed(file):
        return session
    folders = (*session.folders, os.path.dirname(os.path.realpath(file)))
    session.close()
    return Session(folders)


def _is_installed(file: str) -> bool:
    places = {os.path.realpath(prefix) + os.sep for prefix in (sys.prefix, sys.base_prefix)}
    return os.path.realpath(file).startswith(tuple(places)) or not os.path.isdir(os.path.dirname(file))


def _status(error: BaseException) -> int:
    """The exit status that the interpreter will give to the program for this."""
    if isinstance(error, KeyboardInterrupt):
        return 130
    if not isinstance(error, SystemExit):
        return 1
    if error.code is None:
        return 0
    return error.code & 0xFF if isinstance(error.code, int) else 1
