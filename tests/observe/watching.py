"""A made-up program, run with the probe in it: what the tests of this folder start from."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from modcache._model.observation import Observation
from modcache._see.command import command_of
from modcache._see.launch import Order, observe
from tests.trees import LIMIT, environment, lay

__all__ = ["modcache", "names", "watch"]

QUIET = Order(quiet=True)


def watch(folder: Path, tree: Mapping[str, str | None], *words: str, order: Order = QUIET) -> Observation:
    """Lay the tree, run its ``prog.py`` (or the words) in that folder with the probe in it."""
    lay(folder, tree)
    before = os.getcwd()
    os.chdir(folder)
    try:
        return observe(command_of(words or ("prog.py",), sys.executable), order)
    finally:
        os.chdir(before)


def names(seen: Observation) -> list[str]:
    """The modules of the tree that were imported, in order: those that have a file in the working folder."""
    return [each.name for each in seen.imports if each.origin is not None and "site-packages" not in each.origin]


def modcache(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run our own command in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "modcache", *arguments],
        cwd=folder,
        env=environment(**more),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=LIMIT,
        check=False,
    )
