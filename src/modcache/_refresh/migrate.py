"""Migrate: instances get the attributes that their class's new version has, in the commit that makes the class new.

Which attributes those are is known before anything is looked for; so the heap is walked only if an instance has to
change, and then once for all classes. What instances are given is made beforehand, on the stage, and so is what a
class's own ``__migrate__`` makes of them.
"""

from __future__ import annotations

import gc
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import compress
from typing import TYPE_CHECKING, Any

from modcache._model.report import counted
from modcache._refresh.hashes import hashed_anew
from modcache._refresh.keyed import Keyed, keyed_by
from modcache._refresh.late import Late
from modcache._refresh.shape import Default, Lack, Provided, Reshaped, member_of, slots_of
from modcache._refresh.staging import StageFailed
from modcache._refresh.turns import Turn, line, may_set, owns, turns_of
from modcache._refresh.understudy import attributes_of, run_hook, understudy
from modcache._runtime.collector import hides
from modcache._runtime.functions import instance_dict
from modcache._runtime.many import ABSENT
from modcache._runtime.operations import Operations
from modcache._runtime.peek import home

if TYPE_CHECKING:
    from modcache._refresh.pair import Pairing
    from modcache._refresh.transplant import Transplant

__all__ = ["Migration"]

_CHUNK = 1 << 16


@dataclass(slots=True)
class Writes:
    """One attribute of some instances of a class.

    ``values``: what to set; None to take it away. ``olds``: what they have of it; None if they have nothing.
    """

    turn: Turn
    name: str
    targets: list[Any]
    values: list[Any] | None
    olds: list[Any] | None

    def only(self, led: Mapping[int, Any]) -> Writes:
        """Of instances of a class that gave way: what goes on as them, of those that do."""
        there = [id(target) in led for target in self.targets]
        values, olds = (None if row is None else list(compress(row, there)) for row in (self.values, self.olds))
        return Writes(self.turn, self.name, [led[id(one)] for one in compress(self.targets, there)], values, olds)

    def write_down(self, operations: Operations) -> None:
        """As operations of a commit."""
        if self.turn.may_hold(self.name):
            if self.values is not None:
                operations.attributes(self.targets, self.name, self.values, self.olds)
            else:
                operations.drop_attributes(self.targets, self.name, self.olds or ())
            return
        for index, target in enumerate(self.targets):  # the class has something else under that name
            if (namespace := instance_dict(target)) is not None:
                if self.values is None:
                    operations.drop(namespace, self.name)
                else:
                    operations.put(namespace, self.name, self.values[index])


class Migration:
    """The instances of one transplant. :meth:`prepare` runs on the stage, :meth:`commit` writes down operations."""

    def __init__(self, transplant: Transplant) -> None:
        self._attempt = transplant.attempt
        self._stage = transplant.stage
        self._result = transplant.result
        self._writes: list[Writes] = []
        self._touched: set[int] = set()
        self._replaced: set[int] = set()
        self._pairing: Pairing | None = None
        self._late: Late | None = None
        self._planner = transplant.planner
        self._keyed: list[Any] = []

    def prepare(self, pairing: Pairing | None = None) -> list[Any]:
        """Find out who has to change, and how; gives the objects that were made for that.

        Raises :class:`StageFailed` with what a default's factory or a ``__migrate__`` raises.
        """
        self._pairing = pairing
        pairs: dict[str, tuple[type, type]] = {}
        if pairing is not None:
            pairs = {**{where: (old, new) for old, new, where in pairing.classes}, **pairing.replaced}
            self._replaced = {id(old) for old, _ in pairing.replaced.values()}
        changes, turns = turns_of(self._attempt, self._stage, pairs)
        for change in changes:
            self._say(change)
        rehashed = self._rehashed(changes)
        if not rehashed and not any(turn.is_needed for turn in turns.values()):
            return []
        every = self._sweep([*turns, *rehashed.values()])
        self._keyed = keyed_by([one for kind, rows in every.items() if id(kind) in rehashed for one in rows])
        instances = {kind: rows for kind, rows in every.items() if kind in turns}
        for kind, found in instances.items():
            turns[kind].plain = may_set(found[0])
        lasting = {kind: turn for kind, turn in turns.items() if id(kind) not in self._replaced}
        self._attempt.late = self._late = Late(lasting, instances)
        if not any(turns[kind].runs for kind in instances):
            self._run(turns, instances)
            return [writes.values for writes in self._writes if writes.values is not None]
        return self._young(turns, instances)

    def _rehashed(self, changes: list[Reshaped]) -> dict[int, type]:
        """By id, the classes whose instances may have another hash than before."""
        edited = (change.old for change in changes if change.rehashed)
        return {id(kind): kind for one in (*edited, *hashed_anew(self._attempt, self._planner)) for kind in line(one)}

    def _say(self, change: Reshaped) -> None:
        """What is known of all instances, without looking at them."""
        if change.opaque:
            why = "what __init__ sets can't be told from its text: instances made before may lack some of it"
            self._result.doubts[f"{change.where}: {why}"] = None
        for name in change.left:
            self._result.kept[f"{change.where}.{name}"] = None
        for name in change.removed:
            self._result.removed[f"{change.where}.{name}"] = None

    def _sweep(self, wanted: Iterable[type]) -> dict[type, list[Any]]:
        """The instances of all these classes: one walk over the heap."""
        self._result.swept = True
        made_anew = set() if self._pairing is None else {id(old) for old, _, _ in self._pairing.instances}
        heap, kinds, found = gc.get_objects(), set(map(id, wanted)), defaultdict[type, list[Any]](list)
        for start in range(0, len(heap), _CHUNK):  # other threads run in between
            chunk = heap[start : start + _CHUNK]
            for value in compress(chunk, map(kinds.__contains__, map(id, map(type, chunk)))):
                found[type(value)].append(value)
        if made_anew:
            for rows in found.values():
                rows[:] = [one for one in rows if id(one) not in made_anew]
        if hides(heap):
            self._result.doubts["gc.freeze() hides objects; those of classes that changed were not migrated"] = None
        return {kind: rows for kind, rows in found.items() if rows}

    def _young(self, turns: Mapping[type, Turn], instances: Mapping[type, list[Any]]) -> list[Any]:
        """Run; what came into being by it, but for what only notes what lives."""
        gc.collect(0)
        before = _collections()
        self._run(turns, instances)
        young = gc.get_objects(generation=0) if _collections() == before else gc.get_objects()
        notes = {id(one) for writes in self._writes for one in (writes.targets, writes.olds)}
        notes |= {id(self._writes), *map(id, self._writes)}
        return [one for one in young if id(one) not in notes]

    # -- one class

    def _run(self, turns: Mapping[type, Turn], instances: Mapping[type, list[Any]]) -> None:
        for kind, found in instances.items():
            turn = turns[kind]
            try:
                self._turn(turn, found)
            except Exception as error:
                raise StageFailed(home(kind), error) from error

    def _turn(self, turn: Turn, found: list[Any]) -> None:
        if turn.fixed:
            why = f"{counted(len(found), 'instance')} made before: a tuple keeps the fields that it was made with"
            self._result.remains[f"{turn.where}: {why}"] = None
        if turn.by_hook:
            self._by_hook(turn, found)
        else:
            for name, way in turn.added.items():
                self._add(turn, name, way, found)
            for name in turn.removed:
                self._touched.update(map(id, self._remove(turn, name, found)))
        for name in turn.caches:
            self._remove(turn, name, found)

    def _add(self, turn: Turn, name: str, way: Provided, found: list[Any]) -> None:
        own = owns(turn.kind, name, found)
        lacking = list(compress(found, [one is ABSENT for one in own]))
        if isinstance(way, Default) and turn.may_hold(name):
            self._writes.append(Writes(turn, name, lacking, way.given(lacking), None))
            self._touched.update(map(id, lacking))
        else:
            self._tell(turn, name, way, len(lacking))

    def _tell(self, turn: Turn, name: str, way: Provided, count: int) -> None:
        """Some instances lack what they can't be given."""
        if not count or way is Lack.EMPTY or member_of(turn.final, name) is not None:
            return
        instances = f"{turn.where}: {counted(count, 'instance')} made before"
        if way is Lack.MAYBE:
            self._result.doubts[f"{instances} may lack {name}, which is set under a condition"] = None
        else:
            remedy = "give it a default, or define __migrate__"
            self._result.remains[f"{instances} lack {name}, which a new one has; {remedy}"] = None

    def _remove(self, turn: Turn, name: str, found: list[Any]) -> list[Any]:
        """Take an attribute from all that have it; gives those."""
        own = owns(turn.kind, name, found)
        there = [one is not ABSENT for one in own]
        having, olds = list(compress(found, there)), list(compress(own, there))
        self._writes.append(Writes(turn, name, having, None, olds))
        return having

    def _by_hook(self, turn: Turn, found: list[Any]) -> None:
        """Have the class itself migrate its instances: on understudies, of which the commit takes over the result."""
        slots, lacking = slots_of(turn.kind), Counter[str]()
        rows = defaultdict[tuple[str, bool, bool], list[tuple[Any, Any, Any]]](list)
        for value in found:
            old = attributes_of(value, slots)
            made = self._understudy(turn, value, old)
            if made is None:
                self._result.remains[f"{turn.where}: its instances can't be migrated: their type is in C"] = None
                return
            run_hook(made, old, frozenset(turn.added), frozenset(turn.removed | turn.left))
            new = attributes_of(made)
            for name in {**old, **new}:
                if old.get(name, ABSENT) is not new.get(name, ABSENT):
                    rows[name, name in new, name in old].append((value, new.get(name), old.get(name)))
            lacking.update(turn.added.keys() - new.keys())
        self._touched.update(map(id, found))
        for (name, comes, was), changes in rows.items():
            targets, values, olds = map(list, zip(*changes, strict=True))
            self._writes.append(Writes(turn, name, targets, values if comes else None, olds if was else None))
        for name, count in lacking.items():
            self._tell(turn, name, turn.added[name], count)

    def _understudy(self, turn: Turn, value: Any, old: Mapping[str, object]) -> Any:
        start = {name: held for name, held in old.items() if name not in turn.removed}
        for name, way in turn.added.items():
            if name not in start and isinstance(way, Default):
                start[name] = way.given([value])[0]
        made = understudy(value, turn.final, start)
        if made is not None and self._pairing is not None:
            self._pairing.final.put(made, value)
        return made

    # -- the commit

    def commit(
        self, operations: Operations, led: Mapping[int, Any], value: Callable[[Any], Any] = lambda one: one
    ) -> None:
        """Write down the operations: after those that make the classes new.

        ``led``: by id, what goes on as the instances of classes that gave way to another class; of these, who is not
        among them keeps its class, and is left alone. ``value``: what stands for a staged object.
        """
        if self._late is not None:
            self._late.translate(value)
        if self._keyed:
            self._attempt.keyed.append(keyed := Keyed((), self._keyed))
            operations.afterwards(keyed.settle, keyed.settle_again)
        for writes in self._writes:
            is_replaced = id(writes.turn.kind) in self._replaced
            (writes.only(led) if is_replaced else writes).write_down(operations)
        self._result.migrated = len(self._touched | led.keys())
        self._writes.clear()


def _collections() -> list[int]:
    return [int(stats["collections"]) for stats in gc.get_stats()]
