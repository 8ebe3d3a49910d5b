"""A process that runs already: what is in its cache, as far as the interpreter lets us look."""

from __future__ import annotations

import os
import sys

from modcache._model.observation import Observation
from modcache._see.launch import Order
from modcache.errors import NotObserved

__all__ = ["observe_process"]

_WAYS = (
    "start the program with us (modcache COMMAND -- PROGRAM…); look from inside (modcache.cache, modcache.doctor()); "
    "or have it leave a file: modcache.manifest().save(FILE), for modcache check --manifest FILE"
)


def observe_process(pid: int, order: Order) -> Observation:
    """What is loaded in a process, and what ``order.examine`` says of it; nobody has taken times there.

    Raises :class:`NotObserved` where it can't be reached.
    """
    if not hasattr(sys, "remote_exec"):
        version = ".".join(map(str, sys.version_info[:2]))
        raise NotObserved(f"--pid needs Python 3.14, here and in process {pid}; this is {version}. Instead: {_WAYS}")
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        raise NotObserved(f"there is no process {pid}") from None
    except PermissionError:
        raise NotObserved(f"process {pid} is not yours: be its user, or {_WAYS}") from None
    raise NotObserved(f"process {pid} can't be looked at yet; {_WAYS}")
