"""A scene in a process of its own: asked line by line, so that two of them can take turns."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from asked_process import AskedProcess

__all__ = ["ROOT", "Child"]

ROOT = Path(__file__).resolve().parent.parent


class Child(AskedProcess):
    """The class ``Scene`` of ``module``, made in a new process, in a folder that is removed with it.

    ``arguments`` are given to it after the folder. A context manager.
    """

    def __init__(self, module: str, **arguments: Any) -> None:
        self._place = tempfile.TemporaryDirectory(prefix="modcache-bench-", ignore_cleanup_errors=True)
        place = Path(self._place.name)
        self.site = place / "site"
        self.site.mkdir()
        script = str(ROOT / "bench" / "bench_child.py")
        command = [sys.executable, "-B", script, module, str(self.site), json.dumps(arguments)]
        super().__init__(command, place / "stderr", place, {**os.environ, "PYTHONHASHSEED": "0"})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None and os.environ.get("MODCACHE_BENCH_PROFILE"):
            print(self.ask("hot"), file=sys.stderr)
        self.close()
        self._place.cleanup()
