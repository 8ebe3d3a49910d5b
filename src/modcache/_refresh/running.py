"""What of a function or class runs: when it is called, and while modules are imported."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterable, Iterator
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from modcache._model.bodies import Body
from modcache._refresh.lookup import MISSING, member_of
from modcache._refresh.makers import run_by_makers
from modcache._refresh.members import affected_members
from modcache._refresh.protocols import called_from_outside, run_by_making
from modcache._runtime.functions import raw_dict
from modcache._runtime.peek import home, is_a, mro_of, qualname_of

if TYPE_CHECKING:
    from modcache._refresh.world import World

__all__ = ["Running"]

_ANY = "*"


class Running:
    """Asked of one look at the process."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._by_making: dict[int, set[str] | None] = {}
        self._asked: dict[tuple[str, str], dict[str, set[str] | None]] = {}
        self._askers: dict[int, dict[str, set[str]]] = {}

    def body_of(self, value: Any) -> tuple[str, Body] | None:
        """The body that calling a value runs: of a function of the roots, of what makes an instance of a class."""
        if is_a(value, type):
            return next(self.bodies_of(value), None)
        if type(value) is not FunctionType or home(value) not in self.world:
            return None
        qualname = qualname_of(value).partition(".<locals>")[0]
        bodies = self.world.unit(home(value)).functions.get(qualname)
        bodies = bodies or self.world.entry(home(value)).unit.functions.get(qualname)
        return (home(value), bodies[-1][1]) if bodies else None

    def bodies_of(self, value: Any) -> Iterator[tuple[str, Body]]:
        """All that calling a value may run; of a class what its bases have, too: each may call the next."""
        while type(value) is functools.partial:
            value = value.func
        if not is_a(value, type):
            found = (member_of(value, ["__call__"]),) if home(type(value)) in self.world else (value,)
            functions: Iterable[Any] = found if type(value) is not MethodType else (value.__func__,)
        else:
            functions = _making(value)
        for function in functions:
            if type(function) is FunctionType and (body := self.body_of(function)) is not None:
                yield body

    def by_making(self, kind: type) -> set[str] | None:
        """The members of a class of the roots that making it may run, by a hook of theirs; None: any of them."""
        if id(kind) not in self._by_making:
            self._by_making[id(kind)] = run_by_making(kind, self.body_of)
        return self._by_making[id(kind)]

    def members(self, module: str, name: str, members: set[str] | None) -> set[str] | None:
        """Which of these members of a class may run while modules are imported (None: all of it, or a function)."""
        if members and self._is_wrapped(module, name):
            members = None
        if members:
            members = self._with_inherited(module, name, self._with_users(module, name, members))
        found = self.world.reach.running(name, members, self._unnamed)
        if found is None or members is None or found >= members:
            return found
        return found | self._unnamed(module, name, members - found, name in self.world.reach.words)

    def _is_wrapped(self, module: str, name: str) -> bool:
        """Has a decorator made something else of a class that is defined under this name?"""
        live, unit = self.world.live(module, name), self.world.unit(module)
        if live is MISSING or is_a(live, type):
            return False
        return any(unit.facts(index).kind == "class" for index in unit.binders.get(name, ()))

    def _with_users(self, module: str, name: str, members: set[str]) -> set[str]:
        """These members of a class, and those that its body makes of them: tables, defaults, properties."""
        unit, found = self.world.unit(module), set(members)
        for index in unit.binders.get(name, ()):
            found |= affected_members(members, unit.statements[index], lambda words: False, unit.strings) or set()
        return found if found.isdisjoint(self._matched_by_position(module, name)) else {*found, "__match_args__"}

    def _with_inherited(self, module: str, name: str, members: set[str]) -> set[str]:
        """These, and the methods of it and its bases that ask an instance, or the class, for one, one by the other.

        Those that give it to others may ask for any of them.
        """
        kind = self.world.live(module, name) if module in self.world else MISSING
        askers = self._askers_of(kind) if is_a(kind, type) else {}
        found, todo = set(members), [*members, _ANY] if members else []
        while todo:
            new = askers.get(todo.pop(), set()) - found
            found |= new
            todo += new
        return found

    def _askers_of(self, kind: type) -> dict[str, set[str]]:
        """An attribute -> the methods of a class and its bases that ask for it; _ANY: those that may ask for any."""
        known = self._askers.get(id(kind))
        if known is None:
            known = self._askers[id(kind)] = defaultdict(set)
            for base in mro_of(kind):
                rows = self._methods(home(base), qualname_of(base)) if home(base) in self.world else {}
                for method, asked in rows.items():
                    for attribute in (_ANY,) if asked is None else asked:
                        known[attribute].add(method)
        return known

    def _methods(self, module: str, qualname: str) -> dict[str, set[str] | None]:
        """The methods of a class -> the attributes that they ask for; None: any, by way of others."""
        known = self._asked.get((module, qualname))
        if known is None:
            known = self._asked[module, qualname] = {}
            for function, bodies in self.world.unit(module).functions.items():
                owner, _, method = function.rpartition(".")
                if owner == qualname:
                    gives = any(body.gives_first and body.is_method for _, body in bodies)
                    known[method] = None if gives else set().union(*(body.asked for _, body in bodies))
        return known

    def _matched_by_position(self, module: str, name: str) -> list[str]:
        """The attributes of a class that patterns ask for without naming them."""
        found = member_of(self.world.live(module, name), ["__match_args__"])
        return [one for one in found if type(one) is str] if type(found) is tuple else []

    def _unnamed(self, module: str, name: str, members: set[str], used: bool) -> set[str]:
        """Those members of what is a class under this name that run unnamed.

        Making it may run them; where anybody has a use for it, code outside the roots may.
        """
        kind = self.world.live(module, name) if module in self.world else MISSING
        if not is_a(kind, type) or home(kind) not in self.world:
            return set()
        made = self.by_making(kind)
        found = members if made is None else members & made
        if not used:
            return found
        roots = self.world.knowledge.entries
        return found | called_from_outside(kind, members, roots) | run_by_makers(kind, members, roots)


def _making(kind: type) -> Iterator[FunctionType]:
    """The functions that make an instance of a class: its metaclass's ``__call__``, ``__new__``, ``__init__``."""
    for owner, names in ((type(kind), ("__call__",)), (kind, ("__init__", "__new__", "__post_init__"))):
        for base in mro_of(owner):
            for name in names:
                member = raw_dict(base).get(name)
                function = member.__func__ if is_a(member, staticmethod) else member
                if type(function) is FunctionType:
                    yield function
