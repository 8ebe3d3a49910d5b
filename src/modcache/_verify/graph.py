"""Places in a description, and whether two descriptions say the same there."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

__all__ = ["ABSENT", "STRUCTURE_STEPS", "Graph", "Place", "same", "unstable"]

ABSENT = "<absent>"  # no value of a description looks like this: constants are printed with their quotes
STRUCTURE_STEPS = {"bound method": ("kind", "function", "self"), "item": ("kind", "key", "value")}


class Place(NamedTuple):
    """A way to a value: a module, one of its names (or an empty string), and the steps from there."""

    module: str
    name: str
    steps: tuple[str, ...] = ()

    def __str__(self) -> str:
        inside = "".join(step if step[:1] in ".[" else f" <{step}>" for step in self.steps)
        return f"{self.module}:{self.name}{inside}" if self.name else f"{self.module}{inside}"


class Graph:
    """A description, to be read by places."""

    def __init__(self, description: dict[str, Any]) -> None:
        self.modules: dict[str, dict[str, Any]] = description["modules"]
        self.nodes: list[dict[str, Any]] = description["nodes"]
        self.codes: frozenset[str] = frozenset(description.get("codes", ()))

    def at(self, place: Place) -> Any:
        """The value at a place; ``ABSENT`` if there is none."""
        value = self.modules.get(place.module, {}).get(place.name, ABSENT)
        for step in place.steps:
            value = self.fields(value).get(step, ABSENT)
        return value

    def fields(self, value: Any) -> dict[str, Any]:
        """What lies one step on from a value, by step."""
        if type(value) is int:
            found: dict[str, Any] = self.nodes[value]["f"]
            return found
        if type(value) is list:
            names = STRUCTURE_STEPS.get(value[0])
            return dict(zip(names, value, strict=True)) if names else {f"({i})": v for i, v in enumerate(value)}
        return {}

    def kind(self, value: Any) -> str:
        """``"function"``, ``"class"``, the type of another node, the kind of a structure, or an empty string."""
        if type(value) is int:
            return str(self.nodes[value]["k"])
        return str(value[0]) if type(value) is list else ""

    def home(self, value: Any) -> str | None:
        """Where the function or class of a node is at home, if it is what stands under its own name."""
        return self.nodes[value].get("h") if type(value) is int else None

    def reach(self, value: Any, *, through_homes: bool = False) -> Iterator[int]:
        """The nodes that are reached from a value, itself included; what has a home is not gone into."""
        seen: set[int] = set()
        waiting = deque([value])
        while waiting:
            found = waiting.popleft()
            if type(found) is int:
                if found in seen:
                    continue
                seen.add(found)
                yield found
                if not through_homes and self.home(found):
                    continue
            waiting.extend(self.fields(found).values())

    def show(self, value: Any, depth: int = 2) -> str:
        """A value for people, in a few words."""
        if type(value) is str:
            return value
        if type(value) is int:
            node = self.nodes[value]
            if node.get("h"):
                return f"<{node['k']} {node['h']}>"
            if node["k"] in ("function", "class"):
                return f"<{node['k']} {node['f'].get('qualname', '?')}, not the one under that name>"
        if not depth:
            return f"<{self.kind(value)}>"
        inside = [f"{step} {self.show(v, depth - 1)}" for step, v in list(self.fields(value).items())[:4]]
        return f"<{self.kind(value)} {', '.join(inside)}>"


def unstable(extra: bool, place: Place, fresh: Graph, others: list[Graph]) -> bool:
    """Whether fresh processes differ at a place; what is extra there, also if the items around it differ."""
    if any(not same(fresh, fresh.at(place), other, other.at(place)) for other in others):
        return True
    if not extra or not place.steps:
        return False
    around = place._replace(steps=place.steps[:-1])
    items = fresh.fields(fresh.at(around)).keys()
    return any(other.fields(other.at(around)).keys() != items for other in others)


def same(first: Graph, one: Any, second: Graph, other: Any, *, by_name: bool = False) -> bool:
    """Whether two values say the same: contents and topology. What has a home is compared by it, not gone into.

    ``by_name``: so are functions and classes without a home, by their qualified name; whether their code is right is
    then for the caller to ask.
    """
    waiting = deque([(one, other)])
    there: dict[int, int] = {}
    back: dict[int, int] = {}
    while waiting:
        left, right = waiting.popleft()
        if type(left) is not type(right):
            return False
        if type(left) is str:
            if left != right:
                return False
            continue
        if type(left) is int:
            if left in there or right in back:
                if there.get(left) != right:
                    return False
                continue
            there[left], back[right] = right, left
            if first.home(left) != second.home(right) or first.kind(left) != second.kind(right):
                return False
            if first.home(left) and len(there) > 1:
                continue
            if by_name and first.kind(left) in ("function", "class"):
                if first.fields(left)["qualname"] != second.fields(right)["qualname"]:
                    return False
                continue
        ours, theirs = first.fields(left), second.fields(right)
        if list(ours) != list(theirs):
            return False
        waiting.extend((ours[step], theirs[step]) for step in ours)
    return True
