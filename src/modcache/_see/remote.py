"""A process that runs already: what is in its cache, as far as the interpreter lets us look."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from modcache._model.observation import Observation
from modcache._see.launch import Order, give
from modcache._see.records import read
from modcache.errors import NotObserved

__all__ = ["observe_process"]

_PROBE = Path(__file__).parent.parent / "_runtime" / "injected" / "modcache_probe.py"
_WAYS = (
    "start the program with us (modcache COMMAND -- PROGRAM…), or look from inside it: modcache.cache, "
    "modcache.doctor(), or modcache.manifest().save(FILE) for modcache check --manifest FILE"
)
_PATIENCE = 10.0
_SCRIPT = """\
def _modcache_look():
    from importlib.util import module_from_spec, spec_from_file_location
    spec = spec_from_file_location("modcache_probe", {probe!r})
    probe = module_from_spec(spec)
    spec.loader.exec_module(probe)
    probe.look({folder!r})

try:
    _modcache_look()
finally:
    del _modcache_look
"""


def observe_process(pid: int, order: Order) -> Observation:
    """What is loaded in a process, and what ``order.examine`` says of it.

    Its imports are over, and nobody has seen them: without ``examine`` there is nothing to say. Waits ``order.timeout``
    seconds, by default ten, for its main thread to come by. Raises :class:`NotObserved` where it can't be reached.
    """
    if not order.examine:
        raise NotObserved(f"what process {pid} has imported is over, and nobody took times or statements; {_WAYS}")
    remote: Any = getattr(sys, "remote_exec", None)
    if remote is None:
        version = ".".join(map(str, sys.version_info[:2]))
        raise NotObserved(f"--pid needs Python 3.14, here and in process {pid}; this is {version}. Instead: {_WAYS}")
    with tempfile.TemporaryDirectory(prefix="modcache-", ignore_cleanup_errors=True) as folder:
        give(folder, order)
        script = Path(folder, "script.py")
        script.write_text(_SCRIPT.format(probe=str(_PROBE), folder=folder), encoding="utf-8")
        try:
            remote(pid, str(script))
        except ProcessLookupError:
            raise NotObserved(f"there is no process {pid}") from None
        except PermissionError as error:
            raise NotObserved(f"process {pid} is not ours to look into ({error}): be its user; or {_WAYS}") from error
        except (OSError, RuntimeError) as error:  # another version, or it was started with -X disable_remote_debug
            raise NotObserved(f"process {pid} can not be looked into: {error}; {_WAYS}") from error
        return _answer(pid, Path(folder), order.timeout or _PATIENCE)


def _answer(pid: int, folder: Path, patience: float) -> Observation:
    limit = time.monotonic() + patience
    done = folder / f"{pid}.looked"
    while not done.exists():
        if time.monotonic() > limit:
            raise NotObserved(
                f"process {pid} has not answered within {patience:g} s: its main thread waits for something outside of"
                f" Python, and looks up when that comes; try again then, or with a longer --timeout"
            )
        time.sleep(0.02)
    watched = read(next(folder.glob("*.seen")))
    examined = folder / f"{pid}.examined"
    return Observation(
        command=(f"process {pid}",),
        python=watched.python,
        executable=watched.executable,
        status=None,
        ending="runs",
        seconds=0.0,
        before=watched.before,
        after=watched.after,
        imports=(),
        examined=examined.read_text("utf-8") if examined.exists() else "",
        notes=() if examined.exists() else (f"it could not be examined: {done.read_text('utf-8')}",),
    )
