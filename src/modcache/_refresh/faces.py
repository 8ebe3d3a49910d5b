"""What sees a function or class without running it: its parameters, annotations, kind and docstring, its *face*."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from modcache._model.facts import Facts
from modcache._refresh.inherit import acts_when_inherited
from modcache._refresh.registrations.known import is_keeper
from modcache._refresh.taint import Taint
from modcache._refresh.world import MISSING
from modcache._runtime.peek import said

if TYPE_CHECKING:
    from modcache._refresh.planner import Planner

__all__ = ["Faces", "only_reads"]

_READERS: dict[str, tuple[str, ...]] = {
    "typing": ("get_type_hints", "get_args", "get_origin"),
    "functools": ("register",),
    "flask.config": ("from_object", "from_mapping"),
    "attr._make": ("fields", "fields_dict", "has"),
    "attr._funcs": ("asdict", "astuple", "has"),
}
"""Functions outside the roots that only look at what they are given."""


class Faces:
    """Finds who looked at the face of what a name stands for, when that may be another."""

    def __init__(self, planner: Planner) -> None:
        self.planner = planner
        self.world = planner.world

    def is_looked_at(self, module: str, name: str, facts: Facts, *, by_attribute: bool = False) -> bool:
        """Does a statement show a name to something outside the roots that looks at it, and can be asked again?

        Of what is not known to look or not to look, a plan is in doubt.
        """
        if self._is_made_actively(module, facts):
            return True
        for call in facts.calls:
            value = MISSING if call.callee is None else self.world.walk(module, call.callee)[0]
            if is_keeper(value):
                return True
            if name in call.passed or (by_attribute and any(name in chain for chain in call.dotted)):
                if only_reads(value):
                    return True
                if self._is_foreign(value):
                    what = ".".join(call.callee or ())
                    self.planner.doubt(f"{module}: {what}() may have looked at {name}, which was passed to it")
        return False

    def carry(self, module: str, index: int, name: str, facts: Facts, taint: Taint) -> None:
        """Who looks at a function, looks at what its annotations and defaults name."""
        changed = self.planner.effects.of(module, index) if facts.calls or facts.stores else ()
        for owner, target in [*((module, bound) for bound in facts.binds), *changed]:
            if (owner, target) != (module, name):
                chain = (f"{owner}.{target} refers to {name}", *taint.chain)
                self.planner.content(owner, target, set(), chain, (module, name), face=True)

    def to_hints(self, module: str, name: str, taint: Taint) -> None:
        """To statements with annotations that name it, and that are not executed: whoever reads them looks it up."""
        if taint.value or taint.face:
            for index in self.world.unit(module).hinters.get(name, ()):
                self._hinted(module, index, name, taint)

    def to_hints_elsewhere(self, module: str, name: str, other: str, taint: Taint) -> None:
        """The same of ``mod.name`` in the annotations of another module."""
        if taint.value or taint.face:
            for index in self.world.unit(other).hinters.get(name, ()):
                words = self.world.unit(other).facts(index).hints
                if any(self.planner.leads_to(other, word, module) for word in words if word != name):
                    self._hinted(other, index, name, taint)

    def _hinted(self, module: str, index: int, name: str, taint: Taint) -> None:
        facts = self.world.unit(module).facts(index)
        if name in facts.reads or name in facts.binds:
            return
        values = [self.world.walk(module, call.callee)[0] for call in facts.calls if call.callee is not None]
        if self._is_made_actively(module, facts) or any(only_reads(v) or self._is_foreign(v) for v in values):
            self.planner.step(module, index, f"its annotations name {name}", (f"{module}.{name}", *taint.chain))
        else:
            self.carry(module, index, name, facts, taint)

    def _is_made_actively(self, module: str, facts: Facts) -> bool:
        """Is it the statement of a class whose metaclass, or base, looks at what it is made of?"""
        return facts.kind == "class" and any(acts_when_inherited(self.world.live(module, name)) for name in facts.binds)

    def _is_foreign(self, value: Any) -> bool:
        """Is it of a package, neither of the roots (their functions are followed) nor of the standard library?"""
        module = said(value, "__module__")
        if not module or module in self.world:
            return False
        return module.partition(".")[0] not in sys.stdlib_module_names


def only_reads(value: Any) -> bool:
    """Does a function do nothing but look at what it is given? Then it can be asked again."""
    module = said(value, "__module__")
    if module in {"dataclasses", "inspect"}:
        return True
    return said(value, "__name__") in _READERS.get(module, ())
