"""Who may have looked, while it was imported, at a registry that is another now, and is not executed anew."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from modcache._model.sites import imported_names
from modcache._refresh.registrations.places import Place
from modcache._refresh.registrations.record import NOTHING

if TYPE_CHECKING:
    from modcache._model.unit import Unit
    from modcache._refresh.reach import Reach
    from modcache._refresh.world import World

__all__ = ["Readers"]


class Readers:
    """Looks for them by the words that stand in the text. ``executed``: the statements that are executed, by module."""

    def __init__(self, world: World, executed: Mapping[str, Collection[int]]) -> None:
        self.world = world
        self.executed = executed
        self._imported: dict[str, Mapping[str, str]] = {}

    def of(self, place: Place) -> Iterator[str]:
        """The modules that may have looked at a place."""
        for name in list(self.world.knowledge.entries):
            unit = self.world.unit(name)
            if any(unit.contains(word) for word in place.words or (place.library,)):
                words = place.words or self._names_of(unit, place.library)
                if words and (self._by_statement(name, unit, words, place) or self._by_function(unit, words)):
                    yield name

    def _names_of(self, unit: Unit, library: str) -> frozenset[str]:
        """What a module imports from a library."""
        if unit.name not in self._imported:
            self._imported[unit.name] = imported_names(statement.fragment.node for statement in unit.statements)
        found = self._imported[unit.name].items()
        return frozenset(name for name, origin in found if origin.partition(".")[0] == library)

    def _by_statement(self, name: str, unit: Unit, words: Iterable[str], place: Place) -> bool:
        done = self.executed.get(name, ())
        records = self.world.entry(name).registered
        for index in {index for word in words for index in unit.users.get(word, ())}:
            facts = unit.facts(index)
            if index in done or facts.kind in {"import", "from", "star"} or facts.loads.isdisjoint(words):
                continue
            record = records.get(unit.statements[index].lineno, NOTHING)
            registers = record.whole and any(put.place.key == place.key for put in record.puts)
            if not registers and (place.words or not facts.active.isdisjoint(words)):
                return True
        return False

    def _by_function(self, unit: Unit, words: Iterable[str]) -> bool:
        return any(self._reach.runs_function(qualname) for word in words for qualname, _ in unit.loaders.get(word, ()))

    @property
    def _reach(self) -> Reach:
        # registries are everybody's: so it is not only what depends on a change that may have looked
        return self.world.index.reach(frozenset(self.world.knowledge.entries), self.world.unit)
