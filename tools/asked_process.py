"""A process that is asked line by line: a JSON list goes in, a JSON value comes back."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["AskedProcess", "ProcessEnded"]


class ProcessEnded(RuntimeError):
    """The process has ended and gives no answer; the message has the end of what it said."""


class AskedProcess:
    """Runs ``command`` in the folder ``cwd``; what it writes to standard error goes into the file ``errors``."""

    def __init__(self, command: Sequence[str], errors: Path, cwd: Path, env: Mapping[str, str]) -> None:
        self._errors = errors
        with errors.open("w") as stream:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stream,
                cwd=cwd,
                env=env,
                text=True,
                encoding="utf-8",
            )

    def ask(self, command: str, *arguments: Any) -> Any:
        """Send a command, return its answer; raises :class:`ProcessEnded` if there is none."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps([command, *arguments]) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            tail = self._errors.read_text(encoding="utf-8", errors="replace").strip()[-1500:]
            raise ProcessEnded(f"the process ended ({self._process.wait()}) at {command!r}: {tail}")
        return json.loads(line)

    def close(self) -> None:
        """End its input, and wait for its end."""
        self._process.communicate()
