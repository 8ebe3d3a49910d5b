"""Work on many names shared among forks of a process, each of which may be lost."""

from __future__ import annotations

import json
import math
import os
import signal
import struct
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

__all__ = ["Lost", "apart", "ending", "exclusive", "forks", "share"]

_NUMBER = struct.Struct("=I")
_MOST = 16_000
"""So many numbers fit into a pipe, on Linux and macOS."""
_EACH = 4
"""Fewer names than that are not worth a fork."""
_LOOKS = 0.05
"""Seconds from one look at whether a fork is done to the next."""
_DONE = 97
"""How a fork ends that came to the end of its work: what it executes may end the process with any other status."""
_FORKS = sys.platform not in ("win32", "darwin")
"""Not where system libraries do not bear it (macOS)."""

_lock: int | None = None
"""The file that forks lock, as long as there are any."""


@contextmanager
def exclusive() -> Iterator[None]:
    """While this lasts, no other fork is in here."""
    if _lock is None:
        yield
        return
    import fcntl

    fcntl.lockf(_lock, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.lockf(_lock, fcntl.LOCK_UN)


def forks() -> bool:
    """Can this process be forked? Not while threads run, which a fork would not have."""
    return _FORKS and threading.active_count() == 1


class Lost(Exception):
    """A fork did not come to the end of its work; says how it ended."""


def ending(status: int) -> str:
    """The status of a process that ended, in words."""
    if status >= 0:
        return f"status {status}"
    name = signal.Signals(-status).name if -status in set(signal.Signals) else str(-status)
    return f"signal {name}{', as a system without memory sends it' if name == 'SIGKILL' else ''}"


def apart(work: Callable[[], dict[str, Any]], seconds: float = math.inf) -> dict[str, Any]:
    """Call ``work`` in a fork, and return what it returns, as JSON has it. Raises :class:`Lost`.

    ``seconds``: it may take so long. Where there are no forks it is called here, and takes as long as it takes.
    """
    if not forks():
        return work()
    with tempfile.TemporaryFile("w+") as file:
        process = os.fork()
        if not process:
            _end(lambda: print(json.dumps(work()), file=file, flush=True))
        status = _waited(process, seconds)
        if status is None:
            raise Lost(f"was not done in {seconds:.0f} s")
        if status != _DONE:
            raise Lost(f"ended the process ({ending(status)})")
        file.seek(0)
        return dict(json.load(file))


def _waited(process: int, seconds: float) -> int | None:
    """The status of a fork when it has ended; None if it had to be ended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        ended, status = os.waitpid(process, 0 if seconds == math.inf else os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(_LOOKS)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return None


def share(
    names: Sequence[str],
    jobs: int,
    work: Callable[[Iterable[str], int], None],
    died: Callable[[int, int], object],
) -> None:
    """Call ``work(names, worker)`` in up to ``jobs`` forks, which take one name after the other from the same queue.

    ``died(worker, status)`` is called if one ends before its work; another one takes its place. Where there is no
    fork, or where threads run, which a fork would not have, all the work is done here.
    """
    jobs = min(jobs, len(names) // _EACH or 1)
    if not forks() or len(names) > _MOST or not names:
        work(names, 0)
        return
    global _lock
    source, end = os.pipe()
    os.write(end, b"".join(map(_NUMBER.pack, range(len(names)))))
    os.close(end)
    with tempfile.TemporaryFile() as file:
        _lock = file.fileno()
        running = {_forked(worker, names, source, work): worker for worker in range(jobs)}
        begun = jobs
        while running:
            process, status = os.wait()
            worker = running.pop(process, None)
            code = os.waitstatus_to_exitcode(status)
            if worker is not None and code != _DONE:
                died(worker, code)
                running[_forked(begun, names, source, work)] = begun
                begun += 1
        _lock = None
    os.close(source)


def _forked(worker: int, names: Sequence[str], source: int, work: Callable[[Iterable[str], int], None]) -> int:
    process = os.fork()
    if not process:
        _end(lambda: work(_taken(names, source), worker))
    return process


def _end(work: Callable[[], object]) -> NoReturn:
    """What a fork does, all its life."""
    status = 1
    try:
        work()
        status = _DONE
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _taken(names: Sequence[str], source: int) -> Iterator[str]:
    while number := os.read(source, _NUMBER.size):
        yield names[_NUMBER.unpack(number)[0]]
