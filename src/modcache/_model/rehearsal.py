"""A first import, rehearsed on the text alone: what would be asked for before it is there.

A process that runs has all its modules whole; a fresh one comes to a module while those that import it are half made,
and to a statement before those below it. So an edit may work in the one and raise, or do something else, in the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from modcache._model.callees import Callees, Uses
from modcache._model.facts import Facts, ImportRef
from modcache._model.source import Statement
from modcache._model.unit import Unit

__all__ = ["Asker", "Early", "EarlyUses", "Rehearsal", "order_of"]


class Asker(NamedTuple):
    """A statement of a module, being executed."""

    unit: Unit
    statement: Statement

    @property
    def key(self) -> tuple[str, str]:
        """The same for a statement and its successor that says the same."""
        return self.unit.name, self.statement.fragment.text


@dataclass(frozen=True, slots=True)
class Early:
    """``asker`` asks for a name that ``module`` does not have yet.

    ``certain``: it is a plain ``from`` import, which raises; else it may be that the name is not needed after all.
    ``called``: it is a function that asks, which the statement may call.
    """

    asker: Asker
    module: Unit
    name: str
    certain: bool = False
    called: bool = False

    def __str__(self) -> str:
        where = f"{self.asker.unit.name}:{self.asker.statement.lineno}"
        if self.asker.unit is self.module:
            return f"{where} may ask for {self.name} before it is bound, in a fresh process"
        return f"{where} asks {self.module.name} for {self.name}, which a fresh process does not have yet"


EarlyUses = dict[tuple[tuple[str, str], str, str], Early]
"""By (key of the asker, module that is asked, name)."""


class _Import(NamedTuple):
    """``sure``: it happens; else a function does it that may be called."""

    name: str
    sure: bool


class Rehearsal:
    """One first import of the modules of ``callees``; all others are whole. ``early``: what was found.

    The rehearsal takes every branch of a statement, and whatever bears a name that is called for what is called:
    compare the rehearsals of two versions to see what an edit brings. ``asks``: the statements of which it matters
    what functions they run.
    """

    def __init__(self, callees: Callees, asks: Callable[[Asker], bool]) -> None:
        self.early: EarlyUses = {}
        self._callees = callees
        self._asks_for = asks
        self._begun: set[str] = set()
        self._missing: dict[str, set[str]] = {}
        """The modules that are half made -> the names that they do not have yet."""
        self._masks: dict[str, int] = {}
        """Modules -> all names that they bind, as bits."""

    def enter(self, name: str) -> None:
        """Import a module as if it were the first. (No recursion: chains of imports are longer than the stack.)"""
        stack = [self._module(name, sure=True)]
        while stack:
            wanted = next(stack[-1], None)
            if wanted is None:
                stack.pop()
            elif wanted.name not in self._begun:
                stack.append(self._module(*wanted))

    def _module(self, name: str, sure: bool) -> Iterator[_Import]:
        parent, _, child = name.rpartition(".")
        if parent:
            yield _Import(parent, sure)
        unit = self._callees.units.get(name)
        if unit is None or name in self._begun:
            return
        self._begun.add(name)
        missing = self._missing[name] = set(unit.binders)
        self._masks[name] = self._callees.mask(name, missing)
        for index in range(len(unit.statements)):
            facts, asker = unit.facts(index), Asker(unit, unit.statements[index])
            yield from self._imports(asker, facts, sure)
            self._reads(asker, facts)
            if self._asks_for(asker):
                yield from self._runs(asker, facts)
            missing -= facts.binds
        del self._missing[name]
        if parent in self._missing:
            self._missing[parent].discard(child)

    # -- what one statement asks for

    def _imports(self, asker: Asker, facts: Facts, sure: bool) -> Iterator[_Import]:
        for ref in facts.imports:
            base = asker.unit.absolute(ref.level, ref.module)
            yield _Import(base, sure and not facts.conditional)
            if ref.name == "*":
                self._star(asker, base)
            elif ref.name is not None and self._lacks(base, ref.name):
                self._note(asker, base, ref.name, certain=sure and _is_plain(ref, facts))
            elif ref.name is not None and ref.name in self._missing.get(base, ()):
                yield _Import(f"{base}.{ref.name}", sure)

    def _star(self, asker: Asker, base: str) -> None:
        if self._missing.get(base):
            self._note(asker, base, "*")
        elif base in self._begun:
            self._missing[asker.unit.name] -= self._callees.units[base].binders.keys()

    def _reads(self, asker: Asker, facts: Facts) -> None:
        """What a statement reads by itself."""
        unit = asker.unit
        for name in facts.reads & self._missing[unit.name] - facts.binds:
            self._note(asker, unit.name, name)
        for module, name in self._callees.asked(unit, Uses(pairs=facts.gets)):
            if self._lacks(module, name):
                self._note(asker, module, name)

    def _runs(self, asker: Asker, facts: Facts) -> Iterator[_Import]:
        """What the functions may import and read that a statement may call, one from the other."""
        uses, callees = Uses.run_by(facts), self._callees
        for name in callees.imports(callees.named(asker.unit, uses)):
            yield _Import(name, False)
        reads = callees.reads(callees.called(asker.unit, uses))
        for module, missing in self._missing.items():
            if reads & self._masks[module]:
                for name in callees.names_in(reads, module):
                    if name in missing and self._lacks(module, name):
                        self._note(asker, module, name, called=True)

    # -- half-made modules

    def _lacks(self, module: str, name: str) -> bool:
        missing = self._missing.get(module)
        if missing is None or name not in missing or self._callees.exists(f"{module}.{name}"):
            return False
        return "__getattr__" in missing or "__getattr__" not in self._callees.units[module].binders

    def _note(self, asker: Asker, module: str, name: str, *, certain: bool = False, called: bool = False) -> None:
        early = Early(asker, self._callees.units[module], name, certain, called)
        known = self.early.setdefault((asker.key, module, name), early)
        if called and not known.called:
            self.early[asker.key, module, name] = replace(known, called=True)


def order_of(unit: Unit) -> list[str]:
    """What a module binds and what it imports, in the order of the first time."""
    found: dict[str, None] = {}
    for facts in unit.all_facts:
        found.update((f"import {unit.absolute(ref.level, ref.module)}", None) for ref in facts.imports)
        found.update(dict.fromkeys(sorted(facts.binds)))
    return list(found)


def _is_plain(ref: ImportRef, facts: Facts) -> bool:
    return not ref.guarded and not facts.conditional
