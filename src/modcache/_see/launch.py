"""Runs a program with the probe in it, and reads what was seen, however the program ended."""

from __future__ import annotations

import contextlib
import marshal
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from modcache._model.observation import Observation
from modcache._see.command import Command
from modcache._see.records import Watched, read
from modcache.errors import NotObserved

__all__ = ["Order", "give", "observe"]

_PACKAGE = str(Path(__file__).parent.parent)
_PATIENCE = 3.0  # seconds for which a program may take its leave, after it was asked to end


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be seen, and how the program is run."""

    statements: bool = False
    """Every import statement that is executed, not only those that load a module."""
    memory: bool = True
    examine: str = ""
    """A function of ours, ``module:name``, that is called in the process at its end, and returns text."""
    argument: str = ""
    """What it is called with."""
    timeout: float | None = None
    """Seconds after which the program is ended."""
    quiet: bool = False
    """Whether what the program prints is thrown away; else it goes to our stderr, as stdout is for the report."""


def observe(command: Command, order: Order = Order()) -> Observation:
    """Run a command to its end, and say what was seen.

    What it prints goes by without a pipe, however much it is; it reads our stdin. Ctrl-C reaches it by itself, and we
    wait for what it makes of that. Raises :class:`ProgramNotFound` if it can't be started, and :class:`NotObserved`
    if no Python ran in it.
    """
    with tempfile.TemporaryDirectory(prefix="modcache-", ignore_cleanup_errors=True) as folder:
        give(folder, order)
        began = time.perf_counter()
        process = _start(command, folder, order.quiet)
        ending = _wait(process, order.timeout)
        seconds = time.perf_counter() - began
        return _observation(command, Path(folder), process, ending, seconds)


def give(folder: str, order: Order) -> None:
    """Leave the order where the probe finds it."""
    plain = {"statements": order.statements, "memory": order.memory, "package": _PACKAGE}
    with open(os.path.join(folder, "order"), "wb") as file:
        marshal.dump({**plain, "examine": order.examine, "argument": order.argument}, file, 2)


def _start(command: Command, folder: str, quiet: bool) -> subprocess.Popen[bytes]:
    away: Any = subprocess.DEVNULL if quiet else _stderr()
    try:
        return subprocess.Popen(
            command.words, env=command.environment(folder), stdout=away, stderr=away if quiet else None
        )
    except OSError as error:
        raise NotObserved(f"{command.words[0]} can not be run: {error.strerror or error}") from error


def _stderr() -> int | None:
    try:
        return sys.stderr.fileno()
    except (OSError, ValueError, AttributeError):  # it is no file of the system's: what it inherits will do
        return None


def _wait(process: subprocess.Popen[bytes], timeout: float | None) -> str:
    """Wait for the end; empty, or why we have made one."""
    limit = None if timeout is None else time.monotonic() + timeout
    with _forwarding(process):
        while True:
            try:
                process.wait(None if limit is None else max(0.0, limit - time.monotonic()))
            except KeyboardInterrupt:
                continue  # it is the program's: the terminal has sent it to both
            except subprocess.TimeoutExpired:
                return f"ended by us after {timeout:g} s{_end(process)}"
            return ""


def _end(process: subprocess.Popen[bytes]) -> str:
    """Have the program end, as gently as it lets us: by Ctrl-C first, which writes what was seen."""
    gentle = [] if os.name == "nt" else [signal.SIGINT, signal.SIGTERM]
    for number in gentle:
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_PATIENCE)
            return f" with {number.name}"
    process.kill()
    process.wait()
    return ", killed"


@contextlib.contextmanager
def _forwarding(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """While we wait, who ends us ends the program instead, and gets the report."""

    def forward(number: int, _frame: FrameType | None) -> None:
        process.send_signal(number)

    try:
        before = signal.signal(signal.SIGTERM, forward)
    except ValueError:  # not in the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _observation(
    command: Command, folder: Path, process: subprocess.Popen[bytes], ending: str, seconds: float
) -> Observation:
    files = sorted(folder.glob("*.seen"), key=lambda path: int(path.stem.partition("-")[2]))
    if not files:
        raise NotObserved(_unseen(command, folder, process.returncode))
    own = [path for path in files if path.name.startswith(f"{process.pid}-")]
    watched = read((own or files)[0])
    notes = []
    if len(files) > 1:
        which = "the one that was started" if own else "the first"
        notes.append(f"{len(files)} Python processes were started by the command itself; this is {which}")
    examined = folder / f"{watched.process}.examined"
    return Observation(
        command=command.shown,
        python=watched.python,
        executable=watched.executable,
        status=process.returncode,
        ending=ending or _ending(process.returncode, watched),
        seconds=seconds,
        before=watched.before,
        after=watched.after,
        imports=tuple(watched.imports),
        statements=tuple(watched.statements),
        notes=tuple(notes),
        examined=examined.read_text("utf-8") if examined.exists() else "",
    )


def _ending(status: int, watched: Watched) -> str:
    if status < 0:
        return f"killed by {_signal(-status)}"
    told = f"ended with status {status}"
    return told if watched.finished else f"{told}, past Python's own exit (os._exit, exec, a crash)"


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _unseen(command: Command, folder: Path, status: int) -> str:
    shown = " ".join(command.shown)
    for path in folder.glob("*.refused"):
        return f"{shown}: the probe could not be put into its Python ({path.read_text('utf-8')})"
    told = f"killed by {_signal(-status)}" if status < 0 else f"with status {status}"
    return (
        f"{shown} ended {told}, and no Python was seen in it. Is it a Python program? If it is, its interpreter was "
        "started with -I, -E or -S or is built into it: run its module (-- -m NAME) or its file with an interpreter"
    )
