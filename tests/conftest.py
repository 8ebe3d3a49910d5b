"""Fixtures that every test can ask for."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests import trees

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # a shell that starts us in the background has children ignore Ctrl-C, and so would the programs of our tests
    signal.signal(signal.SIGINT, signal.default_int_handler)

Runner = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path) -> Runner:
    """`trees.run` over a folder of the test's own: ``run(tree, script)`` gives the trace."""

    def runner(tree: Mapping[str, str | None], script: str, session: bool = True, alone: bool = False) -> str:
        return trees.run(tmp_path, tree, script, session, alone)

    return runner
