"""CPython's own tests of importing, those of this interpreter, on ours: what comes out is what is expected."""

from __future__ import annotations

import os
import platform
import re
import sys
import tomllib

import cpython
import pytest
from cpython_expected import FOLDER, Ended, Expected, applying, differences, load

THOROUGH = bool(os.environ.get("MODCACHE_THOROUGH"))
SELECTION = {"bound": "", "private": "" if THOROUGH else "test_importlib.import_"}
"""What is run of each mode: all, or the test modules with that in their names."""
WITH_TESTS = pytest.mark.skipif(cpython.tests_folder() is None, reason="this interpreter has no package `test`")
PASSED, FAILED = Ended("passed", True), Ended("failed", True, "why")


@WITH_TESTS
@pytest.mark.parametrize("mode", cpython.MODES)
def test_the_outcome_is_the_expected_one(mode: str) -> None:
    expected = load(mode)
    if expected is None:
        pytest.skip(f"nothing is written down for Python {platform.python_version()} on {sys.platform}")
    only = SELECTION[mode]
    ended = cpython.run(mode, only)
    assert list(differences(expected, ended, whole=not only)) == []
    assert applying(ended, expected)


def test_every_expected_failure_has_a_reason() -> None:
    told = set(re.findall(r"^\| (\w) \|", (FOLDER / "README.md").read_text(encoding="utf-8"), re.MULTILINE))
    for file in FOLDER.glob("*.toml"):
        for mode, expected in tomllib.loads(file.read_text(encoding="utf-8")).items():
            assert set(expected.get("failing", ())) <= told, (file.name, mode)


def test_every_difference_is_told() -> None:
    expected = Expected(run=3, applying=3, failing={"known": "a", "mended": "b"})
    assert list(differences(expected, {"new": FAILED, "known": FAILED, "mended": PASSED})) == [
        "fails: new: why",
        "passed, though it is expected to fail (b): mended",
    ]
    assert list(differences(expected, {"known": FAILED})) == [
        "is gone, though it is expected to fail (b): mended",
        "1 tests run, not 3",
        "1 tests apply, not 3",
    ]
    assert list(differences(expected, {"known": FAILED}, whole=False)) == []


def test_what_does_not_enter_our_code_proves_nothing() -> None:
    ended = {"ours": PASSED, "not ours": Ended("passed", False), "skipped": Ended("skipped", True), "c.api": PASSED}
    assert list(applying(ended, Expected(run=3, applying=1, aside=("c.*",)))) == ["ours"]
