"""Refresh: one attempt from what was found to a commit, or to nothing at all."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from typing import Any

from modcache._model.diff import Alignment, align
from modcache._model.report import Change, Plan, PlannedModule, PlannedStatement
from modcache._model.unit import Unit, facts_for
from modcache._refresh.codes import CodeMap, Holders, NameMap
from modcache._refresh.cycles import import_error
from modcache._refresh.defects import as_defect, is_defect
from modcache._refresh.departures import Departed
from modcache._refresh.entry import Found
from modcache._refresh.hooks import foreseen, hooked, mended
from modcache._refresh.keyed import Keyed
from modcache._refresh.know import Knowledge
from modcache._refresh.late import Late
from modcache._refresh.leftover import Leftovers, full_collections, let_go
from modcache._refresh.partaking import Partaking
from modcache._refresh.patch import Patch
from modcache._refresh.planner import Planner
from modcache._refresh.provisional import Provisional
from modcache._refresh.staging import Refused, StageFailed
from modcache._refresh.turns import stage_for_hooks
from modcache._refresh.vain import InVain
from modcache._refresh.verdicts import forget_verdicts
from modcache._refresh.world import World
from modcache._runtime.operations import Operations

__all__ = ["Attempt", "Result"]

_ROUNDS = 5


@dataclass(slots=True)
class Result:
    """What an attempt did, for the report."""

    executed: dict[str, tuple[PlannedStatement, ...]] = field(default_factory=dict)
    statements: int = 0
    patched: dict[str, None] = field(default_factory=dict)
    replaced: dict[str, None] = field(default_factory=dict)
    kept: dict[str, None] = field(default_factory=dict)
    held: dict[str, dict[str, str]] = field(default_factory=dict)
    """module -> what it holds back from now on, where that changes."""
    accepted: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """module -> the dependencies whose changes it copes with by itself."""
    hooked: tuple[str, ...] = ()
    """The modules whose hooks are to be called, dependencies first."""
    mended: frozenset[str] = frozenset()
    """Those whose first hook is edited: the one that they have is called unless it is known to fail."""
    removed: dict[str, None] = field(default_factory=dict)
    dangling: dict[str, None] = field(default_factory=dict)
    remains: dict[str, None] = field(default_factory=dict)
    doubts: dict[str, None] = field(default_factory=dict)
    departed: dict[str, weakref.ref[type]] = field(default_factory=dict)
    """Rows of ``doubts`` and ``remains`` about classes that are gone and still held."""
    settled: set[str] = field(default_factory=set)
    """Rows of earlier reports that are true no more."""
    migrated: int = 0
    swept: bool = False
    operations: Operations = field(default_factory=Operations)
    new_units: dict[str, Unit] = field(default_factory=dict)


class Attempt:
    """One attempt to make the modules that were found new, together."""

    def __init__(self, knowledge: Knowledge, found: Mapping[str, Found], clock: Callable[[str], None]) -> None:
        self.knowledge = knowledge
        self.appeared: list[tuple[str, int, str]] = []
        self.departed: Departed = {}
        """Classes that earlier commits left among the subclasses of their bases."""
        self.way_back: list[Operations] = []
        """What may be undone: it holds what it needs for that, and nobody holds that else."""
        self.found = dict(found)
        self.in_vain = InVain()
        """Told of what is staged and comes to nothing."""
        self.drop: Callable[[], None] = _nothing
        """To be called if what was prepared is not committed."""
        self.clock = clock
        self.announce: Callable[[Callable[[], Plan]], None] = lambda make: None
        self.gone = frozenset(name for name, one in self.found.items() if one.unit is None)
        self.world = World(knowledge, self.found)
        self.alignments: dict[str, Alignment] = {}
        self.maps: dict[str, CodeMap | NameMap] = {}
        self.whole: dict[str, str] = {}
        self.result = Result()
        self.caches: list[Any] = []
        self.leftovers: Leftovers | None = None
        self.late: Late | None = None
        self.keyed: list[Keyed] = []
        self.provisional = Provisional()
        self.staged: set[str] = set()
        self.reshaped = False
        """Do classes get other members or bases?"""

    # -- plan

    def plan(self) -> Planner:
        """Compile and align the new versions, and follow the taints. Raises what compiling raises."""
        for name, found in self.found.items():
            if found.unit is not None and name not in self.alignments:
                self._align(name, found.entry.unit, found.unit)
        planner = Planner(self.world, self.alignments)
        for name, why in self.whole.items():
            planner.make_whole(name, why)
        planner.seed()
        stage_for_hooks(self, planner)
        for name in self.gone:
            self._module_gone(planner, name)
        for module, index, target in self.appeared:
            planner.step(module, index, f"{target} can be imported now", ())
        planner.run()
        planner.partaking.tell()
        planner.cross_examine()
        return planner

    def _align(self, name: str, old: Unit, new: Unit) -> None:
        new.check()  # a version that does not compile ends here
        alignment = align(old.source, new.source, lambda statement: facts_for(statement.fragment, new.strings))
        self.alignments[name] = alignment
        self.maps[name] = CodeMap(old, new, alignment)
        origin = self.knowledge.prove(self.world.entry(name))
        if origin == "moved":
            self.maps[name] = NameMap(new)
            self.result.doubts[f"{name} was loaded before the session, from lines that are not known"] = None
        elif origin == "unknown":
            self.whole[name] = "its origin is unknown"
            self.result.doubts[f"{name} was loaded from a source that is not known: it was paired by name"] = None

    def _module_gone(self, planner: Planner, name: str) -> None:
        planner.seed_gone_module(name)
        parent, _, child = name.rpartition(".")
        for other in self.world.dependents(name):
            if other == name or other in self.gone:
                continue
            for index, facts in enumerate(self.world.unit(other).all_facts):
                for ref in facts.imports:
                    base = self.world.unit(other).absolute(ref.level, ref.module)
                    if name in (base, f"{base}.{ref.name}") or (ref.name is None and ref.module.startswith(f"{name}.")):
                        planner.step(other, index, f"module {name} is gone", (f"the file of {name} is gone",))
        if parent in self.world:
            planner.value(parent, child, (f"the file of {name} is gone",))

    def connected(self, one: str, other: str, planned: frozenset[str]) -> bool:
        """Do two modules belong to one part of the plan: does one depend on the other, or a planned one on both?"""
        if one not in self.world or other not in self.world:
            return False
        first, second = self.world.dependents(one), self.world.dependents(other)
        return one in second or other in first or not planned.isdisjoint(first & second - self.world.wild)

    # -- prepare

    def run(self, admit: Callable[[], None]) -> Result:
        """Do it. Raises :class:`StageFailed`, :class:`Refused`, ``SyntaxError``; then nothing has changed.

        ``admit`` is called when all is planned and nothing was done yet, and may raise ``Refused``.
        """
        planner = self.plan()
        self.announce(lambda: describe(self.world, planner, self.found))
        self.clock("plan")
        self._turn_down_impossible(planner)
        self._turn_down_declined(planner)
        admit()
        collections = full_collections()
        for _ in range(_ROUNDS):
            try:
                again = self._prepare(planner)
            except StageFailed as failure:
                again = self._widened(planner, failure)
            if again is None:
                break
            planner = again
            let_go(collections)
        self._turn_down_declined(planner)  # it may have grown
        if self.reshaped or any(where.endswith(".__subclasshook__") for where in self.result.patched):
            forget_verdicts(self.result.operations)
        self.clock("pair")
        self.result.doubts.update(planner.doubts)
        for where, edited in planner.program.items():
            if edited:
                self.result.remains[
                    f"{where}: it is the program that runs; the edit takes effect when it is started anew"
                ] = None
            else:
                self.result.kept[where] = None
        for name in planner.unwanted:
            if name not in self.gone:
                self.result.remains[f"{name}: nothing imports it any more; it stays in the cache"] = None
        self._take_word(planner.partaking)
        self.result.hooked = hooked(planner, self.gone)
        self.result.mended = mended(planner, self.result.hooked)
        return self.result

    def _take_word(self, partaking: Partaking) -> None:
        """What modules had a say in, for the report and for those who compare later."""
        self.result.kept.update(dict.fromkeys(partaking.rows))
        self.result.remains.update(partaking.remains)
        self.result.held = partaking.still_held()
        self.result.accepted = {name: tuple(found) for name, found in partaking.accepted.items()}

    @staticmethod
    def _turn_down_impossible(planner: Planner) -> None:
        """What no fresh process could import is not made to work in this one, for as long as that lives."""
        early = planner.impossible
        if early is not None:
            raise StageFailed(early.asker.unit.name, import_error(early))

    def _turn_down_declined(self, planner: Planner) -> None:
        refusals = planner.partaking.refusals(self.gone)
        if refusals:
            raise Refused(refusals)

    def _widened(self, planner: Planner, failure: StageFailed) -> Planner:
        """A statement that nobody edited failed: the plan was too small for it, so its module is executed whole."""
        name = failure.module
        if name not in self.world or name in planner.whole or self._is_edited(name, failure.error):
            raise failure
        self.whole[name] = "one of its statements can't be executed without those before it"
        self.world = World(self.knowledge, self.found)
        return self.plan()

    def _is_edited(self, name: str, error: BaseException) -> bool:
        """Does an error come from a statement of a module that is new or was edited?"""
        unit, trace = self.world.unit(name), error.__traceback__
        index = None
        while trace is not None:
            if (
                trace.tb_frame.f_code.co_filename == unit.source.filename
                and trace.tb_frame.f_code.co_name == "<module>"
            ):
                index = unit.source.statement_at(trace.tb_lineno)
            trace = trace.tb_next
        if index is None:
            return True
        alignment = self.alignments.get(name)
        return alignment is not None and alignment.matches[index].verdict not in ("same", "patch")

    def _prepare(self, planner: Planner) -> Planner | None:
        """Stage and pair; None if the operations are ready, else the better plan that has to be tried."""
        self.result.operations = Operations()
        self.late = None
        self.keyed = []
        self.provisional = Provisional()
        self.reshaped = False
        from modcache._refresh.transplant import Transplant

        self.staged = {name for name, steps in planner.steps.items() if steps}
        try:
            transplant = Transplant(self, planner)
            if any(planner.steps.values()) or planner.effects.orphans:
                return transplant.run()
            transplant.without_stage()
        except (StageFailed, Refused):
            raise
        except Exception as error:  # whatever it is, nothing has changed: that is what the caller has to know
            raise StageFailed("", as_defect(error) if is_defect(error) else error) from error
        return None

    def after_commit(self) -> list[str]:
        """Lead who holds something staged to what stands for it now; what remains held, for the report."""
        self.drop = _nothing
        rows = [row for keyed in self.keyed for row in keyed.settle()]
        rows += self.late.settle() if self.late is not None else []
        self.keyed, self.late = [], None
        return [*rows, *(self.leftovers.settle() if self.leftovers is not None else [])]

    def unfounded(self, way_back: list[Operations]) -> list[str]:
        """The doubts that turn out to hold no more when all is done."""
        provisional, self.provisional = self.provisional, Provisional()
        return provisional.unfounded((self, self.result), way_back, self.knowledge.system.modules.values())

    def patch(self, planner: Planner, settled: Container[int], staged: Holders) -> None:
        """Give what is not executed its new code; ``settled``: the ids of functions that are seen to elsewhere.

        ``staged``: the references to code that the stage has.
        """
        Patch(self, planner, staged).run(settled)


def _nothing() -> None:
    """Nothing was staged."""


def describe(world: World, planner: Planner, found: Mapping[str, Found]) -> Plan:
    """A plan as the value that people see."""
    changes = tuple(change_of(planner, name, one) for name, one in found.items())
    names = [name for name, steps in planner.steps.items() if steps]
    names += [name for name in found if name not in names and found[name].unit is not None]
    modules = tuple(_planned(world, planner, name) for name in names)
    partaking, gone = planner.partaking, frozenset(name for name, one in found.items() if one.unit is None)
    return Plan(
        changes=changes,
        modules=modules,
        refusals=partaking.refusals(gone),
        doubts=(*planner.doubts, *planner.stored.values()),
        kept=tuple(partaking.rows),
        accepted={name: tuple(rows) for name, rows in partaking.accepted.items()},
        hooks=foreseen(planner, gone),
    )


def change_of(planner: Planner | None, name: str, found: Found) -> Change:
    """A found module as a change."""
    kind: Any = "edited"
    if found.unit is None:
        kind = "deleted"
    elif planner is not None and name in planner.alignments and planner.alignments[name].unchanged:
        kind = "moved"
    return Change(name, found.entry.path, kind)


def _planned(world: World, planner: Planner, name: str) -> PlannedModule:
    unit, steps = world.unit(name), planner.steps.get(name, {})
    statements = tuple(
        PlannedStatement(unit.statements[i].lineno, unit.statements[i].headline, steps[i].reason, steps[i].chain)
        for i in sorted(steps)
    )
    alignment = planner.alignments.get(name)
    patches: tuple[str, ...] = ()
    if alignment is not None:
        patches = tuple(body.qualname for match in alignment.patched for body in unit.bodies(match.new))
    if name in planner.whole:
        return PlannedModule(name, "whole", planner.whole[name], statements, patches, len(unit.statements))
    mode: Any = "partial" if steps else "patch"
    why = f"{len(steps)} of {len(unit.statements)} statements" if steps else "no execution"
    return PlannedModule(name, mode, why, statements, patches, len(unit.statements))
