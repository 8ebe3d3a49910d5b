"""What a function does when it runs."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from modcache._model.facts import ImportRef, chain_of, item_changed
from modcache._model.given import run_of_given, runs_given
from modcache._model.scopes import global_names, has_scopes
from modcache._model.trees import nodes
from modcache._model.uses import attribute_asked, attributes_matched

__all__ = ["QUIET", "Body", "bodies_of"]

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_LOOKS = frozenset({
    "isinstance", "issubclass", "type", "super", "id", "getattr", "hasattr", "setattr", "delattr", "vars", "callable",
})  # fmt: skip
"""What looks at an object, and calls none of its methods."""


@dataclass(slots=True)
class Body:
    """A function of a statement, nested ones counted in: identifiers it loads, globals and parameters it changes."""

    qualname: str
    loads: set[str] = field(default_factory=set)
    calls: list[tuple[str, ...]] = field(default_factory=list)
    inherits: list[tuple[str, ...]] = field(default_factory=list)
    """The bases of the classes that it makes."""
    mutates: set[tuple[str, ...]] = field(default_factory=set)
    """Chains whose object a method call may change."""
    stores: set[tuple[str, ...]] = field(default_factory=set)
    """Chains that are stored into."""
    imports: set[tuple[int, str, str]] = field(default_factory=set)
    """(level, module, name) of the imports it does when it runs."""
    binds: set[str] = field(default_factory=set)
    """Globals that it rebinds (``global X``)."""
    whole: set[str] = field(default_factory=set)
    """Names that it uses as such, and not only for an attribute."""
    parameters: tuple[str, ...] = ()
    locals: set[str] = field(default_factory=set)
    """Plain names that are local wherever it uses them."""
    shadowed: set[str] = field(default_factory=set)
    """Plain names that are local in one part of it, and its module's in another."""
    own: set[str] = field(default_factory=set)
    """Attributes that it takes off its first parameter (``self``) and off nothing else."""
    function: _Function | None = None
    names: set[str] = field(default_factory=set)
    """Plain names that it loads and that are not its own."""
    pairs: set[tuple[str, str]] = field(default_factory=set)
    """Attributes that it loads off plain names: (name, attribute)."""
    attributes: set[str] = field(default_factory=set)
    """Attributes that it loads off anything else."""
    asked: set[str] = field(default_factory=set)
    """All identifiers that it loads otherwise than as plain names: attributes, what it imports."""
    refs: list[ImportRef] = field(default_factory=list)
    """The imports it does when it runs, with the names that they bind."""
    gives_first: bool = False
    """Does it give its first parameter to others, which may ask that for anything?"""

    @property
    def words(self) -> set[str]:
        """Every identifier by which it may find something: no plain names that are its own."""
        return self.loads - self.locals | self.asked

    @property
    def called_as(self) -> str:
        """The name by which it runs: its own; a special method runs by that of its class."""
        owner, _, simple = self.qualname.rpartition(".")
        special = owner and simple.startswith("__") and simple.endswith("__")
        return owner.rpartition(".")[2] if special else simple

    @property
    def is_method(self) -> bool:
        """Is its first parameter an object of the class that it is in, or that class?"""
        decorators = self.function.decorator_list if self.function is not None else []
        return "." in self.qualname and not any(chain_of(node) == ("staticmethod",) for node in decorators)

    @property
    def calls_parameter(self) -> bool:
        """May running it run what it is given?"""
        return self.function is not None and runs_given(self.function, self.parameters)

    @property
    def only_keeps(self) -> bool:
        """Does a method, and the decorator that it makes, run nothing of what its object holds?"""
        if self.function is None or not self.is_method or not self.parameters:
            return False
        return not any(run_of_given(code, self.parameters[:1]) != set() for code in (self.function, *self.inner))

    @property
    def inner(self) -> list[_Function]:
        """The functions that it makes, a decorator factory's decorator among them."""
        return [node for node in self.function.body if isinstance(node, _Function)] if self.function else []


def bodies_of(node: ast.stmt) -> list[Body]:
    """Every function of a top-level statement that is not inside another function."""
    return [_body(function, qualname) for function, qualname in _functions(node, "")]


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[_Function, str]]:
    if isinstance(node, _Function):
        yield node, f"{prefix}{node.name}"
        return
    if isinstance(node, ast.ClassDef):
        prefix = f"{prefix}{node.name}."
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield from _functions(child, prefix)


def _body(function: _Function, qualname: str) -> Body:
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    names = tuple(a.arg for a in every if a is not None)
    body = Body(qualname, parameters=names, function=function)
    scan = _Scan(body, names[0] if names else "")
    kinds = set[type]()
    for node in nodes(function.body):
        kinds.add(type(node))
        handler = _HANDLERS.get(type(node))
        if handler is not None:
            handler(scan, node)
    scan.finish(nested=has_scopes(kinds))
    return body


class _Scan:
    """One walk over a function's body, that fills in what a `Body` says."""

    def __init__(self, body: Body, first: str) -> None:
        self.body = body
        self.first = first
        self.others: set[str] = set()
        self.named: Counter[str] = Counter()
        """How often a name is loaded, less how often it is for an attribute."""
        self.aliases: dict[str, tuple[str, ...]] = {}
        self.firsts = 0
        body.locals.update(body.parameters)

    def name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.body.loads.add(node.id)
            self.named[node.id] += 1
            self.body.names.add(node.id)
        else:
            self.body.locals.add(node.id)

    def attribute(self, node: ast.Attribute) -> None:
        if not isinstance(node.ctx, ast.Load):
            if isinstance(node.value, ast.Name):
                self.named[node.value.id] -= 1
            self.stored(node)
            return
        self.body.loads.add(node.attr)
        if isinstance(node.value, ast.Name):
            self.named[node.value.id] -= 1
            self.body.pairs.add((node.value.id, node.attr))
            on_self = node.value.id == self.first
        else:
            self.body.attributes.add(node.attr)
            on_self = False
        (self.body.own if on_self else self.others).add(node.attr)

    def subscript(self, node: ast.Subscript) -> None:
        if not isinstance(node.ctx, ast.Load):
            self.stored(node)

    def stored(self, node: ast.expr) -> None:
        while isinstance(node, ast.Subscript | ast.Call):
            node = node.func if isinstance(node, ast.Call) else node.value
        chain = chain_of(node)
        if chain is not None:
            self.body.stores.add(chain)

    def pattern(self, node: ast.MatchClass) -> None:
        """``case C(name=..)`` asks for attributes of whatever is matched."""
        asked = attributes_matched(node)
        self.body.loads.update(asked)
        self.body.attributes.update(asked)
        self.others.update(asked)

    def captured(self, node: ast.MatchAs | ast.MatchStar) -> None:
        if node.name:
            self.body.locals.add(node.name)

    def mapping(self, node: ast.MatchMapping) -> None:
        if node.rest:
            self.body.locals.add(node.rest)

    def global_(self, node: ast.Global) -> None:
        self.body.binds.update(node.names)

    def augmented(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.body.stores.add((node.target.id,))

    def assign(self, node: ast.Assign) -> None:
        """A local name for something that has a name of its own."""
        chain = chain_of(node.value)
        for target in node.targets if chain is not None else ():
            if chain is not None and isinstance(target, ast.Name) and target.id != chain[0]:
                self.aliases[target.id] = chain

    def returned(self, node: ast.Return) -> None:
        self.kept([node.value])

    def compared(self, node: ast.Compare) -> None:
        self.kept([node.left, *node.comparators])

    def kept(self, nodes: Iterable[ast.expr | None]) -> None:
        """Names among these are not given to anybody: who returns a thing is asked for it by name."""
        for node in nodes:
            if isinstance(node, ast.Name) and node.id == self.first:
                self.firsts -= 1

    def called(self, node: ast.Call) -> None:
        self.kept([node.func])  # `cls()`
        if isinstance(node.func, ast.Name) and node.func.id in _LOOKS:
            self.kept(node.args)
        if (owner := item_changed(node)) is not None:
            self.body.mutates.add(owner)
        chain = chain_of(node.func)
        if chain is None:
            return
        self.body.calls.append(chain)
        if (asked := attribute_asked(node)) is not None:
            self.body.loads.add(asked)
            self.body.attributes.add(asked)
            self.others.add(asked)
        if len(chain) > 1:
            self.body.mutates.add(chain[:-1])
        if chain[-1] in {"setattr", "delattr", "next"} and node.args and (target := chain_of(node.args[0])) is not None:
            self.body.stores.add(target)

    def imports(self, node: ast.Import | ast.ImportFrom) -> None:
        level, module = getattr(node, "level", 0), getattr(node, "module", None)
        for alias in node.names:
            self.body.loads.update(alias.name.split("."))
            self.body.asked.update(alias.name.split("."))
            self.body.imports.add((level, module or "", alias.name) if level or module else (0, alias.name, ""))
            self.body.refs.append(ImportRef.of(node, alias))

    def argument(self, node: ast.arg) -> None:
        self.body.locals.add(node.arg)

    def definition(self, node: ast.FunctionDef | ast.ClassDef) -> None:
        self.body.locals.add(node.name)
        bases = map(chain_of, node.bases) if isinstance(node, ast.ClassDef) else ()
        self.body.inherits += [chain for chain in bases if chain is not None]

    def handler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self.body.locals.add(node.name)

    def finish(self, *, nested: bool) -> None:
        """What takes all of the body to know; ``nested``: there are scopes in it."""
        body = self.body
        body.gives_first = self.named[self.first] + self.firsts > 0
        body.own -= self.others
        body.locals -= body.binds
        if nested and body.function is not None and not body.names.isdisjoint(body.locals):
            body.shadowed = body.locals & global_names(body.function)
            body.locals -= body.shadowed
        body.asked |= body.attributes.union(attribute for _, attribute in body.pairs)
        body.whole = {name for name, count in self.named.items() if count > 0} - body.locals
        body.names -= body.locals
        body.stores = self._global({_unaliased(chain, self.aliases) for chain in body.stores})
        body.mutates = self._global({_unaliased(chain, self.aliases) for chain in body.mutates})

    def _global(self, chains: set[tuple[str, ...]]) -> set[tuple[str, ...]]:
        body = self.body
        return {chain for chain in chains if chain[0] not in body.locals or chain[0] in body.parameters}


_HANDLERS: dict[type, Any] = {
    ast.Name: _Scan.name,
    ast.Attribute: _Scan.attribute,
    ast.Subscript: _Scan.subscript,
    ast.Global: _Scan.global_,
    ast.MatchClass: _Scan.pattern,
    ast.MatchAs: _Scan.captured,
    ast.MatchStar: _Scan.captured,
    ast.MatchMapping: _Scan.mapping,
    ast.AugAssign: _Scan.augmented,
    ast.Assign: _Scan.assign,
    ast.Call: _Scan.called,
    ast.Return: _Scan.returned,
    ast.Compare: _Scan.compared,
    ast.Import: _Scan.imports,
    ast.ImportFrom: _Scan.imports,
    ast.arg: _Scan.argument,
    ast.FunctionDef: _Scan.definition,
    ast.AsyncFunctionDef: _Scan.definition,
    ast.ClassDef: _Scan.definition,
    ast.ExceptHandler: _Scan.handler,
}


def _unaliased(chain: tuple[str, ...], aliases: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    for _ in range(3):
        if chain[0] not in aliases:
            break
        chain = (*aliases[chain[0]], *chain[1:])
    return chain


QUIET: frozenset[str] = frozenset(
    {"staticmethod", "classmethod", "property", "cached_property", "cache", "lru_cache", "contextmanager"}
)
QUIET |= {"abstractmethod", "overload", "final", "override", "asynccontextmanager", "setter", "getter", "deleter"}
"""Decorators that are known by their names wherever they come from: they neither run a function nor read its text."""
