"""A commit that fails before each of its operations, one after the other: is all as before each time?"""

from __future__ import annotations

from modcache._runtime.checkpoints import COMMIT
from modcache._runtime.operations import Operations
from modcache._stress.fingerprint import Fingerprint, by_name

__all__ = ["FailingAt", "FailingEverywhere", "Injected"]

_EACH, _SOME = 64, 8
"""A commit of up to so many operations fails before each of them; a larger one before so many, and where names go."""


class Injected(Exception):
    """The failure that a stress mode has put into a commit."""


class FailingEverywhere:
    """An onlooker that has the commit it sees fail before each operation in turn, and lets it go in the end.

    ``before``: how everything has to be afterwards. ``broken`` has what was other then, with the first operation before
    which the commit failed so; ``operations``: how many there were.
    """

    def __init__(self, before: Fingerprint) -> None:
        self._before = before
        self.broken: dict[str, str] = {}
        self.operations = 0

    def __call__(self, checkpoint: str, operations: Operations | None) -> None:
        """A refresh has come to a checkpoint."""
        if checkpoint != COMMIT or operations is None:
            return
        count = self.operations = len(operations)
        for index in _places(operations):
            _run_and_fail(operations, index)
            for where in self._before.differences():
                self.broken.setdefault(where, f"operation {index + 1} of {count}")
        if count > _EACH:
            self._one_by_one(operations)

    def _one_by_one(self, operations: Operations) -> None:
        """If each is taken back by its own inverse, then all up to any of them are, in the opposite order."""
        look = self._before.look
        targets = {id(target): target for target in operations.targets()}
        first = {place: look(target) for place, target in targets.items()}
        for index, target, page, later in operations.each_taken_back(look):
            before, after, begun = by_name(page), by_name(later), by_name(first[id(target)])
            if any(after.get(key) not in (before.get(key), begun.get(key)) for key in before | after):
                self.broken.setdefault(self._before.name(target), f"operation {index + 2} of {self.operations}")


def _places(operations: Operations) -> list[int]:
    """The operations before which a commit is made to fail for real."""
    count = len(operations)
    if count <= _EACH:
        return list(range(count))
    spread = range(0, count, count // _SOME)
    return sorted({*spread, count - 1, *(index + 1 for index in operations.removing()[:_EACH])})


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
