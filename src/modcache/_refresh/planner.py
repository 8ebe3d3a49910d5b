"""Plan: which statements must be executed so that every module is what a fresh process would make of it.

A worklist over names. A name is *tainted* by **value** (it will hold another object: every reader is executed) or by
**content** (the object survives with new content: only who may run it while the module executes is). Functions that
load a tainted name are tainted by content themselves; so taint travels up through calls, and down through imports.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import FunctionType, ModuleType

from modcache._model.bodies import QUIET, Body, quiet_decorators
from modcache._model.diff import Alignment
from modcache._model.facts import Call, Facts
from modcache._model.unit import Unit
from modcache._refresh.effects import IMMUTABLE, Effects, Name
from modcache._refresh.members import affected_members, changed_functions
from modcache._refresh.proof import suspicions
from modcache._refresh.special import MAKING, SPECIAL
from modcache._refresh.world import MISSING, World

__all__ = ["Planner", "Step", "Taint"]

Chain = tuple[str, ...]
NEW = "it is new"
EDITED = "it was edited"
_LONGEST = 12
_KEEPERS = frozenset({"append", "add", "insert", "setdefault", "extend", "appendleft", "callable", "id", "type"})
_RUNNERS = frozenset({"reduce", "map", "filter", "starmap", "groupby", "partial", "sub", "run", "start", "Thread", "submit"})


@dataclass(frozen=True, slots=True)
class Step:
    """One statement to be executed, and why. Not ``forced``: only if what it uses turns out to be other than it was."""

    reason: str
    chain: Chain
    forced: bool = True


@dataclass(slots=True)
class Taint:
    """How a name is tainted. ``members``: of a class, the ones that are (None: all of it)."""

    value: bool
    members: set[str] | None
    chain: Chain
    source: Name | None = None


@dataclass(slots=True)
class Planner:
    """Makes one plan. ``alignments``: how the new versions of changed modules stand to the old ones."""

    world: World
    alignments: Mapping[str, Alignment]
    steps: dict[str, dict[int, Step]] = field(default_factory=dict)
    whole: dict[str, str] = field(default_factory=dict)
    taints: dict[Name, Taint] = field(default_factory=dict)
    doubts: dict[str, None] = field(default_factory=dict)
    program: dict[str, bool] = field(default_factory=dict)
    """What the main script does and was not done again -> whether it was edited."""
    unwanted: list[str] = field(default_factory=list)
    """Modules that a fresh process would not import any more."""
    rebuilt: set[Name] = field(default_factory=set)
    renewed: set[Name] = field(default_factory=set)
    _active: bool = False
    _functions_done: dict[Name, bool] = field(default_factory=dict)
    _members_done: dict[Name, set[str]] = field(default_factory=dict)
    _queue: deque[Name] = field(default_factory=deque)
    effects: Effects = field(init=False)

    def __post_init__(self) -> None:
        self.effects = Effects(self.world)

    # -- seeds

    def seed(self) -> None:
        """Start from what differs in the changed modules."""
        for module, alignment in self.alignments.items():
            for match in alignment.matches:
                if match.verdict == "patch":
                    self._seed_patch(module, match.new, match.old)
                elif match.verdict != "same":
                    why = NEW if match.verdict == "born" else EDITED
                    self._seed_edit(module, match.new, match.old, why)
            for index in alignment.gone:
                self._seed_gone(module, index)

    def _seed_patch(self, module: str, new: int, old: int | None) -> None:
        unit, before = self.world.unit(module), self.world.entry(module).unit
        assert old is not None
        changed = changed_functions(before.statements[old], unit.statements[new])
        where = f"{module}:{unit.statements[new].lineno}"
        for body in unit.bodies(new):
            top, _, member = body.qualname.partition(".")
            if body.qualname in changed:
                members = {member.partition(".")[0]} if member else None
                self.content(module, top, members, (f"{where} has a new body of {body.qualname}",))
        node = unit.statements[new].fragment.node
        if not quiet_decorators(node):
            self._seed_decorated(module, new, where)

    def _seed_decorated(self, module: str, index: int, where: str) -> None:
        """A decorator may run what it decorates, or look at it: then patching its body is not enough."""
        for call in self.world.unit(module).facts(index).calls:
            value = MISSING if call.callee is None else self.world.walk(module, call.callee)[0]
            body = self.effects.body_of(value)
            if body is not None and (body[1].calls_parameter or body[1].inner_calls_parameter):
                self.step(module, index, "its decorator may run it", ())
            elif body is None and call.callee is not None and call.callee[-1] not in QUIET:
                self.doubt(f"{where}: {'.'.join(call.callee)} may have run or read what it decorates")

    def _seed_edit(self, module: str, new: int, old: int | None, why: str) -> None:
        unit = self.world.unit(module)
        facts = unit.facts(new)
        if facts.kind == "pass" or (facts.kind == "doc" and new):
            return
        if facts.kind == "doc":
            self.value(module, "__doc__", (f"{module} has a new docstring",))
        if facts.kind == "future":
            self.make_whole(module, "its future imports changed")
        if facts.annotates:
            self.value(module, "__annotations__", (f"{module} annotates other names",))
        self.step(module, new, why, ())
        if old is not None:
            self._seed_gone_effects(module, old)

    def _seed_gone(self, module: str, index: int) -> None:
        before, after = self.world.entry(module).unit, self.world.unit(module)
        statement, facts = before.statements[index], before.facts(index)
        why = (f"{module}: {statement.headline!r} is gone",)
        if facts.kind == "doc" and index == 0:
            self.value(module, "__doc__", why)
        if facts.kind == "future":
            self.make_whole(module, "its future imports changed")
        if facts.annotates:
            self.value(module, "__annotations__", why)
        for ref in facts.imports:
            if ref.name == "*":
                self.make_whole(module, "a star import is gone")
        for name in facts.binds | facts.deletes:
            if name in after.binders:
                for other in after.binders[name]:
                    self.step(module, other, f"another binding of {name} is gone", why)
            self.value(module, name, why)
        self._seed_gone_effects(module, index)

    def seed_gone_module(self, module: str) -> None:
        """All that the statements of a module did goes with its file."""
        unit = self.world.entry(module).unit
        for index in range(len(unit.statements)):
            for owner, name in self.effects.of(module, index):
                if owner != module:
                    self.rebuild(owner, name, (f"{module}: {unit.statements[index].headline!r} is gone",))
            if self.effects.stores_outside(module, index):
                self.doubt(f"{module}: what {unit.statements[index].headline!r} did may still stand")

    def _seed_gone_effects(self, module: str, index: int) -> None:
        """What a vanished (or replaced) statement had done besides binding: build that anew."""
        before = self.world.entry(module).unit
        facts = before.facts(index)
        old = _OldEffects(self.world, module)
        gone = old.find(index)
        for called in old.outside.values():
            self.doubt(f"{module}: what {called}() did in {before.statements[index].headline!r} may still stand")
        for owner, name in gone:
            if not (owner == module and name in facts.binds):
                self.rebuild(owner, name, (f"{module}: {before.statements[index].headline!r} changed or is gone",))
        if facts.effect and not gone and facts.kind in {"effect", "compound"}:
            self.doubt(f"{module}: what {before.statements[index].headline!r} did may still stand")

    # -- taint

    def value(self, module: str, name: str, chain: Chain, source: Name | None = None) -> None:
        """A name will hold another object."""
        self._taint(module, name, Taint(True, None, chain[:_LONGEST], source))

    def content(self, module: str, name: str, members: set[str] | None, chain: Chain, source: Name | None = None) -> None:
        """The function or class of a name gets new content; of no consequence for what can't run while importing."""
        reach = self.world.reach
        if members is not None:
            members = {member for member in members if reach.runs(name, member)}
            if not members:
                return
        elif not reach.runs(name, None):
            return
        self._taint(module, name, Taint(False, members, chain[:_LONGEST], source))

    def _taint(self, module: str, name: str, taint: Taint) -> None:
        if module not in self.world:
            return
        known = self.taints.get((module, name))
        if known is None:
            self.taints[module, name] = taint
        else:
            grown = taint.value and not known.value
            if known.members is not None and (taint.members is None or not taint.members <= known.members):
                known.members = None if taint.members is None else known.members | taint.members
                grown = True
            if not grown:
                return
            known.value = known.value or taint.value
        self._queue.append((module, name))

    def doubt(self, why: str) -> None:
        """Something that keeps the plan from being a proof."""
        self.doubts[why] = None

    # -- steps

    def step(self, module: str, index: int, reason: str, chain: Chain, *, forced: bool = True) -> None:
        """A statement is to be executed: so what it binds is new, and what it changes is built anew."""
        steps = self.steps.setdefault(module, {})
        if index in steps:
            if forced and not steps[index].forced:
                steps[index] = Step(reason, chain[:_LONGEST])
            return
        unit = self.world.unit(module)
        facts = unit.facts(index)
        if facts.kind == "pass" or (module == "__main__" and self._is_program(module, index, reason)):
            return
        if facts.kind == "main":
            return  # what a module does as the main script
        steps[index] = Step(reason, chain[:_LONGEST], forced)
        if facts.opaque:
            self.make_whole(module, f"line {unit.statements[index].lineno} uses {facts.opaque}")
        self._bound_anew(module, index, facts, chain)
        for owner, name in self.effects.of(module, index):
            self.rebuild(owner, name, (f"{module}:{unit.statements[index].lineno} changes {name}", *chain))
        self._needed(module, facts, chain)
        self._settle_inputs(module, index, facts)
        if facts.conditional and len(facts.imports) > 1:
            self.doubt(f"{module}:{unit.statements[index].lineno} may import others than before; those stay in the cache")
        if facts.dynamic:
            self.doubt(f"{module}:{unit.statements[index].lineno}: imports by a computed name")

    def _is_program(self, module: str, index: int, reason: str) -> bool:
        """What the main script does, besides defining, is the program that runs: it is never done a second time."""
        unit = self.world.unit(module)
        facts = unit.facts(index)
        calm = facts.kind in {"def", "class", "import", "from", "future", "doc"} and not facts.stores
        if calm or (facts.kind == "assign" and (reason in {EDITED, NEW} or not facts.calls)):
            return False
        where = f"{module}:{unit.statements[index].lineno} {unit.statements[index].headline[:40]}"
        self.program[where] = reason in {EDITED, NEW}
        return True

    def _bound_anew(self, module: str, index: int, facts: Facts, chain: Chain) -> None:
        unit = self.world.unit(module)
        here = (f"{module}:{unit.statements[index].lineno} {unit.statements[index].headline[:60]}", *chain)
        for name in facts.binds | facts.deletes:
            if facts.kind in {"import", "from"} and self._import_stays(module, index, name):
                continue
            live = self.world.live(module, name)
            if facts.kind == "def" and type(live) is FunctionType and not facts.calls:
                self.content(module, name, None, here)
            elif facts.kind == "class" and isinstance(live, type) and live.__module__ == module:
                self.content(module, name, self._members(module, index), here)
            else:
                self.value(module, name, here)
            if facts.kind not in {"import", "from", "future"}:
                self.rebuild(module, name, here, renew=False)
        for ref in facts.imports:
            if ref.name == "*":
                self._star(module, ref, here)

    def _needed(self, module: str, facts: Facts, chain: Chain) -> None:
        """What a statement reads, and a later one deletes, has to be there again."""
        live, unit = self.world.namespace(module), self.world.unit(module)
        for name in facts.reads:
            if name not in live and name in unit.binders:
                for index in unit.binders[name]:
                    self.step(module, index, f"{name} is needed again", chain)

    def _settle_inputs(self, module: str, index: int, facts: Facts) -> None:
        """What a statement uses, and a later statement changes: that is built anew first, to be as it was then."""
        used = facts.active | {name for call in facts.calls for name in call.passed}
        for name in used & facts.reads:
            live = self.world.live(module, name)
            if live is MISSING or type(live) in IMMUTABLE or isinstance(live, ModuleType | FunctionType | type):
                continue
            origin = self.world.definition(module, name)
            if origin is not None and self._changed_later(origin, module, index):
                self.rebuild(*origin, (f"{module}:{self.world.unit(module).statements[index].lineno} uses {name}",))

    def _changed_later(self, origin: Name, module: str, index: int) -> bool:
        for word in (origin[1],):
            for other in self.world.mentioning(origin[0], word):
                unit = self.world.unit(other)
                for position in unit.users.get(word, ()):
                    facts = unit.facts(position)
                    if (facts.calls or facts.stores) and (other != module or position > index):
                        if other in self.world.dependents(module) and origin in self.effects.of(other, position):
                            return True
        return False

    def _members(self, module: str, index: int) -> set[str] | None:
        """Which members of a class will be other than they are; None: any of them."""
        after = self.world.unit(module).statements[index]
        alignment = self.alignments.get(module)
        old = alignment.matches[index].old if alignment is not None else index
        if old is None:
            return None
        before = self.world.entry(module).unit.statements[old]
        unit = self.world.unit(module)
        own = unit.facts(index).binds
        tainted = {name for owner, name in self.taints if owner != module or name not in own}
        found = affected_members(before, after, tainted, unit.strings)
        node = after.fragment.node
        live = self.world.live(module, getattr(node, "name", ""))
        if found and (getattr(node, "decorator_list", None) or not self._is_plain_class(live)):
            return None
        return found

    def _is_plain_class(self, live: object) -> bool:
        """Does a class hold just what its body binds? Not where bases or a metaclass make more of it."""
        if type(live) is not type or not isinstance(live, type) or "__orig_bases__" in live.__dict__:
            return False
        return all(
            base is object or (base.__module__ in self.world and "__init_subclass__" not in base.__dict__)
            for base in live.__mro__
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
                there = self.world.knowledge.system.modules.get(target if ref.name or not "." in target else name)
                if attribute is None:
                    return live is there or isinstance(live, ModuleType)
                return isinstance(there, ModuleType) and there.__dict__.get(attribute, MISSING) is live
        return False

    def _star(self, module: str, ref: object, chain: Chain) -> None:
        self.make_whole(module, "a star import is executed anew")

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
        for other in {m for word in words for m in self.world.mentioning(module, word)}:
            users = self.world.unit(other).users
            for index in sorted({i for word in words for i in users.get(word, ())}):
                stored = {part for target in self.world.unit(other).facts(index).stores for part in target}
                if stored_only and words.isdisjoint(stored):
                    continue
                if (module, name) in self.effects.of(other, index):
                    self.step(other, index, f"it changes {name}, which is built anew", chain)
                    if kinds == {"def"}:
                        self.value(module, name, chain)  # what it holds depends on when one looks

    def _changers(self, module: str, name: str) -> set[str]:
        """The name, and the names of functions through which its object may be changed."""
        words = {name}
        todo = [name]
        while todo and len(words) < 60:
            word = todo.pop()
            for other in self.world.mentioning(module, word):
                for qualname, _ in self.world.unit(other).loaders.get(word, ()):
                    simple = qualname.rpartition(".")[2]
                    new = qualname.partition(".")[0] if simple == "__init__" else simple
                    if new not in words:
                        todo.append(new)
                        words.add(new)
        return words

    # -- spreading

    def run(self) -> None:
        """Follow every taint until nothing new is reached."""
        while True:
            self._drain()
            if not self._active or not self._stage_tainted():
                return

    def _stage_tainted(self) -> bool:
        """Something is executed that may run tainted code: then all of that which can have no twin is executed too."""
        before = sum(len(steps) for steps in self.steps.values())
        for (module, name), taint in list(self.taints.items()):
            if not taint.value and module in self.world and not self._has_twin(module, name):
                self._stage_binders(module, name, "it may be run", taint.chain, definitions=True)
        return sum(len(steps) for steps in self.steps.values()) > before

    def _drain(self) -> None:
        while self._queue:
            module, name = self._queue.popleft()
            taint = self.taints[module, name]
            if name in {"__getattr__", "__dir__"}:
                self.doubt(f"{module}.{name} answers otherwise; who asked it while importing is not known")
            self._to_registries(module, name, taint)
            self._to_readers(module, name, taint)
            self._to_importers(module, name, taint)
            if self._functions_done.get((module, name)) is not taint.value:
                self._functions_done[module, name] = taint.value
                self._to_functions(module, name, taint)
            if taint.members is None or taint.members:
                self._to_instances(module, name, taint)
            if self.world.unit(module).opaque and taint.value:
                self.make_whole(module, f"it uses {self.world.unit(module).opaque} and {name} changed")

    def _to_registries(self, module: str, name: str, taint: Taint) -> None:
        """What a decorated definition was put into by its decorators refers to it."""
        unit = self.world.unit(module)
        for index in unit.binders.get(name, ()):
            facts = unit.facts(index)
            if facts.kind in {"def", "class"} and facts.calls:
                for owner, target in self.effects.of(module, index):
                    chain = (f"{owner}.{target} was given {name}", *taint.chain)
                    self.content(owner, target, None, chain, (module, name))

    def _to_readers(self, module: str, name: str, taint: Taint) -> None:
        """The statements of the module itself."""
        unit = self.world.unit(module)
        for index in unit.users.get(name, ()):
            facts = unit.facts(index)
            if name not in facts.reads:
                continue
            if self._reaches(module, name, facts, taint):
                self._reached(module, index, name, taint)
            else:
                self._carried(module, index, name, facts, taint)

    def _carried(self, module: str, index: int, name: str, facts: Facts, taint: Taint) -> None:
        """What only refers to a tainted name carries the taint: aliases, containers, defaults, subclasses."""
        if facts.kind in {"import", "from", "star"} or name not in facts.firm:
            return
        if facts.kind == "class" and any(base and base[0] == name for base in facts.bases):
            return  # subclasses are found by the live classes: they know what they override
        source = (module, name)
        members = taint.members if facts.kind != "class" else None
        for bound in facts.binds:
            if (module, bound) != source:
                self.content(module, bound, members, (f"{module}.{bound} refers to {name}", *taint.chain), source)
        if facts.calls or facts.stores:
            for owner, target in self.effects.of(module, index):
                self.content(owner, target, None, (f"{owner}.{target} refers to {name}", *taint.chain), source)

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
        if call.callee[-1] in _KEEPERS:
            return False
        if value is MISSING or isinstance(value, type) and value.__module__ in self.world:
            return True
        if getattr(value, "__module__", None) == "builtins" or call.callee[-1] in _RUNNERS:
            return True
        self.doubt(f"{module}: {'.'.join(call.callee)}() may have run {name}, which was passed to it")
        return False

    def _reaches(self, module: str, name: str, facts: Facts, taint: Taint) -> bool:
        if taint.value or self._call_runs(module, name, facts, taint):
            return True
        if name in facts.binds and facts.kind in {"def", "class"}:
            return False
        if taint.members is None:
            got = name in facts.firm and any(base == name for base, _ in facts.gets)
            return name in facts.active or got or self._inherits(module, name, facts)
        used = {attribute for base, attribute in facts.gets if base == name}
        if used & taint.members:
            return True
        implicit = not taint.members.isdisjoint(SPECIAL if facts.operates else MAKING)
        if name in facts.active and (implicit or not taint.members.isdisjoint(facts.active)):
            return True
        return implicit and self._inherits(module, name, facts)

    def _inherits(self, module: str, name: str, facts: Facts) -> bool:
        """A base class is a plain reference, unless inheriting runs code."""
        if facts.kind != "class" or not any(base and base[0] == name for base in facts.bases):
            return False
        live = self.world.live(module, name)
        if not isinstance(live, type):
            return True
        return type(live) is not type or any(
            "__init_subclass__" in type.__getattribute__(base, "__dict__") for base in live.__mro__[:-1]
        )

    def _reached(self, module: str, index: int, name: str, taint: Taint) -> None:
        self._active = self._active or not taint.value
        self.step(module, index, f"it uses {name}", (f"{module}.{name}", *taint.chain), forced=not taint.value)
        # what it may run on the way must be in the stage as well: functions come as twins, all else is executed
        here: Name | None = (module, name)
        for _ in range(_LONGEST):
            if here is None:
                return
            found = self.taints[here]
            live = self.world.live(*here)
            origin = self.world.definition(*here) or here
            if not found.value and not self._has_twin(*origin):
                self._stage_binders(*origin, f"{module} may run it", taint.chain)
            here = found.source

    def _has_twin(self, module: str, name: str) -> bool:
        """Is it a plain function, that the stage can have a twin of?"""
        live = self.world.live(module, name)
        return type(live) is FunctionType and live.__globals__ is self.world.namespace(module) and not live.__closure__

    def _stage_binders(
        self, module: str, name: str, reason: str, chain: Chain, *, definitions: bool = False
    ) -> None:
        unit = self.world.unit(module)
        for binder in unit.binders.get(name, ()):
            kind = unit.facts(binder).kind
            if kind in {"def", "class"} or not (definitions or kind in {"import", "from", "star", "future"}):
                self.step(module, binder, reason, chain)

    def _to_importers(self, module: str, name: str, taint: Taint) -> None:
        """``from module import name``, star imports and ``module.name`` elsewhere."""
        for other in self._importers(module, name):
            unit = self.world.unit(other)
            for index in {*unit.sites.get(name, ()), *unit.sites.get("*", ())}:
                for ref in unit.facts(index).imports:
                    if ref.name in (name, "*") and self.world.import_target(other, ref) == (module, ref.name):
                        self._imported(module, name, other, index, taint, ref.bound if ref.name != "*" else name)
            for index in unit.users.get(name, ()):
                self._by_attribute(module, name, other, index, unit.facts(index), taint)

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
                self.step(other, index, f"{module}.{name} changed", taint.chain)
        elif taint.value:
            self.step(other, index, f"{module}.{name} changed", taint.chain)
        self._taint(other, bound, Taint(taint.value, taint.members, (f"{module}.{name}", *taint.chain), (module, name)))

    def _exported(self, module: str, name: str) -> bool:
        return not name.startswith("_") or "__all__" in self.world.namespace(module)

    def _by_attribute(self, module: str, name: str, other: str, index: int, facts: Facts, taint: Taint) -> None:
        """``mod.name`` while ``other`` executes, also where what stands before the dot is not known."""
        known = [base for base, attribute in facts.gets if attribute == name]
        through = any(self._leads_to(other, base, module) for base in known)
        unknown = not known and name in facts.active and name not in facts.reads and other in self.world.wild
        if through and (taint.value or self._runs(facts, name, taint)) or unknown:
            self._active = self._active or not taint.value
            forced = not taint.value or not through
            self.step(other, index, f"it uses {module}.{name}", (f"{module}.{name}", *taint.chain), forced=forced)
            self._reached(other, index, name, taint) if (other, name) in self.taints else None
            self._stage_sources(module, name)

    def _runs(self, facts: Facts, name: str, taint: Taint) -> bool:
        if name not in facts.active:
            return False
        implicit = SPECIAL if facts.operates else MAKING
        return taint.members is None or not taint.members.isdisjoint(implicit) or bool(taint.members & facts.loads)

    def _leads_to(self, other: str, base: str, module: str) -> bool:
        found = self.world.module_of(other, base)
        return found is not None and (found == module or module.startswith(f"{found}."))

    def _stage_sources(self, module: str, name: str) -> None:
        taint = self.taints.get((module, name))
        if taint is not None and not taint.value and not self._has_twin(module, name):
            self._stage_binders(module, name, "it may be run", taint.chain)

    def _to_functions(self, module: str, name: str, taint: Taint) -> None:
        """Functions that load the name run something else from now on."""
        for other in self.world.mentioning(module, name):
            for qualname, body in self.world.unit(other).loaders.get(name, ()):
                if self.loads(module, name, other, body):
                    top, _, member = qualname.partition(".")
                    members = {member.partition(".")[0]} if member else None
                    if (other, top) != (module, name):
                        self.content(other, top, members, (f"{module}.{name}", *taint.chain), (module, name))

    def loads(self, module: str, name: str, other: str, body: Body) -> bool:
        """Does running a function of ``other`` look at ``module.name``?"""
        if name not in body.loads:
            return False
        if other == module:
            return name not in body.locals
        for level, base, wanted in body.imports:
            origin = self.world.unit(other).absolute(level, base)
            if (origin == module and wanted in ("", name)) or f"{origin}.{wanted}" == module:
                return True
        modules = self.world.modules_in(other)
        words = modules.keys() & body.loads
        return any(self._leads_to(other, word, module) for word in words if word != name) or other in self.world.wild

    def _may_use(self, module: str, name: str, other: str, qualname: str, body: Body, member: str) -> bool:
        """May a function use a member of a class? On its own ``self`` only if its class is a relative."""
        if member not in body.own or "." not in qualname:
            return True
        mine, theirs = self.world.live(other, qualname.partition(".")[0]), self.world.live(module, name)
        if not isinstance(mine, type) or not isinstance(theirs, type):
            return True
        return mine in theirs.__mro__ or theirs in mine.__mro__

    def _to_instances(self, module: str, name: str, taint: Taint) -> None:
        """Members of a class that changed reach whoever may use them on an instance, or in a subclass."""
        live = self.world.live(module, name)
        if taint.value or not isinstance(live, type) or live.__module__ not in self.world:
            return
        chain = (f"{module}.{name}", *taint.chain)
        done = self._members_done.setdefault((module, name), set())
        new = (taint.members or set()) - done
        done |= new
        for member in sorted(new):
            for other in self.world.mentioning(module, member):
                if member in SPECIAL:
                    continue
                for qualname, body in self.world.unit(other).loaders.get(member, ()):
                    if not self._may_use(module, name, other, qualname, body, member):
                        continue
                    top, _, inner = qualname.partition(".")
                    members = {inner.partition(".")[0]} if inner else None
                    self.content(other, top, members, chain, (module, name))
        dependents = self.world.dependents(module)
        for other, held in self.world.instances_of(live):
            if other in dependents:
                self._taint(other, held, Taint(False, taint.members, chain, (module, name)))
        for sub in type.__subclasses__(live):
            owner, holder = sub.__qualname__, sub.__module__
            if holder in self.world and "." not in owner and self.world.live(holder, owner) is sub:
                hidden = type.__getattribute__(sub, "__dict__")
                members = None if taint.members is None else {m for m in taint.members if m not in hidden}
                if members is None or members:
                    self.content(holder, owner, members, chain, (module, name))

    def cross_examine(self) -> None:
        """Look for what keeps the plan from being a proof, in all that depends on a change."""
        for why in suspicions(self.world.reach):
            self.doubt(why)
        for module, steps in self.steps.items():
            for index in steps:
                stored = self.effects.stores_outside(module, index)
                if stored is not None:
                    line = self.world.unit(module).statements[index].lineno
                    self.doubt(f"{module}:{line} stores into {stored}, which is none of the roots' own")
        for module, alignment in self.alignments.items():
            self._imports_moved(module, alignment)

    def _imports_moved(self, module: str, alignment: Alignment) -> None:
        """The order of imports decides the order of effects, and what is not imported any more is not there afresh."""
        before, after = self.world.entry(module).unit, self.world.unit(module)
        old = [target for index in range(len(before.statements)) for target in self._roots_imported(before, index)]
        new = [target for index in range(len(after.statements)) for target in self._roots_imported(after, index)]
        common = [target for target in dict.fromkeys(new) if target in old]
        if [target for target in dict.fromkeys(old) if target in common] != common:
            self.doubt(f"{module} imports modules of the roots in another order than before")
        for target in dict.fromkeys(old):
            if target not in new and not self.world.importers.get(target, set()) - {module}:
                self.unwanted.append(target)
            elif target not in new:
                self.doubt(f"{module} does not import {target} any more; others that import it may do so later")

    def _roots_imported(self, unit: Unit, index: int) -> Iterator[str]:
        for ref in unit.facts(index).imports:
            base = unit.absolute(ref.level, ref.module)
            if base in self.world and base != unit.name:
                yield base
            if ref.name is not None and f"{base}.{ref.name}" in self.world:
                yield f"{base}.{ref.name}"


class _OldEffects(Effects):
    """The effects of statements of the version that is being left."""

    def __init__(self, world: World, module: str) -> None:
        super().__init__(_OldWorld(world, module))

    def find(self, index: int) -> set[Name]:
        (module,) = self.world.left  # type: ignore[attr-defined]
        return self._find(module, index)


class _OldWorld(World):
    """The world, with one module as the version that is being left."""

    def __init__(self, world: World, module: str) -> None:
        super().__init__(world.knowledge, {name: found for name, found in world.found.items() if name != module})
        self.left = {module}
        self.__dict__["names_by_id"] = world.names_by_id

