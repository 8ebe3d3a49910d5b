"""Definitions as trees: how one is derived from the grammar, written out, and what in it can be changed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tests.ordinary.grammar import Form, Hole, forms

__all__ = ["Node", "NotPossible", "Source", "changed", "derived", "places", "texts", "uses", "written"]

DEPTH = 3
"""So deep may expressions nest."""
EXPRESSIONS = ("number", "text", "object")
LOCALS = "size total item rate label value n key weight result count hook one other".split()
FIRST_NUMBER = 100
MEMBERS = {"?": (0, 1), "*": (0, 3), "+": (1, 3), "": (1, 1)}


class NotPossible(Exception):
    """Something is needed here that the program does not have."""


@dataclass(frozen=True)
class Node:
    """A form with what stands in its holes: nodes for a symbol, a definition's serial for a use, a number, a word."""

    symbol: str
    form: Form
    parts: tuple[tuple[Node, ...] | int | str, ...]

    def pairs(self) -> Iterator[tuple[Hole, tuple[Node, ...] | int | str]]:
        """The holes, each with what stands in it."""
        return zip((part for part in self.form if isinstance(part, Hole)), self.parts, strict=True)


@dataclass
class Source:
    """Where a derivation takes from: chance, the definitions in sight by type (serials), the names of all of them."""

    chance: random.Random
    visible: Mapping[str, Sequence[int]]
    names: Mapping[int, str]
    numbers: Iterator[int]


def derived(symbol: str, source: Source, depth: int = 0) -> Node:
    """A random node. Raises `NotPossible` if every form needs something that is not in sight."""
    able = [form for form in forms(symbol) if depth < DEPTH or not _nests(form)]
    for form in source.chance.sample(able, len(able)):
        try:
            return _filled(symbol, form, source, depth)
        except NotPossible:
            continue
    raise NotPossible(symbol)


def _nests(form: Form) -> bool:
    return any(isinstance(part, Hole) and part.word in EXPRESSIONS for part in form)


def _filled(symbol: str, form: Form, source: Source, depth: int) -> Node:
    holes = [part for part in form if isinstance(part, Hole)]
    if any(hole.kind == "use" and not source.visible.get(hole.word) for hole in holes):
        raise NotPossible(symbol)
    parts = {number: _part(hole, source, depth) for number, hole in enumerate(holes) if hole.kind != "local"}
    shown = {source.names[serial] for serial in _used(holes, parts)}
    text = " ".join(part for part in form if isinstance(part, str))
    words = [word for word in LOCALS if word not in shown and word not in text]
    locals_ = dict(zip("abc", source.chance.sample(words, 3), strict=True))
    return Node(symbol, form, tuple(parts.get(n, locals_.get(hole.word, "")) for n, hole in enumerate(holes)))


def _used(holes: Sequence[Hole], parts: Mapping[int, tuple[Node, ...] | int | str]) -> Iterator[int]:
    for number, part in parts.items():
        if isinstance(part, tuple):
            for node in part:
                yield from (serial for serial, _ in uses(node))
        elif holes[number].kind == "use" and isinstance(part, int):
            yield part


def _part(hole: Hole, source: Source, depth: int) -> tuple[Node, ...] | int | str:
    if hole.kind == "use":
        # what was defined last is used most: programs are layered
        names = source.visible[hole.word]
        return names[-1 - min(int(source.chance.expovariate(0.5)), len(names) - 1)]
    if hole.kind == "number":
        return next(source.numbers)
    if hole.kind == "symbol":
        deeper = depth + (hole.word in EXPRESSIONS)
        count = source.chance.randint(*MEMBERS[hole.mark])
        return tuple(derived(hole.word, source, deeper) for _ in range(count))
    return ""


def written(node: Node, name: str, word: Callable[[int, str], str], imports: Callable[[int], str]) -> str:
    """The text of a node: ``word`` says how a use is written, ``imports`` how one inside of a function is imported."""
    late = [part for hole, part in node.pairs() if hole.kind == "use" and hole.mark == "!" and isinstance(part, int)]
    rest = iter(node.parts)
    text = ""
    for piece in node.form:
        if isinstance(piece, str):
            text += piece.replace("NAME", name)
            continue
        part = next(rest)
        if piece.kind == "imports":
            part = "\n".join(filter(None, map(imports, late)))
        elif isinstance(part, tuple):
            part = "\n".join(written(child, name, word, imports) for child in part)
        elif piece.kind == "use" and isinstance(part, int):
            part = word(part, piece.mark)
        line = text.rpartition("\n")[2]
        text += str(part).replace("\n", "\n" + line[: len(line) - len(line.lstrip())])
    return "\n".join(row for row in text.splitlines() if row.strip())


def uses(node: Node) -> Iterator[tuple[int, str]]:
    """Every definition that a node uses, with the mark of the use."""
    for hole, part in node.pairs():
        if isinstance(part, tuple):
            for child in part:
                yield from uses(child)
        elif hole.kind == "use" and isinstance(part, int):
            yield part, hole.mark


def texts(node: Node) -> Iterator[str]:
    """What is written in a node and below, but for what stands in its holes."""
    yield from (part for part in node.form if isinstance(part, str))
    for part in node.parts:
        for child in part if isinstance(part, tuple) else ():
            yield from texts(child)


def places(node: Node) -> Iterator[tuple[int, ...]]:
    """The path of every hole in a node and below that an edit can fill in another way."""
    for number, (hole, part) in enumerate(node.pairs()):
        if hole.kind in ("symbol", "use", "number"):
            yield (number,)
        if isinstance(part, tuple):
            for place, child in enumerate(part):
                yield from ((number, place, *path) for path in places(child))


def changed(node: Node, path: Sequence[int], source: Source, depth: int = 0) -> Node:
    """The node with the hole at a path filled anew. Raises `NotPossible`."""
    number = path[0]
    hole, part = list(node.pairs())[number]
    if len(path) == 1 or not isinstance(part, tuple):
        new = _refilled(hole, part, source, depth)
    else:
        child = changed(part[path[1]], path[2:], source, depth + 1)
        new = (*part[: path[1]], child, *part[path[1] + 1 :])
    return replace(node, parts=(*node.parts[:number], new, *node.parts[number + 1 :]))


def _refilled(
    hole: Hole, part: tuple[Node, ...] | int | str, source: Source, depth: int
) -> tuple[Node, ...] | int | str:
    if hole.kind == "use" and not source.visible.get(hole.word):
        raise NotPossible(hole.word)
    if hole.mark not in ("*", "+", "?") or not isinstance(part, tuple):
        return _part(hole, source, depth)
    least, most = MEMBERS[hole.mark]
    way = source.chance.choice(("more", "less", "other order"))
    if way == "more" and len(part) < most + 1:
        place = source.chance.randint(0, len(part))
        return (*part[:place], derived(hole.word, source, depth), *part[place:])
    if way == "less" and len(part) > least:
        place = source.chance.randrange(len(part))
        return (*part[:place], *part[place + 1 :])
    return tuple(source.chance.sample(part, len(part)))
