"""What a function, or a statement, asks for by name when it runs, and what it may run in turn."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from modcache._model.bodies import Body
from modcache._model.facts import Facts, ImportRef
from modcache._model.graph import Gathering
from modcache._model.unit import Unit

__all__ = ["Callees", "Function", "Node", "Uses"]

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


Node = Function | tuple[str, str] | str
"""What may be called: a function; what a name of a module stands for, as (module, name); whatever bears a name."""


class Callees:
    """Who may call whom in some modules, by name: a superset. ``exists``: is there a module of that name at all?

    Sets of names of modules, (module, name), and of modules are the bits of integers: see :meth:`mask`.
    """

    def __init__(self, units: Iterable[Unit], exists: Callable[[str], bool]) -> None:
        self.units = {unit.name: unit for unit in units}
        self.exists = exists
        self._named: dict[Node, list[Node]] = {}
        self._called: dict[Function, list[Node]] = {}
        self._hooks: dict[Node, tuple[list[Function], list[Node]]] = {}
        self._read: dict[Function, int] = {}
        self._readers: dict[tuple[str, str], list[Function]] = defaultdict(list)
        self._origins: dict[tuple[str, ImportRef], str | tuple[str, str] | object] = {}
        self._derived = Gathering(lambda node: self._hooks_beside(node)[1], self._own_hooks)
        self._reads = Gathering(self._called_by, self._own_reads)
        self._imports = Gathering(self._named_by, self._own_imports)

    # -- what may be called

    def named(self, unit: Unit, uses: Uses) -> list[Node]:
        """What the plain names stand for that something uses."""
        bases = [node for name in uses.bases for node in self._nodes(unit, uses, name)]
        found: list[Node] = [node for name in uses.names for node in self._nodes(unit, uses, name)]
        return found + list(dict.fromkeys(hook for base in bases for hook in self._hooks_of(base)))

    def _hooks_of(self, base: Node) -> list[Function]:
        """What deriving a class from what a name stands for runs: the hooks that names lead to, one to the next."""
        every = list(self._hook_bits)
        return [every[at] for at in _positions(self._derived.of(base))]

    def _own_hooks(self, node: Node) -> int:
        """The hooks that a name stands for itself, as bits."""
        bits = 0
        for hook in self._hooks_beside(node)[0]:
            bits |= self._hook_bits[hook]
        return bits

    @cached_property
    def _hook_bits(self) -> dict[Function, int]:
        functions = dict.fromkeys(function for every in self._by_name.values() for function in every)
        return {hook: 1 << place for place, hook in enumerate(filter(_is_hook, functions))}

    def _hooks_beside(self, node: Node) -> tuple[list[Function], list[Node]]:
        """The hooks that a name stands for itself, and the other names that it leads to."""
        known = self._hooks.get(node)
        if known is None:
            every = [node] if isinstance(node, Function) else self._named_by(node)
            functions = [one for one in every if isinstance(one, Function)]
            hooks = list(filter(_is_hook, functions))
            known = self._hooks[node] = hooks, [one for one in every if not isinstance(one, Function)]
        return known

    def called(self, unit: Unit, uses: Uses) -> list[Node]:
        """All that something may call: by a plain name, or by an attribute of whatever is not from outside."""
        attributes = {attribute for name, attribute in uses.pairs if self.origin(unit, uses, name) is not _OUTSIDE}
        return self.named(unit, uses) + sorted(attributes.union(uses.attributes) & self._by_name.keys())

    def _nodes(self, unit: Unit, uses: Uses, name: str) -> list[Node]:
        origin = self.origin(unit, uses, name)
        stars = self._handed_on(("*", name)) if origin is not None and "*" in unit.sites else []
        if origin is _OWN or (isinstance(origin, tuple) and name in unit.rebound):
            return [(unit.name, name), *stars]
        return list(dict.fromkeys([*stars, *self._handed_on(origin)])) if stars else self._handed_on(origin)

    def _handed_on(self, origin: str | tuple[str, str] | object) -> list[Node]:
        # whoever hands it on, it is called so where it is defined
        return [(home, origin[1]) for home in self._homes[origin[1]]] if isinstance(origin, tuple) else []

    def _named_by(self, node: Node) -> list[Node]:
        known = self._named.get(node)
        if known is None:
            known = self._named[node] = self._find_named_by(node)
        return known

    def _find_named_by(self, node: Node) -> list[Node]:
        if isinstance(node, Function):
            return self.named(node.unit, Uses.of(node.body))
        if isinstance(node, str):
            return list(self._by_name[node])
        unit, nothing = self.units[node[0]], Uses()
        if node[1] not in unit.rebound and self.origin(unit, nothing, node[1]) is not _OWN:
            return self._nodes(unit, nothing, node[1])
        refs = [ref for at in unit.rebound.get(node[1], ()) for ref in unit.facts(at).imports if ref.bound == node[1]]
        imported = [other for ref in refs for other in self._handed_on(self._imported(unit, ref))]
        made_of = [other for name in sorted(_made_of(unit, node[1])) for other in self._nodes(unit, nothing, name)]
        return [*imported, *self._defined.get(node, ()), *made_of]

    def _called_by(self, node: Node) -> list[Node]:
        if not isinstance(node, Function):
            return self._named_by(node)
        known = self._called.get(node)
        if known is None:
            known = self._called[node] = self.called(node.unit, Uses.of(node.body))
        return known

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
        known = self._origins.get((unit.name, ref))
        if known is None:
            known = self._origins[unit.name, ref] = self._find_imported(unit, ref)
        return known

    def _find_imported(self, unit: Unit, ref: ImportRef) -> str | tuple[str, str] | object:
        base = unit.absolute(ref.level, ref.module)
        if ref.name is None:
            name = ref.bound if ref.bound == base.partition(".")[0] else base
            return name if self.exists(name) else _OUTSIDE
        if self.exists(f"{base}.{ref.name}"):
            return f"{base}.{ref.name}"
        return (base, ref.name) if self.exists(base) else _OUTSIDE

    @cached_property
    def _homes(self) -> dict[str, list[str]]:
        """A name -> the modules that bind it."""
        found: dict[str, list[str]] = defaultdict(list)
        for unit in self.units.values():
            for name in unit.binders:
                found[name].append(unit.name)
        return found

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

    # -- what is read and imported then

    def reads(self, nodes: Iterable[Node]) -> int:
        """All names of modules that may be read when these are called, one by the other."""
        return self._reads.over(nodes)

    def readers(self, module: str, name: str) -> tuple[Function, ...]:
        """The functions that read a name of a module themselves, of all that :meth:`reads` has looked at so far."""
        return tuple(self._readers[module, name])

    def imports(self, nodes: Iterable[Node]) -> list[str]:
        """The modules that functions may import when these are called by their plain names, one by the other."""
        bits, names = self._imports.over(nodes), list(self.units)
        return [names[at] for at in _positions(bits)]

    def mask(self, module: str, names: Iterable[str]) -> int:
        """Those names of a module as bits that it binds at its top level."""
        bits, found = self._bits[module], 0
        for name in names:
            if name in bits:
                found |= 1 << bits[name]
        return found

    def names_in(self, bits: int, module: str) -> Iterator[str]:
        """The names of a module that some bits stand for."""
        own = self._bits[module]
        if own:
            first = next(iter(own.values()))  # a module's bits stand side by side
            names = list(own)
            yield from (names[at] for at in _positions(bits >> first & (1 << len(own)) - 1))

    @cached_property
    def _bits(self) -> dict[str, dict[str, int]]:
        count = itertools.count()
        return {module: dict(zip(unit.binders, count, strict=False)) for module, unit in self.units.items()}

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.units)}

    def _own_reads(self, node: Node) -> int:
        if not isinstance(node, Function):
            return 0
        known = self._read.get(node)
        if known is None:
            known = self._read[node] = self._find_own_reads(node)
        return known

    def _find_own_reads(self, node: Function) -> int:
        unit, uses = node.unit, Uses.of(node.body)
        found = [(unit.name, name) for name in uses.names]
        found.extend(self.asked(unit, uses))
        found.extend((unit.absolute(ref.level, ref.module), ref.name) for ref in uses.refs if ref.name is not None)
        bits = 0
        for module, name in dict.fromkeys(found):
            if module in self.units and (bit := self.mask(module, (name,))):
                bits |= bit
                self._readers[module, name].append(node)
        return bits

    def _own_imports(self, node: Node) -> int:
        bits = 0
        for ref in node.body.refs if isinstance(node, Function) else ():
            name = node.unit.absolute(ref.level, ref.module) if isinstance(node, Function) else ""
            while name and name not in self._places:  # one that is whole may be in a package that is not
                name = name.rpartition(".")[0]
            bits |= 1 << self._places[name] if name else 0
        return bits

    def asked(self, unit: Unit, uses: Uses) -> Iterator[tuple[str, str]]:
        """(module, name) of the attributes that are taken off a module."""
        for name, attribute in uses.pairs:
            origin = self.origin(unit, uses, name)
            if isinstance(origin, str):
                yield origin, attribute


def _is_hook(function: Function) -> bool:
    return function.body.qualname.endswith(".__init_subclass__")


def _positions(bits: int) -> Iterator[int]:
    """Where the ones are."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def _made_of(unit: Unit, name: str) -> set[str]:
    """Whose special methods a name's value may have: of the bases of a class, of what is called to make it."""
    every = [unit.facts(index) for index in unit.binders.get(name, ())]
    return {root for facts in every for root in _roots([*facts.bases, *(call.callee for call in facts.calls)])}


def _roots(chains: Iterable[tuple[str, ...] | None]) -> set[str]:
    return {chain[0] for chain in chains if chain}
