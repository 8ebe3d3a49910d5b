"""Fixtures that every test can ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests import trees

Runner = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path) -> Runner:
    """`trees.run` over a folder of the test's own: ``run(tree, script)`` gives the trace."""

    def runner(tree: Mapping[str, str | None], script: str, session: bool = True, alone: bool = False) -> str:
        return trees.run(tmp_path, tree, script, session, alone)

    return runner
