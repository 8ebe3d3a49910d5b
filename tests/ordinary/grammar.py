"""The grammar of ordinary programs, read from the text files beside this one.

``[symbol]`` begins the forms of a symbol, one a line; ``[[symbol]]`` forms of several lines, with an empty line
between them. A form that stands twice is taken twice as often. In a form:

- ``<symbol>`` is any form of that symbol; ``<symbol?>`` that or nothing, ``<symbol*>`` none to three of them,
  ``<symbol+>`` one to three, each on lines of its own;
- ``[[@type]]`` are the forms of a definition, ``NAME`` is the name that it binds (and ``_NAME`` one beside it);
  ``@type`` is a use of one that was defined above, in this module or in another, however that is imported;
- ``@?type`` is a use that only type checkers see; ``@!type`` one whose import stands at ``HERE``, inside a function;
- ``INT`` is a number that stands nowhere else in the program, so that an old one shows;
- ``$a`` is a local word: the same in all of the form, and now and then one that means something else elsewhere.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Form", "Hole", "forms", "types"]

FILES = ("expressions.txt", "definitions.txt", "classes.txt")
_HEAD = re.compile(r"^\[(\[?)(@?[\w ]+)\]?\]\n", re.MULTILINE)
_HOLE = re.compile(r"<([a-z][\w ]*)([?*+]?)>|@([?!]?)({types})\b|(INT)(?![A-Z])|\$([a-z])|\b(HERE)\b")


@dataclass(frozen=True)
class Hole:
    """What a form leaves open. ``kind``: symbol, use, number, local or imports. ``mark``: ``?*+`` or ``?!``."""

    kind: str
    word: str
    mark: str = ""


Form = tuple[str | Hole, ...]


def forms(symbol: str) -> tuple[Form, ...]:
    """Every form of a symbol (``"number"``) or of the definitions of a type (``"@function"``)."""
    return _read()[symbol]


@functools.cache
def types() -> tuple[str, ...]:
    """What can be defined."""
    return tuple(symbol[1:] for symbol in _texts() if symbol.startswith("@"))


@functools.cache
def _read() -> Mapping[str, tuple[Form, ...]]:
    hole = re.compile(_HOLE.pattern.replace("{types}", "|".join(types())))
    return {symbol: tuple(tuple(_parts(text, hole)) for text in texts) for symbol, texts in _texts().items()}


@functools.cache
def _texts() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name in FILES:
        text = (Path(__file__).parent / name).read_text(encoding="utf-8")
        heads = list(_HEAD.finditer(text))
        for head, following in zip(heads, [*heads[1:], None], strict=True):
            body = text[head.end() : following.start() if following else len(text)].strip("\n")
            found[head[2]] = tuple(re.split(r"\n\n+", body) if head[1] else body.splitlines())
    return found


def _parts(text: str, hole: re.Pattern[str]) -> Iterator[str | Hole]:
    place = 0
    for match in hole.finditer(text):
        yield text[place : match.start()]
        yield _hole(*match.groups(default=""))
        place = match.end()
    yield text[place:]


def _hole(symbol: str, mark: str, how: str, use: str, number: str, local: str, here: str) -> Hole:
    if symbol:
        return Hole("symbol", symbol, mark)
    if use:
        return Hole("use", use, how)
    if number:
        return Hole("number", "")
    return Hole("local", local) if local else Hole("imports", here)
