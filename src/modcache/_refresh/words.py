"""In which modules a word stands, kept from one refresh to the next."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from modcache._model.unit import Unit

__all__ = ["WordIndex"]


class WordIndex:
    """The words of the units that somebody asked about, the other way round. One refresh at a time may use it.

    A plan asks for the users of thousands of names: to look into every module for each of them is what makes it slow.
    """

    def __init__(self) -> None:
        self._units: dict[str, Unit] = {}
        self._holders: dict[str, dict[str, None]] = {}

    def cover(self, units: Mapping[str, Unit]) -> None:
        """Take in modules by name, or the other version that they are of now: what they have in common stays."""
        for name, unit in units.items():
            known = self._units.get(name)
            if known is not unit:
                self._replace(name, frozenset() if known is None else known.words, unit.words)
                self._units[name] = unit

    def forget(self, name: str) -> None:
        """Take a module out."""
        known = self._units.pop(name, None)
        if known is not None:
            self._replace(name, known.words, frozenset())

    def holders(self, word: str) -> Collection[str]:
        """The modules among those covered in which the word stands."""
        return self._holders.get(word, ())

    def _replace(self, name: str, old: frozenset[str], new: frozenset[str]) -> None:
        for word in old - new:
            holders = self._holders[word]
            del holders[name]
            if not holders:
                del self._holders[word]
        for word in new - old:
            self._holders.setdefault(word, {})[name] = None
