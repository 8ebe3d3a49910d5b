"""The hall: where the rooms are composed into a session."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
import weakref
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import replace
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any

from modcache import errors
from modcache._model.report import Plan, Report
from modcache._refresh.refresher import Refresher
from modcache._runtime.system import ImportSystem, interpreter
from modcache._verify.verification import Verification

if TYPE_CHECKING:
    from typing import Self

    from modcache._watch import Lookout, Watcher

__all__ = ["Session", "awatch", "default_session", "plan", "refresh", "reload", "undo", "watch"]

_PATIENCE = 1.0
Paths = Iterable[str | os.PathLike[str]]


class Session:
    """Knows which source the modules of some roots were made of, and keeps them true to it.

    ``roots``: folders or package names; by default the project's folder (the nearest ``pyproject.toml`` or ``.git``
    above the main script or the working folder) and what is installed editable. Modules that are imported from here
    on are recorded with the very source that they are made of; those loaded earlier are compared with their file by
    their code objects. Raises :class:`modcache.errors.RootNotFound`.

    Thread-safe: calls that come together are serialised. A session is a context manager that closes itself.
    """

    def __init__(self, roots: Paths | None = None, *, system: ImportSystem = interpreter) -> None:
        self._refresher = Refresher(system, roots)
        self._lock = threading.RLock()
        self._watchers: list[Watcher] = []
        self._lookout: Lookout | None = None
        self._closed = False
        _sessions.add(self)
        weakref.finalize(self, _close_all, self._watchers)  # also at exit, if somebody is in the middle of `watch`

    # -- what it knows

    @property
    def folders(self) -> tuple[str, ...]:
        """The real paths of the folders that hold the roots' sources."""
        files = (os.path.dirname(path) for path in self._refresher.roots.files)
        return tuple(dict.fromkeys([*self._refresher.roots.folders, *files]))

    @property
    def generation(self) -> int:
        """The number of commits so far (an undo is one too)."""
        return self._refresher.generation

    @property
    def modules(self) -> tuple[str, ...]:
        """The names of the modules that the session keeps true, in the order in which it met them."""
        with self._entered():
            self._refresher.knowledge.meet()
            return tuple(self._refresher.knowledge.entries)

    def owns(self, path: str | os.PathLike[str]) -> bool:
        """Is that file a source of the roots?"""
        return self._refresher.roots.owns(os.fspath(path))

    def adopt(self, module: ModuleType, path: str, source: bytes) -> None:
        """Record a module that was made outside the import system, with the source that it was made of."""
        with self._entered():
            self._refresher.knowledge.adopt(module, path, source)

    # -- what it does

    def plan(self, *, paths: Paths | None = None) -> Plan:
        """What a refresh would do now, and why. Changes nothing.

        ``paths``: only these files may have changed (a watcher's word); by default every file is looked at.
        Raises :class:`modcache.errors.NestedRefresh` inside a module body that a refresh executes.
        """
        with self._entered(), self._changes(paths) as (texts, watched):
            return self._refresher.plan(texts, watched=watched)

    def refresh(self, *, paths: Paths | None = None, verify: bool = False) -> Report:
        """Make the process what a fresh one would be, or change nothing and say why.

        ``paths``: only these files may have changed; by default every file is looked at. ``verify``: compare with a
        fresh process afterwards, name by name; then ``complete`` is known for certain. Raises
        :class:`modcache.errors.NestedRefresh` inside a module body that a refresh executes; everything else that can
        go wrong is told by the report.
        """
        with self._entered(), self._changes(paths) as (texts, watched):
            if verify:
                return self._verified(texts, watched)
            return self._refresher.refresh(texts, watched=watched)

    def reload(self, module: ModuleType) -> ModuleType:
        """Execute a module anew, changed or not, whole and in place, with its dependents; return the same module.

        What :func:`importlib.reload` accepts is accepted, and what it refuses is refused with the same errors
        (``TypeError``, ``ImportError``, ``ModuleNotFoundError``). Raises what the module's body raised; then nothing
        has changed. Raises :class:`modcache.errors.SourceUnavailable` for modules without a source file.
        """
        with self._entered():
            return self._refresher.reload(module)

    def undo(self) -> Report:
        """Bring back the state before the last commit; the files stay. Raises ``NothingToUndo``."""
        with self._entered():
            return self._refresher.undo()

    def verify(self) -> Verification:
        """Compare the process with a fresh one of the sources as they are now, name by name.

        Raises :class:`modcache.errors.VerificationFailed` where no fresh process could be made.
        """
        with self._entered():
            questioned = self._refresher.questioned
            found = self._verify(None, None)
            if found.ok and not (found.kept and questioned):
                self._refresher.verified()
            return found

    # -- watching

    def watch(self) -> Iterator[Report]:
        """Block, and yield a report for each settled save, first for what changed before; ends with ``close()``."""
        with self._watching() as watcher:
            if (first := self.refresh()).outcome != "unchanged":
                yield first
            for paths in watcher:
                yield self.refresh(paths=paths)

    async def awatch(self) -> AsyncIterator[Report]:
        """The async twin of :meth:`watch`; refreshes run in the event loop's thread."""
        with self._watching() as watcher:
            if (first := self.refresh()).outcome != "unchanged":
                yield first
            async for paths in watcher:
                yield self.refresh(paths=paths)

    @contextlib.contextmanager
    def _watching(self) -> Iterator[Watcher]:
        from modcache._watch import Watcher

        with self._entered():
            watcher = Watcher(lambda: self.folders)
            self._watchers.append(watcher)
        try:
            yield watcher
        finally:
            watcher.close()
            self._watchers.remove(watcher)

    @contextlib.contextmanager
    def _changes(self, paths: Paths | None) -> Iterator[tuple[list[str] | None, bool]]:
        """Which files may have changed (None: any), and whether a watcher says so."""
        if paths is not None:
            yield [os.fspath(path) for path in paths], False
        elif (lookout := self._looking_out()) is None or (found := lookout.changes()) is None:
            yield None, False
            if lookout is not None:
                lookout.looked()
        else:
            yield list(found), True
            lookout.looked()

    def _looking_out(self) -> Lookout | None:
        """While somebody watches, refreshes that are told of no paths look at those that changed only."""
        if not self._watchers:
            self._stop_looking_out()
        elif self._lookout is None:
            from modcache._watch import Lookout

            self._lookout = Lookout(lambda: self.folders)
            self._refresher.knowledge.watches = self._lookout.covers
        return self._lookout

    def _stop_looking_out(self) -> None:
        if self._lookout is not None:
            self._lookout.close()
            self._lookout = None

    # -- its end

    def close(self) -> None:
        """Stop recording and watching. The modules stay as they are; more calls raise ``SessionClosed``."""
        if self._closed:
            return
        self._closed = True
        _close_all(self._watchers)
        # a staged body may run for ever: the end of the program does not wait for it
        if self._lock.acquire(timeout=_PATIENCE):
            self._lock.release()
        self._stop_looking_out()
        self._refresher.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self._closed else f"generation {self.generation}"
        return f"<modcache.Session of {', '.join(self.folders) or 'no folder'}, {state}>"

    def _after_fork(self) -> None:
        """The locks may be held by threads that are not in this child of a fork."""
        self._lock = threading.RLock()
        self._refresher.after_fork()

    @contextlib.contextmanager
    def _entered(self) -> Iterator[None]:
        self._refresher.check_nesting()
        with self._lock:
            if self._closed:
                raise errors.SessionClosed("this session is closed; make a new one with modcache.Session(...)")
            yield

    # -- verification

    def _verified(self, paths: list[str] | None, watched: bool) -> Report:
        from modcache._verify.describe import describe

        names = self._described()
        sources = self._sources()
        before = describe(names)
        questioned = self._refresher.questioned
        report = self._refresher.refresh(paths, watched=watched)
        if report.outcome != "committed":
            return report
        began = time.perf_counter()
        found = self._verify(before, sources)
        timings = {**report.timings, "verify": time.perf_counter() - began}
        if found.ok and found.kept and questioned:
            # what passes for the program's own state may be what an earlier commit left wrong: it stays in question
            return replace(report, timings=timings)
        if found.ok:
            self._refresher.verified()
        differences = tuple(str(difference) for difference in found.differences)
        return replace(
            report,
            complete=found.ok and not report.failed,
            remains=(*report.remains, *differences) if not found.ok else report.remains if report.failed else (),
            doubts=() if found.ok else report.doubts,
            since={} if found.ok else report.since,
            verified=found.ok,
            timings=timings,
        )

    def _verify(self, before: dict[str, Any] | None, sources: dict[str, tuple[str, bytes]] | None) -> Verification:
        from modcache._verify.describe import describe
        from modcache._verify.fresh import fresh_description
        from modcache._verify.verification import verify

        names = self._described()
        order = self._refresher.knowledge.import_order()
        live = describe(names)
        if before is None or sources is None:
            # nobody looked before: what the sources never changed, and is plain data, counts as the program's own
            before, sources = live, self._refresher.knowledge.first_sources()
        absent = set(order) - set(sources)
        roots = self._refresher.roots
        places = (*roots.folders, *roots.files)
        # a fresh process has no private systems: what one would find is looked for first
        path = list(dict.fromkeys([*self._refresher.knowledge.system.path, *sys.path]))
        return verify(
            live,
            lambda: fresh_description(order, folders=places, path=path),
            before=before,
            fresh_before=lambda: fresh_description(sources, folders=places, path=path, sources=sources, absent=absent),
        )

    def _described(self) -> dict[str, Any]:
        knowledge = self._refresher.knowledge
        knowledge.meet()
        return {name: entry.module for name, entry in knowledge.entries.items() if name != "__main__"}

    def _sources(self) -> dict[str, tuple[str, bytes]]:
        entries = self._refresher.knowledge.entries
        order = self._refresher.knowledge.import_order()
        return {name: (entries[name].path, entries[name].unit.source.data) for name in order}


def _close_all(watchers: list[Watcher]) -> None:
    for watcher in list(watchers):
        watcher.close()


_sessions: weakref.WeakSet[Session] = weakref.WeakSet()


def _after_fork() -> None:
    global _default_lock
    _default_lock = threading.Lock()
    for session in list(_sessions):
        session._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


_default: Session | None = None
_default_lock = threading.Lock()


def default_session() -> Session:
    """The session behind :func:`modcache.refresh` and its like, made at first use with the default roots."""
    global _default
    with _default_lock:
        if _default is None or _default._closed:
            _default = Session()
        return _default


def plan() -> Plan:
    """:meth:`Session.plan` of the default session."""
    return default_session().plan()


def refresh(*, verify: bool = False) -> Report:
    """:meth:`Session.refresh` of the default session."""
    return default_session().refresh(verify=verify)


def reload(module: ModuleType) -> ModuleType:
    """:meth:`Session.reload` of the default session: what ``importlib.reload`` should have been."""
    return default_session().reload(module)


def undo() -> Report:
    """:meth:`Session.undo` of the default session."""
    return default_session().undo()


def watch() -> Iterator[Report]:
    """:meth:`Session.watch` of the default session."""
    return default_session().watch()


def awatch() -> AsyncIterator[Report]:
    """:meth:`Session.awatch` of the default session."""
    return default_session().awatch()
