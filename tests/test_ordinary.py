"""Random ordinary programs (tests/ordinary): an edit makes the process what a fresh one is, or the report denies it.

``MODCACHE_THOROUGH=1`` (``./dev test --thorough``) runs many more; so does ``python -m tests.ordinary``.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from tests.fresh import Result, Worker
from tests.ordinary.cases import BAD, case, is_program, run, story
from tests.ordinary.reduce import Trial, reduced

THOROUGH = bool(os.environ.get("MODCACHE_THOROUGH"))
CASES = 2000 if THOROUGH else 20
RIGHT_AT_LEAST = 0.8
"""The share of edits that must be right: it may only rise."""
PROGRAMS_AT_LEAST = 0.9


def test_no_edit_of_an_ordinary_program_is_silently_wrong(tmp_path: Path) -> None:
    worker = Worker()
    verdicts: Counter[str] = Counter()
    programs = 0
    for seed in range(CASES):
        what = case(seed)
        results = run(worker, tmp_path / "program", what)
        if not is_program(results):
            continue
        programs += 1
        for number, result in enumerate(results):
            assert result.verdict not in BAD, f"seed {seed}: {story(what, results, number)}"
            assert not _claims_too_much(result), f"seed {seed}: {story(what, results, number)}"
        verdicts.update(result.verdict for result in results)
    worker.close()
    print(dict(verdicts))
    assert programs >= PROGRAMS_AT_LEAST * CASES
    assert verdicts["right"] / verdicts.total() >= RIGHT_AT_LEAST, dict(verdicts)


def _claims_too_much(result: Result) -> bool:
    """Does the report say that all is well where a fresh process fails?"""
    return bool(result.failed) and result.outcome == "committed" and result.report.get("complete") is True


def test_a_case_is_the_same_whenever_it_is_asked_for() -> None:
    assert case(7) == case(7)
    assert case(7) != case(8)


def test_what_goes_wrong_is_made_small() -> None:
    """`importlib.reload` of nothing but what changed would do as well; here a doubt is what is kept."""
    before = {"app.py": "import lib\nA = 1\nB = lib.f()\n", "lib.py": "def f():\n    return 1\nclass C:\n    x = 1\n"}
    after = {**before, "app.py": before["app.py"].replace("A = 1", "A = 2")}
    trial, result = reduced(Trial((before, before, after), {"lib.f": "it()"}, "lib.f()"), "right")
    assert result.verdict == "right"
    assert trial.hold == {}
    assert trial.script == ""
    assert len(trial.states) == 2
    assert sum(text.count("\n") for state in trial.states for text in state.values()) <= 2
