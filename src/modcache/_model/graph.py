"""Graphs: strongly connected components, and what is gathered over all that can be reached."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Generic, TypeVar

__all__ = ["Gathering", "components"]

Node = TypeVar("Node", bound=Hashable)


class Gathering(Generic[Node]):
    """Sets, as the bits of an integer, united over all nodes that can be reached.

    ``targets``: where a node leads; ``own``: the bits of a node itself. Each node is asked once. Bits, since the sets
    are large and many: to unite two is one addition of numbers.
    """

    def __init__(self, targets: Callable[[Node], list[Node]], own: Callable[[Node], int]) -> None:
        self._targets = targets
        self._own = own
        self._known: dict[Node, int] = {}

    def over(self, nodes: Iterable[Node]) -> int:
        """The bits of some nodes and of all that can be reached from them."""
        found = 0
        for node in nodes:
            found |= self.of(node)
        return found

    def of(self, node: Node) -> int:
        """The bits of a node and of all that can be reached from it."""
        if node not in self._known:
            self._close([node])
        return self._known[node]

    def _close(self, todo: list[Node]) -> None:
        graph: dict[Node, list[Node]] = {}
        while todo:
            node = todo.pop()
            if node not in graph and node not in self._known:
                graph[node] = self._targets(node)
                todo.extend(graph[node])
        for node, group in components(graph).items():  # what is reached comes before what leads there
            if node not in self._known:
                bits = 0
                for member in group:
                    bits |= self._own(member)
                    for target in graph[member]:
                        bits |= self._known.get(target, 0)
                self._known.update(dict.fromkeys(group, bits))


def components(graph: Mapping[Node, Iterable[Node]]) -> dict[Node, list[Node]]:
    """Each node's strongly connected component (Tarjan's algorithm, without recursion)."""
    index: dict[Node, int] = {}
    low: dict[Node, int] = {}
    stack: list[Node] = []
    found: dict[Node, list[Node]] = {}
    for root in graph:
        if root not in index:
            _visit(root, graph, index, low, stack, found)
    return found


def _visit(
    root: Node,
    graph: Mapping[Node, Iterable[Node]],
    index: dict[Node, int],
    low: dict[Node, int],
    stack: list[Node],
    found: dict[Node, list[Node]],
) -> None:
    work = [(root, iter(graph[root]))]
    index[root] = low[root] = len(index)
    stack.append(root)
    while work:
        node, edges = work[-1]
        for target in edges:
            if target not in graph:
                continue
            if target not in index:
                index[target] = low[target] = len(index)
                stack.append(target)
                work.append((target, iter(graph[target])))
                break
            if target not in found:
                low[node] = min(low[node], index[target])
        else:
            work.pop()
            if work:
                low[work[-1][0]] = min(low[work[-1][0]], low[node])
            if low[node] == index[node]:
                _close(node, stack, found)


def _close(node: Node, stack: list[Node], found: dict[Node, list[Node]]) -> None:
    members = []
    while True:
        member = stack.pop()
        members.append(member)
        if member == node:
            break
    for member in members:
        found[member] = members
