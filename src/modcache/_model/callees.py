"""What a function, or a statement, asks for by name when it runs, and what it may run in turn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from modcache._model.bodies import Body
from modcache._model.facts import Facts, ImportRef
from modcache._model.graph import components
from modcache._model.unit import Unit

__all__ = ["Callees", "Function", "Read", "Uses"]

Read = tuple[str, str]
"""(module, name) of what is read."""


_OWN, _OUTSIDE = object(), object()


@dataclass(frozen=True, slots=True)
class Uses:
    """``names``: not locals. ``pairs``: (name, attribute). ``attributes``: those of anything else."""

    names: Iterable[str] = ()
    pairs: Iterable[tuple[str, str]] = ()
    attributes: Iterable[str] = ()
    refs: Iterable[ImportRef] = ()
    locals: frozenset[str] | set[str] = frozenset()
    bases: Iterable[str] = ()
    """What a class is derived from: making it runs their hooks, and nothing else of them."""

    @classmethod
    def of(cls, body: Body) -> Uses:
        """What a function may ask for, those nested in it counted in."""
        return cls(body.names, body.pairs, body.attributes, body.refs, body.locals)

    @classmethod
    def run_by(cls, facts: Facts) -> Uses:
        """What a top-level statement may run while it executes."""
        paired = {attribute for _, attribute in facts.gets}
        passed = {name for call in facts.calls for name in call.passed}
        names = facts.reads & {*facts.active, *passed}
        return cls(names, facts.gets, facts.active - facts.reads - paired, bases=_roots(facts.bases))


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function of a module."""

    unit: Unit
    body: Body


class Callees:
    """Who may call whom in some modules, by name: a superset. ``exists``: is there a module of that name at all?"""

    def __init__(self, units: Iterable[Unit], exists: Callable[[str], bool]) -> None:
        self.units = {unit.name: unit for unit in units}
        self.exists = exists
        self._reads: dict[Function, frozenset[Read]] = {}
        self._calls: dict[Function, list[Function]] = {}
        self._own: dict[Function, frozenset[Read]] = {}
        self._names: dict[Function, list[Function]] = {}

    def reads(self, functions: Iterable[Function]) -> frozenset[Read]:
        """All that may be read when these are called, one by the other."""
        functions = list(functions)
        self._close([function for function in functions if function not in self._reads])
        return frozenset().union(*(self._reads[function] for function in functions))

    def readers(self, functions: Iterable[Function], read: Read) -> Iterator[Function]:
        """Those that read it themselves, of what may run when these are called (their reads were asked for before)."""
        todo, seen = [function for function in functions if read in self._reads[function]], set[Function]()
        while todo:
            function = todo.pop()
            if function not in seen:
                seen.add(function)
                if read in self._own_reads(function):
                    yield function
                todo.extend(other for other in self._calls[function] if read in self._reads[other])

    def named(self, unit: Unit, uses: Uses) -> Iterator[Function]:
        """What the plain names stand for that something uses, with what may run when that is used."""
        yield from self._standing_for(unit, uses, uses.names)
        for function in self._standing_for(unit, uses, uses.bases):
            if function.body.qualname.endswith(".__init_subclass__"):
                yield function

    def _standing_for(self, unit: Unit, uses: Uses, names: Iterable[str]) -> Iterator[Function]:
        todo, seen = [(unit, uses, name) for name in names], set[tuple[str, str]]()
        while todo:
            owner, context, name = todo.pop()
            if (owner.name, name) in seen:
                continue
            seen.add((owner.name, name))
            origin = self.origin(owner, context, name)
            if origin is _OWN:
                yield from self._defined.get((owner.name, name), ())
                todo.extend((owner, Uses(), other) for other in _made_of(owner, name))
            elif isinstance(origin, tuple):  # whoever hands it on, it is called so where it is defined
                homes = [other for other in self.units.values() if origin[1] in other.binders]
                todo.extend((other, Uses(), origin[1]) for other in homes)

    def called(self, unit: Unit, uses: Uses) -> Iterator[Function]:
        """All that something may call: by a plain name, or by an attribute of whatever is not from outside."""
        yield from self.named(unit, uses)
        attributes = {attribute for name, attribute in uses.pairs if self.origin(unit, uses, name) is not _OUTSIDE}
        for attribute in attributes.union(uses.attributes):
            yield from self._by_name.get(attribute, ())

    def origin(self, unit: Unit, uses: Uses, name: str) -> str | tuple[str, str] | object:
        """A module's name; (module, name) of something that it has; or that it is of this module, or of none here."""
        refs = [ref for ref in uses.refs if ref.bound == name]
        if not refs:
            if name in uses.locals:
                return None
            if name not in unit.binders:
                return ("*", name) if "*" in unit.sites else _OUTSIDE
            refs = [ref for index in unit.binders[name] for ref in unit.facts(index).imports if ref.bound == name]
        return self._imported(unit, refs[-1]) if refs else _OWN

    def _imported(self, unit: Unit, ref: ImportRef) -> str | tuple[str, str] | object:
        base = unit.absolute(ref.level, ref.module)
        if ref.name is None:
            name = ref.bound if ref.bound == base.partition(".")[0] else base
            return name if self.exists(name) else _OUTSIDE
        if self.exists(f"{base}.{ref.name}"):
            return f"{base}.{ref.name}"
        return (base, ref.name) if self.exists(base) else _OUTSIDE

    # -- the closure

    @cached_property
    def _by_name(self) -> dict[str, list[Function]]:
        found: dict[str, list[Function]] = defaultdict(list)
        for unit in self.units.values():
            for name, bodies in unit.bodies_by_name.items():
                found[name].extend(Function(unit, body) for body in bodies)
        return found

    @cached_property
    def _defined(self) -> dict[tuple[str, str], list[Function]]:
        """(module, name) -> the function of that name, or what making an instance of the class of that name runs."""
        found: dict[tuple[str, str], list[Function]] = defaultdict(list)
        for name, functions in self._by_name.items():
            for function in functions:
                if function.body.qualname == name or function.body.qualname.startswith(f"{name}."):
                    found[function.unit.name, name].append(function)
        return found

    def named_by(self, function: Function) -> list[Function]:
        """What the plain names stand for that a function uses."""
        known = self._names.get(function)
        if known is None:
            known = self._names[function] = list(self.named(function.unit, Uses.of(function.body)))
        return known

    def _close(self, functions: list[Function]) -> None:
        graph: dict[Function, list[Function]] = {}
        todo = functions
        while todo:
            function = todo.pop()
            if function not in self._calls:
                called = dict.fromkeys(self.called(function.unit, Uses.of(function.body)))
                graph[function] = self._calls[function] = list(called)
                todo.extend(called)
        for function, group in components(graph).items():  # what is called comes before who calls it
            if function not in self._reads:
                called = {other: None for member in group for other in graph[member]}
                every = [self._own_reads(member) for member in group]
                every += [self._reads[other] for other in called if other in self._reads]
                self._reads.update(dict.fromkeys(group, frozenset().union(*every)))

    def _own_reads(self, function: Function) -> frozenset[Read]:
        known = self._own.get(function)
        if known is None:
            known = self._own[function] = self._find_own_reads(function)
        return known

    def _find_own_reads(self, function: Function) -> frozenset[Read]:
        unit, uses = function.unit, Uses.of(function.body)
        found = {(unit.name, name) for name in uses.names if name in unit.binders}
        found.update(self.asked(unit, uses))
        imported = [ref for ref in uses.refs if ref.name is not None]
        return frozenset(found).union((unit.absolute(ref.level, ref.module), str(ref.name)) for ref in imported)

    def asked(self, unit: Unit, uses: Uses) -> Iterator[tuple[str, str]]:
        """(module, name) of the attributes that are taken off a module."""
        for name, attribute in uses.pairs:
            origin = self.origin(unit, uses, name)
            if isinstance(origin, str):
                yield origin, attribute


def _made_of(unit: Unit, name: str) -> set[str]:
    """Whose special methods a name's value may have: of the bases of a class, of what is called to make it."""
    every = [unit.facts(index) for index in unit.binders.get(name, ())]
    return {root for facts in every for root in _roots([*facts.bases, *(call.callee for call in facts.calls)])}


def _roots(chains: Iterable[tuple[str, ...] | None]) -> set[str]:
    return {chain[0] for chain in chains if chain}
