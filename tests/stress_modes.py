"""Stress modes for the tests themselves: `MODCACHE_STRESS=MODE ./dev test tests/contract`.

Every refresh that a script over a tree (`tests.trees`) asks for then goes through the mode as well; what the script
says must be the same.

- ``rollback``: each commit is made to fail before every one of its operations first; all has to be as before;
- ``gc``: the collector runs at every checkpoint of a refresh.
"""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modcache._runtime.operations import Operations

__all__ = ["watching"]

Owned = Callable[[], list[str]]


def watching(mode: str, owned: Owned) -> AbstractContextManager[None]:
    """While it lasts, refreshes go through a mode (none, for an empty one); ``owned``: the modules of the tree."""
    if not mode:
        return contextlib.nullcontext()
    from modcache._runtime.checkpoints import watched

    modes = {"rollback": _rollback(owned), "gc": _collect}
    return watched(modes[mode])


def _collect(checkpoint: str, operations: Operations | None) -> None:
    gc.collect()


def _rollback(owned: Owned) -> Callable[[str, Operations | None], None]:
    from modcache._runtime.checkpoints import COMMIT
    from modcache._stress.fingerprint import Fingerprint
    from modcache._stress.rollback import FailingEverywhere

    def fail(checkpoint: str, operations: Operations | None) -> None:
        if checkpoint == COMMIT:
            failing = FailingEverywhere(Fingerprint({name: vars(sys.modules[name]) for name in owned()}, sys.modules))
            failing(checkpoint, operations)
            assert not failing.broken, failing.broken

    return fail
