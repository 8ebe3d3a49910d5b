"""Objects that are made anew and that nothing can fill: a lock, a context variable, an instance of another class.

Who took the old one elsewhere while the program ran (an attribute, a list, a closure) is led to the new one, as a fresh
process would have that there. But only where the old one was this name's alone. What the statement was given by
somebody who keeps it (``re.compile``, ``logging.getLogger``, a cached factory) may have been given to others as well:
that shows by the new one, which its maker keeps too. Then the report says who holds the old one.
"""

from __future__ import annotations

import enum
import gc
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import TYPE_CHECKING, Any

from modcache._refresh.aliases import is_alias, is_of_types
from modcache._refresh.holding import NO_HOLDERS, described, is_subclass_table, weak_holds
from modcache._refresh.pair import Pairing
from modcache._refresh.translate import Translation
from modcache._runtime.peek import Kinds, is_a, is_module, namespace_of
from modcache._runtime.referrers import referrers

if TYPE_CHECKING:
    from modcache._refresh.transplant import Transplant

__all__ = ["Replacements"]

_VALUES = Kinds(
    int, float, complex, str, bytes, bool, type(None), type(...), type(NotImplemented), range, slice, CodeType
)
"""Told by what they are and not by which: what was copied while the program ran is its state, as a number is."""
_DEFINITIONS = (type, FunctionType, ModuleType, enum.Enum)
"""These have ways of their own."""
_PARTS = (BuiltinFunctionType, GetSetDescriptorType, MemberDescriptorType, MethodDescriptorType, WrapperDescriptorType)
"""Made with a class or by the interpreter, and nobody's but theirs."""

Row = tuple[Any, Any, str]
"""An old object, what takes its place, and the name of both."""


class Replacements:
    """Finds what gave way to another object and is held elsewhere; ``own(also)``: ids of containers that are ours."""

    def __init__(
        self, transplant: Transplant, pairing: Pairing, translation: Translation, own: Callable[..., set[int]]
    ) -> None:
        self.rows: list[Row] = []
        """The objects whose holders are to be led to what takes their place."""
        self.doubts: dict[str, None] = {}
        self._provisional = transplant.attempt.provisional
        self._world = transplant.world
        self._stage = transplant.stage
        self._pairing = pairing
        self._translation = translation
        self._bound = {(name, key) for name, key, _ in transplant.bound()}
        self._own: set[int] = set()
        self._made: set[str] = set()
        """Names of what the stage has made."""
        rows = self._held_elsewhere(list(self._candidates()))
        if rows:
            gc.collect()  # what earlier refreshes have left would count as somebody's
            rows = self._held_elsewhere(rows)
        if rows:
            self._own = own(self, rows)
            self._judge(rows)

    # -- which objects

    def _candidates(self) -> Iterator[Row]:
        """What has an identity that people may have, and gave way to something else."""
        seen = set[int]()
        for old, staged, where in self._pairing.given_up:
            if id(old) in seen or id(old) in self._pairing.final.taken or _is_value(old):
                continue
            if is_a(old, *_DEFINITIONS, *_PARTS) or _is_machinery(where):
                continue
            new = self._translation.value(staged)
            made = self._is_made(staged)
            if new is not old and (made or self._made_by_its_call(where, type(old))):
                seen.add(id(old))
                if made:
                    self._made.add(where)
                yield old, new, where

    def _is_made(self, staged: Any) -> bool:
        """Did the stage make it? Of what the collector does not track, nobody knows by whom it was made."""
        if _is_value(staged):
            return False
        return self._pairing.is_made(staged) if gc.is_tracked(staged) else id(staged) not in self._world.names_by_id

    def _made_by_its_call(self, where: str, kind: type) -> bool:
        """Does the old statement of a name call this type?"""
        module, _, name = where.partition(":")
        unit = self._world.entry(module).unit if module in self._world else None
        every = [unit.facts(index).calls for index in unit.binders.get(name, ())] if unit is not None else []
        calls = [call.callee for calls in every for call in calls if call.callee is not None]
        return any(self._world.walk(module, callee)[0] is kind for callee in calls)

    def _held_elsewhere(self, rows: list[Row]) -> list[Row]:
        """Those with more references than the places that are known, or weak ones: a walk over the heap says whose."""
        places = Counter(self._places({id(row[0]) for row in rows}))
        places.update(id(row[0]) for row in rows)
        places.update(id(row[0]) for row in self._pairing.given_up)
        objects = [*(row[0] for row in rows), object()]
        counts = [sys.getrefcount(objects[index]) for index in range(len(objects))]
        nature = counts.pop()
        spare = [count - nature - places[id(row[0])] for row, count in zip(rows, counts, strict=True)]
        return [row for row, count in zip(rows, spare, strict=True) if count > 0 or weak_holds(row[0])]

    def _places(self, wanted: set[int]) -> Iterator[int]:
        """The ids of these objects, once for each name that will have another, and for each staged name."""
        names = self._world.names_by_id
        yield from (key for key in wanted for row in names.get(key, ()) if row in self._bound)
        for namespace in (*map(vars, self._stage.modules.values()), *self._stage.initial.values()):
            yield from (key for key in map(id, namespace.values()) if key in wanted)

    # -- whose they are

    def _judge(self, rows: list[Row]) -> None:
        olds, news = [row[0] for row in rows], [row[1] for row in rows if row[2] in self._made]
        held, unseen = self._holders(olds, news)
        spaces = {id(namespace_of(module)) for module in list(sys.modules.values()) if is_module(module)}
        for row, count in zip(rows, unseen, strict=True):
            old, new, where = row
            keepers = {id(one): one for one in held.get(id(new), ()) if self._is_keeper(one)}
            holders = [one for one in held[id(old)] if id(one) not in keepers and _is_holder(one)]
            shared = keepers or where not in self._made or any(self._is_anothers(*name) for name in self._names(old))
            if shared:
                strangers = [one for one in holders if id(one) not in spaces]
                self._tell(row, strangers, keepers.values())
            elif holders or weak_holds(old):
                self.rows.append(row)
            if count > 0 and not keepers:
                self.doubts[f"{where} was made anew: a running function, or code in C, holds the old one"] = None

    def _holders(self, olds: list[Any], news: list[Any]) -> tuple[dict[int, list[Any]], list[int]]:
        """Who holds each of them, but for ourselves; and how many references to the old ones nobody is seen to have."""
        objects = [*olds, *news, object()]
        self._own |= {id(olds), id(news), id(objects)}
        found, wanted = referrers(objects), set(map(id, objects))
        # each by its holders, and once more if it is a holder itself: the list of them has it
        counts = Counter(key for row in found for key in map(id, [row, *gc.get_referents(row)]) if key in wanted)
        unseen = [sys.getrefcount(objects[index]) - counts[id(objects[index])] for index in range(len(objects))]
        held: dict[int, list[Any]] = {key: [] for key in wanted}
        for holder in found:
            if id(holder) not in self._own:
                for key in wanted.intersection(map(id, gc.get_referents(holder))):
                    held[key].append(holder)
        return held, [count - unseen[-1] for count in unseen[: len(olds)]]

    def _is_keeper(self, holder: Any) -> bool:
        """Is it somebody else who has what the stage made?"""
        fresh = any(holder is vars(module) for module in self._stage.fresh.values())
        made = fresh or self._is_young(holder) or id(holder) in self._pairing.final.taken
        if not made and type(holder) is dict:  # an instance has none before it is asked for it
            made = id(holder) in self._young_dicts
        return not made and not is_a(holder, tuple) and _is_holder(holder)  # tuples are made anew on the way

    @cached_property
    def _young_dicts(self) -> set[int]:
        """The ids of the dicts of what the stage made; asking for who refers to a dict takes a walk for each."""
        return {id(one) for one in gc.get_referents(*self._translation.objects()) if type(one) is dict}

    def _is_young(self, value: object) -> bool:
        return id(value) in self._translation.young

    def _names(self, old: Any) -> list[tuple[str, str]]:
        return [row for row in self._world.names_by_id.get(id(old), ()) if row not in self._bound]

    def _is_anothers(self, module: str, name: str) -> bool:
        """Did another name get it by a statement of its own, that is not executed? A function may have put it there."""
        unit = self._world.unit(module)
        facts = [unit.facts(index) for index in unit.binders.get(name, ())]
        return any(one.calls or one.reads or one.imports for one in facts)

    def _tell(self, row: Row, holders: list[Any], keepers: Iterable[object]) -> None:
        if holders:
            why = f"{described(holders[0])} holds the old one, which may be somebody else's"
            doubt = f"{row[2]} was made anew: {why}"
            self.doubts[doubt] = None
            self._provisional.add(doubt, row[:1], keepers, named=True)


def _is_holder(value: object) -> bool:
    return not is_a(value, NO_HOLDERS) and not is_subclass_table(value)


def _is_value(value: object) -> bool:
    if type(value) is tuple or type(value) is frozenset:
        return all(map(_is_value, value))
    if is_alias(value):
        return is_of_types(value)
    return type(value) in _VALUES


def _is_machinery(where: str) -> bool:
    """Is it a part of what ``dataclasses``, ``abc``, ... keep in a class for themselves?"""
    return any(part.startswith("__") and part.endswith("__") for part in where.partition(":")[2].split("."))
