"""A tiny program, an edit, a refresh: is the live process what a fresh one would be?

For every test that asks that question (this file is tests/fresh.py):

    result = live_and_fresh(tmp_path, before={"app.py": "X = 1\\n"}, after={"app.py": "X = 2\\n"}, modules=["app"])
    assert result.right, result          # prints what differs

``after`` has the files that the edit writes, None for one that it deletes. ``hold`` maps expressions over the modules
(``"app.C().m"``), evaluated before the edit, to probes in which ``it`` is what was held (``"it()"``): each must give
what it gives on the same expression in a fresh process. ``same`` lists expressions whose held object must *be* what
the expression gives in a fresh process: code, contents and identity.

`live_and_edits` does a row of edits in one process. Both use one warm worker process that forks for each case, so
that a case takes about 80 ms; `Worker` is that process, for those who want one of their own. Nothing of a case ever
runs in the process of the test.
"""

from __future__ import annotations

import atexit
import functools
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.trees import environment

__all__ = ["Result", "Worker", "live_and_edits", "live_and_fresh"]

Tree = Mapping[str, str | None]
_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True)
class Result:
    """What came of one edit.

    ``report``: ``Report.to_dict()``. ``differences``: where the live process is not what a fresh one is (each a text;
    a held object that behaves otherwise is one too). ``kept``: state that was kept on purpose. ``untouched``: the
    live process is as it was before the refresh. ``failed``: modules that do not import in a fresh process.
    ``crash``: what ended the live process, or what ``refresh`` raised; None if nothing did.
    """

    report: Mapping[str, Any]
    differences: tuple[str, ...]
    kept: tuple[str, ...]
    untouched: bool
    failed: Mapping[str, str]
    crash: str | None

    @property
    def outcome(self) -> str:
        """The report's outcome; ``"crashed"`` if there is none."""
        return str(self.report.get("outcome", "crashed"))

    @property
    def verdict(self) -> str:
        """One word: right, incomplete (it differs and the report does not claim completeness), silently wrong,
        declined (aborted or refused, nothing touched, though a fresh process would have imported it), or broken.
        """
        if self.crash is not None:
            return "broken"
        if self.outcome in ("aborted", "refused"):
            if not self.untouched:
                return "broken"
            return "right" if self.failed else "declined"
        if not self.differences:
            return "right"
        return "silently wrong" if self.report.get("complete") is True else "incomplete"

    @property
    def right(self) -> bool:
        """The process is what a fresh one is; or the edit was turned down and a fresh process fails on it too."""
        return self.verdict == "right"

    @property
    def silently_wrong(self) -> bool:
        """The process differs from a fresh one, and the report says that it does not."""
        return self.verdict == "silently wrong"

    def __str__(self) -> str:
        rows = [f"{self.verdict}: {self.outcome}, complete={self.report.get('complete')}"]
        rows.extend(f"  {row}" for row in self.differences[:20])
        rows.extend(f"  failed in a fresh process: {name}: {why}" for name, why in self.failed.items())
        for word in ("remains", "doubts", "refusals"):
            rows.extend(f"  {word}: {row}" for row in self.report.get(word, ()))
        error = self.report.get("error")
        rows.append(f"  {error['traceback']}" if error else "")
        rows.append(f"  crash: {self.crash}" if self.crash else "")
        return "\n".join(row for row in rows if row)


class Worker:
    """A warm process that forks for each case. ``engine``: ``"modcache"`` or ``"reload"`` (``importlib.reload``)."""

    def __init__(self, engine: str = "modcache") -> None:
        self._engine = engine
        self._process: subprocess.Popen[str] | None = None

    def run(
        self,
        folder: Path,
        before: Tree,
        edits: Sequence[Tree],
        modules: Iterable[str],
        *,
        hold: Mapping[str, str] = _NOTHING,
        same: Iterable[str] = (),
        script: str = "",
        verify: bool = False,
    ) -> list[Result]:
        """Lay ``before`` into the folder, import, then edit and refresh for each of ``edits``: a result for each.

        ``script``: statements that are executed in the live process before the first edit (a program at work).
        """
        task = {
            "engine": self._engine,
            "folder": str(folder),
            "before": dict(before),
            "edits": [dict(edit) for edit in edits],
            "modules": list(modules),
            "hold": dict(hold),
            "same": list(same),
            "script": script,
            "verify": verify,
        }
        return [
            Result(
                row["report"],
                tuple(row["differences"]),
                tuple(row["kept"]),
                row["untouched"],
                row["failed"],
                row["crash"],
            )
            for row in self._ask(task)
        ]

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.communicate()
            self._process = None

    def _ask(self, task: dict[str, Any]) -> list[dict[str, Any]]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-B", "-m", "tests.fresh_worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                env=environment(),
            )
            atexit.register(self.close)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError(f"the worker ended ({self._process.wait()}) on {json.dumps(task)[:2000]}")
        rows: list[dict[str, Any]] = json.loads(line)
        return rows


@functools.cache
def _worker() -> Worker:
    return Worker()


def live_and_fresh(
    folder: Path,
    before: Mapping[str, str],
    after: Tree,
    modules: Iterable[str] = ("app",),
    *,
    hold: Mapping[str, str] = _NOTHING,
    same: Iterable[str] = (),
    script: str = "",
    verify: bool = False,
) -> Result:
    """One edit in a process of its own, compared with a fresh one. ``folder`` is emptied first."""
    kinds = {"hold": hold, "same": same, "script": script, "verify": verify}
    return _worker().run(folder, before, [after], modules, **kinds)[0]  # type: ignore[arg-type]


def live_and_edits(
    folder: Path, before: Mapping[str, str], edits: Sequence[Tree], modules: Iterable[str] = ("app",)
) -> list[Result]:
    """A row of edits in one process, each followed by a refresh and compared with a fresh process of that state."""
    return _worker().run(folder, before, edits, modules)
