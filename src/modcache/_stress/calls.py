"""Something done at calls of functions of some files, wherever the program is at that moment."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

__all__ = ["at_every", "each_call"]

_TOOLS = (4, 3, 5)
"""Of the six tools that ``sys.monitoring`` knows, those that no debugger, coverage or profiler has by convention."""


@contextmanager
def at_every(count: int, owns: Callable[[str], bool], action: Callable[[], object]) -> Iterator[None]:
    """While this lasts, call ``action`` at every ``count``-th call of a function made from a file that ``owns`` is for.

    In the thread that calls this, and never from within ``action``. ``action`` must not raise. By ``sys.monitoring``
    on Python 3.12 and newer, which leaves coverage and debuggers alone; by ``sys.setprofile`` before that.
    """
    counter = _Counter(count, action)
    with each_call(owns, counter.called):
        yield


@contextmanager
def each_call(owns: Callable[[str], bool], action: Callable[[CodeType], bool]) -> Iterator[None]:
    """While this lasts, call ``action`` with the code of each function that is called and that ``owns`` is for.

    What it returns says whether it is to be told of that function again (it may be, all the same). Module bodies are no
    functions. On Python 3.11 only the calls of this thread are seen.
    """
    begin = _monitored if sys.version_info >= (3, 12) else _profiled
    with begin(_Files(owns), action):
        yield


class _Files:
    """Says which code matters; asks about each file once."""

    def __init__(self, owns: Callable[[str], bool]) -> None:
        self._owns = owns
        self._known: dict[str, bool] = {}

    def owns(self, code: CodeType) -> bool:
        """Is it a function's code, of one of the files?"""
        known = self._known.get(code.co_filename)
        if known is None:
            known = self._known[code.co_filename] = self._owns(code.co_filename)
        return known and code.co_name != "<module>"


class _Counter:
    """Counts calls, in one thread."""

    def __init__(self, every: int, action: Callable[[], object]) -> None:
        self._every = every
        self._action = action
        self._thread = threading.get_ident()
        self._calls = 0
        self._busy = False

    def called(self, code: CodeType) -> bool:
        """One of the functions begins."""
        if self._busy or threading.get_ident() != self._thread:
            return True
        self._calls += 1
        if self._calls % self._every == 0:
            self._busy = True
            try:
                self._action()
            finally:
                self._busy = False
        return True


@contextmanager
def _profiled(files: _Files, action: Callable[[CodeType], bool]) -> Iterator[None]:
    def profile(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and files.owns(frame.f_code):
            action(frame.f_code)

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        yield
    finally:
        sys.setprofile(before)


@contextmanager
def _monitored(files: _Files, action: Callable[[CodeType], bool]) -> Iterator[None]:
    monitoring: Any = vars(sys)["monitoring"]

    def start(code: CodeType, _: int) -> object:
        return None if files.owns(code) and action(code) else monitoring.DISABLE

    tool = next(number for number in _TOOLS if monitoring.get_tool(number) is None)
    monitoring.use_tool_id(tool, "modcache")
    monitoring.restart_events()  # what an earlier use of the number has disabled stays so, else
    monitoring.register_callback(tool, monitoring.events.PY_START, start)
    monitoring.set_events(tool, monitoring.events.PY_START)
    try:
        yield
    finally:
        monitoring.set_events(tool, 0)
        monitoring.register_callback(tool, monitoring.events.PY_START, None)
        monitoring.free_tool_id(tool)
