"""What was committed: the number of commits, what they left behind, and the way back."""

from __future__ import annotations

import functools
import gc
import linecache
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from modcache import errors
from modcache._model.unit import Unit
from modcache._refresh.departures import Departed
from modcache._refresh.elsewhere import forget_elsewhere
from modcache._refresh.engine import Attempt, Result
from modcache._refresh.hooks import AFTER, Hooks
from modcache._refresh.know import Knowledge
from modcache._refresh.old_code import OldCode
from modcache._refresh.staging import StageFailed
from modcache._refresh.vain import InVain
from modcache._runtime.checkpoints import COMMIT, reached
from modcache._runtime.operations import Operations

__all__ = ["History", "Standing"]

_KEPT = 8


@dataclass(slots=True)
class Standing:
    """What earlier commits left behind: it stays true of the process until that is verified, or the commit undone."""

    remains: dict[str, None] = field(default_factory=dict)
    doubts: dict[str, None] = field(default_factory=dict)
    departed: Departed = field(default_factory=dict)
    """Of these rows, those about classes that nobody may hold any more later."""

    def __bool__(self) -> bool:
        return bool(self.remains or self.doubts)

    def with_(self, result: Result) -> Standing:
        """What stands after one more commit."""
        remains = {row: None for row in {**result.remains, **self.remains} if row not in result.settled}
        doubts = {row: None for row in {**result.doubts, **self.doubts} if row not in result.settled}
        return Standing(remains, doubts, result.departed)


class _Done(NamedTuple):
    """A commit that can be taken back: what was done, whose hooks it concerned, what caches hold what it made."""

    operations: Operations
    hooked: tuple[str, ...]
    caches: list[Any]


class History:
    """The commits of one refresher. The last eight can be taken back.

    ``generation``: the number of commits so far; ``standing``: what they left behind; ``in_vain``: what those left
    that came to nothing.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self.generation = 0
        self.standing = Standing()
        self.old_code = OldCode(knowledge)
        self.in_vain = InVain()
        self._done: list[_Done] = []
        self._unfinished: list[Callable[[], None]] = []
        """What is left to do of what was done: each can be done twice."""
        self.broken: set[str] = set()
        """Modules whose first hook failed when it was last called."""
        self._doubted: frozenset[str] = frozenset()
        """What was in doubt before the last commit."""
        self._failing: dict[str, str] = {}
        """Modules whose second hook failed when it was last called, with what is said of that."""

    @property
    def remains(self) -> dict[str, None]:
        """What is not as in a fresh process, from before."""
        return {**self.standing.remains, **self.in_vain.held}

    @property
    def way_back(self) -> list[Operations]:
        """What the last commits did, and hold."""
        return [done.operations for done in self._done]

    def close(self) -> None:
        """Let go of what the way back holds."""
        self._done.clear()

    def commit(self, attempt: Attempt, result: Result) -> None:
        """Run the operations; what is known, and how to take it back, changes with them in the same list.

        Raises :class:`StageFailed` if an operation fails, which none should; then nothing has changed.
        """
        self._write_down(attempt, result)
        if attempt.staged:
            gc.collect(0)
        changed = (one.entry.unit.source.filename for one in attempt.found.values())
        self.old_code.note(result.operations, changed, self.generation + 1)
        reached(COMMIT, result.operations)
        generation = self.generation
        try:
            result.operations.run()
        except Exception as error:
            if self.generation == generation:  # all is as before
                raise StageFailed("", error) from error
            raise  # it came when all was done, from a signal handler
        finally:
            self.finish()

    def _forget_code(self, attempt: Attempt, result: Result) -> None:
        found = (one.unit for one in attempt.found.values() if one.unit is not None)
        for unit in [*found, *result.new_units.values()]:
            unit.forget_code()
            linecache.checkcache(unit.source.filename)
        del self._done[:-_KEPT]

    def _settle(self, attempt: Attempt, result: Result) -> None:
        if attempt.staged or attempt.gone:
            self.knowledge.meet()
        for name in attempt.staged & self.knowledge.entries.keys():
            self.knowledge.extras.note(self.knowledge.entries[name].module)
        for row in attempt.after_commit():
            result.remains[row] = self.standing.remains[row] = None
        for row in attempt.unfounded(self.way_back):
            del result.doubts[row]
            if row not in self._doubted:
                self.standing.doubts.pop(row, None)

    def finish(self) -> None:
        """Do what a commit, or an undo, has left to do. What interrupts that is raised when all is done.

        It is begun once more where it was interrupted. If that is interrupted, too, whoever asks next goes on with it.
        """
        interrupted = None
        while self._unfinished:
            try:
                self._unfinished[0]()
            except BaseException as error:
                if interrupted is not None:
                    raise
                interrupted = error
            else:
                del self._unfinished[0]
        if interrupted is not None:
            raise interrupted

    def _write_down(self, attempt: Attempt, result: Result) -> None:
        """Add to the operations what the commit changes of what is known."""
        operations, generation = result.operations, self.generation + 1
        standing = self.standing.with_(result)
        self._doubted = frozenset(self.standing.doubts)
        for one in attempt.found.values():
            self.knowledge.add_commit(operations, one, generation)
        for name, unit in result.new_units.items():
            self.knowledge.note(name, unit.source.filename, unit.source.data)
        for name, held in result.held.items():
            operations.attribute(self.knowledge.entries[name], "held", held)
        operations.attribute(self, "generation", generation)
        operations.attribute(self.knowledge, "generation", generation)
        operations.attribute(self, "standing", standing)
        rest = [
            functools.partial(_clear, attempt.caches),
            functools.partial(self._forget_code, attempt, result),
            functools.partial(self._settle, attempt, result),
        ]
        operations.add(functools.partial(self._unfinished.extend, rest), functools.partial(bool))
        # the last one: from here on it can be taken back
        operations.add(
            functools.partial(self._done.append, _Done(operations, result.hooked, attempt.caches)),
            functools.partial(bool),
        )

    def note_hooks(self, hooks: Hooks) -> None:
        """What a second hook did not bring about remains, until it is called again and does not fail."""
        self.broken -= {row.partition(" ")[2] for row in hooks.called}
        self.broken.update(hooks.broken)
        for name in hooks.passed:
            self._failing.pop(name, None)
        self._failing.update(hooks.rows())
        for row in [row for row in self.standing.remains if AFTER in row and row not in self._failing.values()]:
            del self.standing.remains[row]
        self.standing.remains.update(dict.fromkeys(self._failing.values()))

    @property
    def hooked(self) -> tuple[str, ...]:
        """The modules of the last commit that have hooks. Raises :class:`modcache.errors.NothingToUndo`."""
        if not self._done:
            raise errors.NothingToUndo("there is no commit that could be undone (the last eight are kept)")
        return self._done[-1].hooked

    def undo(self) -> None:
        """Take the last commit back: every object is as it was before it.

        Raises :class:`modcache.errors.NothingToUndo`.
        """
        _ = self.hooked
        generation = self.generation + 1
        before = {name: entry.unit for name, entry in self.knowledge.entries.items()}
        done = self._done[-1]
        self.old_code.note(done.operations, (), generation)
        done.operations.revert(
            self._done.pop,
            functools.partial(object.__setattr__, self, "generation", generation),
            functools.partial(object.__setattr__, self.knowledge, "generation", generation),
            functools.partial(self._unfinished.append, functools.partial(self._undone, before, done.caches)),
        )
        self.finish()

    def _undone(self, before: dict[str, Unit], caches: list[Any]) -> None:
        _clear(caches)
        for name, entry in self.knowledge.entries.items():
            forget_elsewhere(entry.unit)
            if before.get(name) is not entry.unit:
                self.knowledge.doubt_file(entry)
                linecache.checkcache(entry.path)
        self.knowledge.meet()


def _clear(caches: list[Any]) -> None:
    for cache in caches:
        cache.cache_clear()
