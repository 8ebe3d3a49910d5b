"""Imports on a terminal, as a tree of all and as a chain to one: who brought whom."""

from __future__ import annotations

from collections.abc import Sequence

from modcache._cli.table import say
from modcache._cli.words import brief, milliseconds, place, short
from modcache._model.edges import Edge
from modcache._model.observation import Observation

__all__ = ["print_chain", "print_tree"]


def print_tree(seen: Observation, *, least: float = 0.0, depth: int | None = None) -> None:
    """Each import below the one during which it happened, with its total and own milliseconds, and the statement.

    Left out, and counted, are those that took less than ``least`` seconds in all, or lie deeper than ``depth``.
    """
    children = seen.children()
    say(f"{'total':>8} {'own':>8}  ms", "bold")
    todo: list[tuple[int, int] | str] = []

    def open_up(at: int | None, level: int) -> None:
        inner = children.get(at, [])
        fits = depth is None or level < depth
        shown = [number for number in inner if fits and seen.imports[number].total >= least]
        if len(shown) < len(inner):
            spent = sum(seen.imports[number].total for number in set(inner).difference(shown))
            todo.append(f"{milliseconds(spent):>8} {'':>8}  {'  ' * level}… {len(inner) - len(shown)} more")
        todo.extend((number, level) for number in reversed(shown))

    open_up(None, 0)
    while todo:
        item = todo.pop()
        if isinstance(item, str):
            say(item, "dim")
            continue
        say(_line(seen, *item))
        open_up(item[0], item[1] + 1)


def _line(seen: Observation, at: int, level: int) -> str:
    each = seen.imports[at]
    failed = f"  ({each.error.partition(':')[0]})" if each.error else ""
    text = f"{milliseconds(each.total):>8} {milliseconds(each.own):>8}  {'  ' * level}{each.name}{failed}"
    return f"{text:<60}  {place(each.asked)}"


def print_chain(chain: Sequence[Edge], indent: str = "  ") -> None:
    """A chain, a statement a line: who imports, where, and the statement."""
    places = [f"{short(edge.path)}:{edge.line}" for edge in chain]
    names = max(len(edge.importer) for edge in chain)
    width = max(map(len, places))
    for edge, where in zip(chain, places, strict=True):
        lazy = "  (inside a function)" if edge.kind == "lazy" else ""
        implied = f"  (so its package {edge.imported})" if edge.implied else ""
        say(f"{indent}{edge.importer:<{names}}  {where:<{width}}  {brief(edge.text)}{implied}{lazy}")
