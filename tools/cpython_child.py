"""One of CPython's test modules, run on an import system of ours, in a process of its own. Prints JSON.

For each test: how it ended, and whether it entered our code at all: one that did not proves nothing about it.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
import threading
import traceback
import unittest
import unittest.mock  # CPython's tests use it, and count on another test module's having imported it
from types import FrameType
from typing import Any

import modcache._runtime.system

OURS = os.path.dirname(modcache._runtime.system.__file__)


class Touch:
    """Whether code of ours was entered, in whatever thread, since the last reset."""

    def __init__(self) -> None:
        self.touched = False

    def reset(self) -> None:
        """Begin to look."""
        self.touched = False
        threading.setprofile(self._look)
        sys.setprofile(self._look)

    def stop(self) -> None:
        """Look no more."""
        sys.setprofile(None)
        threading.setprofile(None)

    def _look(self, frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(OURS):
            self.touched = True
            sys.setprofile(None)


class Record(unittest.TestResult):
    """How each test ended: ``passed``, ``failed``, ``skipped``, with the last line of why."""

    def __init__(self) -> None:
        super().__init__()
        self.tests: dict[str, dict[str, Any]] = {}
        self._touch = Touch()

    def startTest(self, test: unittest.TestCase) -> None:  # noqa: N802 - unittest's name
        """Begin with the assumption that it passes."""
        super().startTest(test)
        self.tests[test.id()] = {"ended": "passed", "touched": False}
        self._touch.reset()

    def stopTest(self, test: unittest.TestCase) -> None:  # noqa: N802 - unittest's name
        """Keep whether our code was entered."""
        self._touch.stop()
        self.tests[test.id()]["touched"] = self._touch.touched
        super().stopTest(test)

    def _failed(self, test: Any, error: Any) -> None:
        about = self.tests.setdefault(test.id(), {"touched": True})
        about["ended"] = "failed"
        about["why"] = "".join(traceback.format_exception_only(error[0], error[1])).strip()[-2000:]
        if os.environ.get("CPYTHON_TESTS_VERBOSE"):
            about["traceback"] = "".join(traceback.format_exception(*error))

    def addError(self, test: Any, err: Any) -> None:  # noqa: N802 - unittest's name
        """It raised; so may a whole class or module, before its tests."""
        self._failed(test, err)

    def addFailure(self, test: Any, err: Any) -> None:  # noqa: N802 - unittest's name
        """An assertion did not hold."""
        self._failed(test, err)

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:  # noqa: N802 - unittest's name
        """One that fails makes the test fail."""
        if err is not None:
            self._failed(test, err)

    def addSkip(self, test: Any, reason: str) -> None:  # noqa: N802 - unittest's name
        """It does not run here."""
        self.tests.setdefault(test.id(), {"touched": False}).update(ended="skipped", why=reason)

    def addUnexpectedSuccess(self, test: Any) -> None:  # noqa: N802 - unittest's name
        """CPython says that it fails, and it did not."""
        self.tests[test.id()].update(ended="failed", why="passed, though CPython expects it to fail")


def main(mode: str, name: str, out: str) -> int:
    """Run one test module, in an empty folder."""
    os.chdir(tempfile.mkdtemp())
    record = Record()
    try:
        importlib.import_module(f"cpython_{mode}").suite(name).run(record)
    except Exception as skip:
        if type(skip).__name__ != "SkipTest":  # by name: a private system has its own unittest
            raise
        record.tests[name] = {"ended": "skipped", "why": str(skip), "touched": False}
    with open(out, "w", encoding="utf-8") as file:
        json.dump(record.tests, file)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
