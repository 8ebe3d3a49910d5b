"""Graphs of modules: strongly connected components."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

__all__ = ["components"]

Node = TypeVar("Node", bound=Hashable)


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
