"""What is expected of CPython's tests on an import system of ours: the counts, and each failure with its reason."""

from __future__ import annotations

import fnmatch
import platform
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["FOLDER", "Ended", "Expected", "applying", "differences", "load", "page"]

FOLDER = Path(__file__).with_name("cpython_expected")
"""One file for each version of Python, to the last number: another release has other tests."""


@dataclass(frozen=True)
class Ended:
    """How one test ended (``passed``, ``failed``, ``skipped``), whether it entered our code, why it did not pass."""

    ended: str
    touched: bool
    why: str = ""
    traceback: str = ""


@dataclass(frozen=True)
class Expected:
    """What is to come out in one mode on one version of Python."""

    run: int
    """How many tests run, those that are skipped not counted."""
    applying: int
    """How many of them enter our code, and are about it."""
    failing: dict[str, str] = field(default_factory=dict)
    """The tests that fail -> the letter of the reason."""
    aside: tuple[str, ...] = ()
    """Patterns of tests that are run and not judged, as the interpreter answers them and not we."""


def load(mode: str) -> Expected | None:
    """What is expected of a mode on this very version of Python, on Linux; None where nobody has written it down."""
    file = FOLDER / f"{platform.python_version()}.toml"
    if sys.platform != "linux" or not file.is_file():
        return None
    told = tomllib.loads(file.read_text(encoding="utf-8")).get(mode)
    if told is None:
        return None
    failing = {name: letter for letter, names in told.get("failing", {}).items() for name in names}
    return Expected(told["run"], told["applying"], failing, tuple(told.get("aside", ())))


def applying(ended: dict[str, Ended], expected: Expected | None) -> dict[str, Ended]:
    """The tests that say something about us: run, entering our code, and not put aside."""
    aside = expected.aside if expected is not None else ()
    return {
        name: one for name, one in ended.items() if one.ended != "skipped" and one.touched and not _matches(name, aside)
    }


def differences(expected: Expected | None, ended: dict[str, Ended], *, whole: bool = True) -> Iterator[str]:
    """Each thing that is not as expected, as a line; ``whole``: every test was run, so that the counts must agree."""
    if expected is None:
        yield f"nothing is written down for Python {platform.python_version()} on {sys.platform} in {FOLDER}"
        return
    for name, one in sorted(ended.items()):
        if one.ended == "failed" and name not in expected.failing and not _matches(name, expected.aside):
            yield f"fails: {name}: {one.why.partition(chr(10))[0]}"
    for name, letter in sorted(expected.failing.items()):
        if name in ended and ended[name].ended != "failed":
            yield f"{ended[name].ended}, though it is expected to fail ({letter}): {name}"
        elif name not in ended and whole:
            yield f"is gone, though it is expected to fail ({letter}): {name}"
    if whole:
        yield from _other_counts(expected, ended)


def _other_counts(expected: Expected, ended: dict[str, Ended]) -> Iterator[str]:
    for what, count, wanted in (
        ("run", _run(ended), expected.run),
        ("apply", len(applying(ended, expected)), expected.applying),
    ):
        if count != wanted:
            yield f"{count} tests {what}, not {wanted}"


def _run(ended: dict[str, Ended]) -> int:
    return sum(one.ended != "skipped" for one in ended.values())


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def page(mode: str, ended: dict[str, Ended]) -> str:
    """The outcome of a mode in a line."""
    judged = applying(ended, load(mode))
    passed = sum(one.ended == "passed" for one in judged.values())
    everything = sum(one.ended == "passed" for one in ended.values())
    return (
        f"{mode} on {platform.python_version()}: {passed} of {len(judged)} that enter our code pass, "
        f"{everything} of {_run(ended)} that run; {len(ended) - _run(ended)} are skipped"
    )
