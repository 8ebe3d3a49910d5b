"""Where a live process differs from a fresh one.

Both graphs are walked in step, from the same names, nearest first. The first time that two nodes stand in the same
place they are taken to be the same object; from then on each must turn up wherever the other does. So an object that
differs is reported once, where it is at home, and an object that is *another* one is reported where it is met.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from modcache._verify.graph import ABSENT, Graph, Place, unstable

__all__ = ["Comparison", "Difference", "compare", "unstable_places"]

_FIELD_KINDS = {
    "code": "code",
    "lines": "line",
    "file": "file",
    "globals": "globals",
    "builtins": "globals",
    "metaclass": "type",
    "type": "type",
    "mro": "base",
    "layout": "layout",
    "abstract": "member",
    "doc": "doc",
    "qualname": "qualname",
}
_WORD_KINDS = {
    "base": "base",
    "default": "default",
    "cell": "closure",
    "annotation": "annotation",
    "subclass": "subclass",
    "registered": "member",
    "contents": "closure",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as in a fresh process.

    ``module`` and ``name``: under which name; ``path``: the steps from there. ``kind``: ``"missing"`` and ``"extra"``
    (as the live process has it), ``"code"``, ``"line"`` (right code, wrong lines), ``"value"``, ``"identity"`` (what
    is one object in one process is not in the other), ``"base"``, ``"type"``, ``"order"`` (of the keys of a dict),
    ``"default"``, ``"closure"``, ``"globals"``, ``"doc"``, ``"annotation"``, ``"subclass"``, …
    ``live`` and ``fresh``: what stands there, in words.
    """

    module: str
    name: str
    path: tuple[str, ...]
    kind: str
    live: str
    fresh: str

    @property
    def place(self) -> Place:
        """Where it is, as a place in a graph."""
        return Place(self.module, self.name, self.path)

    def __str__(self) -> str:
        return f"{self.place}: {self.kind}: live {self.live}, fresh {self.fresh}"

    def to_dict(self) -> dict[str, Any]:
        """The difference as JSON-able data."""
        return {
            "module": self.module,
            "name": self.name,
            "path": list(self.path),
            "kind": self.kind,
            "live": self.live,
            "fresh": self.fresh,
        }


def compare(live: dict[str, Any], fresh: dict[str, Any], again: Iterable[dict[str, Any]] = ()) -> list[Difference]:
    """The differences of two descriptions, nearest first.

    ``again``: further descriptions of fresh processes; what differs among those is no difference
    (:func:`unstable_places` lists it).
    """
    found = Comparison(Graph(live), Graph(fresh)).differences
    others = [Graph(other) for other in again]
    return [d for d in found if not unstable(d.kind == "extra", d.place, Graph(fresh), others)]


def unstable_places(fresh: dict[str, Any], again: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    """Where fresh processes differ among themselves: what can not be compared."""
    found = (str(d.place) for other in again for d in Comparison(Graph(other), Graph(fresh)).differences)
    return tuple(dict.fromkeys(found))


class Comparison:
    """The walk over two graphs in step; ``differences`` is what it found, ``matched`` which node is which."""

    def __init__(self, live: Graph, fresh: Graph) -> None:
        self.live = live
        self.fresh = fresh
        self.differences: list[Difference] = []
        self.matched: dict[int, int] = {}
        self._back: dict[int, int] = {}
        self._places: dict[int, Place] = {}
        self._queue: deque[tuple[Place, Any, Any]] = deque(self._roots())
        while self._queue:
            self._pair(*self._queue.popleft())

    def _roots(self) -> list[tuple[Place, Any, Any]]:
        """Names to begin at: those that are an object's home in both graphs first, so that they are matched there."""
        homes: list[tuple[Place, Any, Any]] = []
        others: list[tuple[Place, Any, Any]] = []
        for module in sorted({*self.live.modules, *self.fresh.modules}):
            ours, theirs = self.live.modules.get(module), self.fresh.modules.get(module)
            if ours is None or theirs is None:
                if theirs is None:
                    self._note(Place(module, ""), "extra", "loaded", "not loaded")
                else:
                    self._note(Place(module, ""), "missing", "not loaded", "loaded")
                continue
            for name in sorted({*ours, *theirs}):
                place = Place(module, name)
                row = (place, ours.get(name, ABSENT), theirs.get(name, ABSENT))
                home = f"{module}:{name}"
                (homes if self.live.home(row[1]) == home == self.fresh.home(row[2]) else others).append(row)
        return homes + others

    def _pair(self, place: Place, ours: Any, theirs: Any) -> None:
        if type(ours) is int and type(theirs) is int:
            if ours in self.matched or theirs in self._back:
                if self.matched.get(ours) != theirs:
                    self._other_object(place, ours, theirs)
                return
            self.matched[ours], self._back[theirs] = theirs, ours
            self._places[ours] = place
            self._nodes(place, ours, theirs)
        elif type(ours) is list and type(theirs) is list and ours[0] == theirs[0]:
            self._inside(place, self.live.fields(ours), self.fresh.fields(theirs))
        elif place.steps[-1:] == ("cached",) and ours == "nothing":
            return  # an empty cache answers as a full one does
        elif ours != theirs or type(ours) is not type(theirs):
            self._add(place, _kind(place, ours, theirs), ours, theirs)

    def _nodes(self, place: Place, ours: int, theirs: int) -> None:
        if self.live.kind(ours) != self.fresh.kind(theirs):
            self._add(place, "type", ours, theirs)
            return
        ours_in, theirs_in = self.live.fields(ours), self.fresh.fields(theirs)
        self._inside(place, ours_in, theirs_in)
        if ours_in.keys() != theirs_in.keys():
            return
        mine, others = _keys(ours_in), _keys(theirs_in)
        if mine != others:
            self._note(place, "order", ", ".join(mine[:6]), ", ".join(others[:6]))

    def _inside(self, place: Place, ours: dict[str, Any], theirs: dict[str, Any]) -> None:
        for step in [*theirs, *(step for step in ours if step not in theirs)]:
            inner = place._replace(steps=(*place.steps, step))
            self._queue.append((inner, ours.get(step, ABSENT), theirs.get(step, ABSENT)))

    def _other_object(self, place: Place, ours: int, theirs: int) -> None:
        known = self._places.get(ours)
        live = self.live.show(ours) + (f" that is {known}" if known and not self.live.home(ours) else "")
        twin = self._back.get(theirs)
        fresh = self.fresh.show(theirs)
        if twin is not None and not self.fresh.home(theirs):
            fresh += f" that is {self._places[twin]}"
        self._note(place, "identity", live, fresh)

    def _add(self, place: Place, kind: str, ours: Any, theirs: Any) -> None:
        self._note(place, kind, self.live.show(ours), self.fresh.show(theirs))

    def _note(self, place: Place, kind: str, live: str, fresh: str) -> None:
        self.differences.append(Difference(place.module, place.name, place.steps, kind, live, fresh))


def _keys(fields: dict[str, Any]) -> list[str]:
    return [step for step in fields if step[:1] == "["]


def _kind(place: Place, ours: Any, theirs: Any) -> str:
    if ours == ABSENT:
        return "missing"
    if theirs == ABSENT:
        return "extra"
    step = place.steps[-1] if place.steps else ""
    plain = _FIELD_KINDS.get(step) or _WORD_KINDS.get(step.partition(" ")[0])
    if plain:
        return plain
    return "value" if type(ours) is type(theirs) else "type"
