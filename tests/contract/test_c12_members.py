"""Contract line 12: members of every kind, edited, on survivors, on subclasses in other modules, on held instances.

Each row of ``tests/hostile/members.txt`` is a whole program with its edit, compared with a fresh process.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fresh import live_and_fresh
from tests.hostile import Case, table

ROWS = [case for case in table() if case.family == "members"]
LOOK = ("__class__ in a method", "partialmethod", "annotations", "__fspath__", "__length_hint__")
"""Rows whose modules look at classes or at themselves, or call `__import__`, while they are imported: right, but not
proved."""


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case.name)
def test_c12_a_member_that_is_edited_is_what_a_fresh_process_has(tmp_path: Path, case: Case) -> None:
    after = dict(case.after)
    result = live_and_fresh(tmp_path, before=case.before, after=after, modules=["app"], hold=case.hold)
    assert result.right, result
    proved = None if any(word in case.name for word in LOOK) else True
    assert (result.outcome, result.report["complete"]) == ("committed", proved), result
