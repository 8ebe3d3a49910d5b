"""How the tests of spaces are played: a script in a process of its own, with two versions of a package at hand."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

from tests.trees import lay, run

__all__ = ["play"]

START = """
import gc, sys
import modcache
from modcache import Space, errors

REAL = sys.modules
META = list(sys.meta_path)


def as_it_was():
    return sys.modules is REAL and type(REAL) is dict and sys.meta_path == META


"""


def play(folder: Path, tree: Mapping[str, str | None], script: str) -> str:
    """The script's trace. The files of ``tree`` lie in the current folder, which is not on ``sys.path``."""
    place = folder / "place"
    place.mkdir(exist_ok=True)
    lay(place, tree)
    text = f"import os; os.chdir({str(place)!r}); {START.lstrip()}{textwrap.dedent(script)}"
    return run(folder, {}, text, session=False)
