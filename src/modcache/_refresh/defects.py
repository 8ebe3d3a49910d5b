"""A mistake of this package's own, told as one: with what was raised as its cause, when nothing has changed.

What a program raises on purpose while a refresh is under way is none: an error of a kind of its own (a timeout that is
thrown into the thread), or one that a signal handler raises. That goes to the caller as it is.
"""

from __future__ import annotations

import builtins
import functools
import signal
import sys
import threading
from collections.abc import Iterator
from types import CodeType, FunctionType, MethodType, TracebackType
from typing import Any

from modcache import errors
from modcache._refresh.lookup import member_of
from modcache._runtime.peek import home, is_a
from modcache._runtime.tracebacks import let_frames_go

__all__ = ["as_defect", "is_defect", "let_go_of_stage"]


def is_defect(error: Exception) -> bool:
    """Is it an exception of Python's own that nobody has foreseen here?"""
    kind = type(error)
    if home(kind).partition(".")[0] not in sys.stdlib_module_names and home(kind) != builtins.__name__:
        return False
    if is_a(error, MemoryError):
        return False
    handlers = set(_handlers()) if threading.current_thread() is threading.main_thread() else set()
    return not any(code in handlers for code in _codes(error.__traceback__))


def as_defect(error: Exception) -> errors.InternalError:
    """What is told of it."""
    let_frames_go(error)
    found = errors.InternalError(
        f"modcache failed where it should not ({type(error).__name__}: {error}); nothing was changed. Please report "
        "it, with the traceback of its cause; the next refresh tries again"
    )
    found.__cause__ = error
    return found


def let_go_of_stage(error: BaseException) -> None:
    """The frames through which a mistake of ours went hold what was staged; to be called when they are done."""
    if isinstance(error, errors.InternalError):
        let_frames_go(error)


def _codes(trace: TracebackType | None) -> Iterator[CodeType]:
    while trace is not None:
        yield trace.tb_frame.f_code
        trace = trace.tb_next


def _handlers() -> Iterator[CodeType]:
    """The code of the program's signal handlers."""
    for number in signal.valid_signals():
        handler: Any = signal.getsignal(number)
        while is_a(handler, functools.partial):
            handler = handler.func
        function = handler.__func__ if is_a(handler, MethodType) else handler
        if not is_a(function, FunctionType):
            function = member_of(function, ["__call__"])
        if is_a(function, FunctionType):
            yield function.__code__
