"""`./dev cpython [MODE…]`: CPython's own tests of the import system, run on ours, and compared with what is expected.

They are those of the interpreter at hand, taken from its ``test`` package. **bound**: on ``modcache.interpreter``;
**private**: inside a private system. Each test module has a process of its own. What must come out stands in
``tools/cpython_expected/``: how many tests run and enter our code, which fail and why. Any difference is red: a new
failure, one that is gone, another count.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from cpython_expected import Ended, differences, load, page

CHILD = Path(__file__).with_name("cpython_child.py")
MODES = ("bound", "private")
LIMIT = 300
"""Seconds for one test module: a hang is a failure, not a wait."""
OTHERS = ("import", "module", "pkg", "pkgutil", "runpy", "frozen", "zipimport", "zipimport_support")
"""What else of CPython's tests is about importing; their classes are not split, so they are for a private system."""


def main() -> int:
    """Run the tests in each mode; 1 if the outcome is not the expected one, 2 if this interpreter has no tests."""
    wanted = _arguments().parse_args()
    if tests_folder() is None:
        print(f"{sys.executable} has no package `test`: nothing to run", file=sys.stderr)
        return 2
    status = 0
    for mode in wanted.mode or MODES:
        ended = run(mode, wanted.only)
        if wanted.json:
            Path(wanted.json).write_text(json.dumps({name: vars(one) for name, one in ended.items()}, indent=1))
        print(page(mode, ended))
        for line in differences(load(mode), ended, whole=not wanted.only):
            print(f"  not as expected: {line}")
            status = 1
    return status


def tests_folder() -> Path | None:
    """Where this interpreter keeps CPython's tests of importlib; None if it has none."""
    for entry in sys.path:
        folder = Path(entry, "test", "test_importlib")
        if folder.is_dir():
            return folder
    return None


def run(mode: str, only: str = "") -> dict[str, Ended]:
    """How every test of a mode ended, by its id; ``only``: of the test modules with that in their names."""
    names = [name for name in modules(mode) if only in name]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        found = pool.map(lambda name: run_module(mode, name, Path(folder, f"{name}.json")), names)
        return {test: Ended(**about) for tests in found for test, about in tests.items()}


def run_module(mode: str, name: str, out: Path) -> dict[str, Any]:
    """One test module in a process of its own. One that dies or hangs is itself a test that failed."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    line = [sys.executable, "-W", "default", str(CHILD), mode, name, str(out)]
    try:
        done = subprocess.run(
            line, env=environment, capture_output=True, stdin=subprocess.DEVNULL, timeout=LIMIT, check=False
        )
        why = f"the process ended ({done.returncode}): {done.stderr.decode(errors='replace').strip()[-1000:]}"
    except subprocess.TimeoutExpired:
        why = f"no end after {LIMIT} s"
    if not out.exists():
        return {name: {"ended": "failed", "touched": True, "why": why}}
    tests: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return tests


def modules(mode: str) -> Iterator[str]:
    """The test modules of a mode, in order."""
    folder = tests_folder()
    assert folder is not None
    for path in sorted(folder.rglob("test_*.py")):
        yield ".".join(("test", *path.relative_to(folder.parent).with_suffix("").parts))
    if mode == "private":
        yield from _others(folder.parent)


def _others(folder: Path) -> Iterable[str]:
    names = [f"test_{name}" for name in OTHERS]
    return [f"test.{name}" for name in names if (folder / name).is_dir() or (folder / f"{name}.py").is_file()]


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./dev cpython", description="CPython's tests of importing, run on ours.")
    parser.add_argument("mode", nargs="*", choices=[*MODES, []], help="bound, private; both without one")
    parser.add_argument("--only", default="", metavar="TEXT", help="only the test modules with this in their names")
    parser.add_argument("--json", metavar="FILE", help="how every test ended")
    return parser


if __name__ == "__main__":
    sys.exit(main())
