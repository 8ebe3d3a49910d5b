"""A scene in a process of its own: asked line by line, so that two of them can take turns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

__all__ = ["ROOT", "Child"]

ROOT = Path(__file__).resolve().parent.parent


class Child:
    """The class ``Scene`` of ``module``, made in a new process, in a folder that is removed with it.

    ``arguments`` are given to it after the folder. A context manager. Raises ``RuntimeError`` with the end of what
    the process said if it dies.
    """

    def __init__(self, module: str, **arguments: Any) -> None:
        self._place = tempfile.TemporaryDirectory(prefix="modcache-bench-", ignore_cleanup_errors=True)
        self.site = Path(self._place.name, "site")
        self.site.mkdir()
        self._errors = Path(self._place.name, "stderr")
        script = str(ROOT / "bench" / "bench_child.py")
        with self._errors.open("w") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-B", script, module, str(self.site), json.dumps(arguments)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=self._place.name,
                env={**os.environ, "PYTHONHASHSEED": "0"},
                text=True,
                encoding="utf-8",
            )

    def ask(self, command: str, *arguments: Any) -> Any:
        """Have the scene do something; what it returned."""
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
            raise RuntimeError(f"the process ended ({self._process.wait()}) at {command!r}: {tail}")
        return json.loads(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None and os.environ.get("MODCACHE_BENCH_PROFILE"):
            print(self.ask("hot"), file=sys.stderr)
        self._process.communicate()
        self._place.cleanup()
