"""Prepare and build: execute a plan on the stage, pair what it made with what lives, and write down the operations."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from modcache._model.literals import same_constant
from modcache._refresh.bases import misfits, out_of_reach
from modcache._refresh.build import Builder
from modcache._refresh.codes import holders
from modcache._refresh.departures import class_that_goes, depart
from modcache._refresh.docs import docstring_of
from modcache._refresh.entering import enter, leave, turn_down_replaced
from modcache._refresh.enums import departed_members, exported_and_gone, moved_names
from modcache._refresh.growth import Growth
from modcache._refresh.ledger import Ledger, Touched, replay
from modcache._refresh.leftover import Leftovers, Overloads
from modcache._refresh.made import was_made_with
from modcache._refresh.member_sources import MemberSources
from modcache._refresh.migrate import Migration
from modcache._refresh.owners import Owners
from modcache._refresh.pair import Pairing
from modcache._refresh.pinned import pinned
from modcache._refresh.planner import Planner
from modcache._refresh.registrations.known import keepers_caches
from modcache._refresh.remembered import Remembered
from modcache._refresh.staging import Staging
from modcache._refresh.succession import Succession
from modcache._refresh.telling import tell, tell_dangling
from modcache._refresh.translate import Translation
from modcache._refresh.verdicts import forget_dispatch
from modcache._refresh.world import MISSING
from modcache._runtime.peek import bases_of, home, is_a

if TYPE_CHECKING:
    from modcache._model.unit import Unit
    from modcache._refresh.engine import Attempt

__all__ = ["Transplant"]

_SPECIAL = frozenset({
    "__name__", "__builtins__", "__cached__", "__file__", "__loader__", "__package__", "__path__", "__spec__",
    "__annotations__", "__annotate__", "__conditional_annotations__", "__warningregistry__",
})  # fmt: skip
_LRU: type = type(functools.lru_cache(lambda: None))


class Transplant:
    """Carries one plan from the stage to a list of operations."""

    def __init__(self, attempt: Attempt, planner: Planner) -> None:
        self.attempt = attempt
        self.planner = planner
        self.world = attempt.world
        self.result = attempt.result
        self.operations = attempt.result.operations
        self.staging = Staging(self.world, planner, attempt.maps, attempt.gone)
        self.stage = self.staging.stage
        self._way_back: list[Callable[[], None]] | None = None
        self._departed: dict[str, type] = {}
        self.rebound: set[tuple[str, str]] = set()
        """The names that get another object."""

    def run(self) -> Planner | None:
        """Fill in the operations; or give back the plan, if it had to grow and must be tried again."""
        try:
            again = self._run()
        except BaseException as error:
            self.drop(error)
            raise
        if again is not None:
            self.drop()
        else:
            self.attempt.drop = self.drop
        return again

    def drop(self, error: BaseException | None = None) -> None:
        """Nothing comes of the stage: put back what it has changed, and note what it has made, to see that it goes."""
        if self._way_back is not None:
            for step in self._way_back:
                step()
            self._way_back = None
            self.attempt.in_vain.note(self.stage.modules, self.staging.strike(error))

    def _run(self) -> Planner | None:
        touched, outside = self._execute()
        self.attempt.clock("stage")
        turn_down_replaced(self.stage, self.world.knowledge.entries)
        growth = Growth(self.planner)
        if growth.by_touched(touched):
            self.planner.cross_examine()
            return self.planner
        pairing = self._paired()
        self._exported = list(exported_and_gone(pairing.classes, self.world))
        if growth.by_replacement(pairing) or growth.by_names(self._renamed(pairing)):
            return self.planner
        for old, new, where in pairing.classes:
            self.result.removed.update({f"{where}.{name}": None for name in departed_members(old, new)})
            self.result.doubts.update({f"{where}.{row}": None for row in moved_names(old, new)})
        migration = Migration(self)
        young = migration.prepare(pairing)
        pairing.rehome(young)
        pairing.codes(young)
        translation = Translation(pairing.final, [*self.staging.young, *young, *pairing.copies])
        translation.run()
        self._succession = Succession(self, pairing, translation)
        self._succession.redirect()
        self._build(pairing, translation)
        for page in touched:
            replay(page, translation.value, self.operations, self.result)
        self._exchange(translation.value)
        tell(self, outside)
        self._overloads.commit(self.operations.fill_dict, translation.value)
        migration.commit(self.operations, self._succession.led, translation.value)
        why = "objects that new code made are of a class that gave way to the old one"
        self.result.remains.update({f"{where}: {why}": None for where in translation.misfits})
        self.attempt.keyed.append(translation.keyed)
        self.operations.afterwards(translation.keyed.settle, bool)
        self.attempt.leftovers = Leftovers(pairing.final, aliased=translation.aliased)
        return None

    def without_stage(self) -> None:
        """The operations of a plan that executes nothing: functions get new code, names and modules go."""
        for name in self.attempt.maps:
            self._unbind(name)
        for name in self.attempt.gone:
            self._leave(name)
        self.attempt.patch(self.planner, (), holders(self._twins(), self.stage.codes))
        self._clear_caches()
        self.staging.exchange.look()
        self._exchange(lambda value: value)
        depart(self, self._departed)
        tell_dangling(self)
        migration = Migration(self)
        migration.prepare()
        migration.commit(self.operations, {})

    def program(self) -> set[int]:
        """The ids of what is the program's, though it is listed here: what the stage made and copied, namespaces."""
        stage, entries = self.stage, self.world.knowledge.entries
        found = {*map(id, self.staging.young), *map(id, stage.originals.values())}
        found |= {id(self.world.namespace(name)) for name in entries}
        return found

    def _exchange(self, value: Callable[[Any], Any]) -> None:
        """What was registered elsewhere gives way to what is registered now."""
        left = self.staging.exchange.commit(self.operations, value, self.staging.executed)
        self.result.remains.update(dict.fromkeys(left))

    # -- executing

    def _execute(self) -> tuple[list[Touched], list[str]]:
        namespaces = [(name, self.world.namespace(name)) for name in self.world.knowledge.entries]
        ledger, before = Ledger(namespaces), Remembered(namespaces)
        self._overloads = Overloads(self.stage.modules)
        try:
            self.staging.run()
        finally:
            self._overloads.take(self.stage.modules)
            self._way_back = before.way_back(self.world.reach.words)
            touched, others = ledger.by_stage(self.world)
            for page in touched:
                ledger.restore(page)
        for page in others:
            self.result.doubts[f"{page.where} was changed meanwhile, by another thread as it seems: it stays so"] = None
        return touched, ledger.outside()

    # -- pairing

    def _bound(self, name: str) -> dict[str, Any]:
        """What the executed statements of a staged module have bound."""
        initial = self.stage.initial.get(name, {})
        return {
            key: value
            for key, value in self.stage.modules[name].__dict__.items()
            if key not in _SPECIAL and initial.get(key, MISSING) is not value
        }

    def bound(self) -> Iterator[tuple[str, str, Any]]:
        """(module, name, value) of all that executed statements have bound in modules that were loaded before."""
        return ((name, key, value) for name in self._modules() for key, value in self._bound(name).items())

    def _modules(self) -> list[str]:
        """Staged modules with a live counterpart of which something was executed, in the order of execution."""
        return [name for name in self.stage.started if name not in self.stage.fresh and self.staging.executed.get(name)]

    def _paired(self) -> Pairing:
        """Pair, until every class can be given its new bases: those that survive, and those that the stage made."""
        rigid: set[str] = set()
        while True:
            anothers = Owners(self.world, self.stage.modules).go_on
            pairing = Pairing(self.stage, self.staging.code_for, anothers, rigid)
            self._pair(pairing)
            young = self.staging.young
            more = misfits(pairing.rebased()) or pinned(pairing, young) or out_of_reach(pairing, young)
            if not more:
                return pairing
            rigid.update(more)

    def _renamed(self, pairing: Pairing) -> Iterator[tuple[str, str]]:
        """The names that hold something else when the stage has been executed."""
        for name, key, value in self.bound():
            old = self.world.live(name, key)
            if pairing.final.get(value) is not old and not same_constant(old, value):
                yield name, key
        yield from self._exported
        for name in self.planner.whole:
            if name in self.stage.modules and name not in self.stage.fresh:
                yield from ((name, key) for key in self._rest(name))

    def _pair(self, pairing: Pairing) -> None:
        young = self.staging.young
        pairing.made(young)
        pairing.twins([*young, *self._twins()])
        for name, key, value in self.bound():
            if key in (live := self.world.namespace(name)):
                pairing.pair(live[key], value, f"{name}:{key}")
        pairing.aliases()
        pairing.rehome(young)
        pairing.codes(young)

    def _twins(self) -> list[Any]:
        return list(self.stage.twins.values())

    # -- building

    def _build(self, pairing: Pairing, translation: Translation) -> None:
        young = [*self._twins(), *self.staging.young, *pairing.copies]
        staged = holders((one for one in young if type(one) is FunctionType), self.stage.codes)
        extras = self.world.knowledge.extras
        sources = MemberSources(self.world, self.planner)
        made = functools.partial(was_made_with, self.world, self.planner.steps)
        rules = functools.partial(Builder, fresh=sources.fresh, sourced=sources.written, made=made, extras=extras)
        builder = rules(self.operations, pairing, translation)
        builder.survivors()
        self.result.patched.update(builder.patched)
        self.result.kept.update(builder.kept)
        self.result.doubts.update(builder.doubts)
        if builder.reshaped or pairing.replaced:
            self.attempt.reshaped = True
            forget_dispatch(self.operations, [old for old, _, _ in pairing.rebased()])
        self._succession.forward_all()
        for name in self._modules():
            self._bind(name, translation)
        for name in self.world.knowledge.entries:
            if name in self.attempt.maps or self.planner.steps.get(name):
                if name not in self.attempt.gone:
                    self._unbind(name)
        for name, key in self._exported:
            self._drop(name, key)
        for name, key in self.planner.effects.orphans:
            if key in (bound := self._bound(name) if name in self.stage.modules else {}):
                self.operations.put(self.world.namespace(name), key, translation.value(bound[key]))
            elif key in self.world.namespace(name):
                self._drop(name, key)
        enter(self.operations, self.stage, translation.value)
        for name in self.attempt.gone:
            self._leave(name)
        paired = {id(old) for old, _, _ in pairing.functions}
        self.attempt.patch(self.planner, paired | self._succession.forwarded | pairing.rehomed, staged)
        # no operation of the commit: its inverse, kept for an undo, would keep the stage alive
        self.stage.close()
        self._replaced(pairing)
        self._caches(pairing)
        depart(self, self._departed)
        tell_dangling(self)

    def _bind(self, name: str, translation: Translation) -> None:
        live = self.world.namespace(name)
        for key, value in self._bound(name).items():
            final, old = translation.value(value), live.get(key, MISSING)
            if final is old or same_constant(old, final):
                continue
            self.operations.put(live, key, final)
            self.rebound.add((name, key))
            if is_a(old, FunctionType | type):
                self._succession.superseded(name, key, old, final)
            elif type(old) is not type(final) and (kind := class_that_goes(self.world, name, old)) is not None:
                self.departs(f"{name}:{key}", kind)
        self._annotations(name, live, self.stage.modules[name].__dict__, translation)

    def _rest(self, name: str) -> Iterator[str]:
        """After a whole execution: names that the old version made and the new one does not."""
        unit = self.world.entry(name).unit
        staged = self.stage.modules[name].__dict__ if name in self.stage.modules else {}  # nothing is in its file now
        for key, value in list(self.world.namespace(name).items()):
            if key in staged or key in _SPECIAL or key == "__doc__" or self._is_submodule(name, key, value):
                continue
            if is_a(value, ModuleType) and self._by_star(self.world.unit(name), key, value):
                continue  # a module of the package, by whoever had imported it: that is as it was
            ours = is_a(value, type | FunctionType) and home(value) == name
            if key in unit.binders or ours or unit.opaque or self._by_star(unit, key, value):
                yield key

    def _by_star(self, unit: Unit, key: str, value: object) -> bool:
        """Did a star import of the old version bind it?"""
        for facts in unit.all_facts:
            for ref in facts.imports:
                if ref.name == "*":
                    target = self.world.knowledge.system.modules.get(unit.absolute(ref.level, ref.module))
                    if is_a(target, ModuleType) and target.__dict__.get(key, self) is value:
                        return True
        return False

    def _is_submodule(self, name: str, key: str, value: object) -> bool:
        return is_a(value, ModuleType) and self.world.knowledge.system.modules.get(f"{name}.{key}") is value

    def _drop(self, name: str, key: str) -> None:
        live = self.world.live(name, key)
        if (kind := class_that_goes(self.world, name, live)) is not None:
            self.departs(f"{name}:{key}", kind)
        self.operations.drop(self.world.namespace(name), key)
        self.result.removed[f"{name}:{key}"] = None

    def departs(self, where: str, kind: type) -> None:
        """A class that goes: if nobody holds it then, its bases need not count it as a subclass."""
        if bases_of(kind) != (object,):
            self._departed[where] = kind

    def _annotations(self, name: str, live: dict[str, Any], staged: dict[str, Any], translation: Translation) -> None:
        new = staged.get("__annotations__")
        if type(new) is not dict:
            return
        unit = self.world.unit(name)
        names = [n for facts in unit.all_facts for n in facts.annotates]
        wanted = {key: translation.value(new[key]) for key in dict.fromkeys(names) if key in new}
        old = live.get("__annotations__")
        if type(old) is not dict:
            self.operations.put(live, "__annotations__", wanted)
        elif old != wanted:
            self.operations.fill_dict(old, wanted)

    def _unbind(self, name: str) -> None:
        """Names that no statement of the new version binds."""
        before, after, live = self.world.entry(name).unit, self.world.unit(name), self.world.namespace(name)
        bound = self._bound(name) if name in self.stage.modules else {}
        for key in before.binders:
            if key in live and key not in bound and key not in _SPECIAL and self._is_gone(name, key, after):
                if not self._is_submodule(name, key, live[key]):
                    self._drop(name, key)
        if before.annotated and not after.annotated and "__annotations__" in live:
            self.operations.drop(live, "__annotations__")
        if name in self.planner.whole and (name in self.stage.modules or not after.statements):
            for key in self._rest(name):
                self._drop(name, key)
        doc = docstring_of(after)
        if live.get("__doc__") != doc and live.get("__doc__") == docstring_of(before):
            self.operations.put(live, "__doc__", doc)

    def _is_gone(self, name: str, key: str, after: Unit) -> bool:
        """Does no statement bind it any more, or did those that may be executed without binding it?"""
        if key not in after.binders:
            return True
        steps = self.planner.steps.get(name, {})
        staged = self.stage.modules.get(name)
        return staged is not None and key not in staged.__dict__ and all(i in steps for i in after.binders[key])

    def _leave(self, name: str) -> None:
        leave(self.operations, self.stage, name)
        self.result.removed[name] = None

    # -- what the report has to say

    def _replaced(self, pairing: Pairing) -> None:
        for where in pairing.shifted:
            why = "functions without a name changed places; those that are held elsewhere may be old"
            self.result.doubts[f"{where}: {why}"] = None
        for where in pairing.stale:
            self.result.replaced[where] = None
            self.result.remains[f"{where} has another value: who holds the old member keeps that"] = None
        self.result.replaced.update(dict.fromkeys(pairing.replaced))

    def _caches(self, pairing: Pairing) -> None:
        """lru caches of what changed are emptied once the commit is done."""
        self.attempt.caches.extend(pairing.cached)
        self._clear_caches()

    def _clear_caches(self) -> None:
        caches: list[Any] = []
        for module, name in self.planner.taints:
            if module in self.world and type(live := self.world.live(module, name)) is _LRU:
                caches.append(live)
        self.attempt.caches.extend(caches)
        if self.planner.taints:
            self.attempt.caches.extend(keepers_caches())
