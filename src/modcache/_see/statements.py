"""Import statements in the text of modules: what they bind, where that is used, and whether something guards them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

from modcache._model.pieces import constants_of
from modcache._see.sources import Sources

__all__ = ["Stated", "Texts"]

_FUNCTION = 0x1  # inspect.CO_OPTIMIZED


@dataclass(frozen=True, slots=True)
class Stated:
    """An import statement at the top level of a module."""

    text: str
    """It, in one line."""
    is_guarded: bool
    """Whether it stands in a ``try``: what follows depends on whether it works."""
    used_in: tuple[str, ...]
    """The functions that use what it binds."""


class Texts:
    """The sources of a run, each read once, when it is asked for."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._modules: dict[str, _Module] = {}

    def statement_at(self, path: str, line: int) -> Stated | None:
        """The import statement that begins on a line; None if there is none outside of functions."""
        module = self._module(path)
        node, guarded = module.imports.get(line, (None, False))
        if node is None:
            return None
        names = {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        users = tuple(name for name, used in module.functions if not names.isdisjoint(used))
        return Stated(ast.unparse(node), guarded, users)

    def effect_of(self, path: str) -> str:
        """The first call that stands as a statement of its own, as ``name() on line 3``; empty without one.

        Such a module does more than to bind names: to import it later may be to do that too late.
        """
        return self._module(path).effect

    def _module(self, path: str) -> _Module:
        if path not in self._modules:
            self._modules[path] = _Module(path, self._sources.code(path))
        return self._modules[path]


class _Module:
    """What is asked of one source."""

    def __init__(self, path: str, code: CodeType | None) -> None:
        try:
            body = ast.parse(Path(path).read_bytes(), path).body
        except (OSError, SyntaxError, ValueError):
            body = []
        self.imports: dict[int, tuple[ast.Import | ast.ImportFrom | None, bool]] = {}
        self.effect = ""
        for node, guarded in _top_level(body, False):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self.imports[node.lineno] = (node, guarded)
            elif not self.effect and isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                name = ast.unparse(node.value.func)
                self.effect = "" if name.startswith("__all__.") else f"{name}() on line {node.lineno}"
        self.functions = [] if code is None else list(_functions(code))


def _top_level(body: list[ast.stmt], guarded: bool) -> Iterator[tuple[ast.stmt, bool]]:
    """The statements that are executed with the module, those in its blocks too; not if it is run as a program."""
    for node in body:
        yield node, guarded
        if isinstance(node, ast.If) and "__name__" in ast.unparse(node.test):
            yield from _top_level(node.orelse, guarded)
        elif isinstance(node, (ast.If, ast.With)):
            yield from _top_level([*node.body, *getattr(node, "orelse", ())], guarded)
        elif isinstance(node, (ast.Try, ast.TryStar)):
            inner = [*node.body, *node.orelse, *node.finalbody, *(one for each in node.handlers for one in each.body)]
            yield from _top_level(inner, True)


def _functions(code: CodeType) -> Iterator[tuple[str, frozenset[str]]]:
    """Each function by its qualified name, with the names that it may use; an inner one counts for its outermost."""
    for inner in constants_of(code):
        if inner.co_flags & _FUNCTION:
            yield inner.co_qualname, frozenset(_names(inner))
        else:
            yield from _functions(inner)


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in constants_of(code):
        yield from _names(inner)
