"""The default session, and what the front door offers of it."""

from __future__ import annotations

import os
import threading
from collections.abc import AsyncIterator, Iterator
from types import ModuleType

from modcache._model.lingering import Lingering
from modcache._model.report import Plan, Report
from modcache._refresh.admission import Old
from modcache._runtime.gate import Section
from modcache._session.session import Session

__all__ = [
    "arefresh",
    "awatch",
    "default_session",
    "lingering",
    "plan",
    "refresh",
    "reload",
    "undo",
    "using",
    "watch",
]

_default: Session | None = None
_default_lock = threading.Lock()


def default_session() -> Session:
    """The session behind :func:`modcache.refresh` and its like, made at first use with the default roots."""
    global _default
    with _default_lock:
        if _default is None or _default.closed:
            _default = Session()
        return _default


def plan() -> Plan:
    """:meth:`Session.plan` of the default session."""
    return default_session().plan()


def refresh(*, verify: bool = False, old: Old = "ignore", timeout: float | None = None) -> Report:
    """:meth:`Session.refresh` of the default session."""
    return default_session().refresh(verify=verify, old=old, timeout=timeout)


async def arefresh(
    *,
    verify: bool = False,
    old: Old = "ignore",
    timeout: float | None = None,  # noqa: ASYNC109 - what comes of it is a report, not an exception
) -> Report:
    """:meth:`Session.arefresh` of the default session."""
    return await default_session().arefresh(verify=verify, old=old, timeout=timeout)


def using() -> Section:
    """:meth:`Session.using` of the default session."""
    return default_session().using()


def lingering() -> tuple[Lingering, ...]:
    """:meth:`Session.lingering` of the default session."""
    return default_session().lingering()


def reload(module: ModuleType) -> ModuleType:
    """:meth:`Session.reload` of the default session: what ``importlib.reload`` should have been."""
    return default_session().reload(module)


def undo() -> Report:
    """:meth:`Session.undo` of the default session."""
    return default_session().undo()


def watch() -> Iterator[Report]:
    """:meth:`Session.watch` of the default session."""
    return default_session().watch()


def awatch() -> AsyncIterator[Report]:
    """:meth:`Session.awatch` of the default session."""
    return default_session().awatch()


def _after_fork() -> None:
    global _default_lock
    _default_lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
