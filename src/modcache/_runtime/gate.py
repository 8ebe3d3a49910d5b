"""The gate: sections of a program that no commit may overlap, and commits that wait for a moment without sections.

Entering and leaving a section must cost next to nothing, and is no place for a lock. What makes that sound is an order:
who enters says so first (a ``set.add``, one step under the GIL) and then looks whether a commit wants its turn; who
wants a turn says so first and then looks who is inside. So at least one of the two sees the other. All else is done
under one condition, by those who saw something.

The outermost section of a thread or task stands for it. Those within find it by a context variable. So does what is
started within and inherits the context (a task, ``asyncio.to_thread``): that may enter while a commit waits, since who
is inside may be waiting for it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Awaitable, Callable, Iterable
from contextvars import ContextVar
from threading import get_ident
from types import TracebackType
from typing import Any, NamedTuple

from modcache._runtime.running import in_loop

__all__ = ["Deferred", "Gate", "Section", "Turn"]

_SLICE = 0.05
"""Seconds after which who waits looks for himself: a signal handler may have kept another from waking him."""

_inside: ContextVar[Section | None] = ContextVar("modcache sections", default=None)
_innermost = _inside.get


class Deferred(NamedTuple):
    """What is to be done when a section ends: in a ``with``, and in an ``async with``."""

    run: Callable[[], object]
    arun: Callable[[], Awaitable[object]]


class Section:
    """One ``with`` or ``async with`` block, made by :meth:`Gate.using`."""

    __slots__ = ("_gate", "_holder", "count", "outer", "thread")
    _holder: Section
    """The outermost one, that stands for all within."""
    count: int
    """How many blocks it stands for."""
    outer: Section | None
    """One that is not over, of another gate, or in whose context this thread or task was started."""
    thread: int

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def __enter__(self) -> None:
        outer = _innermost()
        if outer is None or not outer.count or outer._gate is not self._gate or outer.thread != get_ident():
            self._begin(outer)
            if self._gate.attention:
                self._gate.let_in(self)
            self.count = 1  # no call after this one: so no signal handler comes between it and the block
        else:
            self._holder = outer
            outer.count += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for deferred in self._end():
            deferred.run()

    async def __aenter__(self) -> None:
        outer = _innermost()
        if outer is None or not outer.count or outer._gate is not self._gate or outer.thread != get_ident():
            self._begin(outer)
            if self._gate.attention:
                await self._gate.alet_in(self)
            self.count = 1
        else:
            self._holder = outer
            outer.count += 1

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for deferred in self._end():
            await deferred.arun()

    def _end(self) -> Iterable[Deferred]:
        """The refreshes that were asked for inside and may run now."""
        holder, gate = self._holder, self._gate
        holder.count -= 1
        if holder.count:
            return ()
        gate.inside.discard(holder)
        return gate.left(holder) if gate.attention else ()

    def _begin(self, outer: Section | None) -> None:
        while outer is not None and not outer.count:
            outer = outer.outer
        self.outer = outer
        self.count = 0
        self.thread = get_ident()
        self._holder = self
        _inside.set(self)
        self._gate.inside.add(self)

    def is_of(self, gate: Gate) -> bool:
        """Is it one of this gate, and not over?"""
        return self._gate is gate and self.count > 0


class Turn:
    """A commit's turn: asked for, perhaps had, ended whatever came of it. Of one thread, and of one time."""

    def __init__(self, gate: Gate) -> None:
        self.thread = get_ident()
        self._gate = gate

    def ask(self) -> None:
        """From now on new sections wait."""
        self._gate.ask(self)

    def take(self) -> bool:
        """Have the turn, if nobody is inside and nobody else has it."""
        return self._gate.take(self)

    def wait(self, seconds: float) -> bool:
        """Ask, and wait until it could be taken, no longer than that. False if it can't be: then don't try again."""
        return self._gate.wait(self, seconds)

    def end(self) -> None:
        """Let those in who wait. To end twice, or without having had the turn, does nothing."""
        self._gate.end(self)


class Gate:
    """Sections on one side, turns on the other. Thread-safe; sections of coroutines are asyncio's."""

    def __init__(self) -> None:
        self.inside: set[Section] = set()
        self.attention = False
        """Is there something that who enters or leaves has to see to?"""
        self.freed = False
        self._changed = threading.Condition()
        self._turns: list[Turn] = []
        self._had: Turn | None = None
        self._deferred: dict[Section, list[Deferred]] = {}
        self._futures: list[Any] = []

    def using(self) -> Section:
        """A section, to be entered."""
        return Section(self)

    def turn(self) -> Turn:
        """A turn, to be asked for."""
        return Turn(self)

    def threads(self) -> list[int]:
        """The threads that are inside."""
        return list({section.thread for section in self.inside.copy()})

    # -- those who enter and leave

    def here(self) -> Section | None:
        """The section inside of which the caller is; also in another thread that runs in its context."""
        section = _innermost()
        while section is not None and not section.is_of(self):
            section = section.outer
        return section

    def defer(self, section: Section, deferred: Deferred) -> bool:
        """Have something done when a section ends; False if it has ended by now."""
        with self._changed:
            self.attention = True  # before looking: who leaves from now on looks, too
            inside = section in self.inside
            if inside:
                self._deferred.setdefault(section, []).append(deferred)
            self._attend()
            return inside

    def let_in(self, section: Section) -> None:
        """Wait while a commit wants its turn or has it, unless that would be for ever."""
        with self._changed:
            while not self._may_pass(section, in_loop=in_loop()):
                self.inside.discard(section)
                self._wake()
                self._changed.wait(_SLICE)
                self.inside.add(section)

    async def alet_in(self, section: Section) -> None:
        """The same without blocking the loop."""
        import asyncio

        while True:
            with self._changed:
                if self._may_pass(section, in_loop=False):
                    return
                self.inside.discard(section)
                self._wake()
                future = asyncio.get_running_loop().create_future()
                self._futures.append(future)
            await asyncio.wait((future,), timeout=_SLICE)
            self.inside.add(section)

    def left(self, section: Section) -> list[Deferred]:
        """A section has ended: who waits for that goes on. What was put off until now is the caller's to do."""
        with self._changed:
            found = self._deferred.pop(section, [])
            self._attend()
            self._wake()
        return found

    def _may_pass(self, section: Section, *, in_loop: bool) -> bool:
        """``in_loop``: to wait would block an event loop, and with it those who may be inside."""
        if not self._turns or (self._had is not None and self._had.thread == section.thread):
            return True  # the second: what the refresh itself runs, in its own thread
        if self._had is not None:
            return False
        return in_loop or (section.outer is not None and section.outer.is_of(self))

    # -- commits

    def ask(self, turn: Turn) -> None:
        """See :meth:`Turn.ask`."""
        with self._changed:
            if turn not in self._turns and not self.freed:
                self._turns.append(turn)
                self._attend()

    def take(self, turn: Turn) -> bool:
        """See :meth:`Turn.take`."""
        self.ask(turn)
        with self._changed:
            if self._had is None and not self.inside:
                self._had = turn
            return self._had is turn

    def wait(self, turn: Turn, seconds: float) -> bool:
        """See :meth:`Turn.wait`."""
        deadline = time.monotonic() + seconds
        self.ask(turn)
        with self._changed:
            while self._had is not None or self.inside:
                remaining = deadline - time.monotonic()
                if remaining <= 0 or self.freed or turn.thread in self.threads():
                    return False
                self._changed.wait(min(remaining, _SLICE))
            return True

    def end(self, turn: Turn) -> None:
        """See :meth:`Turn.end`."""
        with self._changed:
            if turn in self._turns:
                self._turns.remove(turn)
            if self._had is turn:
                self._had = None
            self._attend()
            self._wake()

    # -- its end

    def free(self) -> None:
        """No turns any more: who waits goes on."""
        with self._changed:
            self.freed = True
            self._turns.clear()
            self._had = None
            self._attend()
            self._wake()

    def after_fork(self) -> None:
        """In the child of a fork there is this thread alone."""
        thread = get_ident()
        self._changed = threading.Condition()
        self._futures.clear()
        self.inside = {section for section in self.inside if section.thread == thread}
        self._deferred = {section: found for section, found in self._deferred.items() if section in self.inside}
        self._turns = [turn for turn in self._turns if turn.thread == thread]
        if self._had is not None and self._had.thread != thread:
            self._had = None
        self._attend()

    # -- under the condition

    def _attend(self) -> None:
        self.attention = bool(self._turns or self._deferred)

    def _wake(self) -> None:
        self._changed.notify_all()
        futures, self._futures = self._futures, []
        for future in futures:
            try:
                future.get_loop().call_soon_threadsafe(_resolve, future)
            except RuntimeError:  # the loop is closed
                pass


def _resolve(future: Any) -> None:
    if not future.done():
        future.set_result(None)
