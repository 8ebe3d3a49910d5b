"""In what order a first import executes the statements of some modules, by their text alone."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from modcache._model.facts import Facts
from modcache._model.unit import Unit

__all__ = ["Executions", "executions", "imported"]


@dataclass(slots=True)
class Executions:
    """The statements in order, as (module, index); and the modules, each with how many had begun before it."""

    statements: list[tuple[str, int]] = field(default_factory=list)
    begun: dict[str, int] = field(default_factory=dict)
    entries: list[str] = field(default_factory=list)
    """The modules that nothing imported before they were asked for."""


def executions(units: Mapping[str, Unit], wanted: Iterable[str]) -> Executions:
    """Import the wanted modules, one after the other, where only imports that are sure to happen do."""
    found = Executions()
    for name in wanted:
        if name not in found.begun:
            found.entries.append(name)
            _enter(name, units, found)
    return found


def imported(unit: Unit, facts: Facts, units: Mapping[str, Unit]) -> Iterator[str]:
    """The modules that the imports of a statement may bring, in order, parents first."""
    for ref in facts.imports:
        base = unit.absolute(ref.level, ref.module)
        yield from itertools.accumulate(base.split("."), "{}.{}".format)
        below = f"{base}.{ref.name}"
        if ref.name is not None and below in units and not (base in units and _has_another(units[base], ref.name)):
            yield below


def _has_another(package: Unit, name: str) -> bool:
    """Does a package bind the name of one of its modules to something else? Then that is what one imports from it."""
    below = f"{package.name}.{name}"
    for index in package.binders.get(name, ()):
        refs = [ref for ref in package.facts(index).imports if ref.bound == name]
        bases = [package.absolute(ref.level, ref.module) for ref in refs]
        if not any(below in (base, f"{base}.{ref.name}") for base, ref in zip(bases, refs, strict=True)):
            return True
    return False


def _enter(name: str, units: Mapping[str, Unit], found: Executions) -> None:
    """(No recursion: chains of imports are longer than the stack.)"""
    stack = [_module(name, units, found)]
    while stack:
        wanted = next(stack[-1], None)
        if wanted is None:
            stack.pop()
        elif wanted in units and wanted not in found.begun:
            stack.append(_module(wanted, units, found))


def _module(name: str, units: Mapping[str, Unit], found: Executions) -> Iterator[str]:
    parent = name.rpartition(".")[0]
    if parent:
        yield parent
    if name not in units or name in found.begun:
        return
    found.begun[name] = len(found.begun)
    unit = units[name]
    for index, facts in enumerate(unit.all_facts):
        if not facts.conditional:
            yield from imported(unit, facts, units)
        found.statements.append((name, index))
