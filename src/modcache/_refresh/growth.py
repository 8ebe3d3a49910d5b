"""What a stage shows that its plan did not foresee: the plan grows, and is tried again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from modcache._runtime.peek import is_a

if TYPE_CHECKING:
    from modcache._refresh.ledger import Touched
    from modcache._refresh.pair import Pairing
    from modcache._refresh.planner import Planner

__all__ = ["Growth"]


class Growth:
    """Lets one plan grow; each method says whether it did."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner

    def by_touched(self, touched: Iterable[Touched]) -> bool:
        """A list of the living that grew unforeseen: what it is made of has to be built anew as a whole."""
        before = self._size()
        for page in touched:
            module, name, member = page.place
            if not is_a(page.value, dict | set) and member != "__dict__":
                self._planner.rebuild(module, name, (f"{module}.{name} was changed while the stage was executed",))
        return self._ran(before)

    def by_replacement(self, pairing: Pairing) -> bool:
        """Definitions that could not survive: those who use them as a value are executed."""
        before = self._size()
        for where in pairing.replaced:
            module, _, name = where.partition(":")
            name = name.partition(".")[0]
            taint = self._planner.taints.get((module, name))
            if taint is None or not taint.value:
                self._planner.value(module, name, (f"{where} could not survive",))
        return self._ran(before)

    def by_names(self, names: Iterable[tuple[str, str]]) -> bool:
        """(module, name) of what came, went or changed though no statement says so: star imports, ``globals()``."""
        before = self._size()
        for module, name in names:
            if (module, name) not in self._planner.taints:
                self._planner.value(module, name, (f"{module}.{name} is another one when {module} has been executed",))
        return self._ran(before)

    def _ran(self, before: int) -> bool:
        self._planner.run()
        return self._size() > before

    def _size(self) -> int:
        return sum(len(steps) for steps in self._planner.steps.values())
