"""A session: what one process knows of its roots, and what it does about them."""

from __future__ import annotations

import contextlib
import os
import weakref
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any

from modcache._model.lingering import Lingering
from modcache._model.report import Plan, Report
from modcache._refresh.admission import Old
from modcache._refresh.refresher import Refresher
from modcache._runtime.gate import Section
from modcache._runtime.system import ImportSystem, interpreter
from modcache._session.asking import Asking, Request
from modcache._session.observing import Observer, Observers
from modcache._session.stressing import Reloads, reloading, stress, stress_together
from modcache._session.verifying import Verifying
from modcache._session.watching import Paths, Watching
from modcache._verify.verification import Verification

if TYPE_CHECKING:
    from typing import Self

    from modcache._model.findings import Findings
    from modcache._stress.bench import Progress
    from modcache._stress.ran import Ran
    from modcache._watch import Watcher

__all__ = ["Session"]


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
        self._verifying = Verifying(self._refresher)
        self._watching = Watching(self._refresher.knowledge)
        self._observers = Observers()
        self._refresher.announce = self._observers.plan
        self._ran: Ran | None = None
        self._asking = Asking(self._refresher, self._observers)
        _sessions.add(self)

    # -- what it knows

    @property
    def folders(self) -> tuple[str, ...]:
        """The real paths of the folders that hold the roots' sources."""
        return self._watching.folders()

    @property
    def generation(self) -> int:
        """The number of commits so far (an undo is one too)."""
        return self._refresher.history.generation

    @property
    def closed(self) -> bool:
        """Was it closed?"""
        return self._asking.closed

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
        with self._entered(), self._watching.changes(paths) as (texts, watched):
            plan = self._refresher.plan(texts, watched=watched)
            with self._refresher.nesting.executing():
                self._observers.plan(lambda: plan)
            return plan

    def refresh(
        self,
        *,
        paths: Paths | None = None,
        verify: bool = False,
        old: Old = "ignore",
        timeout: float | None = None,
    ) -> Report:
        """Make the process what a fresh one would be, or change nothing and say why.

        ``paths``: only these files may have changed; by default every file is looked at. ``verify``: compare with a
        fresh process afterwards, name by name; then ``complete`` is known for certain.

        ``old``: what to do about threads, generators, coroutines and tasks that are in code which would become old:
        ``"ignore"`` them (they finish on the code that they have), ``"wait"`` until there are none, or ``"refuse"``.
        Other than ``"ignore"`` walks the heap. One that begins between the look and the commit is missed: that is what
        sections are for (:meth:`using`), which are waited for in any case.

        ``timeout``: seconds to wait; then the report is ``refused``. By default 10 for sections and old code, and for
        another refresh, asked for by another thread, as long as that takes. Those who ask together have one refresh.

        Inside of a section the refresh is put off until that ends, and the report is ``deferred``. Raises
        :class:`modcache.errors.NestedRefresh` inside a module body that a refresh executes; everything else that can
        go wrong is told by the report.
        """
        return self._asking.refresh(_request(paths, verify, old, timeout), self._refresh)

    async def arefresh(
        self,
        *,
        paths: Paths | None = None,
        verify: bool = False,
        old: Old = "ignore",
        timeout: float | None = None,  # noqa: ASYNC109 - what comes of it is a report, not an exception
    ) -> Report:
        """The async twin of :meth:`refresh`: the loop goes on while it waits. It is done in the loop's thread."""
        return await self._asking.arefresh(_request(paths, verify, old, timeout), self._refresh)

    def using(self) -> Section:
        """A section, for ``with`` or ``async with``: no commit overlaps it, and nothing is staged meanwhile.

        A refresh waits for those that are open, and new ones wait for the refresh. They nest, and what is started in
        one and inherits its context (a task, ``asyncio.to_thread``) counts as within. Costs about three times what a
        lock does that nobody else wants. Of a session that is closed it does nothing. ``async with`` needs asyncio.
        """
        return self._refresher.gate.using()

    def _refresh(self, request: Request) -> Report:
        with self._watching.changes(request.paths) as (texts, watched):
            if request.verify:
                return self._verifying.refresh(texts, watched)
            return self._refresher.refresh(texts, watched=watched)

    def reload(self, module: ModuleType) -> ModuleType:
        """Execute a module anew, changed or not, whole and in place, with its dependents; return the same module.

        What :func:`importlib.reload` accepts is accepted, and what it refuses is refused with the same errors
        (``TypeError``, ``ImportError``, ``ModuleNotFoundError``). Raises what the module's body raised; then nothing
        has changed. Raises :class:`modcache.errors.SourceUnavailable` for modules without a source file.
        """
        return self._refresher.reloaded(module, self._asking.commit(lambda: self._refresher.execute(module)))

    def undo(self) -> Report:
        """Bring back the state before the last commit; the files stay. Raises ``NothingToUndo``."""
        return self._asking.commit(self._refresher.undo)

    def verify(self) -> Verification:
        """Compare the process with a fresh one of the sources as they are now, name by name.

        Raises :class:`modcache.errors.VerificationFailed` where no fresh process could be made.
        """
        with self._entered():
            return self._verifying.verify()

    def lingering(self) -> tuple[Lingering, ...]:
        """The threads, generators, coroutines and tasks that are still in code which a commit made old.

        Every frame of a stack is looked at, not only the innermost. Walks the heap once, unless nothing was ever
        committed. What ``gc.freeze`` has put aside, and greenlets, are not seen.
        """
        with self._entered():
            return self._refresher.lingering()

    def stress(
        self,
        *,
        modes: Iterable[str] = ("identity", "rollback", "undo"),
        modules: Iterable[str] | None = None,
        progress: Progress | None = None,
        on_trial: Callable[[Any], object] | None = None,
        together: bool = False,
    ) -> Findings:
        """Find out which modules are unsafe to refresh: execute each anew, unchanged, and look at what that does.

        ``modes``: what to try, of ``"identity"`` (everything is the same object afterwards, and as it was),
        ``"rollback"`` (a commit that fails before any one of its operations leaves all as it was), ``"undo"``,
        ``"phases"`` (so does a refresh that fails after any of its phases) and ``"leak"`` (nothing is left behind
        by each refresh). ``modules``: only these, by name. ``progress(done, of, name)`` is called before each,
        ``on_trial`` after it, with what it showed: all there is if the whole is broken off. Modules that were imported
        within :meth:`watching_imports` are in doubt more rarely.

        ``together``: execute all of them in one refresh, without the modes ``"phases"`` and ``"leak"``. That takes
        little longer than one of them alone, and shows less: a module about which nothing was seen is then
        ``"safe together"``.

        Everything is taken back afterwards, but for what the modules did outside of the roots: use a process that
        may be lost, as ``modcache check-reload`` does. Raises ``ValueError`` for an unknown mode.
        """
        with self._entered():
            put = stress_together if together else stress
            return put(self._refresher, modes, modules, progress or _silent, on_trial, self._ran)

    @contextlib.contextmanager
    def watching_imports(self) -> Iterator[None]:
        """While this lasts, note which functions of the roots run: import the modules in it, before :meth:`stress`.

        What is doubtful only in functions that nobody calls while importing is no doubt then. Imports take some two
        times as long on Python 3.11, little more than before on newer ones.
        """
        from modcache._stress.ran import Ran

        ran = self._ran or Ran(self.owns)
        with ran.watching():
            yield
        self._ran = ran

    def reloading(
        self, *, every: int = 1000, modules: Iterable[str] | None = None
    ) -> contextlib.AbstractContextManager[Reloads]:
        """While this lasts, reload a module of the roots at every so many calls of functions of theirs, one by one.

        A test suite that runs inside and comes out otherwise than outside shows what a refresh in the middle of work
        would do to it. ``every``: how many calls; ``modules``: only these, by name. Only calls of the thread that
        enters count. Returns a context manager that gives a :class:`modcache.Reloads`. No undo reaches behind it.
        """
        return reloading(self._refresher, every, modules)

    # -- observers

    def on_plan(self, callback: Callable[[Plan], object]) -> Observer:
        """Have a tool told of each plan: of those that are asked for, and of each that a refresh is about to carry out.

        Returns what ends that again, by ``remove()`` or as a context manager. What the callback raises goes to
        ``sys.unraisablehook`` and breaks nothing. It is called in the thread that asked for the plan or the refresh,
        while that has not ended yet: a refresh from there raises :class:`modcache.errors.NestedRefresh`.
        """
        return self._observers.add("plan", callback)

    def on_report(self, callback: Callable[[Report], object]) -> Observer:
        """Have a tool told of each report, of refreshes (unchanged, too), reloads and undos; see :meth:`on_plan`."""
        return self._observers.add("report", callback)

    # -- watching

    def watch(self) -> Iterator[Report]:
        """Block, and yield a report for each settled save, first for what changed before; ends with ``close()``."""
        with self._watcher() as watcher:
            if (first := self.refresh()).outcome != "unchanged":
                yield first
            for paths in watcher:
                yield self.refresh(paths=paths)

    async def awatch(self) -> AsyncIterator[Report]:
        """The async twin of :meth:`watch`; refreshes run in the event loop's thread."""
        with self._watcher() as watcher:
            if (first := await self.arefresh()).outcome != "unchanged":
                yield first
            async for paths in watcher:
                yield await self.arefresh(paths=paths)

    @contextlib.contextmanager
    def _watcher(self) -> Iterator[Watcher]:
        with self._entered():
            watcher = self._watching.begin()
        try:
            yield watcher
        finally:
            self._watching.end(watcher)

    # -- its end

    def close(self) -> None:
        """Stop recording and watching. The modules stay as they are; more calls raise ``SessionClosed``."""
        self._watching.end_all()
        if self._asking.close():
            self._watching.stop_looking_out()
            self._refresher.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self.closed else f"generation {self.generation}"
        return f"<modcache.Session of {', '.join(self.folders) or 'no folder'}, {state}>"

    def _after_fork(self) -> None:
        """The locks may be held by threads that are not in this child of a fork."""
        self._asking.after_fork()
        self._refresher.after_fork()

    def _entered(self) -> contextlib.AbstractContextManager[None]:
        return self._asking.entered()


def _request(paths: Paths | None, verify: bool, old: Old, timeout: float | None) -> Request:
    if old not in ("ignore", "wait", "refuse"):
        raise ValueError(f"old={old!r}: give 'ignore', 'wait' or 'refuse'")
    return Request(None if paths is None else tuple(os.fspath(path) for path in paths), verify, old, timeout)


def _silent(done: int, count: int, name: str) -> None:
    """Progress that nobody asked for."""


_sessions: weakref.WeakSet[Session] = weakref.WeakSet()


def _after_fork() -> None:
    for session in list(_sessions):
        session._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
