"""The live facts that a plan is made from: which unit each module is of, who depends on whom, what names hold now."""

from __future__ import annotations

import builtins
import copy
import operator
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from types import FunctionType, ModuleType
from typing import Any

from modcache._model.bodies import Body
from modcache._model.facts import ImportRef
from modcache._model.unit import Unit
from modcache._refresh.entry import Entry, Found
from modcache._refresh.givers import Givers
from modcache._refresh.know import Knowledge
from modcache._refresh.lookup import MISSING, member_of
from modcache._refresh.reach import Reach
from modcache._refresh.running import Running
from modcache._runtime.peek import Kinds, is_a, mro_of, namespace_of

__all__ = ["MISSING", "World", "member_of"]

_COMMON = Kinds(FunctionType, ModuleType, str, int, float, bool, type(None), tuple, dict, list, type)


class World:
    """One look at the process, for one plan. ``found``: the modules whose file differs, by name."""

    def __init__(self, knowledge: Knowledge, found: Mapping[str, Found]) -> None:
        self.knowledge = knowledge
        self.found = found
        self.index = knowledge.index
        units = list(map(operator.attrgetter("unit"), knowledge.entries.values()))
        coming = {name: one.unit for name, one in found.items() if one.unit is not None}
        self.index.update(list(knowledge.entries), units, coming)
        self._units: dict[str, Unit] = {}
        self.givers = Givers(self)
        self.runs = Running(self)
        self._modules_in: dict[str, dict[str, str]] = {}
        self._mentioning: dict[tuple[frozenset[str], str], list[str]] = {}
        self._using: dict[tuple[frozenset[str], str], list[tuple[str, int]]] = {}
        self._loading: dict[tuple[frozenset[str], str], frozenset[str]] = {}
        self._covered: set[frozenset[str]] = set()

    def leaving(self, module: str) -> World:
        """The same look at the process, with one module as the version that is being left."""
        _ = self.names_by_id  # once for all of them
        other = copy.copy(self)
        other.found = {name: found for name, found in self.found.items() if name != module}
        other._units, other._mentioning, other._using, other._loading, other._covered = {}, {}, {}, {}, set()
        other.givers, other.runs = Givers(other, self.givers), Running(other)
        return other

    # -- modules

    def entry(self, name: str) -> Entry:
        """The entry of a module of the roots."""
        return self.knowledge.entries[name]

    def unit(self, name: str) -> Unit:
        """The version that the process is to hold: the new one of a module that changed."""
        known = self._units.get(name)
        if known is None:
            found = self.found.get(name)
            known = found.unit if found is not None and found.unit is not None else self.entry(name).unit
            self._units[name] = known
        return known

    def __contains__(self, name: str) -> bool:
        return name in self.knowledge.entries

    def namespace(self, name: str) -> dict[str, Any]:
        """The live dict of a module."""
        return self.entry(name).module.__dict__

    def live(self, module: str, name: str) -> Any:
        """What a name of a module holds now, or MISSING."""
        return self.namespace(module).get(name, MISSING)

    @property
    def importers(self) -> Mapping[str, set[str]]:
        """absolute name -> the modules whose text imports it."""
        return self.index.importers

    @property
    def wild(self) -> set[str]:
        """Modules that may import what their import statements do not name."""
        return self.index.wild

    @property
    def stars(self) -> set[str]:
        """Modules with a star import."""
        return self.index.stars

    def dependents(self, module: str) -> frozenset[str]:
        """The module itself and all that import it, over any number of steps."""
        return self.index.dependents(module)

    def dependencies(self, modules: Iterable[str]) -> frozenset[str]:
        """These modules and all that they import, over any number of steps."""
        return self.index.dependencies(modules)

    def mentioning(self, module: str, word: str) -> list[str]:
        """The dependents of a module in whose text a word stands."""
        return self._holding(self.dependents(module), word)

    def mentioning_anywhere(self, word: str) -> list[str]:
        """All modules in whose text a word stands."""
        return self._holding(self._everybody, word)

    @cached_property
    def _everybody(self) -> frozenset[str]:
        return frozenset(self.knowledge.entries)

    def _holding(self, group: frozenset[str], word: str) -> list[str]:
        known = self._mentioning.get((group, word))
        if known is None:
            if group not in self._covered:
                self._covered.add(group)
                self.index.words.cover({name: self.unit(name) for name in group})
            known = self._mentioning[group, word] = [n for n in self.index.words.holders(word) if n in group]
        return known

    def using(self, module: str, word: str) -> list[tuple[str, int]]:
        """The statements of the dependents of a module that load a word, or store into it, while they execute."""
        key = (self.dependents(module), word)
        known = self._using.get(key)
        if known is None:
            others = self.mentioning(module, word)
            known = self._using[key] = [(name, i) for name in others for i in self.unit(name).users.get(word, ())]
        return known

    def loading(self, module: str, word: str) -> frozenset[str]:
        """The names of the functions of the dependents of a module that load a word; a class for its ``__init__``."""
        key = (self.dependents(module), word)
        known = self._loading.get(key)
        if known is None:
            loaders = [q for name in self.mentioning(module, word) for q, _ in self.unit(name).loaders.get(word, ())]
            known = self._loading[key] = frozenset(map(_called_by, loaders))
        return known

    def handed(self, module: str) -> bool:
        """May a module be used as an object (passed on, kept, returned) while others are imported?

        Then anybody may look at it. Of a package that is handed on, a module in it can be reached by its own name.
        """
        return self.givers.hand(module)

    def takes(self, module: str, body: Body, name: str) -> bool:
        """Does a function of a module ask what may be any module for this attribute: a parameter, what a call gave?"""
        if name in body.attributes:
            return True
        if name in body.own and body.is_method:
            return False
        bases = {base for base, attribute in body.pairs if attribute == name}
        return any(base in (body.locals | body.shadowed) or not self._is_firm(module, base) for base in bases)

    def _is_firm(self, module: str, name: str) -> bool:
        """Does a name hold what an import or a definition bound it to, ever?"""
        unit = self.unit(module)
        binders = unit.binders.get(name)
        if binders is None:
            return name in vars(builtins) and self.live(module, name) is MISSING
        rebound = unit.contains("global") and any(name in body.binds for _, body in unit.loaders.get(name, ()))
        return not rebound and all(unit.facts(i).kind in {"import", "from", "def", "class"} for i in binders)

    def names_of(self, other: str, module: str) -> set[str]:
        """The names by which a module holds another one, or a package from which that one is asked for."""
        held = self.modules_in(other).items()
        return {name for name, target in held if target == module or self._leads_down(target, module)}

    def _leads_down(self, package: str, module: str) -> bool:
        """Is a module in a package, and do words stand in code that may run by which one comes from there to here?"""
        if not module.startswith(f"{package}."):
            return False
        return self.reach.words.issuperset(module[len(package) + 1 :].split("."))

    @cached_property
    def affected(self) -> frozenset[str]:
        """The modules that a change may reach: those that depend on it, until more is known."""
        return frozenset().union(*map(self.dependents, self.found))

    @cached_property
    def reach(self) -> Reach:
        """What may run while the modules are imported that a change may reach."""
        return self.index.reach(self.affected, self.unit)

    # -- names

    def import_target(self, module: str, ref: ImportRef) -> tuple[str, str | None]:
        """(module, name) that an import asks for; name is None where it is a module as a whole."""
        base = self.unit(module).absolute(ref.level, ref.module)
        if ref.name is not None and ref.name != "*":
            submodule = f"{base}.{ref.name}"
            if (
                submodule in self and self.live(base, ref.name) is self.entry(submodule).module
                if base in self
                else False
            ):
                return submodule, None
        return base, ref.name

    def modules_in(self, module: str) -> dict[str, str]:
        """The names of a module that hold modules -> the names of those."""
        known = self._modules_in.get(module)
        if known is None:
            names = {name: value for name, value in self.namespace(module).items() if is_a(value, ModuleType)}
            known = {name: str(namespace_of(value).get("__name__")) for name, value in names.items()}
            self._modules_in[module] = self._modules_once_in(module) | known
        return known

    def _modules_once_in(self, module: str) -> dict[str, str]:
        """Those that a name held before another statement bound it: ``import m``, ``m = m.value``."""
        unit = self.unit(module)
        refs = [ref for every in unit.rebound.values() for index in every for ref in unit.facts(index).imports]
        found = {ref.bound: self.import_target(module, ref) for ref in refs if ref.bound in unit.rebound}
        return {name: target for name, (target, attribute) in found.items() if attribute is None and target in self}

    def module_of(self, module: str, name: str) -> str | None:
        """The name of the module that a name of a module holds, or None."""
        return self.modules_in(module).get(name)

    def walk(self, module: str, chain: Iterable[str]) -> tuple[Any, str | None, str | None]:
        """Follow ``a.b.c`` as far as it goes through modules: (value, module that holds it, its name there)."""
        parts = list(chain)
        holder, name = module, parts[0]
        value = self.live(module, name)
        if value is MISSING:
            return vars(builtins).get(name, MISSING), None, None
        for index, part in enumerate(parts[1:], 1):
            if not is_a(value, ModuleType):
                return member_of(value, parts[index:]), holder if holder in self else None, name
            inside = namespace_of(value)
            holder, name = str(inside.get("__name__")), part
            value = inside.get(part, MISSING)
        return value, holder if holder in self else None, name

    def definition(self, module: str, name: str) -> tuple[str, str] | None:
        """Where a name is bound by something else than an import: follows ``from`` imports; None outside the roots."""
        for _ in range(20):
            if module not in self:
                return None
            refs = self._imports_of(module, name)
            if not refs:
                return self._through_stars(module, name)
            target, attribute = self.import_target(module, refs[-1])
            if attribute is None:
                return None
            module, name = target, attribute
        return None

    def _imports_of(self, module: str, name: str) -> list[ImportRef]:
        """The imports that may have bound what a name holds: none where a statement below them bound it again."""
        unit, refs = self.unit(module), list[ImportRef]()
        for index in unit.binders.get(name, ()):
            facts = unit.facts(index)
            found = [ref for ref in facts.imports if ref.bound == name]
            refs = found if found or not facts.conditional else refs
        last = max(unit.binders.get(name, (-1,)))
        below = [ref for index, ref, _ in unit.sites.get("*", ()) if index > last and self._gives(module, ref, name)]
        return [replace(ref, name=name) for ref in below] or refs

    def _gives(self, module: str, star: ImportRef, name: str) -> bool:
        """Does a star import bind a name to what its module has there?"""
        target, _ = self.import_target(module, star)
        return target in self and self.live(target, name) is self.live(module, name) is not MISSING

    def _through_stars(self, module: str, name: str) -> tuple[str, str] | None:
        if name in self.unit(module).binders:
            return module, name
        for target in self._starred(module):
            if target in self and target != module and name in self.namespace(target):
                return self.definition(target, name)
        return (module, name) if name in self.namespace(module) else None

    def star_offers(self, module: str, name: str) -> bool:
        """May a star import of a module bind a name? What it leaves out (``__all__``, an underscore) counts too."""
        return any(self._offers(target, name) for target in self._starred(module))

    def _offers(self, module: str, name: str) -> bool:
        loaded = self.knowledge.system.modules.get(module)
        held = is_a(loaded, ModuleType) and name in namespace_of(loaded)
        return held or (module in self and name in self.unit(module).binders)

    def _starred(self, module: str) -> Iterator[str]:
        """The modules of which a module imports all names."""
        for facts in self.unit(module).all_facts:
            for ref in facts.imports:
                if ref.name == "*":
                    yield self.import_target(module, ref)[0]

    @cached_property
    def names_by_id(self) -> dict[int, list[tuple[str, str]]]:
        """``id(value)`` -> the names of the roots' modules that hold it."""
        found: dict[int, list[tuple[str, str]]] = defaultdict(list)
        for module in self.knowledge.entries:
            for name, value in list(self.namespace(module).items()):
                found[id(value)].append((module, name))
        return found

    @cached_property
    def _names_by_class(self) -> dict[int, list[tuple[str, str]]]:
        # by id: what a metaclass has for a hash is not to be run
        found: dict[int, list[tuple[str, str]]] = defaultdict(list)
        for module in self.knowledge.entries:
            for name, value in list(self.namespace(module).items()):
                if type(value) not in _COMMON:
                    for kind in mro_of(type(value)):
                        found[id(kind)].append((module, name))
        return found

    def instances_of(self, kind: type) -> list[tuple[str, str]]:
        """(module, name) of the names that hold an instance of a class (or of a subclass)."""
        return self._names_by_class.get(id(kind), [])


def _called_by(qualname: str) -> str:
    """The name by which code calls a function."""
    simple = qualname.rpartition(".")[2]
    return qualname.partition(".")[0] if simple == "__init__" else simple
