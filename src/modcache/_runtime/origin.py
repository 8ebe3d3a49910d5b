"""Was a module that was loaded before the session made of the file that lies beside it?"""

from __future__ import annotations

import functools
import os
import sys
import time
from types import FunctionType, ModuleType
from typing import Literal

from modcache._model.literals import literal_of, same_but_lines
from modcache._model.unit import Unit
from modcache._runtime.files import Stat
from modcache._runtime.functions import functions_of

__all__ = ["Origin", "changed_since_start", "origin_of"]

Origin = Literal["known", "plausible", "moved", "unknown"]
_WORST_FIRST: tuple[Origin, ...] = ("unknown", "moved", "known")
_GRAIN = 20_000_000  # a tick of the kernel's process clock is 10 ms
_PLAIN = frozenset({"def", "class", "import", "from", "future", "doc", "pass"})


def origin_of(unit: Unit, module: ModuleType, stat: Stat | None) -> Origin:
    """``known``: by its code and constants, or since the file is older than the process. ``plausible``: nothing
    speaks against it. ``moved``: the same but for lines. ``unknown``: the module was made of something else.
    """
    try:
        own = [f for f in functions_of(module, unit.source.filename) if f.__module__ == unit.name]
        verdicts = {_compared(unit, function) for function in own}
        verdicts.add("known" if _literals_agree(unit, module) else "unknown")
        found: Origin = next(verdict for verdict in _WORST_FIRST if verdict in verdicts)
        if found == "known" and not _is_plain(unit) and not _is_older(stat):
            return "plausible"
        return found
    except (SyntaxError, ValueError):
        return "unknown"
    finally:
        unit.forget_code()


def _compared(unit: Unit, function: FunctionType) -> Origin:
    code = function.__code__
    if code in unit.codes.get((code.co_qualname, code.co_firstlineno), ()):
        return "known"
    for (name, _), codes in unit.codes.items():
        if name == code.co_qualname and any(same_but_lines(code, candidate) for candidate in codes):
            return "moved"
    return "unknown"


def _literals_agree(unit: Unit, module: ModuleType) -> bool:
    """Do names bound once to a plain literal hold just that?"""
    live = vars(module)
    for name, indexes in unit.binders.items():
        if len(indexes) == 1:
            found, value = literal_of(unit.statements[indexes[0]].fragment.node)
            if found and name in live and (type(live[name]) is not type(value) or live[name] != value):
                return False
            if found and name not in live:
                return False
    return True


def _is_plain(unit: Unit) -> bool:
    """Is there nothing in it but what can be compared?"""
    for index, facts in enumerate(unit.all_facts):
        literal, _ = literal_of(unit.statements[index].fragment.node)
        if not literal and (facts.kind not in _PLAIN or facts.stores):
            return False
        if facts.kind == "class" and len(facts.binds) != len(facts.loads | facts.binds):
            return False
    return True


def _is_older(stat: Stat | None) -> bool:
    return stat is not None and changed_since_start(stat) is False


def changed_since_start(stat: Stat) -> bool | None:
    """Was the file last changed after this process began? None where nobody tells when it began."""
    began = _process_start()
    return None if began is None else max(stat[:2]) >= began - _GRAIN


@functools.cache
def _process_start() -> int | None:
    """When this process began, in nanoseconds of the clock that files are stamped with; None where nobody tells.

    A fork begins where its first ancestor did that runs the same command: it may have imported anything since then.
    """
    if sys.platform != "linux":
        return None
    try:
        number, command = "self", _read("self", "cmdline")
        fields = _stat_fields(number)
        while fields[1] != "0" and _read(fields[1], "cmdline") == command:
            number = fields[1]
            fields = _stat_fields(number)
        ticks = int(fields[19])
        boot = time.time_ns() - time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        return boot + ticks * 10**9 // os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return None


def _stat_fields(process: str) -> list[str]:
    return _read(process, "stat").decode("ascii", "replace").rpartition(")")[2].split()


def _read(process: str, name: str) -> bytes:
    with open(f"/proc/{process}/{name}", "rb") as file:
        return file.read()
