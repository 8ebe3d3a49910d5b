"""What `modcache check-reload` does: it lets children do it, watches them, and puts together what they say."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from modcache._cli.hearing import Checked, Hearing, Watch
from modcache.errors import CheckFailed, ProgramNotFound, RootNotFound

__all__ = ["Effort", "Subject", "TestsRun", "check_modules", "check_tests", "subject_of", "words_of"]

_HOME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_START = "import sys; sys.path.insert(0, sys.argv[1]); from modcache._cli.check_child import main; main(sys.argv[2])"
_TAIL = 12
_GRACE = 1.0
"""Seconds in which a process that has nothing to do ends by itself."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is checked: a package or module by ``name``, or all modules of ``folder``; ``path``: where they are found.

    ``python``: the interpreter in which they live.
    """

    name: str
    folder: str | None
    path: tuple[str, ...]
    python: str


@dataclass(frozen=True, slots=True)
class TestsRun:
    """How tests came out: the exit status alone and with reloads in between, how many those were, the last lines.

    ``culprits``: the modules whose reloads alone make them come out otherwise.
    """

    status: int
    stressed: int
    reloads: int
    tail: tuple[str, ...] = ()
    culprits: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Did they come out the same?"""
        return self.status == self.stressed

    def to_dict(self) -> dict[str, Any]:
        """The runs as JSON-able data."""
        return {
            "ok": self.ok,
            "status": self.status,
            "stressed": self.stressed,
            "reloads": self.reloads,
            "culprits": list(self.culprits),
            "tail": list(self.tail),
        }


def subject_of(given: str, python: str) -> Subject:
    """What PACKAGE means: a folder (a package, or one with modules in it), or a name. Raises ``RootNotFound``."""
    looks_like_path = os.path.isdir(given) and (os.sep in given or given == "." or not given.isidentifier())
    if looks_like_path or (os.path.isdir(given) and not os.path.exists(os.path.join(given, "__init__.py"))):
        folder = os.path.realpath(given)
        if not os.path.exists(os.path.join(folder, "__init__.py")):
            return Subject("", folder, (folder,), python)
        name, parent = os.path.basename(folder), os.path.dirname(folder)
        while os.path.exists(os.path.join(parent, "__init__.py")):
            name, parent = f"{os.path.basename(parent)}.{name}", os.path.dirname(parent)
        return Subject(name, folder, (parent,), python)
    if not all(part.isidentifier() for part in given.split(".")):
        raise RootNotFound(f"there is no folder {given!r}, and it is no name that can be imported: check the spelling")
    return Subject(given, None, (os.getcwd(),), python)


def words_of(words: Sequence[str]) -> list[str]:
    """A command for tests as words that are run by the interpreter itself: ``-m MODULE …`` or ``FILE …``.

    Raises ``ProgramNotFound`` for what is no Python program.
    """
    rest = list(words)
    if os.path.basename(rest[0]).startswith("python"):
        rest = rest[1:]
    if not rest or (rest[0].startswith("-") and rest[0] != "-m"):
        raise ProgramNotFound(f"{' '.join(words)!r} has options of the interpreter: give -m MODULE, a file or a script")
    if rest[0] == "-m" or os.path.exists(rest[0]):
        return rest
    found = shutil.which(rest[0], path=os.path.dirname(sys.executable)) or shutil.which(rest[0])
    if found is None or not _is_python(found):
        raise ProgramNotFound(f"{rest[0]!r} is no Python program that could be found: give -m MODULE, or a file")
    return [found, *rest[1:]]


def _is_python(path: str) -> bool:
    with open(path, "rb") as file:
        line = file.readline(512)
    return path.endswith(".py") or (line.startswith(b"#!") and b"python" in line)


@dataclass(frozen=True, slots=True)
class Effort:
    """What is to be tried, and how long.

    ``modes``: some of the stress modes'; ``names``: only these modules, if any; ``jobs``: so many trials at once;
    ``time``: no more seconds for trials of single modules, counted from the start; ``together``: execute all of them
    in one refresh first, however few they are; ``together_time``: that may take so many seconds.
    """

    modes: Sequence[str]
    names: Sequence[str]
    jobs: int
    time: float
    together: bool
    together_time: float


def check_modules(subject: Subject, effort: Effort, watch: Watch) -> Checked:
    """Put the modules to the test, in a process of their own, and in forks of that.

    Raises :class:`CheckFailed`, ``RootNotFound``. What Ctrl-C breaks off is told as far as it came.
    """
    hearing, names, began = Hearing(tuple(effort.modes), watch), effort.names, time.monotonic()
    order = {"modes": effort.modes, "modules": names, "jobs": effort.jobs, "time": effort.time}
    order |= {"together": effort.together, "together_time": effort.together_time}
    with tempfile.TemporaryFile() as noise, contextlib.suppress(_Stopped), _child(subject, noise, **order) as lines:
        try:
            for event in lines:
                hearing.hear(event)
                if event["event"] == "alone":
                    lines.end_after(began + effort.time - time.monotonic())
                elif event["event"] == "jointly" and not event["forked"]:
                    lines.end_after(effort.together_time)
            hearing.broken_off = lines.ended
            hearing.ended(lines.end())
        except KeyboardInterrupt:
            if not hearing.trials and not hearing.joint.modules:
                raise
            hearing.interrupted = True
            raise _Stopped from None  # ends the child at once
        if not hearing.begun:
            tail = "\n  ".join(_tail(noise))
            where = hearing.last or "its start"
            raise CheckFailed(f"the process ended at {where} without a word; its last lines:\n  {tail}")
    return _checked(hearing.checked(), names)


class _Stopped(Exception):
    """Somebody does not want to wait any longer."""


def _checked(checked: Checked, names: Sequence[str]) -> Checked:
    """What was found, if anything could be looked at."""
    if checked.findings.modules:
        return checked
    if checked.untried:
        count = f"all {len(checked.untried)} of its modules"
        raise CheckFailed(
            f"nothing was looked into: {checked.lost or f'the process that executed {count} together was lost'}, and"
            " there was no time left to try each alone: give more (--time SECONDS), or one module (-m MODULE)"
        )
    if names and not checked.failed:
        raise RootNotFound(f"no module {', '.join(names)} is loaded by it: give the whole name (package.module)")
    if not checked.failed:
        raise CheckFailed("there is no module in it: nothing to check")
    errors = "".join(f"\n  {name}: {error}" for name, error in checked.failed.items())
    raise CheckFailed(f"none of its modules could be imported, so there is nothing to check{errors}")


def check_tests(subject: Subject, words: Sequence[str], every: int, names: Sequence[str], watch: Watch) -> TestsRun:
    """Run the tests alone, then with reloads in between; if they come out otherwise, find out whose reloads do it."""
    watch("the tests alone", 0, 0)
    alone, _, _ = _tests(subject, words, 0, ())
    watch(f"the tests, with a reload every {every} calls", 0, 0)
    stressed, reloads, tail = _tests(subject, words, every, names)
    culprits: tuple[str, ...] = ()
    if stressed != alone and len(names) > 1:

        def differs(some: Sequence[str]) -> bool:
            watch(f"the tests, with reloads of {len(some)} of {len(names)} modules", 0, 0)
            return _tests(subject, words, every, some)[0] != alone

        culprits = tuple(_culprits(list(names), differs))
    return TestsRun(alone, stressed, reloads, tuple(tail), culprits)


def _culprits(names: list[str], differs: Callable[[Sequence[str]], bool]) -> list[str]:
    """Those of some modules that make a difference by themselves; all of them if only together they do."""
    if len(names) == 1:
        return names
    half = len(names) // 2
    found = [name for part in (names[:half], names[half:]) if differs(part) for name in _culprits(part, differs)]
    return found or names


def _tests(subject: Subject, words: Sequence[str], every: int, names: Sequence[str]) -> tuple[int, int, list[str]]:
    with tempfile.TemporaryFile() as noise:
        count = 0
        with _child(subject, noise, words=list(words), every=every, modules=list(names)) as lines:
            for event in lines:
                count = event.get("count", count)
        return lines.status, count, _tail(noise)


class _Lines:
    """The events of a child; ``status``: how it ended, once it has; ``ended``: since its time was up."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._timer: threading.Timer | None = None
        self.status = 0
        self.ended = False

    def __iter__(self) -> Iterator[dict[str, Any]]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            yield json.loads(line)

    def end_after(self, seconds: float) -> None:
        """Bring its end about in so many seconds, if it has not come by then: ``ended``."""
        if self._timer is not None:
            self._timer.cancel()
        if seconds <= threading.TIMEOUT_MAX:
            self._timer = threading.Timer(max(seconds, _GRACE), self._end_now)
            self._timer.daemon = True
            self._timer.start()

    def _end_now(self) -> None:
        self.ended = True
        _kill(self._process)

    def end(self) -> int:
        """Wait for its end, or bring it about if nobody listens any more; returns its status."""
        if self._timer is not None:
            self._timer.cancel()
        try:
            self.status = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            _kill(self._process)
            self.status = self._process.wait()
        return self.status


@contextmanager
def _child(subject: Subject, noise: IO[bytes], **order: Any) -> Iterator[_Lines]:
    asked = {"modes": [], "modules": [], "words": [], "every": 0, "jobs": 1, "time": 0, **order}
    asked |= {"package": subject.name, "folder": subject.folder, "path": subject.path}
    process = subprocess.Popen(
        [subject.python, "-c", _START, _HOME, json.dumps(asked)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=noise,
        text=True,
        encoding="utf-8",
        start_new_session=True,  # Ctrl-C is for us alone: what the child has forked ends with it, by our hand
    )
    lines = _Lines(process)
    try:
        yield lines
    except BaseException:
        _kill(process)
        raise
    finally:
        lines.end()
        assert process.stdout is not None
        process.stdout.close()


def _kill(process: subprocess.Popen[str]) -> None:
    """End a child, and all that it has started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()


def _tail(noise: IO[bytes]) -> list[str]:
    noise.seek(0)
    return noise.read()[-20_000:].decode(errors="replace").rstrip().splitlines()[-_TAIL:]
