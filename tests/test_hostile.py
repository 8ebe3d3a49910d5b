"""Hostile edits: none silently wrong, and as many right as ever before."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.fresh import Result
from tests.hostile import Case, table
from tests.hostile.outcomes import run_all, summary

STRICTER = {"members", "models"}
"""Families that tests of the contract run, and ask more of: lines 11 and 12."""

pytestmark = pytest.mark.xdist_group("hostile")  # its fixture runs them all, on all processors

TABLE = [case for case in table() if case.family not in STRICTER]
FLOOR = 1100
"""How many are right on every version of Python: it may only rise."""


def test_the_table_is_large_and_without_doubles() -> None:
    assert len({case.name for case in TABLE}) == len(TABLE) >= 300


@pytest.fixture(scope="session")
def results(request: pytest.FixtureRequest) -> Mapping[str, Result]:
    """The results of the cases that were collected, by name."""
    specs = [getattr(item, "callspec", None) for item in request.session.items]
    asked = {spec.params["case"].name for spec in specs if spec is not None and "case" in spec.params}
    return run_all([case for case in TABLE if case.name in asked])


@pytest.mark.parametrize("case", TABLE, ids=lambda case: f"{case.family}: {case.name}")
def test_never_silently_wrong(case: Case, results: Mapping[str, Result]) -> None:
    result = results[case.name]
    assert result.verdict in ("right", "declined", "incomplete"), str(result)


def test_as_many_are_right_as_ever_before(results: Mapping[str, Result]) -> None:
    if len(results) < len(TABLE):
        pytest.skip("only some of the cases were asked for")
    right = sum(result.right for result in results.values())
    print(summary(results))
    assert right >= FLOOR, summary(results)
