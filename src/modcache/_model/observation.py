"""What was seen of one run of a program: which modules it imported, in which order, who asked, and what each took."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

__all__ = ["FORMAT", "Observation", "Place", "Seen", "Statement"]

FORMAT = 1
"""The version of the saved form; another one is not read."""


class Place(NamedTuple):
    """A place in the source: a line of a file, in a function of a module (``<module>`` where it is in none)."""

    module: str
    file: str
    line: int
    function: str

    @property
    def is_lazy(self) -> bool:
        """Whether it is inside a function, so that it is executed when that is called."""
        return self.function not in ("<module>", "")

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Seen(NamedTuple):
    """One import that was not answered from the cache. Times are in seconds, memory is in bytes."""

    name: str
    """The module's absolute name."""
    asked: Place | None
    """Whose statement it was; None if it was no code of Python's."""
    during: Place | None
    """The line at the top level of a module that was executed, where the statement itself is inside a function."""
    within: int | None
    """The position, in ``Observation.imports``, of the import during which it happened, in the same thread."""
    thread: int
    began: float
    """Seconds since the watch began."""
    total: float
    """Seconds in all; of an import that never ended, up to the last thing that was seen."""
    own: float
    """Seconds less those of the imports within it."""
    bytes_total: int
    """What the process's memory grew by; 0 where it can't be told."""
    bytes_own: int
    origin: str | None
    is_package: bool
    error: str
    """What was raised, or empty."""
    ended: bool
    """Whether it came to an end while the program was watched."""


class Statement(NamedTuple):
    """An import statement that was executed, whether the module was in the cache or not."""

    place: Place
    name: str
    """The absolute name of the module that it names first."""
    names: tuple[str, ...]
    """What it takes from that, with ``from``."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One run of a program, as far as it was seen."""

    command: tuple[str, ...]
    """What was run."""
    python: str
    """The version of its interpreter."""
    executable: str
    status: int | None
    """The program's exit status; negative for the signal that ended it; None if it still runs."""
    ending: str
    """How it ended, in words."""
    seconds: float
    """Wall-clock time from start to end, the interpreter's own start with it."""
    before: tuple[str, ...]
    """The modules that were loaded before the watch began."""
    after: tuple[str, ...]
    """The names in the cache at the end; empty if the end was not seen."""
    imports: tuple[Seen, ...]
    """In the order in which they began."""
    statements: tuple[Statement, ...] = ()
    """Executed import statements, in the order of their first time, if they were asked for."""
    notes: tuple[str, ...] = ()
    """What else whoever reads this has to know."""
    examined: str = ""
    """What the function said that was to look at the process at its end."""

    @property
    def total(self) -> float:
        """Seconds that all imports took, without those in threads that went on beside."""
        return sum(each.total for each in self.imports if each.within is None)

    def children(self) -> dict[int | None, list[int]]:
        """The positions of the imports within each import; under None, of those that are within none."""
        found: dict[int | None, list[int]] = {None: []}
        for number, each in enumerate(self.imports):
            found.setdefault(each.within, []).append(number)
        return found

    def named(self, name: str) -> Iterator[Seen]:
        """The imports of a module: more than one if the first failed or its entry was taken away."""
        return (each for each in self.imports if each.name == name)

    def to_dict(self) -> dict[str, Any]:
        """The saved form: plain values that JSON can hold."""
        made = {name: getattr(self, name) for name in self.__slots__ if name != "examined"}
        made["imports"] = [_plain(each) for each in self.imports]
        made["statements"] = [_plain(each) for each in self.statements]
        return {"modcache_observation": FORMAT, **made}

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Observation:
        """What :meth:`to_dict` made. Raises ``KeyError``, ``TypeError`` or ``ValueError`` if it did not make it."""
        if saved["modcache_observation"] != FORMAT:
            raise ValueError(f"of format {saved['modcache_observation']}")
        values = {name: saved[name] for name in cls.__slots__ if name in saved}
        for name in ("command", "before", "after", "notes"):
            values[name] = tuple(values[name])
        values["imports"] = tuple(_seen(each) for each in saved["imports"])
        values["statements"] = tuple(_statement(each) for each in saved["statements"])
        return cls(**values)


def _plain(value: Any) -> Any:
    """A record of this file, and those in it, as dicts."""
    if isinstance(value, (Place, Seen, Statement)):
        return {name: _plain(getattr(value, name)) for name in value._fields}
    return value


def _place(saved: Mapping[str, Any] | None) -> Place | None:
    return None if saved is None else Place(**saved)


def _seen(saved: Mapping[str, Any]) -> Seen:
    places = {name: _place(saved[name]) for name in ("asked", "during")}
    return Seen(**{**saved, **places})


def _statement(saved: Mapping[str, Any]) -> Statement:
    return Statement(Place(**saved["place"]), saved["name"], tuple(saved["names"]))
