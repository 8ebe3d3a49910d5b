"""What runs: the frames on the stacks of threads, and those that wait in generators, coroutines and tasks."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Container, Iterator
from types import AsyncGeneratorType, CoroutineType, FrameType, GeneratorType
from typing import Any, NamedTuple

from modcache._model.lingering import RunningKind
from modcache._runtime.peek import Kinds

__all__ = ["Running", "in_loop", "in_threads", "is_over", "suspended"]


class Running(NamedTuple):
    """A frame that runs, or waits to go on. Don't keep it: it holds all that the frame's names stand for.

    ``owner``: the ident of the thread, or the object that the frame waits in.
    """

    kind: RunningKind
    name: str
    frame: FrameType
    owner: Any


_PARTS: dict[type, tuple[RunningKind, str, str]] = {
    GeneratorType: ("generator", "gi_frame", "gi_yieldfrom"),
    CoroutineType: ("coroutine", "cr_frame", "cr_await"),
    AsyncGeneratorType: ("async generator", "ag_frame", "ag_await"),
}
"""type -> its kind, its frame (None at its end), and what it waits for."""
_WAITING = Kinds(*_PARTS)


def in_threads(files: Container[str]) -> list[Running]:
    """The frames of these files on the stacks of all threads, the innermost first. Costs next to nothing."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    found: list[Running] = []
    # nothing here may be left holding our own frame, which is among them: it would hold itself
    for ident, frame in sys._current_frames().items():
        stack: FrameType | None = frame
        del frame
        while stack is not None:
            if stack.f_code.co_filename in files:
                found.append(Running("thread", names.get(ident, str(ident)), stack, ident))
            stack = stack.f_back
    return found


def suspended(files: Container[str]) -> list[Running]:
    """The frames of these files that wait in generators, coroutines and tasks: one walk over the heap.

    What ``gc.freeze`` has put aside is not seen.
    """
    tasks = _task_types()
    wanted = Kinds(*tasks, *_PARTS)
    objects = [found for found in gc.get_objects() if type(found) in wanted]
    awaited = {id(part): task.get_name() for task in objects if type(task) not in _WAITING for part in _chain(task)}
    found = []
    for owner in objects:
        kind, frame = _frame(owner)
        if frame is not None and frame.f_code.co_filename in files:
            if id(owner) in awaited:
                kind = "task"
            found.append(Running(kind, awaited.get(id(owner), ""), frame, owner))
    return found


def is_over(owner: Any) -> bool:
    """Has a generator or coroutine come to its end?"""
    return _frame(owner)[1] is None


def in_loop() -> bool:
    """Does this thread run an event loop of asyncio just now?"""
    events = sys.modules.get("asyncio.events")
    return events is not None and events._get_running_loop() is not None


def _frame(owner: Any) -> tuple[RunningKind, FrameType | None]:
    kind, attribute, _ = _PARTS[type(owner)] if type(owner) in _WAITING else ("task", "", "")
    return kind, getattr(owner, attribute) if attribute else None


def _task_types() -> set[type]:
    """The types of asyncio's tasks, if there can be any."""
    tasks = sys.modules.get("asyncio.tasks")
    found: set[type] = set()
    todo: list[type] = [kind for name in ("Task", "_PyTask") if isinstance(kind := getattr(tasks, name, None), type)]
    while todo:
        kind = todo.pop()
        if kind not in found:
            found.add(kind)
            todo += type.__subclasses__(kind)
    return found


def _chain(task: Any) -> Iterator[Any]:
    """The coroutine of a task, and what that waits for, down to what is no coroutine."""
    part = task.get_coro()
    while part is not None:
        yield part
        waits = _PARTS[type(part)] if type(part) in _WAITING else None
        part = getattr(part, waits[2]) if waits is not None else None
