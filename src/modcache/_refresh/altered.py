"""Modules of the roots whose names an alteration claims at present: what stands in the cache is not theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modcache._runtime.files import read
from modcache._runtime.layers import stack_of
from modcache._runtime.system import ImportSystem

if TYPE_CHECKING:
    from modcache._refresh.entry import Entry

__all__ = ["Altered"]


class Altered:
    """The entries that wait until the alteration has ended. A substitute is never taken for a module that changed."""

    def __init__(self, system: ImportSystem) -> None:
        self._layers = stack_of(system)
        self._entries: dict[str, Entry] = {}
        self.claims = self._layers.claims

    def __bool__(self) -> bool:
        return bool(self._entries)

    def real(self, modules: dict[str, object]) -> dict[str, object]:
        """The cache as it is without alterations, as far as it was so before them; without the entries that wait."""
        beneath = self._layers.beneath()
        found = {name: module for name, module in modules.items() if name in beneath or not self.claims(name)}
        return {name: module for name, module in {**found, **beneath}.items() if name not in self._entries}

    def take(self, entries: dict[str, Entry]) -> bool:
        """Take the entries that have to wait; says whether there are any."""
        names = [name for name in entries if self.claims(name)]
        self._entries.update({name: entries.pop(name) for name in names})
        return bool(names)

    def give_back(self, modules: dict[str, object]) -> list[Entry]:
        """The entries that wait no more, and whose module is back in the cache."""
        over = [self._entries.pop(name) for name in list(self._entries) if not self.claims(name)]
        return [entry for entry in over if modules.get(entry.name) is entry.module]

    def changed(self) -> list[str]:
        """Names of those that wait, and whose file changed."""
        return [name for name, entry in self._entries.items() if read(entry.path) != entry.unit.source.data]
