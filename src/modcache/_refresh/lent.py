"""Functions and classes that were lent: given to code outside the roots, which calls them whenever it likes.

A handler of a logger, an error handler of a codec, a function put in the place of a library's: no text names them where
they run. So when one changes, whoever may have had it run while being imported, and is not executed anew, is in doubt.
"""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from modcache._model.bodies import Body
from modcache._model.sites import imported_names
from modcache._refresh.registrations.known import RUNNERS, is_keeper, keeps
from modcache._refresh.registrations.readers import Readers
from modcache._runtime.peek import home

if TYPE_CHECKING:
    from modcache._refresh.planner import Planner

__all__ = ["Lent"]

_UNASKED = frozenset({
    "atexit", "signal", "faulthandler", "gc", "threading", "collections", "abc", "numbers", "typing", "functools",
    "contextlib", "sys.excepthook", "sys.unraisablehook", "sys.displayhook", "sys.breakpointhook",
})  # fmt: skip
"""What runs nothing that it was given because code asks something of it: at the end, on a signal, on an error; or that
keeps it in what it makes."""
_KEEPING = frozenset({"append", "add", "insert", "setdefault", "update", "extend", "appendleft"})
"""Methods of containers."""
_LOADING = frozenset({"sys.meta_path", "sys.path_hooks", "builtins.__import__"})
"""What runs with an import statement, that is: always."""
_Place = tuple[str, str]
"""(the package that it was lent to, the name of what took it)."""


class Lent:
    """What was lent of that which changes, as one planner finds it."""

    def __init__(self, planner: Planner) -> None:
        self.planner = planner
        self.world = planner.world
        self._found: dict[_Place, tuple[str, set[tuple[str, int]]]] = {}
        """Where -> (what, the statements that lend it)."""
        self._imported: dict[str, Mapping[str, str]] = {}

    def by_statement(self, module: str, index: int, name: str) -> None:
        """A statement refers to something whose content changes: does it lend it?"""
        facts = self.world.unit(module).facts(index)
        calls = [call.callee for call in facts.calls if call.callee is not None]
        for place in self._places(module, calls, facts.stores):
            self._found.setdefault(place, (f"{module}:{name}", set()))[1].add((module, index))

    def by_function(self, module: str, body: Body, name: str) -> None:
        """The same of a function that may run while its module is imported."""
        calls = [chain for chain in body.calls if chain[0] not in body.locals]
        stores = {chain for chain in body.stores if chain[0] not in body.locals}
        if self.world.reach.runs_function(body.qualname):
            for place in self._places(module, calls, stores):
                self._found.setdefault(place, (f"{module}:{name}", set()))

    def tell(self) -> None:
        """Doubt whoever may have had something run that was lent, and is not executed anew."""
        readers = Readers(self.world, self.planner.steps)
        for (package, taker), (what, statements) in self._found.items():
            if f"{package}.{taker}" in _LOADING:
                self.planner.doubt(f"what was imported by way of {what} may be otherwise now")
            words = RUNNERS.get(f"{package}.{taker}", RUNNERS.get(package, frozenset()))
            for module in readers.of(words, package, statements):
                self.planner.doubt(f"{module} may have run {what}, which was given to {package}, while it was imported")

    def _places(
        self, module: str, calls: Iterable[tuple[str, ...]], stores: Iterable[tuple[str, ...]]
    ) -> Iterable[_Place]:
        found = [self._taker(module, chain) for chain in calls]
        found += [(self._origin(module, chain), chain[-1]) for chain in stores]
        for package, taker in found:
            if package and _UNASKED.isdisjoint((package, f"{package}.{taker}")):
                yield package, taker

    def _taker(self, module: str, chain: tuple[str, ...]) -> _Place:
        """What keeps that which is given to a callee, outside the roots; with an empty name if nothing does."""
        value = self.world.walk(module, chain)[0]
        if len(chain) > 1 and chain[-1] in _KEEPING and (origin := self._origin(module, chain)):
            return origin, chain[-2]
        lends = keeps(value) and not is_keeper(value) and value is not ABCMeta.register
        return (home(value).partition(".")[0].removeprefix("_") if lends else ""), chain[-1]

    def _origin(self, module: str, chain: tuple[str, ...]) -> str:
        """The package outside the roots that the first name of a chain was imported from; empty if it was not."""
        if module not in self._imported:
            unit = self.world.unit(module)
            self._imported[module] = imported_names(statement.fragment.node for statement in unit.statements)
        origin = self._imported[module].get(chain[0], ".")
        inside = origin == "." or origin in self.world or self.world.knowledge.registrations.owns(origin)
        return "" if inside else origin.partition(".")[0]
