"""What modules keep by their own word though their source says otherwise by now, and what was made of that since."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from modcache._model.unit import Unit
from modcache._refresh.effects import Name
from modcache._refresh.know import Knowledge

__all__ = ["kept_on_purpose"]


def kept_on_purpose(knowledge: Knowledge) -> tuple[frozenset[Name], frozenset[Name]]:
    """The names whose objects were kept, also where they were imported; and those whose values may derive from them."""
    kept = {(module, name) for module, entry in knowledge.entries.items() for name in entry.held}
    if not kept:
        return frozenset(), frozenset()
    _close(kept, lambda found: _imported(knowledge, found))
    derived = set(kept)
    _close(derived, lambda found: (*_imported(knowledge, found), *_made_of(knowledge, found)))
    return frozenset(kept), frozenset(derived - kept)


def _close(names: set[Name], following: Callable[[Name], Iterable[Name]]) -> None:
    todo = list(names)
    while todo:
        new = set(following(todo.pop())) - names
        names |= new
        todo += new


def _imported(knowledge: Knowledge, found: Name) -> Iterator[Name]:
    """Where a name stands because it is imported."""
    module, name = found
    for other, unit in _importers(knowledge, module):
        for _, ref, base in (*unit.sites.get(name, ()), *unit.sites.get("*", ())):
            if base == module:
                yield other, name if ref.name == "*" else ref.bound


def _made_of(knowledge: Knowledge, found: Name) -> Iterator[Name]:
    """What the statements make that read a name, and the functions that do."""
    module, name = found
    unit = knowledge.entries[module].unit
    for index in unit.users.get(name, ()):
        if name in unit.facts(index).reads:
            yield from _made_by(unit, index)
    for qualname, _ in unit.loaders.get(name, ()):
        yield module, qualname.partition(".")[0]
    for other, importer in _importers(knowledge, module):
        namespace = knowledge.entries[other].module.__dict__
        for index, bases in importer.getters.get(name, {}).items():
            if any(namespace.get(base) is knowledge.entries[module].module for base in bases):
                yield from _made_by(importer, index)


def _made_by(unit: Unit, index: int) -> Iterator[Name]:
    facts = unit.facts(index)
    for name in facts.binds | {chain[0] for chain in facts.stores}:
        yield unit.name, name


def _importers(knowledge: Knowledge, module: str) -> Iterator[tuple[str, Unit]]:
    for other in knowledge.index.importers.get(module, ()):
        if other in knowledge.entries and other != module:
            yield other, knowledge.entries[other].unit
