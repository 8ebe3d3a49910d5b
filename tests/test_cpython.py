"""CPython's own tests of importing, those of this interpreter, on ours: what comes out is what is expected."""

from __future__ import annotations

import cpython
import pytest
from cpython_expected import Ended, Expected, applying, differences, load

WITH_TESTS = pytest.mark.skipif(cpython.tests_folder() is None, reason="this interpreter has no package `test`")
PASSED, FAILED = Ended("passed", True), Ended("failed", True, "why")


@WITH_TESTS
@pytest.mark.parametrize("mode", cpython.MODES)
def test_the_outcome_is_the_expected_one(mode: str) -> None:
    expected = load(mode)
    if expected is None:
        pytest.skip("nothing is written down for this version of Python yet")
    assert list(differences(expected, cpython.run(mode))) == []


def test_every_difference_is_told() -> None:
    expected = Expected(run=3, applying=3, failing={"known": "a", "mended": "b"})
    assert list(differences(expected, {"new": FAILED, "known": FAILED, "mended": PASSED})) == [
        "fails: new: why",
        "passes, or is gone, though it is expected to fail (b): mended",
    ]
    assert list(differences(expected, {"known": FAILED, "mended": FAILED})) == [
        "2 tests run, not 3",
        "2 tests apply, not 3",
    ]


def test_what_does_not_enter_our_code_proves_nothing() -> None:
    ended = {"ours": PASSED, "not ours": Ended("passed", False), "skipped": Ended("skipped", True), "c.api": PASSED}
    assert list(applying(ended, Expected(run=3, applying=1, aside=("c.*",)))) == ["ours"]
