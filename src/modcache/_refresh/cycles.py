"""What works in a process that has its modules whole, and would fail, or differ, where they are imported anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from modcache._model.callees import Callees, Function
from modcache._model.diff import Alignment
from modcache._model.rehearsal import Asker, Early, EarlyUses, Rehearsal, order_of
from modcache._model.unit import Unit
from modcache._runtime.files import read

if TYPE_CHECKING:
    from modcache._refresh.planner import Planner

__all__ = ["Fresh", "TooEarly", "import_error", "new_uses_before_binding"]


class TooEarly(NamedTuple):
    """What an edit brings: a use, and the functions that would ask, if they are run; none if the statement asks."""

    use: Early
    readers: tuple[Function, ...]


def new_uses_before_binding(planner: Planner) -> Iterator[TooEarly]:
    """The uses of names that are not bound yet in a first import of the new version, and were none in the old one's.

    A module that an edit reaches is rehearsed together with all that it imports and is imported by, both: any of them
    may be half made when a fresh process comes to it. The rehearsal begins where they
    were entered in this process (that they may be imported in another order now is a doubt of its own).
    """
    fresh = Fresh(planner)
    circles: list[frozenset[str]] = []
    for module in _concerned(planner):
        # those that have a module in common import one another: they are rehearsed once, as one
        circle = fresh.circle(module)
        apart = [one for one in circles if one.isdisjoint(circle)]
        circles = [*apart, circle.union(*(one for one in circles if not one.isdisjoint(circle)))]
    for circle in circles:
        yield from _compared(planner, fresh, circle)


def _compared(planner: Planner, fresh: Fresh, circle: frozenset[str]) -> Iterator[TooEarly]:
    world = planner.world
    if not fresh.beside(circle) and all(_is_text_of(world.unit(name), world.entry(name).unit) for name in circle):
        return  # it can ask for nothing that it did not ask for before
    asks = _executed(planner) if _same_order(planner, circle) else _any
    new = Callees([*(world.unit(name) for name in circle), *fresh.beside(circle)], fresh.exists)
    old = Callees([world.entry(name).unit for name in circle], world.__contains__)
    entry = world.knowledge.entered_at(circle)
    found = _rehearsed(new, entry, asks)
    if found:
        keys = {early.asker.key for early in found.values()}
        before = _rehearsed(old, entry, lambda asker: asker.key in keys)
        for key, early in found.items():
            if key not in before:
                yield TooEarly(early, new.readers(early.module.name, early.name) if early.called else ())


def _is_text_of(new: Unit, old: Unit) -> bool:
    return new is old or new.source.data == old.source.data


def import_error(early: Early) -> ImportError:
    """What a fresh process would raise where it asks for a name too early, in CPython's words."""
    name, path = early.module.name, early.module.source.filename
    what = f"cannot import name {early.name!r} from partially initialized module {name!r}"
    error = ImportError(f"{what} (most likely due to a circular import) ({path})", name=name, path=path)
    asker = early.asker
    error.add_note(f"{asker.unit.source.filename}:{asker.statement.lineno}: a process started now would fail here")
    return error


def _rehearsed(callees: Callees, entry: str, asks: Callable[[Asker], bool]) -> EarlyUses:
    rehearsal = Rehearsal(callees, asks)
    rehearsal.enter(entry)
    return rehearsal.early


def _same_order(planner: Planner, circle: frozenset[str]) -> bool:
    """Is everything bound and imported in the order of before? Then only what is executed can ask too early now."""
    for name in circle & planner.alignments.keys():
        old, new = order_of(planner.world.entry(name).unit), order_of(planner.world.unit(name))
        common = set(old).intersection(new)
        if [one for one in old if one in common] != [one for one in new if one in common]:
            return False
        if any(one.startswith("import ") for one in set(old).symmetric_difference(new)):
            return False
    return True


def _executed(planner: Planner) -> Callable[[Asker], bool]:
    units = {name: planner.world.unit(name) for name in planner.steps if name in planner.world}
    statements = {id(unit.statements[index]) for name, unit in units.items() for index in planner.steps[name]}
    return lambda asker: id(asker.statement) in statements


def _any(asker: Asker) -> bool:
    return True


def _concerned(planner: Planner) -> list[str]:
    """The modules in which something is executed, or is not where it was."""
    moved = [name for name, alignment in planner.alignments.items() if _is_other(alignment)]
    return list(dict.fromkeys([*moved, *(name for name, steps in planner.steps.items() if steps)]))


def _is_other(alignment: Alignment) -> bool:
    """Is there more to it than bodies of functions?"""
    old = [match.old for match in alignment.matches if match.verdict in ("same", "patch") and match.old is not None]
    return bool(alignment.gone) or len(old) < len(alignment.matches) or old != sorted(old)


class Fresh:
    """The modules as a fresh process would find them: also those that nobody has imported so far."""

    def __init__(self, planner: Planner) -> None:
        self.world = planner.world
        self.system = planner.world.knowledge.system
        self.system.invalidate_caches()
        self._found: dict[str, Unit | None] = {}
        self._beside: dict[str, list[Unit]] = {}

    def circle(self, module: str) -> frozenset[str]:
        """The module with all that depend on it and that it depends on: over modules that are new, too."""
        world = self.world
        new = self._beside[module] = self.new_of(world.unit(module))
        reached = {module, *(target for unit in new for target in unit.targets if target in world)}
        return (world.dependencies(reached) & world.dependents(module)) | {module}

    def beside(self, circle: frozenset[str]) -> list[Unit]:
        """The modules that nobody has imported yet, and that modules of a circle import."""
        found = {unit.name: unit for module in circle for unit in self._beside.get(module, ())}
        return list(found.values())

    def exists(self, name: str) -> bool:
        """Is there a module of that name, loaded or to come?"""
        return name in self.world or self._to_come(name) is not None

    def new_of(self, unit: Unit) -> list[Unit]:
        """The modules that it imports and nobody has imported yet, and theirs."""
        found: dict[str, Unit] = {}
        todo = [unit]
        while todo:
            for target in sorted(todo.pop().targets):
                if target not in self.world and target not in found and (new := self._to_come(target)) is not None:
                    found[target] = new
                    todo.append(new)
        return list(found.values())

    def _to_come(self, name: str) -> Unit | None:
        """The unit of a module of the roots that an import would bring now, and that nobody has imported so far."""
        if name not in self._found:
            self._found[name] = self._read(name, None if name in self.system.modules else self._spec(name))
        return self._found[name]

    def _read(self, name: str, spec: Any) -> Unit | None:
        knowledge = self.world.knowledge
        if spec is None or not spec.has_location or not knowledge.roots.owns(str(spec.origin)):
            return None
        data = read(spec.origin)
        if data is None:
            return None
        return knowledge.unit(name, spec.origin, data, is_package=spec.submodule_search_locations is not None)

    def _spec(self, name: str) -> Any:
        parent = name.rpartition(".")[0]
        if not parent:
            return self.system.find(name, None)
        if parent in self.world:
            path = self.world.namespace(parent).get("__path__")
        else:
            above = None if parent in self.system.modules else self._spec(parent)
            path = above.submodule_search_locations if above is not None else None
        return None if path is None else self.system.find(name, path)
