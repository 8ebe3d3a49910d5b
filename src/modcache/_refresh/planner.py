"""Plan: which statements must be executed so that every module is what a fresh process would make of it.

A worklist over names. A name is *tainted* by **value** (it will hold another object: every reader is executed) or by
**content** (the object survives with new content: only who may run it while the module executes is). Functions that
load a tainted name are tainted by content themselves; so taint travels up through calls, and down through imports.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import FunctionType, ModuleType

from modcache._model.bodies import Body
from modcache._model.diff import Alignment
from modcache._model.doubts import Doubt, DoubtKind, answered_otherwise
from modcache._model.facts import Facts
from modcache._model.rehearsal import Early
from modcache._refresh.affected import affected
from modcache._refresh.cycles import TooEarly
from modcache._refresh.effects import Effects, Name
from modcache._refresh.examine import Examination
from modcache._refresh.inputs import Inputs
from modcache._refresh.members import affected_members, changed_members
from modcache._refresh.partaking import Partaking
from modcache._refresh.seeds import EDITED, NEW, Seeds
from modcache._refresh.spread import Spread
from modcache._refresh.taint import LONGEST, Chain, Step, Taint
from modcache._refresh.used import runs_tainted
from modcache._refresh.world import MISSING, World
from modcache._runtime.peek import home, is_a, mro_of, namespace_of

__all__ = ["Planner"]


@dataclass(slots=True)
class Planner:
    """Makes one plan. ``alignments``: how the new versions of changed modules stand to the old ones."""

    world: World
    alignments: Mapping[str, Alignment]
    steps: dict[str, dict[int, Step]] = field(default_factory=dict)
    whole: dict[str, str] = field(default_factory=dict)
    taints: dict[Name, Taint] = field(default_factory=dict)
    tainted: dict[str, set[str]] = field(default_factory=dict)
    """Identifier -> the modules in which it is the name of something tainted."""
    doubts: dict[str, None] = field(default_factory=dict)
    ahead: dict[str, str] = field(default_factory=dict)
    stored: dict[tuple[str, int], str] = field(default_factory=dict)
    """Doubts that hold if a module that is imported before others is new; if nobody sees what a statement stores."""
    program: dict[str, bool] = field(default_factory=dict)
    """What the main script does and was not done again -> whether it was edited."""
    unwanted: list[str] = field(default_factory=list)
    """Modules that a fresh process would not import any more."""
    impossible: Early | None = None
    """What a fresh process could not import."""
    early: dict[str, list[TooEarly]] = field(default_factory=dict)
    """What statements that are executed may ask for, by module, where a fresh process may not have it yet."""
    rebuilt: set[Name] = field(default_factory=set)
    renewed: set[Name] = field(default_factory=set)
    active: bool = False
    """Is anything executed because it may run tainted code?"""
    _queue: dict[Name, None] = field(default_factory=dict)
    """Names whose taint is new, or has grown since it was followed; first come, first served."""
    _changed: dict[tuple[str, int], set[str] | None] = field(default_factory=dict)
    """Of class statements: the members that differ from those of the loaded version."""
    effects: Effects = field(init=False)
    inputs: Inputs = field(init=False)
    partaking: Partaking = field(init=False)
    spread: Spread = field(init=False)

    def __post_init__(self) -> None:
        self.effects = Effects(self.world)
        self.world.affected = affected(self.world, self.effects, self.alignments)
        self.inputs = Inputs(self)
        self.partaking = Partaking(self)
        self.spread = Spread(self)

    def seed(self) -> None:
        """Start from what differs in the changed modules."""
        Seeds(self).seed()

    def seed_gone_module(self, module: str) -> None:
        """All that the statements of a module did goes with its file."""
        Seeds(self).seed_gone_module(module)

    def cross_examine(self) -> None:
        """Look for what keeps the plan from being a proof."""
        Examination(self).run()

    def value(self, module: str, name: str, chain: Chain) -> None:
        """A name will hold another object."""
        self.taint(module, name, Taint(True, None, chain[:LONGEST]))

    def content(
        self,
        module: str,
        name: str,
        members: set[str] | None,
        chain: Chain,
        source: Name | None = None,
        *,
        face: bool = False,
    ) -> None:
        """A function or class gets new content, of no consequence if it can't run while importing; and a new face?"""
        taint = Taint(False, self.world.runs.members(module, name, members), chain[:LONGEST], source, face)
        if face or taint.content:
            self.taint(module, name, taint)

    def taint(self, module: str, name: str, taint: Taint) -> None:
        if module not in self.world or self.partaking.stops(module, name, taint):
            return
        anew = self.partaking.hears(module, name, taint)
        known = self.taints.get((module, name))
        if known is None:
            self.taints[module, name] = taint
        elif not known.grow(taint) and not anew:
            return
        if taint.value or taint.content:
            self.tainted.setdefault(name, set()).add(module)
        self._queue[module, name] = None

    def doubt(self, why: str) -> None:
        """Something that keeps the plan from being a proof."""
        self.doubts[why] = None

    def step(self, module: str, index: int, reason: str, chain: Chain, *, forced: bool = True) -> None:
        """A statement is to be executed: so what it binds is new, and what it changes is built anew."""
        steps = self.steps.setdefault(module, {})
        if index in steps:
            if forced and not steps[index].forced:
                steps[index] = Step(reason, chain[:LONGEST])
            return
        unit = self.world.unit(module)
        facts = unit.facts(index)
        if facts.kind == "pass" or (module == "__main__" and self._is_program(module, index, reason)):
            return
        if facts.kind == "main" or self.partaking.holds(module, index, reason):
            return  # what a module does as the main script, and what it keeps
        if not steps:
            self.partaking.touched(module)
        steps[index] = Step(reason, chain[:LONGEST], forced)
        if facts.opaque:
            self.make_whole(module, f"line {unit.statements[index].lineno} uses {facts.opaque}")
        self._bound_anew(module, index, facts, chain)
        where = f"{module}:{unit.statements[index].lineno}"
        for owner, name in self.effects.of(module, index):
            self.rebuild(owner, name, (f"{where} changes {name}", *chain))
        self.inputs.of(module, index, facts, chain)
        if facts.conditional and len(facts.imports) > 1:
            self.doubt(Doubt(f"{where} may import others than before; those stay in the cache", DoubtKind.IMPORTS))
        if facts.dynamic:
            self.doubt(f"{where}: imports by a computed name")

    def _is_program(self, module: str, index: int, reason: str) -> bool:
        """What the main script does, besides defining, is the program that runs: it is never done a second time."""
        unit = self.world.unit(module)
        facts = unit.facts(index)
        calm = facts.kind in {"def", "class", "import", "from", "future", "doc"} and not facts.stores
        if calm or (facts.kind == "assign" and (reason in {EDITED, NEW} or not facts.calls)):
            return False
        where = f"{module}:{unit.statements[index].lineno} {unit.statements[index].headline[:40]}"
        self.program[where] = reason in {EDITED, NEW}
        if facts.kind == "assign":
            self.doubt(f"{where}: the program made it before; it may come out otherwise now ({reason})")
        return True

    def _bound_anew(self, module: str, index: int, facts: Facts, chain: Chain) -> None:
        unit = self.world.unit(module)
        here = (f"{module}:{unit.statements[index].lineno} {unit.statements[index].headline[:60]}", *chain)
        for name in facts.binds | facts.deletes:
            if facts.kind in {"import", "from"} and self._import_stays(module, index, name):
                continue
            live = self.world.live(module, name)
            if facts.kind == "def" and type(live) is FunctionType and not facts.calls:
                self.content(module, name, None, here, face=True)
            elif facts.kind == "class" and is_a(live, type) and home(live) == module:
                self.content(module, name, self._members(module, index), here, face=True)
            else:
                self.value(module, name, here)
            if facts.kind not in {"import", "from", "future"}:
                self.rebuild(module, name, here, renew=False)
        if any(ref.name == "*" for ref in facts.imports):
            self.make_whole(module, "a star import is executed anew")

    def _members(self, module: str, index: int) -> set[str] | None:
        """Which members of a class will be other than they are; None: any of them."""
        after = self.world.unit(module).statements[index]
        alignment = self.alignments.get(module)
        old = alignment.matches[index].old if alignment is not None else index
        if old is None:
            return None
        unit = self.world.unit(module)
        changed = self._changed_members(module, old, index)
        if changed is None:
            return None
        own = unit.facts(index).binds
        found = affected_members(changed, after, lambda words: self._is_tainted(module, own, words), unit.strings)
        node = after.fragment.node
        live = self.world.live(module, getattr(node, "name", ""))
        if found and (getattr(node, "decorator_list", None) or not self._is_plain_class(live)):
            return None
        return found

    def _changed_members(self, module: str, old: int, new: int) -> set[str] | None:
        key = (module, new)
        if key not in self._changed:
            before, after = self.world.entry(module).unit.statements[old], self.world.unit(module).statements[new]
            self._changed[key] = changed_members(before, after)
        return self._changed[key]

    def _is_tainted(self, module: str, own: set[str], words: set[str]) -> bool:
        """Does one of these words stand for something tainted, other than what a statement itself binds?"""
        if self.tainted.keys().isdisjoint(words):
            return False
        return any(word not in own or self.tainted[word] != {module} for word in words if word in self.tainted)

    def _is_plain_class(self, live: object) -> bool:
        """Does a class hold just what its body binds? Not where bases or a metaclass make more of it."""
        if not is_a(live, type) or live.__class__ is not type or "__orig_bases__" in live.__dict__:
            return False
        return all(
            base is object or (home(base) in self.world and "__init_subclass__" not in base.__dict__)
            for base in mro_of(live)
        )

    def members_of(self, module: str, name: str) -> set[str] | None:
        """Of a class that is executed: the members that are to be as the new source makes them (None: all)."""
        binders = self.world.unit(module).binders.get(name, ())
        if (module, name) in self.renewed or len(binders) != 1:
            return None
        return self._members(module, binders[0])

    def _import_stays(self, module: str, index: int, name: str) -> bool:
        """Does an import bind, by what the process holds now, the object that the name holds already?"""
        live = self.world.live(module, name)
        for ref in self.world.unit(module).facts(index).imports:
            if ref.bound == name and ref.name != "*":
                target, attribute = self.world.import_target(module, ref)
                taint = self.taints.get((target, attribute or ""))
                if live is MISSING or (taint is not None and taint.value):
                    return False
                if target == module and attribute is not None:
                    return live is self.world.knowledge.system.modules.get(f"{module}.{attribute}", MISSING)
                there = self.world.knowledge.system.modules.get(target if ref.name or "." not in target else name)
                if attribute is None:
                    return live is there or is_a(live, ModuleType)
                return is_a(there, ModuleType) and there.__dict__.get(attribute, MISSING) is live
        return False

    def make_whole(self, module: str, why: str) -> None:
        """Execute a module from its first statement to its last."""
        if module in self.whole:
            return
        self.whole[module] = why
        for index in range(len(self.world.unit(module).statements)):
            self.step(module, index, f"the whole module is executed: {why}", ())

    def rebuild(self, module: str, name: str, chain: Chain, *, renew: bool = True) -> None:
        """Build an object anew: all that binds its name, all that changes it, everywhere.

        ``renew``: because something that changed it did; else only because its definition is executed, which a class
        survives with the state that it has: then only what is stored into it by a statement is done again.
        """
        if module not in self.world or (module, name) in (self.renewed if renew else self.rebuilt):
            return
        if self.partaking.keeps(module, name):
            return
        self.rebuilt.add((module, name))
        unit = self.world.unit(module)
        kinds = {unit.facts(index).kind for index in unit.binders.get(name, ())}
        stored_only = not renew and kinds <= {"def", "class"}
        if renew:
            self.renewed.add((module, name))
            if kinds == {"class"}:
                self.content(module, name, None, chain)
            elif kinds == {"def"}:
                self.value(module, name, chain)
        for index in unit.binders.get(name, ()):
            if unit.facts(index).kind not in {"import", "from", "future"}:
                if renew or index not in self.steps.get(module, {}):
                    self.step(module, index, f"it builds {name}", chain)
        words = self._changers(module, name)
        for owner, maker in self.effects.makers((module, name)) - {(module, name)} if renew else ():
            for index in self.world.unit(owner).binders.get(maker, ()):
                self.step(owner, index, f"its hook changes {name}, which is built anew", chain)
        for other, index in sorted({use for word in words for use in self.world.using(module, word)}):
            facts = self.world.unit(other).facts(index)
            finished = kinds == {"class"} and self.effects.finishes(other, facts, name)
            if stored_only and words.isdisjoint(itertools.chain.from_iterable(facts.stores)) and not finished:
                continue
            if finished or (module, name) in self.effects.of(other, index):
                self.step(other, index, f"it changes {name}, which is built anew", chain)
                self.partaking.doubt_if_held(other, index, f"what it did to {module}.{name} may be missing")
                if kinds == {"def"}:
                    self.value(module, name, chain)  # what it holds depends on when one looks

    def _changers(self, module: str, name: str) -> set[str]:
        """The name, and the names of functions through which its object may be changed."""
        words = {name}
        todo = [name]
        while todo and len(words) < 60:
            new = self.world.loading(module, todo.pop()) - words
            todo += sorted(new)
            words |= new
        return words | self.effects.heirs(words)

    def run(self) -> None:
        """Follow every taint until nothing new is reached."""
        while True:
            for module in list(self.steps):
                self.spread.hand_on(module)
            self._drain()
            if not (self.active or runs_tainted(self)) or not self._stage_tainted():
                return

    def _stage_tainted(self) -> bool:
        """Something is executed that may run tainted code: then all of that which can have no twin is executed too."""
        before = sum(len(steps) for steps in self.steps.values())
        for (module, name), taint in list(self.taints.items()):
            runs = taint.content and not taint.value and module in self.world
            if runs and not self.has_twin(module, name):
                self.spread.stage_used(module, name, taint)
        return sum(len(steps) for steps in self.steps.values()) > before

    def _drain(self) -> None:
        while self._queue:
            module, name = next(iter(self._queue))
            del self._queue[module, name]
            taint = self.taints[module, name]
            if name in {"__getattr__", "__dir__"}:
                self.doubt(answered_otherwise(f"{module}.{name}"))
            self.spread.hand_on(module)
            self.spread.follow(module, name, taint)
            if self.world.unit(module).opaque and taint.value:
                self.make_whole(module, f"it uses {self.world.unit(module).opaque} and {name} changed")

    def has_twin(self, module: str, name: str, seen: frozenset[Name] = frozenset()) -> bool:
        """Is it a plain function, that the stage can have a twin of?"""
        live = self.world.live(module, name)
        if type(live) is not FunctionType or live.__globals__ is not self.world.namespace(module) or live.__closure__:
            return False
        given = live.__defaults__ or live.__kwdefaults__
        return not given or not self._default_is_staged(module, name, seen | {(module, name)})

    def _default_is_staged(self, module: str, name: str, seen: frozenset[Name]) -> bool:
        """Does a default come of what is executed anew? A twin would have what came of it before."""
        for read in self._read_by(module, name):
            origin = self.world.definition(*read) or read
            if read in self.taints and origin not in seen and not self.has_twin(*origin, seen):
                return True
        return False

    def _read_by(self, module: str, name: str) -> Iterator[Name]:
        """The names that the statements of a name read, of their module and of others as its attributes."""
        unit = self.world.unit(module)
        for facts in map(unit.facts, unit.binders.get(name, ())):
            yield from ((module, read) for read in facts.firm)
            for base, attribute in facts.gets:
                if is_a(live := self.world.live(module, base), ModuleType):
                    yield str(namespace_of(live).get("__name__")), attribute

    def stage_binders(self, module: str, name: str, reason: str, chain: Chain, *, definitions: bool = False) -> None:
        unit = self.world.unit(module)
        for binder in unit.binders.get(name, ()):
            kind = unit.facts(binder).kind
            if kind in {"def", "class"} or not (definitions or kind in {"import", "from", "star", "future"}):
                self.step(module, binder, reason, chain)
                self.partaking.doubt_if_held(module, binder, f"what was executed may have run old code of {name}")

    def leads_to(self, other: str, base: str, module: str) -> bool:
        found = self.world.module_of(other, base)
        return found is not None and (found == module or module.startswith(f"{found}."))

    def loads(self, module: str, name: str, other: str, body: Body) -> bool:
        """Does running a function of ``other`` look at ``module.name``?"""
        if name not in body.loads:
            return False
        if other == module:
            return name not in body.locals
        if other in self.world.wild:
            return True
        for level, base, wanted in body.imports:
            origin = self.world.unit(other).absolute(level, base)
            if (origin == module and wanted in ("", name)) or f"{origin}.{wanted}" == module:
                return True
        words = self.world.modules_in(other).keys() & body.loads
        if (name, name) not in body.pairs:  # that asks a module of this name
            words.discard(name)
        if any(self.leads_to(other, word, module) for word in words):
            return True
        return self.world.handed(module) and self.world.takes(other, body, name)
