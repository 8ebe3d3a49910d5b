"""Compile a module so that somebody hears of some of its statements, before and after each.

A mark is a statement of its own that the module can't see: ``~MARK``, where MARK is a constant of the code object.
No name is bound for it, no line belongs to it, and what is compiled of functions and classes is what it ever was.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from types import CodeType
from typing import Any, Protocol

from modcache._model.sites import Site, sites_of
from modcache._runtime.collector import uncollected

__all__ = ["Marks", "marked"]

_WORD = "modcache's mark "
_LINE = re.compile(rb"\n([A-Za-z_@][^\n]*)")
"""A line that begins in the first column. (A literal character in front: that is looked for quickly.)"""
_CALLED = re.compile(
    rb"(?!(?:if|elif|while|assert|not|with|for|print|return|lambda|yield|await|del|except|raise|import|from|class)\b)"
    rb"(?:[A-Za-z_][\w.]*\(|[A-Za-z_]\w* *= *[\w.]*(?:register|addHandler)\w*\()"
)
_INSIDE = re.compile(
    rb"\n[ \t]+[\w.]+\.(?:register\w*|addHandler|addFilter|setLevel|filterwarnings|simplefilter|signal|\w+Config)\("
)
_INSIDE_WORDS = (
    *(b".register", b".addHandler(", b".setLevel(", b".filterwarnings(", b".simplefilter(", b".signal(", b"Config("),
)
_FUNCTION = re.compile(rb"[ \t]*(?:async[ \t]+)?def\b")
_REGISTERS = re.compile(
    rb"regist|rout|get$|post$|put$|delete$|patch$|on|listen|connect|receiv|.*task|subscri|handle|hook|add_|before_|after_"
    rb"|error|filter|simple_tag|implement|plugin|provid|signal"
)
"""How the name of a decorator begins that registers what it decorates."""
_DECORATED = re.compile(rb"@([\w.]+)")
_STORED = re.compile(rb"([A-Za-z_]\w*)(?:\.\w+|\[[^\]=]*\])+ *[-+|&]?=(?!=)")
_IMPORTED = re.compile(rb"(?:from[ \t]+([\w.]+)[ \t]+)?import\b([^#]*)")
_QUIET = frozenset({b"typing", b"functools", b"contextlib", b"enum", b"dataclasses", b"__future__", b"attr", b"attrs"})


def _has_hint(data: bytes, module: str) -> bool:
    """Does a module's text have anything that may register something elsewhere?

    Parsing it into a tree costs as much as compiling it: most modules are spared that. What is not found by this is
    not seen, and then the plan doubts.
    """
    data = b"\n" + data
    lines = _LINE.findall(data)
    if any(map(_CALLED.match, lines)):
        return True
    if any(word in data for word in _INSIDE_WORDS):
        if not all(_is_in_function(data, found.start()) for found in _INSIDE.finditer(data)):
            return True
    used = {found[1] for found in map(_STORED.match, lines) if found is not None}
    for found in map(_DECORATED.match, lines):
        name = found[1].split(b".") if found is not None else []
        if name and _REGISTERS.match(name[-1]):
            used.add(name[0])
    return bool(used) and not used.isdisjoint(_imported(data, module.partition(".")[0].encode()))


def _is_in_function(data: bytes, end: int) -> bool:
    """Does the line behind an offset stand in a function, by the look of the lines above it that are indented less?

    Large modules silence a warning somewhere deep in a method; for that they need not be parsed.
    """
    indent = _indent(data[end + 1 : data.find(b"\n", end + 1)])
    while indent and end > 0:
        begin = data.rfind(b"\n", 0, end)
        line = data[begin + 1 : end]
        if not line or line.isspace() or line.lstrip().startswith((b"#", b")", b"]", b"}")):
            pass  # it says nothing of blocks: the end of a signature that has several lines, say
        elif _indent(line) < indent:
            if _FUNCTION.match(line) is not None:
                return True
            indent = _indent(line)
        end = begin
    return False


def _indent(line: bytes) -> int:
    return len(line) - len(line.lstrip())


def _imported(data: bytes, package: bytes) -> Iterator[bytes]:
    """The names that come from other packages than a module's own, by the look of its text."""
    for line in _LINE.finditer(data):
        found = _IMPORTED.match(data, line.start(1), line.end())
        if found is None:
            continue
        text = found[2] if b"(" not in found[2] else data[found.start(2) : data.find(b")", found.end())]
        for name in text.replace(b"(", b"").split(b","):
            top = (found[1] or name.strip()).split(b".")[0].split(b" ")[0]
            if top and top != package and top not in _QUIET:
                words = name.split() or [b""]
                yield words[-1] if b"as" in words else words[0].split(b".")[0]


class Marks(Protocol):
    """Who wants to hear of statements."""

    def before(self, site: Site, namespace: dict[str, Any]) -> None:
        """A statement is about to be executed in a namespace."""

    def after(self, site: Site, namespace: dict[str, Any]) -> None:
        """It has been, and did not raise."""

    def leave(self, namespace: dict[str, Any]) -> None:
        """The module of a namespace is executed, or raised."""


class _Mark:
    """A constant that calls when it is inverted."""

    __slots__ = ("call", "site")

    def __init__(self, call: Callable[[Site, dict[str, Any]], None], site: Site) -> None:
        self.call = call
        self.site = site

    def __invert__(self) -> None:
        self.call(self.site, sys._getframe(1).f_globals)


def marked(module: str, data: bytes, path: str, marks: Marks) -> CodeType | None:
    """The code of a module with marks in it; None if there is nothing to mark. Raises what compiling raises."""
    if not _has_hint(data, module):
        return None
    with uncollected():  # a tree is very many objects at once: the collector would go through them again and again
        return _marked(data, path, marks)


def _marked(data: bytes, path: str, marks: Marks) -> CodeType | None:
    tree = ast.parse(data, path)
    sites = list(sites_of(tree))
    if not sites:
        return None
    for index, _ in reversed(sites):
        node = tree.body[index]
        before, after = _asks(2 * index, node, first=True), _asks(2 * index + 1, node, first=False)
        tree.body[index : index + 1] = [before, node, after]
    code = compile(tree, path, "exec", dont_inherit=True)
    return _with(code, ((2 * index + half, _Mark(call, site)) for index, site in sites for half, call in _calls(marks)))


def _calls(marks: Marks) -> Iterable[tuple[int, Callable[[Site, dict[str, Any]], None]]]:
    return ((0, marks.before), (1, marks.after))


def _asks(number: int, beside: ast.stmt, *, first: bool) -> ast.stmt:
    # it stands on a line of the statement that it is for: debuggers stop nowhere else than they did
    line = beside.lineno if first else beside.end_lineno or beside.lineno
    where: dict[str, Any] = {"lineno": line, "col_offset": 0, "end_lineno": line, "end_col_offset": 0}
    constant = ast.Constant(f"{_WORD}{number}", **where)
    return ast.Expr(ast.UnaryOp(ast.Invert(), constant, **where), **where)


def _with(code: CodeType, marks: Iterable[tuple[int, _Mark]]) -> CodeType:
    by_word: dict[object, object] = {f"{_WORD}{number}": mark for number, mark in marks}
    return code.replace(co_consts=tuple(by_word.get(c, c) if type(c) is str else c for c in code.co_consts))
