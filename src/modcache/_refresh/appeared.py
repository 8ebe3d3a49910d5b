"""Imports that found nothing, and were prepared for that: would they find something now?"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable

from modcache._model.unit import Unit
from modcache._refresh.roots import Roots
from modcache._runtime.system import ImportSystem

__all__ = ["Appeared"]


class Appeared:
    """Looks for modules that have appeared. ``claims(name)``: is an alteration why a module is not there?"""

    def __init__(self, system: ImportSystem, roots: Roots, claims: Callable[[str], bool]) -> None:
        self.system = system
        self.roots = roots
        self.claims = claims

    def look(self, units: Iterable[Unit]) -> list[tuple[str, int, str]]:
        """Modules that an import in a ``try`` did not find, and would find now: (module, statement, target)."""
        found: list[tuple[str, int, str]] = []
        for unit in [unit for unit in units if unit.guarded]:
            for index, base, name in unit.guarded:
                target = self._missing(base, name)
                if target is not None and not self.claims(target) and self._can_be_found(target):
                    found.append((unit.name, index, target))
        return found

    def _missing(self, base: str, name: str) -> str | None:
        """What an import can't have found; None if all of it is there."""
        module = self.system.modules.get(base)
        if module is None:
            return base
        if name and hasattr(module, "__path__") and name not in vars(module):
            return f"{base}.{name}"
        return None

    def _can_be_found(self, name: str) -> bool:
        """Is there a file for it in the roots now? (Asked at each refresh: so by looking, not by way of finders.)"""
        parent, _, child = name.rpartition(".")
        if parent:
            where = getattr(self.system.modules.get(parent), "__path__", None)
        else:
            where = sys.path
        return any(self.roots.has(child, folder) for folder in list(where or ()))
