"""What is known of one module, and what its file was found to hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import ModuleType

from modcache._model.unit import Unit
from modcache._refresh.registrations.record import Record
from modcache._runtime.files import Stat, Trouble
from modcache._runtime.origin import Origin

__all__ = ["Entry", "Found"]


@dataclass(slots=True)
class Entry:
    """What is known of one module: the unit (its source, analysed) and whether that is proved to be its origin."""

    name: str
    path: str
    module: ModuleType
    unit: Unit
    stat: Stat | None
    origin: Origin | None = None
    """How sure it is that the unit is what the module was made of; None: not looked at yet."""
    generation: int = 0
    failed: str = ""
    """The digest of the content with which the last refresh failed."""
    held: dict[str, str] = field(default_factory=dict)
    """What the module keeps though its source says otherwise by now: name -> the accepted dependency, or nothing."""
    registered: dict[int, Record] = field(default_factory=dict)
    """First line of a statement -> what it put elsewhere."""


@dataclass(frozen=True, slots=True)
class Found:
    """A module whose file differs: what it holds now (None if it is gone) and the stat it was read at."""

    entry: Entry
    unit: Unit | None
    stat: Stat | None
    trouble: Trouble = ""
    """Why the file, which is there, could not be read."""

    @property
    def failed_before(self) -> bool:
        """Is this the very content with which the last refresh failed?"""
        return self.unit is not None and self.entry.failed == self.unit.source.digest
