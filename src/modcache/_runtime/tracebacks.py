"""What an exception that is kept keeps alive: the frames of its tracebacks, with all their variables."""

from __future__ import annotations

import traceback

__all__ = ["let_frames_go"]


def let_frames_go(error: BaseException) -> None:
    """Clear the frames of an exception, and of all that it was raised from, or raised while it was handled."""
    todo: list[BaseException | None] = [error]
    seen: set[int] = set()
    while todo:
        one = todo.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            traceback.clear_frames(one.__traceback__)
            inner = one.exceptions if isinstance(one, BaseExceptionGroup) else ()
            todo += [one.__cause__, one.__context__, *inner]
