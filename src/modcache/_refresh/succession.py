"""Definitions that gave way to other objects: who holds the old function or class is led to the new one."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from types import FunctionType
from typing import TYPE_CHECKING, Any

from modcache._model.literals import same_constant
from modcache._refresh.forward import forwarder, given_to, held_of, is_generated, is_held
from modcache._refresh.holding import own_containers
from modcache._refresh.overrides import held_from_bases
from modcache._refresh.pair import Pairing
from modcache._refresh.redirect import Redirection
from modcache._refresh.replacements import Replacements
from modcache._refresh.shape import member_of
from modcache._refresh.translate import Translation
from modcache._runtime.functions import raw_dict
from modcache._runtime.peek import home, is_a, qualname_of

if TYPE_CHECKING:
    from modcache._refresh.transplant import Transplant

__all__ = ["Succession"]


class Succession:
    """Writes down, for one transplant, what leads from old definitions to their replacements."""

    def __init__(self, transplant: Transplant, pairing: Pairing, translation: Translation) -> None:
        self.forwarded: set[int] = set()
        self._transplant = transplant
        self._world = transplant.world
        self._operations = transplant.operations
        self._result = transplant.result
        self._pairing = pairing
        self._translation = translation
        self._redirected: frozenset[str] = frozenset()
        self._led_classes: frozenset[int] = frozenset()
        """The ids of the classes whose holders are led to another one."""
        self.led: dict[int, object] = {}
        """By id, instances of classes that gave way to another one: what goes on as them."""

    # -- functions

    def forward(self, old: FunctionType, new: object) -> None:
        """Make a function call its successor, unless it lives on itself."""
        if old is new or id(old) in self._pairing.final.taken or id(old) in self.forwarded:
            return
        self.forwarded.add(id(old))
        code, keywords = forwarder(old, new)
        self._operations.assign(old, "__code__", code)
        self._operations.assign(old, "__defaults__", None)
        self._operations.assign(old, "__kwdefaults__", keywords)
        self._operations.put(old.__dict__, "__wrapped__", new)

    def forward_all(self) -> None:
        """Those of which the pairing knows where they lead."""
        for old, new in self._pairing.forwarded:
            self.forward(old, self._pairing.final.get(new))

    def _methods(self, rows: list[tuple[type, type, str]]) -> None:
        """Methods that gave way to something that they can't lead to: another kind of method, another's function.

        Asked before the operations are written: the way back holds what was.
        """
        led = {id(old) for old, _ in self._pairing.forwarded} - self._pairing.final.taken
        for old, new, where in rows:
            # what any object has is no successor of what goes
            for name in raw_dict(old).keys() - (raw_dict(object).keys() - raw_dict(new).keys()):
                if self._gives_way(old, new, name, led) and is_held(old, name):
                    self._held_elsewhere(f"{where}.{name}", *held_of(raw_dict(old)[name]))
            for name, bound in held_from_bases(old, new, self._pairing.final):
                self._held_elsewhere(f"{where}.{name}", *bound)

    def _gives_way(self, old: type, new: type, name: str, led: set[int]) -> bool:
        was, found = raw_dict(old)[name], member_of(new, name)
        if type(was) is type(found) is functools.partialmethod:
            before, after = given_to(was), given_to(found)
            return len(before) != len(after) or not all(map(self._is_as_before, before, after))
        going_on = [id(self._pairing.final.get(one)) for one in held_of(found)]
        gone = (one for one in held_of(was) if id(one) not in led and id(one) not in going_on)
        return any(map(_is_of_a_source, gone))

    def _is_as_before(self, old: object, new: object) -> bool:
        final = self._pairing.final.get(new)
        return final is old or same_constant(old, final)

    def superseded(self, name: str, key: str, old: FunctionType | type, final: object) -> None:
        """The definition of a name gave way to another object."""
        kinds = self._kinds(name, key)
        defined = kinds <= {"def", "class"}
        # what was defined here goes on under its name, whatever binds that now; what was not is another's
        ours = (home(old), qualname_of(old)) == (name, key)
        if not defined and not ours:
            made_here = kinds == {"assign"} and "<locals>" in qualname_of(old)  # by a factory: now by another one
            if (made_here or self._is_gone(old)) and id(old) not in self._led_classes:
                self._held_elsewhere(f"{name}:{key}", old)
                if is_a(old, type):
                    self._transplant.departs(f"{name}:{key}", old)
            return
        self._result.replaced[f"{name}:{key}"] = None
        if type(old) is FunctionType and callable(final):
            if ours or self._was_decorated(name, key, old):
                self.forward(old, final)
        elif is_a(old, type) and f"{name}:{key}" not in self._redirected:
            self._held_elsewhere(f"{name}:{key}", old)

    def _was_decorated(self, name: str, key: str, old: FunctionType) -> bool:
        """Did decorators of a definition make it? What merely had a second name here is another's, and goes on."""
        before = self._world.entry(name).unit
        kinds = {before.facts(index).kind for index in before.binders.get(key, ())}
        return kinds == {"def"} and "<locals>" in old.__qualname__

    def _is_gone(self, old: FunctionType | type) -> bool:
        """Does a definition go with its module, or with the statement that made it?"""
        module, name = home(old), qualname_of(old).partition(".")[0]
        left = module in self._world and name not in self._world.unit(module).binders
        return left or module in self._transplant.attempt.gone

    def _held_elsewhere(self, where: str, *olds: object) -> None:
        """``olds``: what can be looked for when the commit is done."""
        doubt = f"{where} was replaced: who holds it elsewhere holds the old one"
        self._result.doubts[doubt] = None
        if olds:
            self._transplant.attempt.provisional.add(doubt, olds)

    def _kinds(self, name: str, key: str) -> set[str]:
        unit = self._world.unit(name)
        return {unit.facts(index).kind for index in unit.binders.get(key, ())}

    # -- classes

    def redirect(self) -> None:
        """Lead who refers to a class that could not survive to its successor."""
        rows = [(old, new, where) for where, (old, new) in self._pairing.replaced.items()]
        others = list(self._others())
        for old, new, _ in others:
            self._pairing.forward_members(old, new)
        rows += others
        self._methods([*self._pairing.classes, *rows])
        replacements = Replacements(self._transplant, self._pairing, self._translation, self._own)
        self._result.doubts.update(replacements.doubts)
        self._result.replaced.update(dict.fromkeys(where for _, _, where in replacements.rows))
        if not rows and not replacements.rows:
            return
        redirection = Redirection(rows, self._operations, self._own(rows, replacements), replacements.rows)
        redirection.run()
        self.led = redirection.led
        self._translation.after = redirection.value
        self._redirected = frozenset(where for _, _, where in rows)
        self._led_classes = frozenset(id(old) for old, _, _ in rows)
        self._result.swept = True
        self._result.remains.update(redirection.left)
        self._result.departed.update(redirection.departing)

    def _own(self, *more: Any) -> set[int]:
        """The ids of containers that are not the program's."""
        transplant = self._transplant
        own = own_containers([transplant.attempt, transplant, self, *more], transplant.program())
        return own | transplant.stage.own()

    def _others(self) -> Iterator[tuple[type, type, str]]:
        """Classes in whose place there is one now that can't be told to be the same by its name."""
        for name, key, value in self._transplant.bound():
            old, new, where = self._world.live(name, key), self._translation.value(value), f"{name}:{key}"
            if not is_a(old, type) or not is_a(new, type) or old is new:
                continue
            if (home(old), qualname_of(old)) == (name, key):
                if where not in self._pairing.replaced and id(old) not in self._pairing.final.taken:
                    yield old, new, where


def _is_of_a_source(method: Any) -> bool:
    """What ``dataclasses`` or ``typing`` put into a class is held by nobody else."""
    if type(method) is not FunctionType:
        return True
    return not is_generated(method) and home(method).partition(".")[0] not in sys.stdlib_module_names
