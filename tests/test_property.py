"""Random projects, random edits: after each refresh the process is what a fresh one is, or the report denies it.

``MODCACHE_THOROUGH=1`` (``./dev test --thorough``) runs many more, from other seeds each time.
"""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fresh import Result, Worker
from tests.project_items import KINDS
from tests.projects import EDITS, Project, Seed, build, edited, held, rendered

THOROUGH = bool(os.environ.get("MODCACHE_THOROUGH"))
EXAMPLES = 330 if THOROUGH else 45
EDITS_AT_LEAST = 2000 if THOROUGH else 250
RIGHT_AT_LEAST = 0.85
"""The share of edits that must be right: it may only rise."""

WORDS = [*EDITS, "revert", *["number", "form", "reuse"] * 2, "add", "rename"]
NUMBER = st.integers(0, 200)
PROJECTS = st.builds(
    build,
    st.integers(1, 4),
    st.lists(st.tuples(st.sampled_from(KINDS), NUMBER, NUMBER, NUMBER, NUMBER), min_size=4, max_size=18),
)
ROWS = st.lists(st.tuples(st.sampled_from(WORDS), NUMBER, NUMBER, NUMBER, NUMBER), min_size=8, max_size=12)


def states_of(project: Project, seeds: Sequence[Seed]) -> list[dict[str, str]]:
    """The files of a project and of each state that an edit brings, without edits that change nothing."""
    history, files = [project], [rendered(project)]
    for seed in seeds:
        project = edited(history[-1], history, seed)
        text = rendered(project)
        if text != files[-1]:
            history.append(project)
            files.append(text)
    return files


def difference(old: dict[str, str], new: dict[str, str]) -> dict[str, str | None]:
    """The edit that leads from one state to the next."""
    gone: dict[str, str | None] = dict.fromkeys(old.keys() - new.keys())
    return {**{name: text for name, text in new.items() if old.get(name) != text}, **gone}


def story(files: Sequence[dict[str, str]], results: Sequence[Result], number: int) -> str:
    """What to read when an edit came out wrong: the sources before, the edit, the result."""
    rows = [f"edit {number} of {len(results)}; before it:"]
    rows += [f"# {name}\n{text}" for name, text in files[number].items()]
    rows += ["the edit:"]
    rows += [f"# {name}\n{text}" for name, text in difference(files[number], files[number + 1]).items()]
    rows += [f"edits before it: {[r.verdict for r in results[:number]]}", str(results[number])]
    return "\n".join(rows)


def check(files: Sequence[dict[str, str]], results: Sequence[Result]) -> None:
    """None silently wrong, none broken; and no claim of completeness where a fresh process would fail."""
    for number, result in enumerate(results):
        claimed = result.outcome == "committed" and result.report.get("complete") is True
        assert result.verdict in ("right", "declined", "incomplete"), story(files, results, number)
        assert not (result.failed and claimed), story(files, results, number)


def test_never_silently_wrong_and_enough_right(tmp_path: Path) -> None:
    worker = Worker()
    verdicts: Counter[str] = Counter()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=not THOROUGH,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(PROJECTS, ROWS)
    def explore(project: Project, seeds: list[Seed]) -> None:
        files = states_of(project, seeds)
        steps = [difference(old, new) for old, new in itertools.pairwise(files)]
        results = worker.run(tmp_path / "project", files[0], steps, ["main"], hold=held(project)) if steps else []
        check(files, results)
        verdicts.update(result.verdict for result in results)

    try:
        explore()
    finally:
        worker.close()
    print(dict(verdicts))
    assert verdicts.total() >= EDITS_AT_LEAST
    assert verdicts["right"] / verdicts.total() >= RIGHT_AT_LEAST, dict(verdicts)
