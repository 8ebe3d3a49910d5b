"""Who may have looked, while it was imported, at a registry that is another now, and is not executed anew."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from modcache._model.sites import imported_names

if TYPE_CHECKING:
    from modcache._model.facts import Facts
    from modcache._model.unit import Unit
    from modcache._refresh.reach import Reach
    from modcache._refresh.world import World

__all__ = ["Readers"]


def _asked(facts: Facts) -> set[str]:
    """The attributes that a statement asks for."""
    return {attribute for _, attribute in facts.gets}


class Readers:
    """Looks for them by the words that stand in the text. ``executed``: the statements that are executed, by module."""

    def __init__(self, world: World, executed: Mapping[str, Collection[int]]) -> None:
        self.world = world
        self.executed = executed
        self._imported: dict[str, Mapping[str, str]] = {}

    def of(self, words: Collection[str], library: str, spared: Collection[tuple[str, int]]) -> Iterator[str]:
        """The modules that may have used one of these words, or if there are none, anything of a library.

        ``spared``: statements that are known to do something else with it.
        """
        for name in list(self.world.knowledge.entries):
            unit = self.world.unit(name)
            if any(unit.contains(word) for word in words or (library,)):
                meant = words or self._names_of(unit, library)
                by_statement = self._by_statement(name, unit, meant, spared, actively=not words)
                if meant and (by_statement or self._by_function(unit, meant)):
                    yield name

    def _names_of(self, unit: Unit, library: str) -> frozenset[str]:
        """What a module imports from a library."""
        found = self._imports(unit).items()
        return frozenset(name for name, origin in found if origin.partition(".")[0] == library)

    def _imports(self, unit: Unit) -> Mapping[str, str]:
        if unit.name not in self._imported:
            self._imported[unit.name] = imported_names(statement.fragment.node for statement in unit.statements)
        return self._imported[unit.name]

    def _by_statement(
        self, name: str, unit: Unit, words: Iterable[str], spared: Collection[tuple[str, int]], *, actively: bool
    ) -> bool:
        done = self.executed.get(name, ())
        for index in {index for word in words for index in unit.users.get(word, ())}:
            facts = unit.facts(index)
            if index in done or (name, index) in spared or facts.kind in {"import", "from", "star"}:
                continue
            used = {word for word in words if word in (facts.active if actively else facts.loads)}
            if used and not (used <= unit.binders.keys() - {*self._imports(unit)} and used.isdisjoint(_asked(facts))):
                return True
        return False

    def _by_function(self, unit: Unit, words: Iterable[str]) -> bool:
        return any(
            self._reach.runs_function(qualname)
            for word in words
            for qualname, body in unit.loaders.get(word, ())
            if word not in body.locals or word in {*body.attributes, *(attribute for _, attribute in body.pairs)}
        )

    @property
    def _reach(self) -> Reach:
        # registries are everybody's: so it is not only what depends on a change that may have looked
        return self.world.index.reach(frozenset(self.world.knowledge.entries), self.world.unit)
