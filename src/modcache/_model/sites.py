"""Which top-level statements may register something elsewhere, read off the syntax tree before it is executed.

This is asked at every import under a session, so it looks at no more than it must: statements that call, decorate or
store into what is not theirs. What a statement really put where is seen while it is executed.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from modcache._model.bodies import QUIET
from modcache._model.facts import chain_of
from modcache._model.source import first_line

__all__ = ["Site", "Target", "imported_names", "site_of", "sites_of"]

Target = tuple[str, tuple[str, ...], bool]
"""(the module that the first name was imported from, the chain of names, is the last of them set as an attribute?)."""

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Definition = _Function | ast.ClassDef
_QUIET_DECORATORS = QUIET | {
    "wraps", "dataclass", "total_ordering", "runtime_checkable", "unique", "lru_cache", "singledispatch", "define",
}  # fmt: skip
_QUIET_CALLS = _QUIET_DECORATORS | {
    "getLogger", "compile", "namedtuple", "partial", "getenv", "cast", "attrgetter", "itemgetter", "object",
    "dict", "list", "set", "tuple", "frozenset", "len", "sorted", "range", "zip", "map", "filter", "enumerate",
    "isinstance", "issubclass", "hasattr", "getattr", "str", "int", "float", "bool", "bytes", "type", "min", "max",
    "sum", "any", "all", "repr", "join", "format", "split", "get", "keys", "values", "items", "lower", "upper",
    "strip", "replace", "startswith", "endswith", "dirname", "abspath", "realpath",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Site:
    """One statement that may register something: its first line, and what of other modules it calls or stores into."""

    lineno: int
    targets: tuple[Target, ...]


def sites_of(tree: ast.Module) -> Iterator[tuple[int, Site]]:
    """(index in the body, site) of the statements that may register something, but for those that share a line."""
    imported: Mapping[str, str] | None = None
    busy = _shared_lines(tree.body)
    for index, node in enumerate(tree.body):
        if _may_register(node) and busy.isdisjoint((node.lineno, node.end_lineno)):
            if imported is None:
                imported = imported_names(tree.body)
            yield index, Site(first_line(node), _targets(node, imported))


def site_of(node: ast.stmt, lineno: int, imported: Mapping[str, str]) -> Site | None:
    """The site of one statement that begins at a line; None if it registers nothing."""
    return Site(lineno, _targets(node, imported)) if _may_register(node) else None


def imported_names(body: Iterable[ast.stmt]) -> dict[str, str]:
    """What the imports of some statements bind -> the module that it comes from; ``"."`` for one of the own package."""
    found: dict[str, str] = {}
    for top in body:
        for node in ast.walk(top) if isinstance(top, ast.Try | ast.If | ast.With) else (top,):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    bound = alias.asname or alias.name.partition(".")[0]
                    found[bound] = alias.name if alias.asname else bound
            elif isinstance(node, ast.ImportFrom):
                origin = "." if node.level else node.module or ""
                found.update((alias.asname or alias.name, origin) for alias in node.names)
            elif isinstance(node, ast.Assign) and (chain := chain_of(node.value)) is not None and chain[0] in found:
                found.update((name.id, found[chain[0]]) for name in node.targets if isinstance(name, ast.Name))
    return found


def _shared_lines(body: list[ast.stmt]) -> set[int]:
    """The lines on which more than one statement stands: a line does not tell those apart."""
    return {two.lineno for one, two in itertools.pairwise(body) if one.end_lineno == first_line(two)}


def _may_register(node: ast.stmt) -> bool:
    if isinstance(node, _Definition):
        return any(_last_name(decorator) not in _QUIET_DECORATORS for decorator in node.decorator_list)
    if isinstance(node, ast.Import | ast.ImportFrom):
        return False
    return any(_acts(inner, constructing=isinstance(node, ast.Assign | ast.AnnAssign)) for inner in _executed(node))


def _acts(node: ast.AST, *, constructing: bool) -> bool:
    if isinstance(node, ast.Call):
        return _last_name(node) not in _QUIET_CALLS and not (constructing and _makes(node))
    return isinstance(node, ast.Subscript | ast.Attribute) and not isinstance(node.ctx, ast.Load)


def _last_name(node: ast.expr) -> str:
    """The last name of what is called, or decorates."""
    func = node.func if isinstance(node, ast.Call) else node
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""


def _makes(node: ast.Call) -> bool:
    """Does it make an object, by the look of its name? ``X = Thing()`` says nothing of anybody else."""
    chain = chain_of(node.func)
    return chain is not None and chain[-1][:1].isupper()


def _executed(node: ast.AST) -> Iterator[ast.AST]:
    """A statement's nodes but for the bodies of functions."""
    stack: list[ast.AST] = [node]
    while stack:
        found = stack.pop()
        yield found
        if isinstance(found, _Function):
            stack.extend(found.decorator_list)
        elif not isinstance(found, ast.Lambda):
            stack.extend(ast.iter_child_nodes(found))


def _targets(node: ast.stmt, imported: Mapping[str, str]) -> tuple[Target, ...]:
    parts: Iterable[ast.AST] = node.decorator_list if isinstance(node, _Definition) else (node,)
    found: dict[Target, None] = {}
    for part in parts:
        asked = [part] if isinstance(node, _Definition) else []
        for inner in (*asked, *_executed(part)):
            for expression in _reached(inner, inner in asked):
                chain = chain_of(expression)
                if chain is not None and imported.get(chain[0], ".") != ".":
                    stored = isinstance(expression, ast.Attribute) and not isinstance(expression.ctx, ast.Load)
                    found[imported[chain[0]], chain, stored] = None
    return tuple(found)


def _reached(node: ast.AST, decorates: bool) -> Iterator[ast.expr]:
    """What is called, given to a call, decorates, or is stored into."""
    if isinstance(node, ast.Call):
        yield node.func
        yield from (argument for argument in node.args if isinstance(argument, ast.Name | ast.Attribute))
    elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
        yield node.value
    elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
        yield node
    if decorates and isinstance(node, ast.expr):
        yield node
