"""What :mod:`logging` keeps for everybody: handlers, filters and settings of loggers, and who makes those."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from operator import attrgetter
from typing import Any

from modcache._refresh.registrations.known import RUNNERS
from modcache._refresh.registrations.places import Attributes, Difference, Items, Names, Place, Row, token
from modcache._runtime.operations import Operations, Step
from modcache._runtime.peek import is_a

__all__ = ["LOGGING", "changed_loggers", "look_at_loggers"]


def _logging() -> dict[str, Any] | None:
    return vars(sys.modules["logging"]) if "logging" in sys.modules else None


def _managed() -> dict[str, Any] | None:
    logging = _logging()
    return vars(logging["Logger"].manager) if logging is not None and "root" in logging else None


class _Makers(Attributes):
    words = frozenset({"getLogger", "getChild", "getLoggerClass", "getLogRecordFactory"}) | RUNNERS["logging"]


class _Manager(_Makers):
    def fill(self, operations: Operations, rows: list[Row]) -> bool:
        super().fill(operations, rows)
        _loggers_forget(operations)
        return True


LOGGING: tuple[Place, ...] = (
    _Makers(
        "logging", _logging, only=("_loggerClass", "_logRecordFactory", "_warnings_showwarning", "raiseExceptions")
    ),
    _Manager("logging.root.manager", _managed, only=("_disable", "loggerClass", "logRecordFactory")),
)
"""What it keeps in single names: who makes loggers and records, what is not logged at all."""
_SETTINGS = ("level", "propagate", "disabled")
_settings = attrgetter(*_SETTINGS)
_handlers = attrgetter("handlers")
_log_filters = attrgetter("filters")
_FRESH = ((0, True, False), (), ())


def look_at_loggers() -> dict[str, Any]:
    """How all loggers stand, by name; quick."""
    loggers = _loggers()
    every = list(loggers.values())
    handlers, filters = map(tuple, map(_handlers, every)), map(tuple, map(_log_filters, every))
    return dict(zip(loggers, zip(map(_settings, every), handlers, filters, strict=True), strict=True))


def changed_loggers(before: dict[str, Any], after: dict[str, Any]) -> Iterator[Difference]:
    """What changed from one look to the other."""
    for name, state in after.items():
        old = before.get(name, _FRESH)
        if old != state:
            yield from _of_logger(name, old, state)


def _loggers() -> dict[str, Any]:
    logging = sys.modules.get("logging")
    root = getattr(logging, "root", None)
    if root is None or logging is None:
        return {}
    kind, holder = logging.Logger, root.manager.loggerDict
    return {"": root, **{name: found for name, found in list(holder.items()) if is_a(found, kind)}}


def _of_logger(name: str, old: Any, new: Any) -> Iterator[Difference]:
    logger = _loggers().get(name)
    if logger is None:
        return
    called = f"logger {name!r}" if name else "the root logger"
    if old[0] != new[0]:
        place = _Settings(f"settings of {called}", lambda: logger.__dict__, only=_SETTINGS)
        yield place, list(zip(_SETTINGS, old[0], strict=True)), list(zip(_SETTINGS, new[0], strict=True))
    for word, index in (("handlers", 1), ("filters", 2)):
        if [*map(token, old[index])] != [*map(token, new[index])]:
            items = _Listeners(f"{word} of {called}", lambda word=word: getattr(logger, word))  # type: ignore[misc]
            yield items, items.rows(old[index]), items.rows(new[index])


class _Listeners(Items):
    words = RUNNERS["logging"] | {"handlers", "filters", "hasHandlers", "_handlerList", "_handlers", "lastResort"}


class _Settings(Names):
    words = RUNNERS["logging"] | {"level", "propagate", "disabled", "getEffectiveLevel", "isEnabledFor"}

    def fill(self, operations: Operations, rows: list[Row]) -> bool:
        """Every logger remembers what it is enabled for: right after the commit, they forget it."""
        super().fill(operations, rows)
        _loggers_forget(operations)
        return True


def _loggers_forget(operations: Operations) -> None:
    forget = sys.modules["logging"].root.manager._clear_cache
    operations.afterwards(Step(forget), Step(forget))
