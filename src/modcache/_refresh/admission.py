"""Admission: may what was planned begin now? Not while a section is open, nor, if so asked, while somebody is in code
that it would make old.

Nothing waits here: who asks in vain is told what is in the way, waits outside, and asks again with a new plan.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

from modcache._model.report import Refusal, RefusalKind
from modcache._refresh.entry import Found
from modcache._refresh.old_code import OldCode
from modcache._refresh.staging import Refused
from modcache._runtime.gate import Gate, Turn
from modcache._runtime.running import Running, in_loop, is_over

__all__ = ["Admission", "Obstacle", "Old", "Terms"]

Old = Literal["ignore", "wait", "refuse"]


class Terms(NamedTuple):
    """What a refresh does about those who are in code that it makes old.

    ``is_alone``: nobody else of this thread runs while it waits (False in a coroutine that awaits).
    """

    old: Old = "ignore"
    is_alone: bool = True


class Obstacle(NamedTuple):
    """What is in the way, and may go away: sections, or who is in code that changes (``is_over`` is cheap to ask)."""

    sections: bool
    is_over: Callable[[], bool]


class Admission:
    """Admits the attempts of one refresher, one at a time. From the first on it holds the gate, to a ``with``'s end."""

    def __init__(self, gate: Gate, old_code: OldCode) -> None:
        self.gate = gate
        self.terms = Terms()
        self.obstacle: Obstacle | None = None
        """What was in the way of the last one, if it may go away."""
        self._old_code = old_code
        self._turn: Turn | None = None

    def begin(self, terms: Terms) -> None:
        """Somebody asks for something that may commit."""
        self.terms = terms
        self.obstacle = None

    def admit(self, found: Iterable[Found]) -> None:
        """No section is open from now until the end of the ``with``, and none begins. Raises :class:`Refused`."""
        found = list(found)
        if self._turn is None:
            self._turn = self.gate.turn()
        if not self._turn.take():
            gate = self.gate  # what is kept of this must not hold us
            self.obstacle = Obstacle(True, lambda: not gate.inside)
            raise Refused((_sections(gate, found),))
        if self.terms.old != "ignore":
            self._look(found, self.terms.old)

    def __enter__(self) -> None:
        """What is admitted from now on belongs together."""

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """What was admitted is over. Twice does nothing: a Ctrl-C may come upon the first time, and keep the turn."""
        turn = self._turn
        if turn is not None:
            turn.end()
        self._turn, self.terms = None, Terms()  # last: until then another end finds it

    def _look(self, found: list[Found], old: Old) -> None:
        rows, me = self._old_code.in_the_way(found), threading.get_ident()
        if not rows:
            return
        waiting = any(row.kind != "thread" for row in rows)
        if old == "wait" and not any(row.owner == me for row in rows):
            if not (waiting and self.terms.is_alone and in_loop()):
                self.obstacle = self._obstacle(found, rows)
        refusals = dict.fromkeys(_running(row, row.owner == me) for row in rows)
        raise Refused(tuple(refusals))

    def _obstacle(self, found: list[Found], rows: list[Running]) -> Obstacle:
        """What waits is remembered, weakly: so that the heap need not be walked each time that somebody asks."""
        owners = [weakref.ref(row.owner) for row in rows if row.kind != "thread"]
        old_code = self._old_code

        def over() -> bool:
            if old_code.in_the_way(found, walk=False):
                return False
            return all((owner := reference()) is None or is_over(owner) for reference in owners)

        return Obstacle(False, over)


def _sections(gate: Gate, found: list[Found]) -> Refusal:
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    inside = gate.threads()
    who = ", ".join(sorted(names.get(ident, str(ident)) for ident in inside))
    remedy = "refresh again once they have ended, or with a longer timeout"
    if threading.get_ident() in inside:
        remedy = "in a coroutine await session.arefresh(), which lets the others of its thread end theirs"
    module = found[0].entry.name if found else ""
    return Refusal(RefusalKind.RUNNING, module, None, f"sections (session.using()) are open in {who}", remedy)


def _running(row: Running, is_own: bool) -> Refusal:
    frame = row.frame
    who = f"{row.kind} {row.name!r}" if row.name else f"a {row.kind}"
    remedy = "refresh again once it has come to its end, or with old='ignore': it finishes on the code that it has"
    if is_own:
        remedy = "ask for the refresh outside of the function that changes, or with old='ignore'"
    elif in_loop():
        remedy = "await session.arefresh(old='wait'), or give old='ignore': it finishes on the code that it has"
    return Refusal(
        RefusalKind.RUNNING,
        str(frame.f_globals.get("__name__")),
        frame.f_code.co_qualname,
        f"{who} is in it, at line {frame.f_lineno}",
        remedy,
    )
