"""How a session is asked for what commits: one at a time, together, later, patiently, and without blocking a loop."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from modcache import errors
from modcache._model.report import Refusal, RefusalKind, Report
from modcache._refresh.admission import Obstacle, Old, Terms
from modcache._refresh.refresher import Refresher
from modcache._runtime.gate import Deferred
from modcache._session.observing import Observers

__all__ = ["Asking", "Request"]

_PATIENCE = 10.0
_STEP, _LONGEST_STEP = 0.002, 0.05
_CLOSING = 1.0


@dataclass(frozen=True, slots=True)
class Request:
    """What a refresh is asked for with; see :meth:`modcache.Session.refresh`."""

    paths: tuple[str, ...] | None = None
    verify: bool = False
    old: Old = "ignore"
    timeout: float | None = None


Work = Callable[[Request], Report]


class Asking:
    """Lets those who ask come to a refresher one at a time, and the observers know what came of it. Thread-safe."""

    def __init__(self, refresher: Refresher, observers: Observers) -> None:
        self.closed = False
        self._refresher = refresher
        self._observers = observers
        self._lock: Any = threading.RLock()
        self._tickets = itertools.count(1)
        self._asked: dict[int, Request] = {}
        """Who has asked for a refresh and has no answer yet, by ticket."""
        self._answers: dict[int, Report] = {}

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """While this lasts, nobody else comes in. Raises ``SessionClosed``, ``NestedRefresh``."""
        self._check_nesting()
        with self._lock:
            self._check_open()
            self._refresher.history.finish()
            yield

    # -- a refresh

    def refresh(self, request: Request, work: Work) -> Report:
        """See :meth:`modcache.Session.refresh`. ``work`` does one refresh; it never waits for anybody."""
        self._check_nesting()
        if self._put_off(request, work):
            return self._deferred()
        with self._waiting(request) as wait:
            while True:
                report = self._try(partial(work, request), wait, Terms(request.old), wait.for_others)
                if report is None:
                    return self._busy(wait)
                if not wait.goes_on:
                    return wait.timed(report)
                wait.block()

    async def arefresh(self, request: Request, work: Work) -> Report:
        """The async twin of :meth:`refresh`."""
        import asyncio

        self._check_nesting()
        if self._put_off(request, work):
            return self._deferred()
        with self._waiting(request) as wait:
            while True:
                report = self._try(partial(work, request), wait, Terms(request.old, is_alone=False), 0)
                if report is None and not wait.for_others:
                    return self._busy(wait)
                if report is not None and not wait.goes_on:
                    return wait.timed(report)
                for step in wait.steps(busy=report is None):
                    await asyncio.sleep(step)

    @contextlib.contextmanager
    def _waiting(self, request: Request) -> Iterator[_Wait]:
        wait = _Wait(self._refresher, request.timeout, next(self._tickets))
        self._asked[wait.ticket] = request
        try:
            yield wait
        finally:
            try:
                self._leave(wait)
            finally:  # once more: a Ctrl-C may come upon the first
                self._leave(wait)
            self._asked.pop(wait.ticket, None)
            self._answers.pop(wait.ticket, None)

    def _put_off(self, request: Request, work: Work) -> bool:
        """Inside of a section: when that ends, the refresh is done."""
        section = self._refresher.gate.here()
        deferred = Deferred(partial(self._later, request, work), partial(self._alater, request, work))
        return section is not None and self._refresher.gate.defer(section, deferred)

    def _later(self, request: Request, work: Work) -> None:
        with contextlib.suppress(errors.SessionClosed):
            self.refresh(request, work)

    async def _alater(self, request: Request, work: Work) -> None:
        with contextlib.suppress(errors.SessionClosed):
            await self.arefresh(request, work)

    def _deferred(self) -> Report:
        return Report("deferred", None, self._refresher.history.generation)

    def _busy(self, wait: _Wait) -> Report:
        at_work = self._refresher.nesting.at_work()
        detail = f"another refresh is under way, for more than {wait.seconds():.3g} s: {at_work}"
        remedy = "wait for it; if a module's body never returns, interrupt its thread or close the session"
        refusal = Refusal(RefusalKind.RUNNING, "", None, detail, remedy)
        return wait.timed(Report("refused", False, self._refresher.history.generation, refusals=(refusal,)))

    # -- what else commits

    def commit(self, ask: Callable[[], Report]) -> Report:
        """Ask for something else that commits, again while sections are open. Raises what asking raises."""
        self._check_nesting()
        if self._refresher.gate.here() is not None:
            raise errors.NestedRefresh(
                "this was asked for inside of a section (session.using()), which it would have to wait for; ask for it "
                "outside, or for a refresh, which is put off until the section ends"
            )
        wait = _Wait(self._refresher, None)
        try:
            while True:
                report = self._try(ask, wait, Terms(), -1)
                if report is not None and not wait.goes_on:
                    return wait.timed(report)
                wait.block()
        finally:
            try:
                self._leave(wait)
            finally:
                self._leave(wait)

    def _leave(self, wait: _Wait) -> None:
        """Whoever waits goes on. To do it twice does no harm."""
        self._let_go()
        wait.end()

    def _try(self, ask: Callable[[], Report], wait: _Wait, terms: Terms, seconds: float) -> Report | None:
        """Ask now; or have the answer to another who asked the same after us. None if it did not get to be our turn."""
        try:
            if not self._lock.acquire(timeout=seconds):
                return None
            self._check_open()
            if (answer := self._answers.pop(wait.ticket, None)) is not None:
                return answer
            self._refresher.history.finish()
            return self._ask(ask, wait, terms)
        finally:
            self._let_go()

    def _let_go(self) -> None:
        """Whoever asks next gets in. Done twice, one after the other: a Ctrl-C may come upon the first."""
        if self._lock._is_owned():  # not by a flag: an interrupt may come before it is set
            self._lock.release()

    def _ask(self, ask: Callable[[], Report], wait: _Wait, terms: Terms) -> Report:
        request = self._asked.get(wait.ticket)
        same = [ticket for ticket, other in list(self._asked.items()) if other == request]
        self._refresher.admission.begin(terms)
        try:
            report = ask()
        finally:
            self._refresher.admission.end()
        if not wait.look(report):
            with self._refresher.nesting.executing():
                self._observers.report(report)
            self._answers.update((ticket, report) for ticket in same if ticket in self._asked)
            self._answers.pop(wait.ticket, None)
        return report

    # -- its end

    def close(self) -> bool:
        """Let nobody in any more; wait a little for who is in, but not for ever. False if it was closed already."""
        if self.closed:
            return False
        self.closed = True
        self._refresher.gate.free()
        # a staged body may run for ever: the end of the program does not wait for it
        if self._lock.acquire(timeout=_CLOSING):
            self._lock.release()
        return True

    def after_fork(self) -> None:
        """The lock may be held by a thread that is not in this child of a fork."""
        self._lock = threading.RLock()
        self._asked.clear()

    def _check_nesting(self) -> None:
        """A signal handler, say, may come upon this thread while it is in here: two at once can't be."""
        self._refresher.check_nesting()
        if self._lock._is_owned():
            raise errors.NestedRefresh(
                "the session was asked for something by what interrupts, or is called by, another call of the same "
                "thread (a signal handler, say); have the handler set a flag, and ask when that call has returned"
            )

    def _check_open(self) -> None:
        if self.closed:
            raise errors.SessionClosed("this session is closed; make a new one with modcache.Session(...)")


class _Wait:
    """The waiting of one who asks, for sections and for who is in old code; it keeps new sections out."""

    def __init__(self, refresher: Refresher, timeout: float | None, ticket: int = 0) -> None:
        self.ticket = ticket
        self.goes_on = False
        """Is something in the way that may go away in time?"""
        self._admission = refresher.admission
        self._turn = refresher.gate.turn()
        self._began = time.monotonic()
        self._timeout = timeout
        self._deadline = self._began + (_PATIENCE if timeout is None else timeout)
        self._obstacle: Obstacle | None = None
        self._has_waited = False

    @property
    def for_others(self) -> float:
        """For how many seconds to wait for another refresh: as long as it takes, unless a timeout was given."""
        return -1 if self._timeout is None else max(0.0, self._remaining())

    def seconds(self) -> float:
        """How long it has been."""
        return time.monotonic() - self._began

    def look(self, report: Report) -> bool:
        """What kept the last attempt from it? True if that may go away in time. (To be asked by who is in.)"""
        self._obstacle = self._admission.obstacle if report.outcome == "refused" else None
        self.goes_on = self._obstacle is not None and self._remaining() > 0
        self._has_waited = self._has_waited or self.goes_on
        return self.goes_on

    def block(self) -> None:
        """Wait until it is out of the way, or until there is no use in waiting."""
        if self._obstacle is not None and self._obstacle.sections:
            if not self._turn.wait(self._remaining()):
                self._deadline = self._began
            return
        for step in self.steps():
            time.sleep(step)

    def steps(self, *, busy: bool = False) -> Iterator[float]:
        """The same for who sleeps for so many seconds each time; ``busy``: it is another refresh that is in the way."""
        if busy:
            yield _STEP
            return
        self._turn.ask()
        step = _STEP
        while self._obstacle is not None and not self._obstacle.is_over() and self._remaining() > 0:
            yield min(step, self._remaining())
            step = min(2 * step, _LONGEST_STEP)

    def end(self) -> None:
        """Let sections begin again."""
        self._turn.end()

    def timed(self, report: Report) -> Report:
        """The report, with the time that passed in waiting, if any did."""
        if not self._has_waited:
            return report
        waited = self.seconds() - report.timings.get("total", 0.0)
        return replace(report, timings={**report.timings, "wait": waited, "total": self.seconds()})

    def _remaining(self) -> float:
        return self._deadline - time.monotonic()
