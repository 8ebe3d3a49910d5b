"""Something done at every so many calls of functions of some files, wherever the program is at that moment."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

__all__ = ["at_every"]

_TOOLS = (4, 3, 5)
"""Of the six tools that ``sys.monitoring`` knows, those that no debugger, coverage or profiler has by convention."""


@contextmanager
def at_every(count: int, owns: Callable[[str], bool], action: Callable[[], object]) -> Iterator[None]:
    """While this lasts, call ``action`` at every ``count``-th call of a function made from a file that ``owns`` is for.

    In the thread that calls this, and never from within ``action``. ``action`` must not raise. By ``sys.monitoring``
    on Python 3.12 and newer, which leaves coverage and debuggers alone; by ``sys.setprofile`` before that.
    """
    counter = _Counter(count, owns, action)
    begin = _monitored if sys.version_info >= (3, 12) else _profiled
    with begin(counter):
        yield


class _Counter:
    """Counts calls, in one thread."""

    def __init__(self, every: int, owns: Callable[[str], bool], action: Callable[[], object]) -> None:
        self._every = every
        self._owns = owns
        self._action = action
        self._files: dict[str, bool] = {}
        self._thread = threading.get_ident()
        self._calls = 0
        self._busy = False

    def owns(self, code: CodeType) -> bool:
        """Is it a function's code, of one of the files?"""
        known = self._files.get(code.co_filename)
        if known is None:
            known = self._files[code.co_filename] = self._owns(code.co_filename)
        return known and code.co_name != "<module>"

    def called(self) -> None:
        """One of the functions begins."""
        if self._busy or threading.get_ident() != self._thread:
            return
        self._calls += 1
        if self._calls % self._every == 0:
            self._busy = True
            try:
                self._action()
            finally:
                self._busy = False


@contextmanager
def _profiled(counter: _Counter) -> Iterator[None]:
    def profile(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and counter.owns(frame.f_code):
            counter.called()

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        yield
    finally:
        sys.setprofile(before)


@contextmanager
def _monitored(counter: _Counter) -> Iterator[None]:
    monitoring: Any = vars(sys)["monitoring"]

    def start(code: CodeType, _: int) -> object:
        if not counter.owns(code):
            return monitoring.DISABLE
        counter.called()
        return None

    tool = next(number for number in _TOOLS if monitoring.get_tool(number) is None)
    monitoring.use_tool_id(tool, "modcache")
    monitoring.register_callback(tool, monitoring.events.PY_START, start)
    monitoring.set_events(tool, monitoring.events.PY_START)
    try:
        yield
    finally:
        monitoring.set_events(tool, 0)
        monitoring.register_callback(tool, monitoring.events.PY_START, None)
        monitoring.free_tool_id(tool)
