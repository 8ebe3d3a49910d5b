"""A fresh process that imports the same modules, described."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from modcache.errors import VerificationFailed

__all__ = ["fresh_description"]

_HOME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# The room is imported from where it is, and the path is put back before anything of the program is.
_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); from modcache._verify.child import main; del sys.path[0];"
    " main(*sys.argv[2:4])"
)


def fresh_description(
    names: Iterable[str],
    *,
    path: Sequence[str] | None = None,
    folders: Iterable[str] = (),
    cwd: str | None = None,
    sources: Mapping[str, tuple[str, bytes]] | None = None,
    absent: Iterable[str] = (),
    argv: Sequence[str] | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float = 120.0,
) -> dict[str, Any]:
    """Import modules in a new process and describe it.

    ``names``: in the order in which their first execution began (``sys.modules`` has them in the order in which it
    ended, which is another one for cycles). ``path``, ``cwd``, ``argv``, ``env``: as in this process unless given.
    ``folders``: every module that lies there is described, and is never loaded from compiled code. ``sources``:
    module -> (path, source) for those that shall not be read from disk, and ``absent`` the names that shall not be
    found: together they make the process that there would have been earlier. Returns the description, with the key
    ``failed``: module -> error, for those that could not be imported. Raises :class:`VerificationFailed` if the
    process can't be started, takes longer than ``timeout`` seconds, or dies.
    """
    task = {
        "names": [name for name in names if name != "__main__"],
        "path": list(sys.path if path is None else path),
        "folders": list(folders),
        "sources": {name: (file, text.decode("latin-1")) for name, (file, text) in (sources or {}).items()},
        "absent": list(absent),
        "argv": list(sys.argv if argv is None else argv) or [""],
    }
    with tempfile.TemporaryDirectory(prefix="modcache-verify-") as place:
        return _run(task, place, cwd, env, timeout)


def _run(
    task: dict[str, Any], place: str, cwd: str | None, env: Mapping[str, str] | None, timeout: float
) -> dict[str, Any]:
    question, answer = os.path.join(place, "task.json"), os.path.join(place, "result.json")
    with open(question, "w", encoding="utf-8") as file:
        json.dump(task, file)
    command = [sys.executable, *subprocess._args_from_interpreter_flags()]  # type: ignore[attr-defined]
    try:
        done = subprocess.run(
            [*command, "-B", "-c", _START, _HOME, question, answer],
            cwd=cwd,
            env=None if env is None else dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=timeout,
            check=False,
        )
        with open(answer, encoding="utf-8") as out:
            found: dict[str, Any] = json.load(out)
            return found
    except subprocess.TimeoutExpired as error:
        raise VerificationFailed(f"the fresh process did not end within {timeout:g} s") from error
    except (OSError, ValueError) as error:
        tail = done.stderr.decode(errors="replace").strip()[-2000:] if "done" in locals() else str(error)
        raise VerificationFailed(f"the fresh process gave no answer: {tail}") from error
