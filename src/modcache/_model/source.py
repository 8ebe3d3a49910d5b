"""A module's source as a row of top-level statements.

A *fragment* is what a statement says, wherever it stands: versions of a file share the fragments that did not change,
and with them everything that was found out about them. A *statement* is a fragment at a line.

Parsing a file anew costs as much as compiling it; so a new version is parsed only between the first and the last line
that differ. That is sound because top-level statements begin in column 0 and end with their line: what stands before
and after the window are whole statements already.
"""

from __future__ import annotations

import ast
import hashlib
import io
import itertools
import tokenize
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from modcache._model.trees import Shape

__all__ = ["Fragment", "Source", "Statement", "decode", "digest_of"]


class Fragment:
    """What one top-level statement says (one import statement per alias), independent of where it stands."""

    def __init__(self, node: ast.stmt, text: str, *, alone: bool) -> None:
        self.node = node
        self.text = text
        self.alone = alone
        """Is its text that of its lines, and no other statement on them?"""
        self._first = first_line(node)

    @cached_property
    def key(self) -> Shape:
        """The syntax tree without positions: equal keys, equal meaning."""
        return Shape(self.node)

    def placed(self, lineno: int) -> ast.stmt:
        """The tree with the positions that it has when it stands at ``lineno``."""
        if lineno != self._first:
            ast.increment_lineno(self.node, lineno - self._first)
            self._first = lineno
        return self.node


@dataclass(frozen=True, slots=True)
class Statement:
    """A fragment at its lines (1-based, decorators included)."""

    fragment: Fragment
    lineno: int
    end_lineno: int

    @property
    def headline(self) -> str:
        """The statement in one short line, for plans and reports."""
        return " ".join(self.fragment.text.split())[:80]


class Source:
    """One version of a module's source. Raises ``SyntaxError`` when made of text that does not parse.

    ``data`` is what the file held, ``filename`` what code objects made of it are to carry.
    """

    def __init__(self, data: bytes, filename: str, previous: Source | None = None) -> None:
        self.data = data
        self.filename = filename
        self._previous = previous
        self._fresh: range | None = None
        self._only_definitions = False

    @cached_property
    def text(self) -> str:
        """The decoded text with universal newlines (PEP 263, PEP 3120)."""
        return decode(self.data, self.filename)

    @cached_property
    def digest(self) -> str:
        """The content hash that says whether a file changed (a touch does not)."""
        return digest_of(self.data)

    @cached_property
    def lines(self) -> list[str]:
        """The text by lines, without their ends."""
        # not str.splitlines: it also splits at form feeds and Unicode separators, which Python does not
        return self.text.split("\n")

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """The top-level statements in order."""
        previous, self._previous = _parsed(self._previous), None
        if previous is not None:
            window = _window(previous, self)
            if window is not None:
                self._fresh = range(window.first, window.last)
                self._only_definitions = all(map(_is_definition, window.gone)) and all(
                    map(_is_definition, window.fresh)
                )
                return window.statements
        parsed = tuple(_parse(self.text, self.lines, 0, self.filename))
        return _shared(parsed, previous.statements) if previous is not None else parsed

    @property
    def is_parsed(self) -> bool:
        """Were its statements asked for already?"""
        return "statements" in self.__dict__

    @property
    def fresh_definitions(self) -> range | None:
        """The statements that the previous version did not have; None if other things than definitions differ."""
        _ = self.statements
        return self._fresh if self._only_definitions else None

    @cached_property
    def futures(self) -> frozenset[str]:
        """The names of ``from __future__ import``."""
        return frozenset(
            alias.name
            for statement in self.statements
            if isinstance(node := statement.fragment.node, ast.ImportFrom) and node.module == "__future__"
            for alias in node.names
        )

    def statement_at(self, lineno: int) -> int | None:
        """The index of the statement that covers the line, or None."""
        low, high = 0, len(self.statements)
        while low < high:
            middle = (low + high) // 2
            if self.statements[middle].end_lineno < lineno:
                low = middle + 1
            else:
                high = middle
        if low < len(self.statements) and self.statements[low].lineno <= lineno:
            return low
        return None


def digest_of(data: bytes) -> str:
    """The hash by which contents are told apart: 16 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()[:16]


def decode(data: bytes, filename: str) -> str:
    """The text of source bytes; raises ``SyntaxError`` where the encoding is unknown or does not fit."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise SyntaxError(f"(unicode error) {error}", (filename, 1, 0, None)) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def first_line(node: ast.stmt) -> int:
    """The line where a statement begins, its decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _parsed(source: Source | None) -> Source | None:
    """The source, if there is one and it can be parsed."""
    try:
        return source if source is not None and isinstance(source.statements, tuple) else None
    except (SyntaxError, ValueError, RecursionError):
        return None


def _is_definition(statement: Statement) -> bool:
    return isinstance(statement.fragment.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)


def _parse(text: str, lines: list[str], offset: int, filename: str) -> Iterator[Statement]:
    """The statements of a text that begins after ``offset`` lines of the file."""
    # empty lines before it are cheaper than correcting the positions of every node
    tree = ast.parse("\n" * offset + text, filename)
    before = 0
    for node in tree.body:
        start, end = first_line(node), node.end_lineno or node.lineno
        segment = "\n".join(lines[start - 1 : end])
        shared = start <= before
        before = end
        for part in _split(node):
            # where several statements share lines, the lines do not tell them apart
            alone = part is node and not shared
            yield Statement(Fragment(part, segment if alone else ast.unparse(part), alone=alone), start, end)


def _shared(parsed: tuple[Statement, ...], before: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """The statements, with the fragments of the previous version where the text is the same."""
    known: dict[str, list[Fragment]] = defaultdict(list)
    for statement in reversed(before):
        if statement.fragment.alone:
            known[statement.fragment.text].append(statement.fragment)
    return tuple(
        Statement(known[s.fragment.text].pop(), s.lineno, s.end_lineno)
        if s.fragment.alone and known[s.fragment.text]
        else s
        for s in parsed
    )


def _split(node: ast.stmt) -> Iterable[ast.stmt]:
    """One import statement per alias: an edit of one name in a long list is an edit of that name alone."""
    if not isinstance(node, ast.Import | ast.ImportFrom) or len(node.names) == 1:
        return [node]
    where = {name: getattr(node, name) for name in ("lineno", "col_offset", "end_lineno", "end_col_offset")}
    if isinstance(node, ast.Import):
        return [ast.Import(names=[alias], **where) for alias in node.names]
    return [ast.ImportFrom(module=node.module, names=[alias], level=node.level, **where) for alias in node.names]


@dataclass(frozen=True, slots=True)
class _Window:
    """A version in terms of the previous one: ``statements[first:last]`` are new, in the place of ``gone``."""

    statements: tuple[Statement, ...]
    first: int
    last: int
    gone: tuple[Statement, ...]

    @property
    def fresh(self) -> tuple[Statement, ...]:
        return self.statements[self.first : self.last]


def _window(old: Source, new: Source) -> _Window | None:
    """``new``, parsed only where its lines differ from ``old``; None if that can't be done."""
    before, after = old.lines, new.lines
    head = _common_head(before, after)
    if head < 2:  # an encoding declaration or a future import may have changed
        return None
    tail = _common_tail(before, after, min(len(before), len(after)) - head)
    shift = len(after) - len(before)
    first, last = _touched(old.statements, head, len(before) - tail)
    kept_head, gone, kept_tail = old.statements[:first], old.statements[first:last], old.statements[last:]
    start = kept_head[-1].end_lineno if kept_head else 0
    end = kept_tail[0].lineno - 1 + shift if kept_tail else len(after)
    try:
        parsed = tuple(_parse("\n".join(after[start:end]) + "\n", after, start, new.filename))
    except (SyntaxError, ValueError):
        return None
    same = _same_lines(gone, parsed, head)
    moved = (Statement(s.fragment, s.lineno + shift, s.end_lineno + shift) for s in kept_tail)
    statements = (*kept_head, *gone[:same], *parsed[same:], *(moved if shift else kept_tail))
    return _Window(statements, first + same, first + len(parsed), gone[same:])


def _touched(statements: tuple[Statement, ...], head: int, tail: int) -> tuple[int, int]:
    """The statements that lines after ``head`` and up to ``tail`` may be part of, and one more before them.

    That one since the edit may go on where it ended. Statements that share a line belong together.
    """
    first = max(sum(1 for s in statements if s.end_lineno <= head) - 1, 0)
    while first and statements[first - 1].end_lineno >= statements[first].lineno:
        first -= 1
    last = len(statements)
    while last > first and statements[last - 1].lineno > tail:
        last -= 1
    while last < len(statements) and last and statements[last].lineno <= statements[last - 1].end_lineno:
        last += 1
    return first, last


def _same_lines(gone: tuple[Statement, ...], parsed: tuple[Statement, ...], head: int) -> int:
    """How many statements of a window stand on lines that did not change (``head``), and end where they ended."""
    count = 0
    for old, new in zip(gone, parsed, strict=False):
        if old.end_lineno > head or (old.lineno, old.end_lineno) != (new.lineno, new.end_lineno):
            break
        count += 1
    return count


def _common_head(before: list[str], after: list[str]) -> int:
    """How many lines two texts have in common at their beginning."""
    pairs = enumerate(zip(before, after, strict=False))
    return next((n for n, (old, new) in pairs if old != new), min(len(before), len(after)))


def _common_tail(before: list[str], after: list[str], most: int) -> int:
    """How many lines, ``most`` at most, they have in common at their end."""
    pairs = enumerate(zip(reversed(before), reversed(after), strict=False))
    return next((n for n, (old, new) in itertools.islice(pairs, most) if old != new), most)
