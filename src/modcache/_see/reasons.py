"""Why a module is there: what is known of it in one run."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any, Literal

from modcache._model.edges import Edge
from modcache._model.observation import Observation, Place
from modcache._see.edges import Ways

__all__ = ["Reason", "reason_for"]


@dataclass(frozen=True, slots=True)
class Reason:
    """What became of a name in one run, and every module that had it imported."""

    name: str
    how: Literal["imported", "failed", "before", "set", "never"]
    """``imported``, or the import ``failed``; it was there ``before`` the program began; the program has ``set`` it in
    the cache itself; or it was ``never`` imported."""
    total: float
    """Seconds that its import took, with all that it brought."""
    brought: int
    """How many modules came with it."""
    first: Place | None
    """The statement that was first."""
    during: Place | None
    """The line of a module's body that was being executed then, if that statement is inside a function."""
    error: str
    chains: tuple[tuple[Edge, ...], ...]
    """For each module that imports it, the shortest chain by it; the shortest first."""
    similar: tuple[str, ...]
    """Names that were imported and look like it, if it was not."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        made = {name: getattr(self, name) for name in self.__slots__}
        for name in ("first", "during"):
            place = getattr(self, name)
            made[name] = None if place is None else place._asdict()
        made["chains"] = [[edge.to_dict() for edge in chain] for chain in self.chains]
        return made


def reason_for(name: str, seen: Observation) -> Reason:
    """What is known of ``name``; the statements of the run must have been watched."""
    imports = [(at, each) for at, each in enumerate(seen.imports) if each.name == name]
    at, first = next((row for row in imports if not row[1].error), imports[0] if imports else (0, None))
    ways = Ways(seen)
    chains = ways.to(name) if name in ways.modules else []
    if first is None:
        how: Any = "before" if name in seen.before else "set" if name in seen.after else "never"
    else:
        how = "failed" if first.error else "imported"
    known = {each.name for each in seen.imports}
    return Reason(
        name,
        how,
        0.0 if first is None else first.total,
        0 if first is None else _brought(seen, at),
        None if first is None else first.asked,
        None if first is None else first.during,
        "" if first is None else first.error,
        tuple(chains),
        tuple(difflib.get_close_matches(name, known, cutoff=0.7)) if how == "never" else (),
    )


def _brought(seen: Observation, at: int) -> int:
    """How many modules were loaded within an import."""
    inside = {at}
    for number in range(at + 1, len(seen.imports)):
        each = seen.imports[number]
        if each.within in inside and not each.error:
            inside.add(number)
    return len(inside) - 1
