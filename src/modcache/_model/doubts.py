"""Doubts: rows of a report that know of what kind they are, so that somebody can look into them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Self

__all__ = ["Doubt", "DoubtKind", "answered_otherwise"]


class DoubtKind(StrEnum):
    """What a doubt is about, where running the code can tell whether it holds."""

    USES = "uses"
    """Code may look at more than its text shows; by what words."""
    ANSWERS = "answers"
    """Somebody may have asked a module's ``__getattr__``."""
    CALLS = "calls"
    """What is called may act on something outside of the roots."""
    STORES = "stores"
    """Something is stored outside of the roots."""
    IMPORTS = "imports"
    """A statement may import other modules than before."""
    LOOKS = "looks"
    """What was looked at is another now."""


class Doubt(str):
    """The row itself, with its ``kind``, and with the ``words`` of the source that it is about."""

    __slots__ = ("kind", "words")

    kind: DoubtKind
    words: frozenset[str]

    def __new__(cls, text: str, kind: DoubtKind, words: Iterable[str] = ()) -> Self:
        """Make a row; it equals its text."""
        row = super().__new__(cls, text)
        row.kind, row.words = kind, frozenset(words)
        return row


def answered_otherwise(function: str) -> Doubt:
    """Of a module's own ``__getattr__`` or ``__dir__``, that is another now."""
    return Doubt(f"{function} answers otherwise; who asked it while importing is not known", DoubtKind.ANSWERS)
