"""What modules registered when they were imported first, until the session has met them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType

from modcache._refresh.registrations.record import Record
from modcache._refresh.registrations.watch import Watch
from modcache._runtime.peek import is_a
from modcache._runtime.system import ImportSystem

__all__ = ["FirstImports"]


class FirstImports:
    """Holds the records of modules that are imported under a session. ``owns(path)``: is it a source of the roots?"""

    def __init__(self, system: ImportSystem, owns: Callable[[str], bool]) -> None:
        self.watch = Watch(self.owns, self._note)
        self._system = system
        self._owns_path = owns
        self._records: dict[str, dict[int, Record]] = {}

    def owns(self, module: str) -> bool:
        """Is a module one of the roots, by its name?"""
        found = self._system.modules.get(module)
        path = getattr(found, "__file__", None) if is_a(found, ModuleType) else None
        return isinstance(path, str) and self._owns_path(path)

    def put(self, module: str, records: Mapping[int, Record]) -> None:
        """A module that the session has not met yet was executed on the stage."""
        self._records[module] = dict(records)

    def take(self, module: str) -> dict[int, Record]:
        """What is known of a module; it is forgotten here."""
        return self._records.pop(module, {})

    def twice(self, module: str) -> dict[int, Record]:
        """A module was executed once more by somebody else: what it registered stands twice, and nothing is known."""
        self._records.pop(module, None)
        return {}

    def _note(self, module: str, line: int, record: Record) -> None:
        known, record = self._records.setdefault(module, {}), record.lasting()
        known[line] = known[line].joined(record) if line in known else record
