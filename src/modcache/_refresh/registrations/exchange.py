"""One refresh and what is registered elsewhere: taken back before the stage, seen on it, exchanged by the commit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from modcache._model.doubts import Doubt, DoubtKind
from modcache._model.sites import Site, imported_names, site_of
from modcache._refresh.registrations.merging import Owned, merged, without
from modcache._refresh.registrations.places import Place, Row, alike, token
from modcache._refresh.registrations.process import Finding
from modcache._refresh.registrations.readers import Readers
from modcache._refresh.registrations.record import ABSENT, NOTHING, Put, Record
from modcache._refresh.registrations.watch import Watch

if TYPE_CHECKING:
    from modcache._model.unit import Unit
    from modcache._refresh.planner import Planner
    from modcache._runtime.operations import Operations

__all__ = ["Exchange"]

Statement = tuple[str, int]
"""(module, first line)."""


class Exchange:
    """What the planned and the vanished statements had registered, and what the stage registers instead."""

    def __init__(self, planner: Planner, gone: frozenset[str]) -> None:
        self.world = planner.world
        self.planner = planner
        self.watch = Watch(self._owns, self._noted, self._first)
        self.seen: dict[Statement, Record] = {}
        """What was seen of each statement on the stage; lines of the new versions."""
        self._gone = gone
        self._content: dict[object, tuple[Place, list[Row]]] = {}
        """Places that are touched, with the rows that they held before."""
        self._order: dict[str, int] = {name: i for i, name in enumerate(self.world.knowledge.import_order())}
        self._imported: dict[str, Mapping[str, str]] = {}
        self._kept: list[tuple[str, int, float, Record]] = []
        """(module, new first line, order, record) of what is neither executed nor gone."""
        self._left: list[tuple[str, int | None, float, Record]] = []
        """The same of what is executed (None for the line: it vanished)."""
        for name, entry in self.world.knowledge.entries.items():
            if entry.registered:
                self._sort(name, entry.registered)

    # -- what is kept, and what is not

    def _sort(self, name: str, records: Mapping[int, Record]) -> None:
        before, after = self.world.entry(name).unit, self.world.unit(name)
        steps = self.planner.steps.get(name, {})
        for line, record in records.items():
            index = before.source.statement_at(line)
            new, order = self._now(name, index)
            if new is None or name in self._gone:
                self._left.append((name, None, order, record))
            elif new in steps:
                self._left.append((name, after.statements[new].lineno, order, record))
            else:
                self._kept.append((name, after.statements[new].lineno, order, record))

    def _now(self, name: str, old: int | None) -> tuple[int | None, float]:
        """Where an old statement stands in the new version, or would stand if it had not vanished."""
        alignment = self.planner.alignments.get(name)
        if alignment is None or old is None:
            return old, float(old or 0)
        news = {match.old: match.new for match in alignment.matches if match.old is not None}
        if old in news:
            return news[old], float(news[old])
        earlier = max((index for index in news if index < old), default=None)
        return None, -0.5 if earlier is None else news[earlier] + 0.5

    def _owns(self, module: str) -> bool:
        return module in self.world or self.world.knowledge.registrations.owns(module)

    # -- the stage

    def look(self) -> None:
        """Note what the places hold in which something is to be exchanged."""
        for _, _, _, record in self._left:
            for put in record.puts:
                self._first(put.place, put.place.read())

    def begin(self) -> None:
        """Take back what is exchanged: the new statements have to find what they would find in a fresh process."""
        self.look()
        puts = [put for _, _, _, record in self._left for put in record.puts]
        for place, rows in list(self._content.values()):
            place.write(without(rows, (put for put in puts if put.place.key == place.key)))

    def site(self, name: str, unit: Unit, index: int) -> Site | None:
        """The site of a statement that is about to be executed, if it may register something."""
        if name not in self._imported:
            self._imported[name] = imported_names(statement.fragment.node for statement in unit.statements)
        statement = unit.statements[index]
        return site_of(statement.fragment.node, statement.lineno, self._imported[name])

    def end(self) -> None:
        """Put everything back as it was: nothing is committed yet."""
        for place, rows in self._content.values():
            place.write(rows)

    def _first(self, place: Place, rows: list[Row]) -> None:
        self._content.setdefault(place.key, (place, rows))

    def _noted(self, module: str, line: int, record: Record) -> None:
        known = self.seen.get((module, line))
        self.seen[module, line] = known.joined(record) if known is not None else record

    # -- the commit

    def commit(
        self, operations: Operations, value: Callable[[Any], Any], executed: Mapping[str, list[int]]
    ) -> Iterator[str]:
        """Add the operations that exchange it all; yields what could not be done, for the report.

        ``value(staged)`` is what stands for a staged object from now on.
        """
        readers = Readers(self.world, executed)
        new = list(self._new(value, executed))
        for place, rows in self._content.values():
            here = [one for one in new if one.put.place.key == place.key]
            left = self._owned(self._left, place)
            final = merged(place, rows, self._owned(self._kept, place), left, here)
            if alike(final, rows):
                continue
            if not place.fill(operations, final):
                yield f"{place.name}: what was registered there may stand twice, or stay"
            for name in readers.of(place.words, place.library, self._registering(place)):
                what = f"{name} may have looked at {place.name} while it was imported: that is another now"
                self.planner.doubt(Doubt(what, DoubtKind.LOOKS))
            if isinstance(place, Finding):
                self.planner.doubt(f"{place.name} is another now: modules may be found elsewhere than they were")
        yield from self._twice(new)
        self._remember(operations, new)

    def _registering(self, place: Place) -> set[tuple[str, int]]:
        """The statements that are not executed anew and have registered something in a place, and nothing else."""
        return {
            (name, self._index(name, line))
            for name, line, _, record in self._kept
            if record.whole and any(put.place.key == place.key for put in record.puts)
        }

    def _twice(self, new: list[Owned]) -> Iterator[str]:
        """What is registered now, while nobody saw what the version before had registered."""
        unseen = {name: self._has_unseen(name) for name in {owned.module for owned in new} if name in self.world}
        for owned in new:
            if unseen.get(owned.module) and owned.put.before is ABSENT:
                yield f"{owned.put.place.name}: what {owned.module} registers may stand twice; the first was not seen"

    def _has_unseen(self, name: str) -> bool:
        """May a statement that is left have registered something, and nobody looked on?"""
        entry, steps = self.world.entry(name), self.planner.steps.get(name, {})
        alignment = self.planner.alignments.get(name)
        left = list(steps)
        if alignment is not None:
            left = alignment.gone + [m.old for m in alignment.matches if m.new in steps and m.old is not None]
        imported = imported_names(statement.fragment.node for statement in entry.unit.statements)
        for index in left:
            statement = entry.unit.statements[index]
            if statement.lineno not in entry.registered:
                if site_of(statement.fragment.node, statement.lineno, imported) is not None:
                    return True
        return False

    def _owned(self, rows: list[Any], place: Place) -> list[Owned]:
        return [
            Owned(name, (self._order.get(name, 0), order), put)
            for name, _, order, record in rows
            for put in record.puts
            if put.place.key == place.key
        ]

    def _new(self, value: Callable[[Any], Any], executed: Mapping[str, list[int]]) -> Iterator[Owned]:
        """What is registered from now on, in the order of execution; of statements that were spared, what it was."""
        for name, line, _, record in self._left:
            if line is not None and (name, line) not in self.seen and not self._is_executed(name, line, executed):
                self.seen[name, line] = record
        for (name, line), record in list(self.seen.items()):
            puts = tuple(_translated(put, value) for put in record.puts)
            self.seen[name, line] = replace(record, puts=puts)
            index = self._index(name, line)
            for put in puts:
                yield Owned(name, (self._order.get(name, len(self._order)), float(index)), put)

    def _is_executed(self, name: str, line: int, executed: Mapping[str, list[int]]) -> bool:
        return self._index(name, line) in executed.get(name, ())

    def _index(self, name: str, line: int) -> int:
        if name not in self.world:
            return line
        return self.world.unit(name).source.statement_at(line) or 0

    def _remember(self, operations: Operations, new: list[Owned]) -> None:
        """The records are exchanged together with what they are of."""
        records: dict[str, dict[int, Record]] = {}
        for name, line, _, record in self._kept:
            puts = tuple(self._relinked(put) for put in record.puts)
            records.setdefault(name, {})[line] = replace(record, puts=puts)
        for (name, line), record in self.seen.items():
            records.setdefault(name, {})[line] = record.lasting()
        for name, entry in self.world.knowledge.entries.items():
            if entry.registered != records.get(name, {}):
                operations.attribute(entry, "registered", records.get(name, {}))
        for name in records.keys() - self.world.knowledge.entries.keys():
            self.world.knowledge.registrations.put(name, records[name])

    def _relinked(self, put: Put) -> Put:
        """What stood there before, if that was of a statement that vanished, is what stood before that."""
        for _, _, _, record in self._left if put.place.keyed else ():
            for gone in record.puts:
                if gone.place.key == put.place.key and token(gone.key) == token(put.key):
                    if token(gone.value) == token(put.before):
                        return replace(put, before=gone.before)
        return put

    # -- what is known

    def is_whole(self, module: str, line: int, *, something: bool = False) -> bool:
        """Was all seen that a statement of the new version registered? ``something``: and was there anything?"""
        record = self.seen.get((module, line), NOTHING)
        return record.whole and (bool(record.puts) or not something)


def _translated(put: Put, value: Callable[[Any], Any]) -> Put:
    key, before, now = (found if found is ABSENT else value(found) for found in (put.key, put.before, put.value))
    return replace(put, key=key, before=before, value=now)
