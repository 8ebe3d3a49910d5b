"""Which of some functions are run by a piece of code: seen while it is executed, not guessed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Container, Iterable
from types import FrameType
from typing import Any

from modcache._refresh.cycles import TooEarly

__all__ = ["watched"]


def watched(run: Callable[[], None], early: Iterable[TooEarly], staged: Container[int]) -> list[TooEarly]:
    """Run; return those whose readers ran outside of the stage, where they find names that a fresh process lacks.

    ``staged``: ids of the namespaces of staged modules; what runs on those shows by itself what is not there. Where
    the thread has a profiler of its own, that is left alone, and all are returned: they may have run.
    """
    by_reader: dict[tuple[str, str], list[TooEarly]] = {}
    for one in early:
        for reader in one.readers:
            by_reader.setdefault((reader.unit.source.filename, reader.body.qualname), []).append(one)
    if not by_reader or sys.getprofile() is not None:
        run()
        return [one for found in by_reader.values() for one in found]
    seen: dict[tuple[str, str], None] = {}

    def note(frame: FrameType, event: str, argument: Any) -> None:
        reader = (frame.f_code.co_filename, frame.f_code.co_qualname)
        if event == "call" and reader in by_reader and id(frame.f_globals) not in staged:
            seen[reader] = None

    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(None)
    return [one for reader in seen for one in by_reader[reader]]
