"""What is expected of CPython's tests on an import system of ours: the counts, and each failure with its reason."""

from __future__ import annotations

import fnmatch
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Ended", "Expected", "applying", "differences", "load", "page"]

FOLDER = Path(__file__).with_name("cpython_expected")


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
    """What is expected of a mode on this version of Python; None where nobody has written it down."""
    file = FOLDER / f"{sys.version_info.major}.{sys.version_info.minor}.toml"
    if not file.is_file():
        return None
    modes = tomllib.loads(file.read_text(encoding="utf-8"))
    if mode not in modes:
        return None
    told = modes[mode]
    failing = {name: letter for letter, names in told.get("failing", {}).items() for name in names}
    return Expected(told["run"], told["applying"], failing, tuple(told.get("aside", ())))


def applying(ended: dict[str, Ended], expected: Expected | None) -> dict[str, Ended]:
    """The tests that say something about us: run, entering our code, and not put aside."""
    aside = expected.aside if expected is not None else ()
    return {
        name: one
        for name, one in ended.items()
        if one.ended != "skipped" and one.touched and not any(fnmatch.fnmatchcase(name, line) for line in aside)
    }


def differences(expected: Expected | None, ended: dict[str, Ended]) -> Iterator[str]:
    """Each thing that is not as expected, as a line."""
    if expected is None:
        yield f"nothing is written down for Python {sys.version_info.major}.{sys.version_info.minor} in {FOLDER}"
        return
    judged = applying(ended, expected)
    failed = {name for name, one in ended.items() if one.ended == "failed"}
    unjudged = {name for name in failed if any(fnmatch.fnmatchcase(name, line) for line in expected.aside)}
    for name in sorted(failed - unjudged - set(expected.failing)):
        yield f"fails: {name}: {ended[name].why.splitlines()[0] if ended[name].why else ''}"
    for name in sorted(set(expected.failing) - failed):
        yield f"passes, or is gone, though it is expected to fail ({expected.failing[name]}): {name}"
    run = sum(one.ended != "skipped" for one in ended.values())
    for what, count, wanted in (("run", run, expected.run), ("apply", len(judged), expected.applying)):
        if count != wanted:
            yield f"{count} tests {what}, not {wanted}"


def page(mode: str, ended: dict[str, Ended]) -> Iterator[str]:
    """The outcome of a mode in a few lines."""
    judged = applying(ended, load(mode))
    passed = sum(one.ended == "passed" for one in judged.values())
    run = sum(one.ended != "skipped" for one in ended.values())
    version = ".".join(map(str, sys.version_info[:3]))
    yield f"{mode} on {version}: {passed} of the {len(judged)} that apply pass; {run} run, {len(ended) - run} skipped"
