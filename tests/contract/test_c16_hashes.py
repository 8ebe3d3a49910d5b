"""Contract line 16: containers whose keys have another hash after a refresh."""

from __future__ import annotations

import pytest

from tests.conftest import Runner

BY_FIELDS = "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass C:\n    x: int = 1\n"

HASHED = {
    "of its own": ("class C:\n    def __hash__(self):\n        return 1\n", "return 1", "return 2"),
    "of a class attribute": (
        "class C:\n    rate = 1\n    def __hash__(self):\n        return self.rate\n",
        "rate = 1",
        "rate = 2",
    ),
    "of a function": (
        "def key(one):\n    return 1\nclass C:\n    def __hash__(self):\n        return key(self)\n",
        "return 1",
        "return 2",
    ),
    "of a base, in a class with an __init__ of its own": (
        "class B:\n    def __hash__(self):\n        return 1\nclass C(B):\n    def __init__(self):\n        pass\n",
        "return 1",
        "return 2",
    ),
    "of its fields": (BY_FIELDS, "x: int = 1", "x: int = 1\n    y: int = 2"),
}


@pytest.mark.parametrize("what", HASHED)
def test_c16_containers_are_filled_anew_whose_keys_have_another_hash(run: Runner, what: str) -> None:
    text, old, new = HASHED[what]
    script = f"""
        import collections, lib
        it = lib.C()
        table, group, ordered = {{it: 1}}, {{it}}, collections.OrderedDict([((it, 1), 2), ("a", 3)])
        ordered.move_to_end((it, 1))
        edit("lib.py", {old!r}, {new!r})
        report = refresh()
        say(report.complete, *report.remains)
        say(table[it], it in group, ordered[it, 1], list(ordered.values()))
        session.undo()
        say(table[it], it in group, ordered[it, 1], list(ordered.values()))
        """
    assert run({"lib.py": text}, script) == "True | 1 True 2 [3, 2] | 1 True 2 [3, 2]"


def test_c16_a_container_that_can_not_be_filled_anew_is_told(run: Runner) -> None:
    text = "class C:\n    def __hash__(self):\n        return 1\n"
    script = """
        import lib
        it = lib.C()
        frozen, table = frozenset([it]), {it: 1}
        edit("lib.py", "return 1", "raise ValueError('no hash yet')")
        report = refresh()
        say(report.outcome, report.complete, *sorted(report.remains))
        say(list(table.values()), len(frozen))
        """
    rows = "could not be filled anew (ValueError: no hash yet)"
    assert (
        run({"lib.py": text}, script) == f"committed False a dict of 1 key {rows} a frozenset of 1 key {rows} | [1] 1"
    )
