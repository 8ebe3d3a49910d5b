"""Dominators of a graph: what can be reached only by way of something else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

__all__ = ["dominators"]


def dominators(graph: Mapping[str, Iterable[str]], root: str) -> dict[str, str]:
    """For each node that ``root`` leads to, the nearest one that every way to it comes by; ``root`` has itself.

    After Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm" (2001).
    """
    order = _reverse_postorder(graph, root)
    rank = {node: number for number, node in enumerate(order)}
    sources: dict[str, list[str]] = defaultdict(list)
    for node in order:
        for target in graph.get(node, ()):
            if target in rank:
                sources[target].append(node)
    found = {root: root}
    changed = True
    while changed:
        changed = False
        for node in order[1:]:
            known = [source for source in sources[node] if source in found]
            nearest = known[0]
            for other in known[1:]:
                nearest = _common(nearest, other, found, rank)
            if found.get(node) != nearest:
                found[node] = nearest
                changed = True
    return found


def _common(one: str, other: str, found: Mapping[str, str], rank: Mapping[str, int]) -> str:
    while one != other:
        while rank[one] > rank[other]:
            one = found[one]
        while rank[other] > rank[one]:
            other = found[other]
    return one


def _reverse_postorder(graph: Mapping[str, Iterable[str]], root: str) -> list[str]:
    seen = {root}
    done: list[str] = []
    work = [(root, iter(graph.get(root, ())))]
    while work:
        node, targets = work[-1]
        for target in targets:
            if target not in seen:
                seen.add(target)
                work.append((target, iter(graph.get(target, ()))))
                break
        else:
            work.pop()
            done.append(node)
    return done[::-1]
