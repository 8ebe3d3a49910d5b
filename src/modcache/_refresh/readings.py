"""Which containers of the roots are read by the functions that a statement runs while its module executes."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any

from modcache._model.bodies import Body
from modcache._model.facts import Call, Facts
from modcache._refresh.effects import Name
from modcache._refresh.harmless import PURE
from modcache._refresh.world import MISSING, World
from modcache._runtime.functions import raw_dict
from modcache._runtime.peek import Kinds, is_a, mro_of, namespace_of

__all__ = ["Readings"]

_CONTAINERS = Kinds(dict, list, set, deque, defaultdict, OrderedDict)
_DEPTH = 6


class Readings:
    """Follows calls from function to function, each of them once."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._known: dict[tuple[str, str], frozenset[Name]] = {}

    def of(self, module: str, facts: Facts) -> set[Name]:
        """The names of containers that a statement's calls read; not those that they only put something into."""
        found: set[Name] = set()
        for call in facts.calls:
            if call.callee is None:
                continue
            for body in self._world.runs.bodies_of(self._world.walk(module, call.callee)[0]):
                found |= self._read(body, _DEPTH)
                for method in self._asked(module, call, body[1]):
                    found |= self._read(method, _DEPTH)
        return found

    def _read(self, body: tuple[str, Body], depth: int) -> frozenset[Name]:
        module, what = body
        key = (module, what.qualname)
        if key not in self._known:
            self._known[key] = frozenset()  # whoever calls itself
            self._known[key] = frozenset(self._found(module, what, depth))
        return self._known[key]

    def _found(self, module: str, what: Body, depth: int) -> Iterator[Name]:
        for name in what.whole - {chain[0] for chain in what.stores}:
            yield from self._container(module, name)
        for name, attribute in what.pairs:
            live = self._world.live(module, name) if name not in what.locals else MISSING
            if attribute in PURE:
                yield from self._container(module, name)
            elif is_a(live, ModuleType) and not _is_changed((name, attribute), what):
                yield from self._container(str(namespace_of(live).get("__name__")), attribute)
        for chain in what.calls if depth else ():
            if chain[0] not in what.locals:
                for body in self._world.runs.bodies_of(self._world.walk(module, chain)[0]):
                    yield from self._read(body, depth - 1)

    def _container(self, module: str, name: str) -> Iterator[Name]:
        if module in self._world and type(self._world.live(module, name)) in _CONTAINERS:
            if (origin := self._world.definition(module, name)) is not None:
                yield origin

    def _asked(self, module: str, call: Call, body: Body) -> Iterator[tuple[str, Body]]:
        """The methods that a function calls on what it is given."""
        names = {chain[1] for chain in body.calls if len(chain) == 2 and chain[0] in body.parameters}
        given: Iterable[Any] = (self._world.live(module, name) for name in call.passed if names)
        for value in given:
            for name in names:
                owner = value if is_a(value, type) else type(value)
                member = next((raw_dict(kind)[name] for kind in mro_of(owner) if name in raw_dict(kind)), None)
                if (found := self._world.runs.body_of(member)) is not None:
                    yield found


def _is_changed(chain: tuple[str, ...], what: Body) -> bool:
    """Is an attribute of a module used to change what it holds?"""
    return any(changed[:2] == chain for changed in what.stores | what.mutates)
