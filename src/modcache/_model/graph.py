"""Graphs of modules: strongly connected components."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

__all__ = ["components"]


def components(graph: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Each node's strongly connected component (Tarjan's algorithm, without recursion)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: dict[str, list[str]] = {}
    for root in graph:
        if root not in index:
            _visit(root, graph, index, low, stack, found)
    return found


def _visit(
    root: str,
    graph: Mapping[str, Iterable[str]],
    index: dict[str, int],
    low: dict[str, int],
    stack: list[str],
    found: dict[str, list[str]],
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


def _close(node: str, stack: list[str], found: dict[str, list[str]]) -> None:
    members = []
    while True:
        member = stack.pop()
        members.append(member)
        if member == node:
            break
    for member in members:
        found[member] = members
