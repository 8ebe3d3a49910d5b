"""Each of the sixty statements, on the plain interpreter, on `modcache.interpreter` and on a private system."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance import finding_and_loading, from_and_threads, names_and_cache
from tests.conformance.world import KINDS, STATEMENTS
from tests.trees import run

PAGES = (names_and_cache, finding_and_loading, from_and_threads)
"""Importing them entered the statements."""


def test_there_are_sixty() -> None:
    assert sorted(STATEMENTS) == list(range(1, 61))
    assert {row.check.__module__ for row in STATEMENTS.values()} == {page.__name__ for page in PAGES}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", sorted(STATEMENTS), ids=lambda number: f"{number:02}")
def test_statement(tmp_path: Path, kind: str, number: int) -> None:
    script = f"""
        import warnings
        from pathlib import Path
        from tests.conformance import finding_and_loading, from_and_threads, names_and_cache
        from tests.conformance.world import STATEMENTS, world
        warnings.simplefilter("error", ResourceWarning)
        STATEMENTS[{number}].check(world({kind!r}, Path.cwd()))
        say("holds")
    """
    assert run(tmp_path, {}, script, session=False) == "holds", STATEMENTS[number].line
