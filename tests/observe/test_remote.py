"""A process that runs already. The interpreter's own way into it is of Python 3.14; here another one stands for it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from modcache._see.launch import Order
from modcache._see.remote import observe_process
from modcache.errors import NotObserved

_PROGRAM = """
import sys, decimal
for line in sys.stdin:
    exec(compile(open(line.rstrip()).read(), "remote", "exec"))
    print(sorted(name for name in globals() if "modcache" in name), "modcache_probe" in sys.modules, flush=True)
"""


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A program that executes the scripts that it is told of, as an interpreter of 3.14 does."""
    line = [sys.executable, "-c", _PROGRAM]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as process:

        def remote(pid: int, script: str) -> None:
            assert pid == process.pid
            assert process.stdin is not None
            process.stdin.write(f"{script}\n")
            process.stdin.flush()

        monkeypatch.setattr(sys, "remote_exec", remote, raising=False)
        yield process


def test_a_process_is_looked_into_and_left_as_it_was(running: subprocess.Popen[str]) -> None:
    seen = observe_process(running.pid, Order(examine="json:dumps", argument="x"))
    assert (seen.examined, seen.ending, seen.status) == ('"x"', "runs", None)
    assert "decimal" in seen.before
    assert running.stdout is not None
    assert running.stdout.readline() == "[] False\n"


def test_what_fails_there_is_told(running: subprocess.Popen[str]) -> None:
    seen = observe_process(running.pid, Order(examine="json:nothing", argument="x"))
    assert seen.examined == ""
    assert "AttributeError" in seen.notes[0]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ProcessLookupError(), "there is no process 7"),
        (PermissionError("no"), "is not ours to look into"),
        (RuntimeError("another version"), "can not be looked into: another version"),
    ],
)
def test_a_process_that_can_not_be_reached(monkeypatch: pytest.MonkeyPatch, error: Exception, message: str) -> None:
    def remote(pid: int, script: str) -> None:
        raise error

    monkeypatch.setattr(sys, "remote_exec", remote, raising=False)
    with pytest.raises(NotObserved, match=message):
        observe_process(7, Order(examine="json:dumps"))


def test_one_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "remote_exec", lambda pid, script: None, raising=False)
    with pytest.raises(NotObserved, match=r"has not answered within 0\.01 s: its main thread waits"):
        observe_process(7, Order(examine="json:dumps", timeout=0.01))


def test_imports_that_are_over_are_not_made_up() -> None:
    with pytest.raises(NotObserved, match="is over, and nobody took times"):
        observe_process(7, Order())
