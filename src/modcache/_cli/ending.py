"""The end of a command that has started processes: whatever it is told to end by, they end with it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["told_to_end"]

_SIGNALS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


class _ToldToEnd(BaseException):
    """A signal has come that ends a process; as an exception, so that what was begun is put in order."""

    def __init__(self, number: int) -> None:
        self.number = number


@contextmanager
def told_to_end() -> Iterator[None]:
    """While this lasts, SIGTERM and SIGHUP unwind the stack first, and end the process then, by the same signal.

    In the main thread only. A signal that is ignored (as ``nohup`` has it) goes on being ignored.
    """
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    before = {number: handler for number, handler in before.items() if handler is not signal.SIG_IGN}
    for number in before:
        signal.signal(number, _unwind)
    told = None
    try:
        yield
    except _ToldToEnd as end:
        told = end.number
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if told is not None:
        os.kill(os.getpid(), told)


def _unwind(number: int, _: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # once is enough: a second one would break off what puts in order
    raise _ToldToEnd(number)
