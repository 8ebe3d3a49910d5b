"""Contract line 16, for instances that other threads make while a refresh is under way."""

from __future__ import annotations

import pytest

from tests.conftest import Runner

TREE = {
    "lib.py": """
        from dataclasses import dataclass, field
        import gate
        class C:
            def __init__(self):
                self.a = 1
        @dataclass
        class D:
            x: int = 1
        """,
}


@pytest.mark.parametrize(
    ("sets", "expected"),
    [
        ("self.b = 2", "True {'a': 1, 'b': 2} {'a': 1, 'b': 2}"),
        ("self.b = []", "True {'a': 1, 'b': []} {'a': 1, 'b': []}"),
        (
            "self.b = len('ab')",
            "False {'a': 1} {'a': 1, 'b': 2} lib:C: 1 instance made meanwhile by",
        ),
    ],
)
def test_c16_who_is_made_meanwhile_has_it_too(run: Runner, sets: str, expected: str) -> None:
    script = f"""
        import gate, lib, threading
        made, C = [], lib.C
        def make():
            thread = threading.Thread(target=lambda: made.append(C()))
            thread.start()
            thread.join()
            return 1
        gate.make = make
        it = lib.D()
        edit("lib.py", "self.a = 1", "self.a = 1\\n        {sets}")
        edit("lib.py", "x: int = 1", "x: int = 1\\n    y: int = field(default_factory=lambda: gate.make())")
        report = refresh()
        say(report.complete is not False, vars(made[0]), vars(lib.C()), *report.remains)
        """
    assert run(TREE, script).startswith(expected)
