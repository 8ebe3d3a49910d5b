"""How taint spreads: to the statements that use a tainted name, to importers, functions, instances and registries."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from modcache._model.facts import Call, Facts
from modcache._model.recipients import recipients
from modcache._refresh.effects import Name
from modcache._refresh.faces import Faces, only_reads
from modcache._refresh.handed import HandedOn
from modcache._refresh.inherit import hides, inherits_actively, is_decorated
from modcache._refresh.keeping import only_keeps
from modcache._refresh.lent import Lent
from modcache._refresh.protocols import calls_unnamed
from modcache._refresh.registrations.known import keeps
from modcache._refresh.special import MAKING, SPECIAL
from modcache._refresh.taint import LONGEST, Chain, Taint
from modcache._refresh.users import Users, related
from modcache._refresh.world import MISSING
from modcache._runtime.peek import home, is_a, qualname_of, said

if TYPE_CHECKING:
    from modcache._refresh.planner import Planner

__all__ = ["Spread"]

_KEEPERS = frozenset({"append", "add", "insert", "setdefault", "extend", "appendleft", "callable", "id", "type"})
_REFERRERS: tuple[Any, ...] = (typing.TypeVar, typing.NewType, typing.cast)
"""What they are given they only refer to."""
_RUNNERS = frozenset(
    {"reduce", "map", "filter", "starmap", "groupby", "partial", "sub", "run", "start", "Thread", "submit"}
)


class Spread:
    """Follows one taint after the other; what it reaches is given to the planner."""

    def __init__(self, planner: Planner) -> None:
        self.planner = planner
        self.world = planner.world
        self.effects = planner.effects
        self.faces = Faces(planner)
        self.lent = Lent(planner)
        self._functions_done: dict[Name, tuple[bool, str | None]] = {}
        self._handed_on: set[str] = set()
        self._members_done: dict[Name, set[str]] = {}
        self._users_of: dict[tuple[frozenset[str], str], Users] = {}

    def follow(self, module: str, name: str, taint: Taint) -> None:
        """Follow a taint that is new, or has grown."""
        if taint.value or taint.content:
            self._to_registries(module, name, taint)
        self._to_readers(module, name, taint)
        self.faces.to_hints(module, name, taint)
        self._to_importers(module, name, taint)
        state = (taint.value, self.planner.partaking.left_to(module, name))
        if (taint.value or taint.content) and self._functions_done.get((module, name)) != state:
            self._functions_done[module, name] = state
            self._to_functions(module, name, taint)
        self._to_instances(module, name, taint)
        self._to_making(module, name, taint)

    def hand_on(self, module: str) -> None:
        """Something of a module changes: who is given the module as an object may use that."""
        if module not in self._handed_on:
            self._handed_on.add(module)
            if module in self.world and self.world.handed(module):
                HandedOn(self.planner).follow(module)

    def _to_registries(self, module: str, name: str, taint: Taint) -> None:
        """What a definition was put into by its decorators, or by what its bases do, refers to it."""
        unit = self.world.unit(module)
        for index in unit.binders.get(name, ()):
            facts = unit.facts(index)
            if facts.kind in {"def", "class"} and (facts.calls or facts.bases):
                for owner, target in self.effects.of(module, index):
                    if not taint.value and only_keeps(self.world, owner, target):
                        continue  # it has the very function, and nothing runs that while modules are imported
                    chain = (f"{owner}.{target} was given {name}", *taint.chain)
                    self.planner.content(owner, target, None, chain, (module, name))

    def _to_readers(self, module: str, name: str, taint: Taint) -> None:
        """The statements of the module itself."""
        unit = self.world.unit(module)
        accepted = self.planner.partaking.left_to(module, name)
        for index in unit.users.get(name, ()):
            facts = unit.facts(index)
            if name not in facts.reads:
                continue
            if taint.content:
                self.lent.by_statement(module, index, name)
            reaches = self._reaches(module, name, index, taint)
            if reaches and accepted:
                self.planner.partaking.accept(module, accepted, [index])
            elif reaches:
                self._reached(module, index, name, taint)
            else:
                self._carried(module, index, name, facts, taint)

    def _carried(self, module: str, index: int, name: str, facts: Facts, taint: Taint) -> None:
        """What only refers to a tainted name carries the taint: aliases, containers, defaults, subclasses."""
        if facts.kind in {"import", "from", "star"}:
            return
        if name not in facts.firm or not taint.content:
            if taint.face:
                self.faces.carry(module, index, name, facts, taint)
            return
        if facts.kind == "class" and any(base and base[0] == name for base in facts.bases):
            return  # subclasses are found by the live classes: they know what they override
        self._carry(module, index, (module, name), taint)

    def _carry(self, module: str, index: int, source: Name, taint: Taint) -> None:
        """A statement refers to what ``source`` names: so does what it binds, and what it hands that to."""
        facts, (_, name) = self.world.unit(module).facts(index), source
        node = self.world.unit(module).statements[index].fragment.node
        # what is made with an instance may ask it for anything
        members = None if facts.kind == "class" or (facts.calls and recipients(node, name)) else taint.members
        for bound in facts.binds:
            if (module, bound) != source:
                chain = (f"{module}.{bound} refers to {name}", *taint.chain)
                self.planner.content(module, bound, members, chain, source, face=taint.face)
        if facts.calls or facts.stores:
            self._stored_elsewhere(module, index, taint)
            for owner, target in self.effects.of(module, index):
                self.planner.content(owner, target, None, (f"{owner}.{target} refers to {name}", *taint.chain), source)

    def _stored_elsewhere(self, module: str, index: int, taint: Taint) -> None:
        """It hands it to what is none of the roots' own: another module may ask that for it."""
        stored = self.effects.stores_outside(module, index) if taint.content else None
        word = (stored or "").rpartition(".")[2]
        others = (name for name in self.world.knowledge.entries if name != module)
        if stored and any(self.world.unit(name).contains(word) for name in others):
            line = self.world.unit(module).statements[index].lineno
            self.planner.doubt(f"{module}:{line} stores into {stored}, which others may have asked for it")

    def _call_runs(self, module: str, name: str, facts: Facts, taint: Taint) -> bool:
        """Does a statement pass the name to a call that may run it?"""
        for call in facts.calls:
            if name in call.passed and self._runs_argument(module, name, call, taint):
                return True
        return False

    def _runs_argument(self, module: str, name: str, call: Call, taint: Taint) -> bool:
        if call.callee in {("isinstance",), ("issubclass",)}:
            return taint.members is None or not taint.members.isdisjoint(SPECIAL)
        if call.callee is None:
            return True
        value, _, _ = self.world.walk(module, call.callee)
        body = self.effects.body_of(value)
        if body is not None:
            return body[1].calls_parameter
        if call.callee[-1] in _KEEPERS or any(value is known for known in _REFERRERS) or keeps(value):
            return False
        if value is MISSING or (is_a(value, type) and home(value) in self.world) or only_reads(value):
            return True
        if said(value, "__module__") == "builtins" or call.callee[-1] in _RUNNERS:
            return True
        self.planner.doubt(f"{module}: {'.'.join(call.callee)}() may have run {name}, which was passed to it")
        return False

    def _runs_handed(self, module: str, facts: Facts, node: Any, name: str) -> bool:
        """Does a statement give an instance that it makes to who may call its methods?"""
        for callee in recipients(node, name) if name in facts.active and facts.kind != "def" else ():
            value = MISSING if callee is None else self.world.walk(module, callee)[0]
            if value is MISSING or any(body.calls_parameter for _, body in self.world.runs.bodies_of(value)):
                return True
        return False

    def _reaches(self, module: str, name: str, index: int, taint: Taint) -> bool:
        unit = self.world.unit(module)
        facts, node = unit.facts(index), unit.statements[index].fragment.node
        if taint.value or (taint.face and self.faces.is_looked_at(module, name, facts)):
            return True
        if not taint.content:
            return False
        if self._call_runs(module, name, facts, taint):
            return True
        if name in facts.binds and facts.kind in {"def", "class"}:
            return False
        if taint.members is None:
            got = name in facts.firm and any(base == name for base, _ in facts.gets)
            return name in facts.active or got or inherits_actively(self.world, module, name, facts, node)
        used = {attribute for base, attribute in facts.gets if base == name}
        if used & taint.members:
            return True
        implicit = not taint.members.isdisjoint(SPECIAL if facts.operates else MAKING)
        implicit |= calls_unnamed(
            self.world.live(module, name), name, facts, taint.members, self.world.knowledge.entries
        )
        if name in facts.active and (implicit or not taint.members.isdisjoint(facts.active)):
            return True
        if self._runs_handed(module, facts, node, name):
            return True
        looked_at = implicit or is_decorated(self.world, module, node)
        return looked_at and inherits_actively(self.world, module, name, facts, node)

    def _reached(self, module: str, index: int, name: str, taint: Taint) -> None:
        self.planner.active = self.planner.active or not taint.value
        self.planner.step(module, index, f"it uses {name}", (f"{module}.{name}", *taint.chain), forced=not taint.value)
        # what it may run on the way must be in the stage as well: functions come as twins, all else is executed
        here: Name | None = (module, name)
        for _ in range(LONGEST):
            found = None if here is None else self.planner.taints.get(here)
            if here is None or found is None:  # an annotation names what this module has for checkers of types only
                return
            origin = self.world.definition(*here) or here
            if not found.value and not self.planner.has_twin(*origin):
                self.planner.stage_binders(*origin, f"{module} may run it", taint.chain)
            here = found.source

    def _to_importers(self, module: str, name: str, taint: Taint) -> None:
        """``from module import name``, star imports and ``module.name`` elsewhere."""
        anywhere = self.world.handed(module)
        for other in self._importers(module, name):
            unit = self.world.unit(other)
            for index, ref, base in (*unit.sites.get(name, ()), *unit.sites.get("*", ())):
                if base == module and self.world.import_target(other, ref) == (module, ref.name):
                    self._imported(module, name, other, index, taint, ref.bound if ref.name != "*" else name)
            self.faces.to_hints_elsewhere(module, name, other, taint)
            known = unit.getters.get(name, {})
            for index in unit.users.get(name, ()) if anywhere or other in self.world.wild else known:
                self._by_attribute(module, name, other, index, known.get(index, []), taint)

    def _importers(self, module: str, name: str) -> Iterator[str]:
        stars = self.world.dependents(module) & self.world.stars
        for other in {*self.world.mentioning(module, name), *stars}:
            if other != module:
                yield other

    def _imported(self, module: str, name: str, other: str, index: int, taint: Taint, bound: str) -> None:
        if self.world.unit(other).facts(index).kind == "star":
            if not self._exported(module, name):
                return
            if taint.value:
                self.planner.step(other, index, f"{module}.{name} changed", taint.chain)
        elif taint.value or bound not in self.world.unit(other).facts(index).binds:  # in a class: it may be used there
            self.planner.step(other, index, f"{module}.{name} changed", taint.chain)
            self._stage_sources(module, name)
        self.planner.taint(
            other,
            bound,
            Taint(taint.value, taint.members, (f"{module}.{name}", *taint.chain), (module, name), taint.face),
        )

    def _exported(self, module: str, name: str) -> bool:
        return not name.startswith("_") or "__all__" in self.world.namespace(module)

    def _by_attribute(self, module: str, name: str, other: str, index: int, known: list[str], taint: Taint) -> None:
        """``mod.name`` while ``other`` executes (``known``: what stands before the dot); or where that is not known."""
        facts = self.world.unit(other).facts(index)
        through = any(self.planner.leads_to(other, base, module) for base in known)
        shown = taint.face and bool(known) and self.faces.is_looked_at(other, name, facts, by_attribute=True)
        if not (taint.value or taint.content or shown):
            return
        unknown = not known and name in facts.active and name not in facts.reads and other in self.world.wild
        # a loop's variable, an item of a container: what stands before the dot may be the module itself
        unknown |= not through and name in facts.loads and name not in facts.reads and self.world.handed(module)
        if unknown and self.world.handed(module):
            line = self.world.unit(other).statements[index].lineno
            self.planner.doubt(f"{other}:{line} may use {module}.{name} by an object that holds the module")
        runs = taint.value or shown or self._runs(module, facts, name, taint)
        runs = runs or self._asked(module, name, facts, known, taint)
        runs = runs or self._runs_handed(other, facts, self.world.unit(other).statements[index].fragment.node, name)
        if (through and runs) or unknown:
            if self.planner.partaking.accepts(other, module):
                self.planner.partaking.accept(other, module, [index])
                return
            self.planner.active = self.planner.active or not taint.value
            forced = not taint.value or not through
            self.planner.step(
                other, index, f"it uses {module}.{name}", (f"{module}.{name}", *taint.chain), forced=forced
            )
            if (other, name) in self.planner.taints:
                self._reached(other, index, name, taint)
            self._stage_sources(module, name)
        elif through and taint.content:
            self._carry(other, index, (module, name), taint)

    def _runs(self, module: str, facts: Facts, name: str, taint: Taint) -> bool:
        if name not in facts.active:
            return False
        implicit = SPECIAL if facts.operates else MAKING
        if taint.members is None or not taint.members.isdisjoint(implicit) or taint.members & facts.loads:
            return True
        return calls_unnamed(self.world.live(module, name), name, facts, taint.members, self.world.knowledge.entries)

    def _asked(self, module: str, name: str, facts: Facts, known: list[str], taint: Taint) -> bool:
        """``mod.Class.attribute``: is a class asked for what may be another in it?"""
        beyond = {attribute for base, attribute in facts.gets if base in known and attribute != name}
        if taint.members is not None:
            return not taint.members.isdisjoint(beyond)
        return bool(beyond) and isinstance(self.world.live(module, name), type)

    def stage_used(self, module: str, name: str, taint: Taint) -> None:
        """What may be run has to be of the stage: definitions, and what refers to them where such code looks."""
        users = any(user in self.planner.taints for user in self._users_of_name(module, name))
        used = users or self._is_taken_from(module, name)
        self.planner.stage_binders(module, name, "it may be run", taint.chain, definitions=not used)
        origin = self.world.definition(module, name)
        if used and origin is not None and origin != (module, name) and not self.planner.has_twin(*origin):
            self.planner.stage_binders(*origin, "it may be run", taint.chain)

    def _is_taken_from(self, module: str, name: str) -> bool:
        """Does a statement of another module, that is executed, take something out of what a name holds: an item?"""
        steps = self.planner.steps
        found = (
            self.world.unit(o).facts(at)
            for o, at in self.world.using(module, name)
            if o != module and at in steps.get(o, ())
        )
        return any(name in facts.loads and not facts.calls for facts in found)

    def _users_of_name(self, module: str, name: str) -> Iterator[Name]:
        """The functions, and the classes with methods, that look at a name."""
        for other in self.world.mentioning(module, name):
            for qualname, body in self.world.unit(other).loaders.get(name, ()):
                if other == module or self.planner.loads(module, name, other, body):
                    yield other, qualname.partition(".")[0]

    def _stage_sources(self, module: str, name: str) -> None:
        taint = self.planner.taints.get((module, name))
        if taint is not None and not taint.value and not self.planner.has_twin(module, name):
            self.planner.stage_binders(module, name, "it may be run", taint.chain)

    def _to_functions(self, module: str, name: str, taint: Taint) -> None:
        """Functions that load the name run something else from now on."""
        others = self.world.mentioning(module, name)
        if self.world.handed(module):  # then it may be looked at by who does not import it
            others = self.world.mentioning_anywhere(name)
        for other in others:
            for qualname, body in self.world.unit(other).loaders.get(name, ()):
                if self.planner.loads(module, name, other, body):
                    top, _, member = qualname.partition(".")
                    members = {member.partition(".")[0]} if member else None
                    self.lent.by_function(other, body, name)
                    if (other, top) != (module, name):
                        self.planner.content(other, top, members, (f"{module}.{name}", *taint.chain), (module, name))

    def _to_instances(self, module: str, name: str, taint: Taint) -> None:
        """Members of a class that changed reach whoever may use them on an instance, or in a subclass."""
        live = self.world.live(module, name)
        if taint.value or not is_a(live, type) or home(live) not in self.world:
            return
        chain = (f"{module}.{name}", *taint.chain)
        done = self._members_done.setdefault((module, name), set())
        new = (taint.members or set()) - done
        done |= new
        for member in sorted(new):
            if member not in SPECIAL:
                self._to_users(module, name, member, chain)
        dependents = self.world.dependents(module)
        for other, held in self.world.instances_of(live):
            if other in dependents:
                self.planner.taint(other, held, Taint(False, taint.members, chain, (module, name), taint.face))
        subclasses: list[type] = type.__subclasses__(live)
        for sub in subclasses:
            owner, holder = qualname_of(sub), home(sub)
            if holder in self.world and "." not in owner and self.world.live(holder, owner) is sub:
                hidden = hides(sub)
                members = None if taint.members is None else {m for m in taint.members if m not in hidden}
                self.planner.content(holder, owner, members, chain, (module, name), face=taint.face)

    def _to_making(self, module: str, name: str, taint: Taint) -> None:
        """A class whose members run when it is made is made anew."""
        live, unit = self.world.live(module, name), self.world.unit(module)
        if taint.value or not taint.content or not is_a(live, type) or home(live) not in self.world:
            return
        runs = self.world.runs.by_making(live)
        if runs is None or (runs and (taint.members is None or not runs.isdisjoint(taint.members))):
            for index in unit.binders.get(name, ()):
                if unit.facts(index).kind == "class":
                    self.planner.step(module, index, "making it may run what changed", taint.chain)

    def _to_users(self, module: str, name: str, member: str, chain: Chain) -> None:
        """Functions that may use a member of a class: on its own ``self`` only if its class is a relative."""
        users = self._users(module, member)
        live = self.world.live(module, name)
        for (other, top), members in users.own.items():
            if related(self.world.live(other, top), live):
                self.planner.content(other, top, members, chain, (module, name))
        if not users.reached:
            users.reached = True  # whatever class it is of: they are reached by the first one
            for other, top in users.functions:
                self.planner.content(other, top, None, chain, (module, name))
            for (other, top), members in users.methods.items():
                self.planner.content(other, top, members, chain, (module, name))

    def _users(self, module: str, member: str) -> Users:
        key = (self.world.dependents(module), member)
        known = self._users_of.get(key)
        if known is None:
            known = self._users_of[key] = Users()
            for other in self.world.mentioning(module, member):
                for qualname, body in self.world.unit(other).loaders.get(member, ()):
                    known.add(other, qualname, on_self=member in body.own)
        return known
