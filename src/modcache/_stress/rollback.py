"""A commit that fails before each of its operations, one after the other: is all as before each time?"""

from __future__ import annotations

from collections.abc import Callable

from modcache._runtime.checkpoints import COMMIT
from modcache._runtime.operations import Operations
from modcache._stress.fingerprint import Fingerprint

__all__ = ["FailingAt", "FailingEverywhere", "Injected"]

_WHOLE = 8
"""So often the whole fingerprint is taken; else only what the operations act on is looked at."""


class Injected(Exception):
    """The failure that a stress mode has put into a commit."""


class FailingEverywhere:
    """An onlooker that has the commit it sees fail before each operation in turn, and lets it go in the end.

    ``fingerprint``: takes one; ``broken`` has what was other afterwards, with the first operation before which the
    commit failed so; ``operations``: how many there were.
    """

    def __init__(self, before: Fingerprint, fingerprint: Callable[[], Fingerprint]) -> None:
        self._before = before
        self._fingerprint = fingerprint
        self.broken: dict[str, str] = {}
        self.operations = 0

    def __call__(self, checkpoint: str, operations: Operations | None) -> None:
        """A refresh has come to a checkpoint."""
        if checkpoint != COMMIT or operations is None:
            return
        count = self.operations = len(operations)
        targets = operations.targets()
        for index in range(count):
            _run_and_fail(operations, index)
            whole = index in (0, count - 1) or index % max(1, count // _WHOLE) == 0
            # an operation that is not taken back rightly shows at once in what it acts on; the rest, in the whole
            last = targets[max(0, index - 2) : index]
            found = self._before.differences(self._fingerprint()) if whole else self._before.changed(last)
            for where in found:
                self.broken.setdefault(where, f"operation {index + 1} of {count}")


class FailingAt:
    """An onlooker that lets a refresh fail at one checkpoint; ``index``: before that operation of its commit."""

    def __init__(self, checkpoint: str, index: int | None = None) -> None:
        self._checkpoint = checkpoint
        self._index = index

    def __call__(self, checkpoint: str, operations: Operations | None) -> None:
        """A refresh has come to a checkpoint."""
        if checkpoint != self._checkpoint:
            return
        if operations is not None and self._index is not None:
            operations.insert_failure(self._index, Injected(checkpoint))
        else:
            raise Injected(checkpoint)


def _run_and_fail(operations: Operations, index: int) -> None:
    with operations.failing(index, Injected("in the commit")):
        try:
            operations.run()
        except Injected:
            return
    raise AssertionError("an operation that fails does not make the commit fail")
