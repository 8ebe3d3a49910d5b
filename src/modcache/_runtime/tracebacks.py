"""What an exception that is kept keeps alive: the frames of its tracebacks, with all their variables.

And the frames that called those, by ``f_back``: a traceback that was cut short keeps them as well.
"""

from __future__ import annotations

import contextlib
import os
from types import FrameType, TracebackType

__all__ = ["let_frames_go", "trimmed"]

_HERE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))


def let_frames_go(error: BaseException) -> None:
    """Clear the frames of an exception, and of all that it was raised from, or raised while it was handled.

    Those that still run are left as they are.
    """
    todo: list[BaseException | None] = [error]
    seen: set[int] = set()
    while todo:
        one = todo.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            _clear(one.__traceback__)
            inner = one.exceptions if isinstance(one, BaseExceptionGroup) else ()
            todo += [one.__cause__, one.__context__, *inner]


def trimmed(error: BaseException) -> BaseException:
    """The error, with a traceback that begins in the user's source and not in ours."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(_HERE):
        trace = trace.tb_next
    return error.with_traceback(trace)


def _clear(trace: TracebackType | None) -> None:
    frame: FrameType | None = trace.tb_frame if trace is not None else None
    while frame is not None:
        _clear_one(frame)
        frame = frame.f_back
    while trace is not None:
        _clear_one(trace.tb_frame)
        trace = trace.tb_next


def _clear_one(frame: FrameType) -> None:
    with contextlib.suppress(RuntimeError):  # it runs
        frame.clear()
