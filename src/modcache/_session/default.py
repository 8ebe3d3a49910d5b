"""The default session, and what the front door offers of it."""

from __future__ import annotations

import os
import threading
from collections.abc import AsyncIterator, Iterator
from types import ModuleType

from modcache._model.report import Plan, Report
from modcache._session.session import Session

__all__ = ["awatch", "default_session", "plan", "refresh", "reload", "undo", "watch"]

_default: Session | None = None
_default_lock = threading.Lock()


def default_session() -> Session:
    """The session behind :func:`modcache.refresh` and its like, made at first use with the default roots."""
    global _default
    with _default_lock:
        if _default is None or _default._closed:
            _default = Session()
        return _default


def plan() -> Plan:
    """:meth:`Session.plan` of the default session."""
    return default_session().plan()


def refresh(*, verify: bool = False) -> Report:
    """:meth:`Session.refresh` of the default session."""
    return default_session().refresh(verify=verify)


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
