"""What statements change besides what they bind: the objects that they mutate, through calls too."""

from __future__ import annotations

import builtins
from collections import OrderedDict, defaultdict, deque
from functools import cached_property
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from modcache._model.bodies import Body
from modcache._model.facts import Call, Facts
from modcache._refresh.harmless import IMMUTABLE, MAKERS, PURE, counts, is_harmless
from modcache._refresh.holding import every_class
from modcache._refresh.inherit import changed_by_class_method, hooks_of_inheriting, of_first_parameter
from modcache._refresh.registrations.known import is_keeper, is_maker, is_of_keeper, is_seen
from modcache._refresh.world import MISSING, World
from modcache._runtime.functions import instance_dict, raw_dict
from modcache._runtime.peek import Kinds, home, is_a, mro_of, namespace_of, qualname_of

__all__ = ["IMMUTABLE", "Effects", "Name"]

Name = tuple[str, str]
"""(module, name)."""

_DEPTH = 6
_RUN = (FunctionType, BuiltinFunctionType, MethodType, type)
"""What is called as such: not a method of a container, whose effect is on the name that it is called on."""
_HOLDING = Kinds(dict, list, set, deque, defaultdict, OrderedDict)
_HANDLERS = frozenset({"logging", "logging.handlers"})
_PLAIN_KINDS = frozenset({"dict", "list", "set", "deque", "defaultdict", "OrderedDict", "Counter", "getLogger"})
_MUTATORS = frozenset({
    "setattr", "delattr", "update_wrapper", "heappush", "heappop", "heapify", "heapreplace", "heappushpop", "shuffle",
    "insort", "insort_left",
    "insort_right", "next", "update_abstractmethods",
})  # fmt: skip


class Effects:
    """Answers what a statement mutates, as names of the roots' modules; remembers its answers for one plan."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._statements: dict[tuple[str, int], frozenset[Name]] = {}
        self.outside: dict[tuple[str, int], dict[str, bool]] = {}
        """Statements that may change something outside the roots -> what they call; is all that it does seen?"""
        self.orphans: set[Name] = set()
        """Names that only a statement of another module had put into one, which is gone or executed anew."""

    def of(self, module: str, index: int) -> frozenset[Name]:
        """The names whose objects a statement of a module may change."""
        key = (module, index)
        known = self._statements.get(key)
        if known is None:
            self._statements[key] = frozenset()
            known = self._statements[key] = frozenset(self._find(module, index))
        return known

    def _find(self, module: str, index: int) -> set[Name]:
        facts = self.world.unit(module).facts(index)
        found: set[Name] = set()
        for chain in facts.stores:
            if chain[0] not in facts.binds or (chain[0],) in facts.stores:
                found |= self._stored(module, chain)
        for call in facts.calls:
            found |= self._called(module, index, call, frozenset())
        for base in facts.bases if facts.kind == "class" else ():
            found |= self._inherited(module, base, (module, index))
        return {name for name in found if not (name[0] == module and name[1] in facts.binds and facts.kind == "assign")}

    def finishes(self, module: str, facts: Facts, name: str) -> bool:
        """Does a statement call on a class what that has from code outside the roots, as ``Model.model_rebuild()``?"""
        for call in facts.calls:
            if call.callee is not None and len(call.callee) == 2 and call.callee[0] == name and not call.decorator:
                kind = self.world.live(module, name)
                bases = mro_of(kind) if is_a(kind, type) else ()
                owner = next((base for base in bases if call.callee[1] in raw_dict(base)), object)
                if owner is not object and home(owner) not in self.world:
                    return True
        return False

    def _inherited(self, module: str, base: tuple[str, ...] | None, site: tuple[str, int]) -> set[Name]:
        """What making a class runs of a base of it: ``__init_subclass__``, and what its metaclass does."""
        value = self.world.walk(module, base)[0] if base is not None else None
        found: set[Name] = set()
        if not is_a(value, type):
            return found
        todo, seen = list(hooks_of_inheriting(value)), set[int]()
        while todo:
            hook = todo.pop()
            body = self.body_of(hook)
            if body is None or id(hook) in seen:
                continue
            seen.add(id(hook))
            found |= self._run(body, frozenset(), site)
            for name in of_first_parameter(body[1]):
                for owner in (*mro_of(value), *mro_of(type(value))):
                    member = raw_dict(owner).get(name)
                    function = member.__func__ if is_a(member, classmethod) else member
                    if type(function) is FunctionType:
                        todo.append(function)
                    elif member is not None and type(member) not in IMMUTABLE:
                        found |= self._named(home(owner), qualname_of(owner))
        return found

    def makers(self, target: Name) -> set[Name]:
        """The classes of the roots whose hooks of inheriting change what a name holds: their own functions do it."""
        return self._makers.get(target, set())

    @cached_property
    def _makers(self) -> dict[Name, set[Name]]:
        found: dict[Name, set[Name]] = defaultdict(set)
        for hook in {id(hook): hook for _, _, hooks in self._heirs for hook in hooks}.values():
            body = self.body_of(hook)
            for target in self._run(body, frozenset(), (home(hook), -1)) if body is not None else ():
                found[target].add((home(hook), qualname_of(hook).partition(".")[0]))
        return found

    def heirs(self, words: set[str]) -> set[str]:
        """The names of the roots' classes that, inherited from, run a function of one of these names."""
        return {name for name, parts, _ in self._heirs if not parts.isdisjoint(words)}

    @cached_property
    def _heirs(self) -> list[tuple[str, set[str], list[FunctionType]]]:
        found = []
        for kind in every_class():
            if home(kind) in self.world and (hooks := list(hooks_of_inheriting(kind))):
                parts = {part for hook in hooks for part in qualname_of(hook).split(".")[-2:]}
                found.append((kind.__name__, parts, hooks))
        return found

    def _stored(self, module: str, chain: tuple[str, ...]) -> set[Name]:
        """``X.a = ..`` and ``X[..] = ..``: X; but of a module as X, its name ``a``."""
        value = self.world.live(module, chain[0])
        holder, rest = module, chain
        while is_a(value, ModuleType) and len(rest) > 1:
            inside = namespace_of(value)
            holder, rest = str(inside.get("__name__")), rest[1:]
            value = inside.get(rest[0], MISSING)
        if is_a(value, ModuleType):
            return set()
        return self._named(holder, rest[0])

    def stores_outside(self, module: str, index: int) -> str | None:
        """What a statement stores into that belongs to no module of the roots, if it does."""
        for chain in self.world.unit(module).facts(index).stores:
            rest, value, holder = chain, self.world.live(module, chain[0]), module
            while is_a(value, ModuleType) and len(rest) > 1:
                inside = namespace_of(value)
                holder, rest = str(inside.get("__name__")), rest[1:]
                value = inside.get(rest[0], MISSING)
            apart = holder != module and len(rest) > 1 and not is_a(value, FunctionType, type)
            if holder not in self.world or is_a(value, ModuleType) or apart:
                return ".".join(chain)
            if self.world.definition(holder, rest[0]) is None and rest[0] in self.world.unit(holder).binders:
                return ".".join(chain)
        return None

    def _named(self, module: str, name: str) -> set[Name]:
        """A name, and where it comes from, every other name of the same object, and of the containers in it."""
        if module not in self.world:
            return set()
        if name not in self.world.unit(module).binders and name not in self.world.namespace(module):
            return set()  # one that is built in
        found = {(module, name)}
        origin = self.world.definition(module, name)
        if origin is not None:
            found.add(origin)
        value = self.world.live(module, name)
        if value is not MISSING and type(value) not in IMMUTABLE and not is_a(value, ModuleType):
            inside = [] if is_a(value, type) else list((instance_dict(value) or {}).values())
            for one in (value, *(part for part in inside if type(part) in _HOLDING)):
                found.update(self.world.names_by_id.get(id(one), ()))
        return found

    # -- calls

    def _called(self, module: str, index: int, call: Call, seen: frozenset[Any]) -> set[Name]:
        if call.callee is None:
            return set()
        found: set[Name] = set()
        value, holder, name = self._walk(module, call.callee)
        own = value is MISSING and call.callee[0] in self.world.unit(module).binders
        if len(call.callee) > 1 and holder is not None and name is not None and name != call.callee[-1]:
            found |= self._method(holder, name, call.callee[-1])
        young = self._young_body(module, call.callee) if own else None
        bodies = list(self.world.runs.bodies_of(value)) or ([young] if young is not None else [])
        for body in bodies:
            found |= self._run(body, seen, (module, index))
            if any(chain[0] in body[1].parameters for chain in body[1].mutates | body[1].stores):
                found |= self._passed(module, call)
        if is_a(value, type):
            found |= self._kept_by_class(value, bodies)
        if bodies:
            if counts(value) and holder is not None and name is not None:
                found |= self._named(holder, name)
        elif call.callee[-1] in _MUTATORS:
            found |= self._passed(module, Call(call.callee, call.passed[:1]))
        elif not own and (value is MISSING or not (self._ours(value) or is_harmless(value))):
            self._outside((module, index), call.callee, value, (holder, name))
        return found

    def _kept_by_class(self, kind: type, bodies: list[tuple[str, Body]]) -> set[Name]:
        """What making an instance puts into containers of its class: ``self.all.append(self)``."""
        found, seen = set[Name](), set[str]()
        todo = [body for _, body in bodies if body.parameters]
        while todo:
            body = todo.pop()
            own = {chain[1] for chain in body.stores if chain[0] == body.parameters[0] and len(chain) == 2}
            for name in of_first_parameter(body) - own - seen:
                seen.add(name)
                owner = next((base for base in mro_of(kind) if name in raw_dict(base)), kind)
                member = raw_dict(owner).get(name)
                if type(member) in _HOLDING:
                    found |= self._named(home(owner), qualname_of(owner))
                elif (inner := self.body_of(member)) is not None and inner[1].parameters:
                    todo.append(inner[1])
        return found

    def _walk(self, module: str, callee: tuple[str, ...]) -> tuple[Any, str | None, str | None]:
        """See `World.walk`; where the module has not imported the name yet, from where it is defined."""
        origin = (module, callee[0])
        if self.world.live(*origin) is MISSING and callee[0] not in vars(builtins):
            origin = self.world.definition(*origin) or origin
        return self.world.walk(origin[0], (origin[1], *callee[1:]))

    def _outside(
        self,
        site: tuple[str, int],
        callee: tuple[str, ...],
        value: Any,
        origin: tuple[str | None, str | None],
        *,
        nested: bool = False,
    ) -> None:
        """Note a call of something outside the roots. ``origin``: the name that the callee is reached from.

        ``nested``: a function of the roots calls it, not the statement itself.
        """
        if is_a(value, type) and home(value) in _HANDLERS and not self._handlers_are_looked_at:
            return
        holder, name = origin
        kept = name != callee[-1] and self._is_kept_here(holder, name, directly=callee[-2:-1] == (name,))
        if is_maker(value) or (kept and is_keeper(value)):
            return
        made = kept or holder is None or name is None or self._is_made_here(holder, name)
        seen = value is not MISSING and is_seen(value, directly=made and not nested)
        self.outside.setdefault(site, {})[".".join(callee)] = seen

    def _is_made_here(self, module: str, name: str) -> bool:
        """Is the object of a name made in the roots, by plain types alone? What a call gave may be anybody's."""
        origin = self.world.definition(module, name)
        if origin is None:
            return True  # it was imported from elsewhere: that is looked at
        unit = self.world.unit(origin[0])
        calls = [call for index in unit.binders.get(origin[1], ()) for call in unit.facts(index).calls]
        return all(call.callee is not None and call.callee[-1] in _PLAIN_KINDS for call in calls)

    def _is_kept_here(self, module: str | None, name: str | None, *, directly: bool) -> bool:
        """Does what is given to the object of a name, or (not ``directly``) to a part of it, stay in that?

        So it is with an object that a keeper makes for the roots alone: building the name anew gives it all anew.
        """
        live = MISSING if module is None or name is None else self.world.live(module, name)
        kind = live if is_a(live, type) else type(live)
        if not is_of_keeper(kind) or module is None or name is None:
            return False
        if kind is live:
            return directly and home(kind) in self.world
        names = {self.world.definition(module, name), *self.world.names_by_id.get(id(live), ())}
        return any(self._is_made_by_keeper(*one) for one in names if one is not None)

    def _is_made_by_keeper(self, module: str, name: str) -> bool:
        unit = self.world.unit(module)
        calls = [call.callee for index in unit.binders.get(name, ()) for call in unit.facts(index).calls]
        values = [self.world.walk(module, callee)[0] for callee in calls if callee is not None]
        return any(is_a(value, type) or is_maker(value) or self._makes(value) for value in values)

    def _makes(self, value: Any) -> bool:
        """Does a function of the roots call a class, or a plain function, of a keeper?"""
        body = self.body_of(value)
        chains = body[1].calls if body is not None and type(value) is FunctionType else ()
        return body is not None and any(is_maker(self.world.walk(body[0], chain)[0]) for chain in chains)

    @cached_property
    def _handlers_are_looked_at(self) -> bool:
        """Making a handler puts it into a list that is nobody's business: unless somebody looks at that."""
        return any(self.world.unit(name).contains("_handler") for name in self.world.knowledge.entries)

    def _young_body(self, module: str, callee: tuple[str, ...]) -> tuple[str, Body] | None:
        """The body of a function or class that is new itself."""
        functions = self.world.unit(module).functions
        for qualname in (".".join(callee), f"{callee[0]}.__init__"):
            if qualname in functions:
                return module, functions[qualname][-1][1]
        return None

    def _ours(self, value: Any) -> bool:
        """Is it a class of the roots, made by nothing from outside of them?"""
        if not is_a(value, type) or home(value) not in self.world:
            return False
        makers = (base for base in mro_of(value) if not MAKERS.isdisjoint(raw_dict(base)))
        return all(home(base) in self.world or home(base) == "builtins" or is_harmless(base) for base in makers)

    def _method(self, holder: str, name: str, method: str) -> set[Name]:
        """A method called on the object of a name: it may change it."""
        value = self.world.live(holder, name)
        if type(value) is FunctionType and method in value.__dict__:
            return self._named(holder, name)  # as ``register`` of a single-dispatch function is
        if value is MISSING or type(value) in IMMUTABLE or is_a(value, ModuleType, FunctionType):
            return set()
        if is_a(value, type):
            owners = changed_by_class_method(value, method, self.body_of)
            return {one for owner in owners for one in self._named(home(owner), owner.__qualname__)}
        if home(type(value)) in {"logging", "re", "typing", "enum"}:
            return set()
        if home(type(value)) in {"builtins", "collections"} and method in PURE:
            return set()
        return self._named(holder, name)

    def _passed(self, module: str, call: Call) -> set[Name]:
        found: set[Name] = set()
        for name in call.passed:
            value = self.world.live(module, name)
            if value is not MISSING and type(value) not in IMMUTABLE and not is_a(value, ModuleType, FunctionType):
                found |= self._named(module, name)
        for chain in call.dotted:
            value = self.world.walk(module, chain)[0]
            if type(value) not in IMMUTABLE and not is_a(value, ModuleType, FunctionType):
                found |= self._stored(module, chain)
        return found

    def body_of(self, value: Any) -> tuple[str, Body] | None:
        """The body that calling a value runs: of a function of the roots, of what makes an instance of a class."""
        return self.world.runs.body_of(value)

    def _run(self, body: tuple[str, Body], seen: frozenset[Any], site: tuple[str, int]) -> set[Name]:
        """What running a function mutates of the globals, in its module and further."""
        module, what = body
        key = (module, what.qualname)
        if key in seen or len(seen) > _DEPTH:
            return set()
        seen = seen | {key}
        found = {(module, name) for name in what.binds}
        for chain in what.stores:
            if chain[0] not in what.locals:
                found |= self._stored(module, chain)
        for chain in what.mutates:
            if chain[0] not in what.locals:
                value, _, _ = self.world.walk(module, chain)
                if type(value) not in IMMUTABLE and not is_a(value, ModuleType, FunctionType, type):
                    found |= self._stored(module, chain)
        for chain in what.inherits:
            if chain[0] not in what.locals:
                found |= self._inherited(module, chain, site)
        for chain in what.calls:
            if chain[0] not in what.locals:
                value, holder, name = self.world.walk(module, chain)
                inner = list(self.world.runs.bodies_of(value))
                found = found.union(*(self._run(one, seen, site) for one in inner))
                if not inner and is_a(value, _RUN) and not (self._ours(value) or is_harmless(value)):
                    self._outside(site, chain, value, (holder, name), nested=True)
        return found
