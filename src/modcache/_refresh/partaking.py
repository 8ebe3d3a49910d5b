"""What modules say of themselves, as a plan has to heed it: keep, remake, accept, decline, and what runs once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from modcache._model.declared import NAME, Declared
from modcache._model.report import Refusal, RefusalKind
from modcache._refresh.seeds import EDITED, NEW

if TYPE_CHECKING:
    from modcache._model.unit import Unit
    from modcache._refresh.planner import Planner
    from modcache._refresh.taint import Taint

__all__ = ["Partaking"]

_EDITS = frozenset({EDITED, NEW})


class Partaking:
    """The say that modules have in one plan.

    ``held``: module -> names that were not made anew since the module keeps them (``""``), or accepts changes of the
    dependency that is given. ``accepted``: module -> the dependencies whose changes it was left alone with.
    """

    def __init__(self, planner: Planner) -> None:
        self.planner = planner
        self.world = planner.world
        self.held: dict[str, dict[str, str]] = {}
        self.accepted: dict[str, dict[str, None]] = {}
        self.remains: dict[str, None] = {}
        self._statements: set[tuple[str, int]] = set()
        self._effects: dict[tuple[str, int], str] = {}
        """Statements that bind nothing, and were left alone for what the module accepts."""
        self._kept: dict[str, frozenset[str]] = {}
        self._left: dict[tuple[str, str], str] = {}
        self._linked: dict[str, dict[str, str]] = {}

    def declared(self, module: str) -> Declared:
        """What the version of a module declares that the process is to hold; its mistakes are doubts by now."""
        found = self.world.unit(module).declared
        for mistake in found.mistakes:
            self.planner.doubt(f"{module}: {mistake}; nothing that it declares is heeded")
        return found

    # -- keep, and what runs once

    def kept(self, module: str) -> frozenset[str]:
        """The names of a module whose objects stay, whatever becomes of their statements."""
        known = self._kept.get(module)
        if known is None:
            unit, live = self.world.unit(module), self.world.namespace(module)
            once = {name for index in unit.once for name in unit.facts(index).binds}
            known = self._kept[module] = frozenset(name for name in self.declared(module).keep | once if name in live)
        return known

    def keeps(self, module: str, name: str) -> bool:
        """Does an object stay that would be built anew? Then that is noted."""
        if name not in self.kept(module):
            return False
        self.held.setdefault(module, {})[name] = ""
        return True

    def holds(self, module: str, index: int, reason: str) -> bool:
        """Is a statement left alone that would be executed? Then that is noted."""
        unit, kept = self.world.unit(module), self.kept(module)
        binds = unit.facts(index).binds
        if index in unit.once:
            if kept.isdisjoint(binds) and self._is_first(module, index):
                return False
            if reason in _EDITS and (not binds or not binds <= kept):
                self._remains_undone(unit, index)
        elif not binds or not binds <= kept:
            return False
        self._statements.add((module, index))
        self.held.setdefault(module, {}).update((name, "") for name in binds & kept)
        return True

    def _is_first(self, module: str, index: int) -> bool:
        """Is what runs once new to the process? Not if it stands for another such statement that is gone."""
        alignment = self.planner.alignments.get(module)
        if alignment is None or alignment.matches[index].old is not None:
            return False
        before = self.world.entry(module).unit
        return bool(self.world.unit(module).facts(index).binds) or before.once.isdisjoint(alignment.gone)

    def _remains_undone(self, unit: Unit, index: int) -> None:
        statement = unit.statements[index]
        row = f"{unit.name}:{statement.lineno} {statement.headline[:40]}"
        self.remains[f"{row}: it runs once; the edit takes effect when the program is started anew"] = None

    def spares(self, module: str) -> bool:
        """Is there anything in a module that is not executed even if the whole of it is?"""
        return bool(self.kept(module) or self.world.unit(module).once)

    def is_held(self, module: str, index: int) -> bool:
        """Was a statement left alone in this plan?"""
        return (module, index) in self._statements

    def doubt_if_held(self, module: str, index: int, why: str) -> None:
        """Something is the matter if a statement is left alone: say so."""
        if self.is_held(module, index):
            line = self.world.unit(module).statements[index].lineno
            self.planner.doubt(f"{module}:{line} is not executed again; {why}")

    # -- remake, and what is kept no more

    def touched(self, module: str) -> None:
        """A module is touched: its source changed, or something of it is executed."""
        for name in self.declared(module).remake:
            self.planner.rebuild(module, name, (f"{module} remakes {name}",))

    def release(self, module: str) -> None:
        """What was held back, and is not any more by the new version's word, is made anew."""
        accept = self.declared(module).accept
        for name, why in self.world.entry(module).held.items():
            if (why not in accept) if why else (name not in self.kept(module)):
                if name in self.world.unit(module).binders:
                    self.planner.rebuild(module, name, (f"{module}.{name} is not held back any more",))

    # -- accept

    def accepts(self, module: str, dependency: str) -> bool:
        """Does a module cope with the changes of a dependency by itself?"""
        if module == dependency or module in self.planner.whole:
            return False
        return dependency in self.declared(module).accept

    def stops(self, module: str, name: str, taint: Taint) -> bool:
        """Does a taint end here, since the name is kept?"""
        return taint.value and name in self.kept(module)

    def hears(self, module: str, name: str, taint: Taint) -> bool:
        """Note whether a name is tainted by accepted changes only; true if it was so until now."""
        dependency = self._comes_from(module, taint)
        if dependency is None:
            return self._left.pop((module, name), None) is not None
        if (module, name) not in self.planner.taints:
            self._left[module, name] = dependency
        return False

    def _comes_from(self, module: str, taint: Taint) -> str | None:
        if taint.source is None:
            return None
        origin, name = taint.source
        if origin == module:
            return self.left_to(module, name)
        return origin if self.accepts(module, origin) else None

    def left_to(self, module: str, name: str) -> str | None:
        """The accepted dependency, if a name changes only by that: then the module's own statements are left alone."""
        return self._left.get((module, name)) or self.linked(module).get(name)

    def linked(self, module: str) -> dict[str, str]:
        """Names that a module imports from dependencies which it accepts -> those. They follow, their readers don't."""
        known = self._linked.get(module)
        if known is None:
            known = self._linked[module] = dict(self._links(module))
        if not known or module in self.planner.whole:
            return {}
        steps, binders = self.planner.steps.get(module, {}), self.world.unit(module).binders
        edited = {index for index, step in steps.items() if step.reason in _EDITS}
        return {name: origin for name, origin in known.items() if edited.isdisjoint(binders[name])}

    def _links(self, module: str) -> Iterator[tuple[str, str]]:
        accept, unit = self.declared(module).accept, self.world.unit(module)
        if accept:
            for facts in unit.all_facts:
                for ref in facts.imports:
                    base = unit.absolute(ref.level, ref.module)
                    for origin in (base, f"{base}.{ref.name}"):
                        if origin in accept and ref.name != "*":
                            yield ref.bound, origin

    def accept(self, module: str, dependency: str, indexes: Iterable[int] = ()) -> None:
        """A change of a dependency was left to the module, which so did not execute these statements."""
        self.accepted.setdefault(module, {})[dependency] = None
        unit = self.world.unit(module)
        for index in indexes:
            facts, statement = unit.facts(index), unit.statements[index]
            if facts.kind not in {"import", "from", "star", "future"}:
                self.held.setdefault(module, {}).update((name, dependency) for name in facts.binds)
                if not facts.binds:
                    self._effects[module, index] = f"{module}:{statement.lineno} {statement.headline[:40]}"

    def tell(self) -> None:
        """Whatever changes of a dependency, who accepts that is told."""
        touched = [name for name, steps in self.planner.steps.items() if steps]
        touched += [name for name, alignment in self.planner.alignments.items() if not alignment.unchanged]
        for dependency in dict.fromkeys(touched):
            for module in sorted(self.world.importers.get(dependency, ())):
                if module in self.world and self.accepts(module, dependency):
                    self.accept(module, dependency)

    # -- what a plan comes to

    @property
    def rows(self) -> list[str]:
        """What was held back, as ``module:name``, or by its line where it binds none; for reports."""
        names = [f"{module}:{name}" for module in self.held for name in self._held_back(module)]
        steps = self.planner.steps
        return [*names, *(row for (module, i), row in self._effects.items() if i not in steps.get(module, {}))]

    def _held_back(self, module: str) -> dict[str, str]:
        """What is held back, but for what was executed all the same: for an edit of its own."""
        steps, binders = self.planner.steps.get(module, {}), self.world.unit(module).binders
        held = self.held.get(module, {})
        return {n: why for n, why in held.items() if not why or not any(i in steps for i in binders.get(n, ()))}

    def still_held(self) -> dict[str, dict[str, str]]:
        """What is held back once the plan is carried out, by module, where that is not what it was before."""
        modules = [name for name in {**self.planner.steps, **self.held} if name in self.world]
        found = {name: self._still_held(name) for name in modules}
        return {name: held for name, held in found.items() if held != self.world.entry(name).held}

    def _still_held(self, module: str) -> dict[str, str]:
        """What was held back before, and was not made anew; and what is now."""
        steps, unit = self.planner.steps.get(module, {}), self.world.unit(module)
        made = {name for index in steps for name in unit.facts(index).binds}
        before = {n: why for n, why in self.world.entry(module).held.items() if n not in made and n in unit.binders}
        return {**before, **self._held_back(module)}

    # -- decline

    def refusals(self, gone: Iterable[str]) -> tuple[Refusal, ...]:
        """What modules decline of this plan, by the word of the version that runs or of the one that is to come."""
        found: list[Refusal] = []
        for module in dict.fromkeys([*self.planner.alignments, *self.planner.steps, *gone]):
            if module in self.world:
                found += self._declined(module, module in gone)
        return tuple(found)

    def _declined(self, module: str, is_gone: bool) -> Iterator[Refusal]:
        before, after = self.world.entry(module).unit.declared, self.declared(module)
        names = before.decline | after.decline
        if not (names or before.declines or after.declines):
            return
        changes = dict(self._changes(module))
        changes.pop(NAME, None)
        if is_gone:
            yield _refusal(module, None, (f"the file of {module} is gone",))
        elif (before.declines or after.declines) and changes:
            yield _refusal(module, None, next(iter(changes.values())))
        else:
            yield from (_refusal(module, name, chain) for name, chain in changes.items() if name in names)

    def _changes(self, module: str) -> Iterator[tuple[str, tuple[str, ...]]]:
        """What changes of a module, with the chain that leads there: names, or the lines of what binds none."""
        unit, before = self.world.unit(module), self.world.entry(module).unit
        for index, step in self.planner.steps.get(module, {}).items():
            facts, line = unit.facts(index), unit.statements[index].lineno
            chain = (f"{module}:{line} {unit.statements[index].headline[:60]}: {step.reason}", *step.chain)
            changed = {name for owner, name in self.planner.effects.of(module, index) if owner == module}
            for name in [*facts.binds, *facts.deletes, *changed] or [str(line)]:
                yield name, chain
        alignment = self.planner.alignments.get(module)
        if alignment is not None:
            for match in alignment.patched:
                for name in unit.facts(match.new).binds:
                    yield name, (f"{module}:{unit.statements[match.new].lineno} {name} has a new body",)
            for index in alignment.gone:
                for name in before.facts(index).binds or [str(before.statements[index].lineno)]:
                    yield name, (f"{module}: {before.statements[index].headline[:60]!r} is gone",)


def _refusal(module: str, name: str | None, chain: tuple[str, ...]) -> Refusal:
    whose = f"of {name} " if name else ""
    return Refusal(
        RefusalKind.DECLINED,
        module,
        name,
        f"the module declines changes {whose}while it runs",
        f"restart; or take the word out of {NAME} in {module}, restart, and change it live from then on",
        chain,
    )
