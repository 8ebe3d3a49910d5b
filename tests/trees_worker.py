"""The warm process behind `tests.trees.run`: it has imported modcache, and forks for each script."""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import sys
import tempfile
import traceback
import types
from pathlib import Path
from typing import Any

import modcache
from tests.trees import LIMIT, play


def main() -> None:
    """Answer one line for each line of standard input."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    with tempfile.TemporaryDirectory() as empty, modcache.Session([empty]) as session:
        session.refresh()  # what is loaded when it is first needed is loaded once, here
    for line in sys.stdin:
        answers.write(json.dumps(_answer(json.loads(line))) + "\n")
        answers.flush()


def _answer(task: dict[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        out, errors = Path(folder) / "out", Path(folder) / "errors"
        child = os.fork()
        if child == 0:
            _play(task, out, errors)
        _, status = os.waitpid(child, 0)
        texts = [path.read_text(encoding="utf-8", errors="replace") for path in (out, errors)]
    return {"status": os.waitstatus_to_exitcode(status), "out": texts[0], "errors": texts[1]}


def _play(task: dict[str, Any], out: Path, errors: Path) -> None:
    """In the fork: everything is as in a process of its own, and it never returns."""
    status = 1
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(os.open(out, os.O_WRONLY | os.O_CREAT), 1)
        os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT), 2)
        _end_if_it_hangs()
        sys.modules["__main__"] = types.ModuleType("__main__")
        play(task["folder"], task["session"], task["script"])
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _end_if_it_hangs() -> None:
    """Say where every thread is, then die of the signal."""
    faulthandler.register(signal.SIGALRM, file=2, chain=True)  # in C: it speaks even if Python waits for a lock
    signal.alarm(LIMIT)


if __name__ == "__main__":
    main()
