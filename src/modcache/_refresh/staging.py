"""Prepare: set up the stage for a plan and execute the planned statements on it."""

from __future__ import annotations
import __future__

import ast
import gc
from collections.abc import Iterable, Mapping
from functools import partial
from types import CodeType, FunctionType, ModuleType
from typing import Any

from modcache._model.literals import is_compiled_as, same_constant
from modcache._model.report import Refusal
from modcache._model.unit import Unit
from modcache._refresh.calls import watched
from modcache._refresh.codes import CodeMap, NameMap
from modcache._refresh.cycles import TooEarly
from modcache._refresh.docs import docstring_of
from modcache._refresh.elsewhere import forget_elsewhere
from modcache._refresh.order import Order, parents
from modcache._refresh.owners import owners_of
from modcache._refresh.planner import Planner
from modcache._refresh.registrations.exchange import Exchange
from modcache._refresh.world import MISSING, World
from modcache._runtime.collector import uncollected, unseen_dicts
from modcache._runtime.marks import marked
from modcache._runtime.peek import is_a, namespace_of
from modcache._runtime.stage import Body, Stage
from modcache._runtime.tracebacks import let_frames_go

__all__ = ["Refused", "StageFailed", "Staging"]

_FLAGS = {name: getattr(__future__, name).compiler_flag for name in __future__.all_feature_names}


class StageFailed(Exception):
    """Executing a staged module failed: ``module`` and the exception that its body raised (``__cause__``)."""

    def __init__(self, module: str, error: BaseException) -> None:
        super().__init__(module)
        self.module = module
        self.error = error


class Refused(Exception):
    """It can't be done live: ``refusals`` say why."""

    def __init__(self, refusals: tuple[Refusal, ...]) -> None:
        super().__init__("; ".join(map(str, refusals)))
        self.refusals = refusals


class Staging:
    """The stage of one plan; :meth:`run` executes it and finds out what it made (``young``)."""

    def __init__(
        self, world: World, planner: Planner, maps: Mapping[str, CodeMap | NameMap], gone: frozenset[str]
    ) -> None:
        self.world = world
        self.planner = planner
        self.exchange = Exchange(planner, gone)
        self.maps = maps
        self.new_units: dict[str, Unit] = {}
        self.young: list[Any] = []
        self.executed: dict[str, list[int]] = {}
        self._current: list[str] = []
        self._collected: list[int] = []
        self._failing: tuple[str, BaseException] | None = None
        names = {name for name, steps in planner.steps.items() if steps}
        self.stage = Stage(
            world.knowledge.system,
            {name: self._body(name) for name in names},
            new=self._new,
            owned=lambda name: name in world,
            gone=gone,
        )
        self._set_up(names, gone)
        self._order = Order(world, self.stage)

    def _set_up(self, names: set[str], gone: frozenset[str]) -> None:
        half_made = {early.use.module.name for found in self.planner.early.values() for early in found}
        support = ({module for module, _ in self.planner.taints} | half_made) - names - gone
        above = {parent for name in names for parent in parents(name)} - names
        for name in sorted(names | support | above):
            if name not in self.world or name in gone:
                live = self.world.knowledge.system.modules.get(name)
                if name in above and is_a(live, ModuleType) and name not in gone:
                    self.stage.copy(name, live)  # a namespace package
                continue
            entry = self.world.entry(name)
            self._map_codes(name, entry.module)
            if name in self.planner.whole:
                self._blank(name, entry.module)
            else:
                staged = self.stage.copy(name, entry.module, self._unbound(name))
                for annotated in entry.unit.annotated - self.world.unit(name).annotated:
                    vars(staged).get("__annotations__", {}).pop(annotated, None)
                if self._makes_docstring(name):
                    vars(staged)["__doc__"] = docstring_of(self.world.unit(name))
                if name not in names:
                    self.stage.bodies[name] = self._body(name)
        self.stage.connect()

    def _blank(self, name: str, live: ModuleType) -> None:
        """A module begins empty, but for what it keeps; and for its docstring, if it is not executed in one piece."""
        staged = vars(self.stage.blank(name, live))
        if self.planner.partaking.spares(name):
            staged["__doc__"] = docstring_of(self.world.unit(name))
            staged.update((key, vars(live)[key]) for key in self.planner.partaking.kept(name))

    def _makes_docstring(self, name: str) -> bool:
        """May what is executed of a module go on from its docstring? Then it must find that as it was written."""
        unit, steps = self.world.unit(name), self.planner.steps.get(name)
        if not steps:
            return False
        by_function = any("__doc__" in body.binds for _, body in unit.loaders.get("__doc__", ()))
        return by_function or any(index in steps for index in unit.binders.get("__doc__", ()))

    def _map_codes(self, name: str, module: ModuleType) -> None:
        """Functions of the module itself: one that it has from another may stand on the same line there."""
        own = [value for value in module.__dict__.values() if type(value) is FunctionType] if name in self.maps else []
        for value in own:
            if value.__globals__ is module.__dict__ and (code := self.maps[name].of(value.__code__)) is not None:
                if code is not value.__code__:
                    self.stage.codes[value.__code__] = code

    def _unbound(self, name: str) -> frozenset[str]:
        """The names that a staged copy must not have from the start: they are bound anew, or gone."""
        unit, steps = self.world.unit(name), self.planner.steps.get(name, {})
        bound = {bound for index in steps for bound in unit.facts(index).binds} - self.planner.partaking.kept(name)
        bound = {name for name in bound if all(index in steps for index in unit.binders[name])}
        gone = set(self.world.entry(name).unit.binders) - set(unit.binders)
        live = self.world.namespace(name)
        kept = {n for n in gone if f"{name}.{n}" in self.world and is_a(live.get(n), ModuleType)}
        orphans = {key for owner, key in self.planner.effects.orphans if owner == name}
        return frozenset((bound | gone | orphans) - kept)

    # -- executing

    def run(self) -> None:
        """Execute. Raises :class:`StageFailed`; whatever happens, nothing live was touched by the stage itself."""
        gc.collect(0)
        self.exchange.begin()
        try:
            with uncollected(), self.stage.opened():
                young = self._run()
        finally:
            for staged in self.stage.modules.values():
                self.exchange.watch.leave(staged.__dict__)
            self.exchange.end()
        mine = {id(self.__dict__), id(self.young), id(young), id(self.stage.__dict__), id(self.stage.modules)}
        mine |= {id(self.stage.twins), id(self.stage.originals), id(self.stage.builtins), id(self.stage.codes)}
        self.young = [value for value in young if id(value) not in mine and not issubclass(type(value), ast.AST)]
        del young  # it would count as a holder
        self.young += unseen_dicts([*self.young, *self._namespaces()])

    def _namespaces(self) -> list[dict[str, Any]]:
        """The dicts that were there before the stage was executed, and into which it puts what it makes."""
        twins = [twin.__dict__ for twin in self.stage.twins.values()]
        return [*(module.__dict__ for module in self.stage.modules.values()), *filter(None, twins)]

    def _run(self) -> list[Any]:
        before = self._collected = _collections()
        try:
            for name in self._order:
                self.stage.run(name)
        except BaseException as error:
            module = self._failing[0] if self._failing is not None and self._failing[1] is error else ""
            raise StageFailed(module, error) from error
        # before the collector may run again: what is in its youngest generation now was made by the stage; if the code
        # collected garbage by itself, that has grown old, and everything is a candidate
        return gc.get_objects(generation=0) if before == _collections() else gc.get_objects()

    def strike(self, error: BaseException | None) -> list[Any]:
        """Clear away what came to nothing; returns what of it is still alive, with what others made meanwhile.

        The error is kept for the report: let it not keep the stage, whose classes would count as subclasses.
        """
        if error is not None:
            let_frames_go(error)
        for staged in self.stage.modules.values():
            staged.__dict__.clear()
        self.stage.close()
        young, self.young = self.young, []
        if not young and self._collected == _collections():
            young = gc.get_objects(generation=0)
        elif not young:  # a function knows where it was made, a class does not
            young = [one for one in gc.get_objects() if type(one) is FunctionType]
        return [*young, *self.stage.twins.values()]

    def _body(self, name: str) -> Body:
        """(No function of its own: the frame of one that failed would keep what it is closed over.)"""
        return partial(self._run_body, name)

    def _run_body(self, name: str, stage: Stage, module: ModuleType) -> None:
        self._current.append(name)
        try:
            self._execute(name, self.world.unit(name), module)
            if name in stage.left:
                raise KeyError(name)  # as the import machinery does, which looks for what it has executed
        except BaseException as error:
            if self._failing is None or self._failing[1] is not error:
                self._failing = (name, error)
            raise
        finally:
            self._current.pop()

    def _execute(self, name: str, unit: Unit, module: ModuleType) -> None:
        if name in self.planner.whole and not self.planner.partaking.spares(name):
            self.executed[name] = list(range(len(unit.statements)))
            forget_elsewhere(unit)
            self._watch(self._whole_code(unit), module, self.planner.early.get(name, ()))
            self.stage.attach_later(name, unit.binders)
            self._spread(name, module, set(unit.binders))
            return
        steps = self.planner.steps.get(name, {})
        self.executed[name] = []
        coming = self._hide_what_comes(name, unit)
        for index in range(len(unit.statements)):
            for target in self._order.entered(unit, index):
                self.stage.run(target)
            if index in steps and unit.facts(index).kind not in {"doc", "future"}:
                if not self._is_settled(name, index, module):
                    self._execute_one(name, unit, index, module)
            self.stage.show(name, coming.get(index, ()))

    def _execute_one(self, name: str, unit: Unit, index: int, module: ModuleType) -> None:
        self.executed[name].append(index)
        forget_elsewhere(unit, [index])
        statement = unit.statements[index]
        tree = ast.Module(body=[statement.fragment.placed(statement.lineno)], type_ignores=[])
        flags = sum(_FLAGS[feature] for feature in unit.source.futures)
        code = compile(tree, unit.source.filename, "exec", flags=flags, dont_inherit=True)
        early = [one for one in self.planner.early.get(name, ()) if one.use.asker.statement is statement]
        kept = {key: module.__dict__[key] for key in self.planner.partaking.kept(name) if key in module.__dict__}
        site = self.exchange.site(name, unit, index)
        if site is not None:
            self.exchange.watch.before(site, module.__dict__)
        self.stage.first = index in unit.once
        try:
            self._watch(code, module, early)
        finally:
            self.stage.first = False
        if site is not None:
            self.exchange.watch.after(site, module.__dict__)
        module.__dict__.update(kept)
        self._spread(name, module, unit.facts(index).binds)

    def _whole_code(self, unit: Unit) -> CodeType:
        return marked(unit.name, unit.source.data, unit.source.filename, self.exchange.watch) or unit.code

    def _watch(self, code: CodeType, module: ModuleType, early: Iterable[TooEarly]) -> None:
        run = partial(exec, code, module.__dict__)
        if early:
            staged = {id(other.__dict__) for other in self.stage.modules.values()}
            for one in watched(run, early, staged):
                self.planner.doubt(str(one.use))
        else:
            run()

    def _hide_what_comes(self, name: str, unit: Unit) -> dict[int, list[str]]:
        """Have a module begin as in a first import, without what is bound below; statement -> what is there after it.

        Else an edit could use names that are there by now, and that a fresh process would not have yet.
        """
        live, coming = self.world.namespace(name), dict[int, list[str]]()
        for key, binders in unit.binders.items():
            if not _may_come_sooner(name, unit, key, binders[0], live.get(key)):
                coming.setdefault(binders[0], []).append(key)
        made = (key for key in live if not key.isidentifier())  # by pydantic, say: Page[Item]
        self.stage.hide(name, [*made, *(key for keys in coming.values() for key in keys)])
        return coming

    def _is_settled(self, name: str, index: int, module: ModuleType) -> bool:
        """Was a statement planned only for inputs that turned out to be what they were? Then its names stay."""
        facts, unit = self.world.unit(name).facts(index), self.world.unit(name)
        if self.planner.steps[name][index].forced or facts.deletes or self.planner.effects.of(name, index):
            return False
        if any(len(unit.binders[bound]) != 1 or bound not in self.world.namespace(name) for bound in facts.binds):
            return False
        if any(len(unit.binders.get(read, ())) > 1 for read in facts.reads):
            return False  # what it holds now is not what it held when this statement was executed
        if not all(self._is_as_before(name, read, module.__dict__) for read in facts.reads):
            return False
        attributes = {attribute for _, attribute in facts.gets}
        for attribute in attributes:
            for owner in self.planner.tainted.get(attribute, ()):
                staged = self.stage.modules.get(owner)
                if staged is not None and not self._is_as_before(owner, attribute, staged.__dict__):
                    return False
        live = self.world.namespace(name)
        for bound in facts.binds:
            module.__dict__[bound] = self.stage.initial[name][bound] = self.stage.twins.get(
                id(live[bound]), live[bound]
            )
        return True

    def _is_as_before(self, module: str, name: str, staged: dict[str, Any]) -> bool:
        taint = self.planner.taints.get((module, name))
        if taint is None:
            return True
        live, new = self.world.live(module, name), staged.get(name, MISSING)
        return taint.value and live is not MISSING and same_constant(live, new)

    def _spread(self, name: str, module: ModuleType, bound: set[str]) -> None:
        live = self.world.namespace(name)
        for key in bound:
            if key in live and key in module.__dict__ and not any(owners_of(self.world, name, key, live[key])):
                self.stage.spread(live[key], module.__dict__[key], key)

    # -- modules that are not loaded yet

    def _new(self, name: str, path: Any) -> tuple[Any, Body] | None:
        knowledge = self.world.knowledge
        knowledge.system.invalidate_caches()
        spec: Any = knowledge.system.find(name, path)
        if spec is None:
            return None
        if spec.origin is None and spec.submodule_search_locations is not None:
            owned = any(knowledge.roots.owns(f"{location}/x.py") for location in spec.submodule_search_locations)
            return (spec, lambda stage, module: None) if owned else None
        if not spec.has_location or not str(spec.origin).endswith(".py") or not knowledge.roots.owns(spec.origin):
            return None
        with open(spec.origin, "rb") as file:
            data = file.read()
        package = spec.submodule_search_locations is not None
        self.new_units[name] = knowledge.unit(name, spec.origin, data, is_package=package)
        return spec, partial(self._run_new, name)

    def _run_new(self, name: str, stage: Stage, module: ModuleType) -> None:
        unit = self.new_units[name]
        self.executed[name] = list(range(len(unit.statements)))
        self._watch(self._whole_code(unit), module, self.planner.early.get(name, ()))

    def code_for(self, function: FunctionType) -> CodeType:
        """The code that the whole module, compiled, has for a function that a part of it made."""
        code = function.__code__
        name = str(function.__globals__.get("__name__"))
        unit = self.new_units.get(name) or (self.world.unit(name) if name in self.world else None)
        if unit is None or code.co_filename != unit.source.filename:
            return code
        candidates = unit.codes.get((code.co_qualname, code.co_firstlineno), [])
        fitting = [c for c in candidates if c.co_freevars == code.co_freevars and is_compiled_as(code, c)]
        if len(fitting) == 1:
            return fitting[0]
        alike = [c for c in fitting if c.co_consts == code.co_consts and c.co_names == code.co_names]
        return alike[0] if len(alike) == 1 else code


def _may_come_sooner(module: str, unit: Unit, name: str, first: int, live: object) -> bool:
    """May a name be bound before the first statement that says so: by a star import, a function, or as a submodule?"""
    if is_a(live, ModuleType) and namespace_of(live).get("__name__") == f"{module}.{name}":
        return True
    if any(index < first for index, *_ in unit.sites.get("*", ())):
        return True
    if unit.opaque:
        return True
    return unit.contains("global") and any(name in body.binds for _, body in unit.loaders.get(name, ()))


def _collections() -> list[int]:
    return [int(stats["collections"]) for stats in gc.get_stats()]


def _annotated(unit: Unit) -> set[str]:
    return {name for facts in unit.all_facts for name in facts.annotates}
