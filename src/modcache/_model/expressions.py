"""What the expressions of a statement read, call and bind: the part of the scan below statements."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from modcache._model.facts import Call, Facts, chain_of, item_changed
from modcache._model.trees import nodes
from modcache._model.uses import attribute_asked

__all__ = ["Expressions", "Scope", "words_in"]

_STORING = frozenset({"setattr", "delattr", "__setattr__", "__delattr__"})
_WORD = re.compile(r"[^\W\d]\w*")

_OPAQUE_CALLS = frozenset({"exec", "eval", "globals", "locals", "vars", "dir"})
_DYNAMIC_CALLS = frozenset(
    {"__import__", "import_module", "find_spec", "resolve_name", "iter_modules", "walk_packages"}
)


@dataclass(slots=True)
class Scope:
    """The names bound so far in a class's body, a lambda or a comprehension; ``branches``: in how many it stands."""

    names: set[str] = field(default_factory=set)
    is_class: bool = False
    branches: int = 0
    unsure: set[str] = field(default_factory=set)
    """Those that one branch of a class's body binds: where it was not taken, the module is asked."""


class Expressions:
    """A walk over the expressions that a statement executes, into its facts."""

    def __init__(self, string_annotations: bool) -> None:
        self.facts = Facts()
        self.strings = string_annotations
        self.scopes: list[Scope] = []
        """The class bodies, lambdas and comprehensions that we are in."""
        self.branches = 0
        self.guarded = False
        self.hinting = False

    # -- targets and names

    def target(self, node: ast.expr) -> None:
        match node:
            case ast.Name(id=name):
                self.bind(name)
            case ast.Tuple(elts=items) | ast.List(elts=items):
                for item in items:
                    self.target(item)
            case ast.Starred(value=value):
                self.target(value)
            case ast.Attribute() | ast.Subscript():
                self.stored(node)

    def stored(self, node: ast.Attribute | ast.Subscript) -> None:
        self.expr(node.value, active=True)
        if isinstance(node, ast.Subscript):
            self.expr(node.slice, active=True)
        target: ast.expr = node.value if isinstance(node, ast.Subscript) else node
        chain = chain_of(target)
        while chain is None:
            if not isinstance(target, ast.Subscript | ast.Call | ast.Starred | ast.Attribute):
                return
            target = target.func if isinstance(target, ast.Call) else target.value
            chain = chain_of(target)
        if not self.is_local(chain[0]):
            self.facts.stores.add(chain)

    def bind(self, name: str) -> None:
        if not self.scopes:
            self.facts.binds.add(name)
            return
        scope = self.scopes[-1]
        if scope.is_class and name not in scope.names and self.branches > scope.branches:
            scope.unsure.add(name)
        scope.names.add(name)

    def scope_of(self, name: str) -> Scope | None:
        """The scope that has a name; None if that is the module's. A class's own names are not seen further inside."""
        for scope in reversed(self.scopes):
            if name in scope.names and (not scope.is_class or scope is self.scopes[-1]):
                return scope
        return None

    def is_local(self, name: str) -> bool:
        return self.scope_of(name) is not None

    def name(self, name: str, *, active: bool = False) -> None:
        scope = self.scope_of(name)
        if scope is not None and any(one.is_class for one in self.scopes):
            self.facts.inner.add(name)
        if scope is not None and name not in scope.unsure:
            return
        self.facts.reads.add(name)
        self.facts.loads.add(name)
        if not self.hinting:
            self.facts.firm.add(name)
            if active:
                self.facts.active.add(name)

    # -- expressions

    def expr(self, node: ast.expr, *, active: bool = False) -> None:
        match node:
            case ast.Name(id=name):
                if not self.is_local(name):
                    self.facts.whole.add(name)
                self.name(name, active=active)
            case ast.Constant(value=str()) if self.hinting:
                self.facts.hints |= words_in(node)
            case ast.Constant():
                pass
            case ast.Attribute():
                self.attribute(node, active)
            case ast.Call():
                self.call(node)
            case ast.Tuple(elts=items) | ast.List(elts=items):
                for item in items:
                    self.expr(item, active=active)
            case ast.Dict(keys=keys, values=values):
                hashed = any(key is not None and not isinstance(key, ast.Constant) for key in keys)
                self.facts.operates = self.facts.operates or (hashed and not self.hinting)
                for key, value in zip(keys, values, strict=True):
                    if key is not None:
                        self.expr(key, active=True)
                    self.expr(value, active=active or key is None)
            case ast.Lambda():
                self.lambda_(node)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                self.comprehension(node)
            case ast.NamedExpr(target=ast.Name(id=name), value=value):
                self.expr(value, active=True)
                self.bind(name)
            case _:
                self.operation(node, active)

    def operation(self, node: ast.expr, active: bool) -> None:
        """What may run special methods."""
        self.facts.operates = self.facts.operates or not self.hinting
        match node:
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self.expr(test, active=True)
                self.expr(body, active=active)
                self.expr(orelse, active=active)
            case ast.Subscript(value=ast.Name(id=name), slice=index) if not active:
                self.name(name)
                if not (self.hinting or self.is_local(name)):
                    self.facts.gets |= {(name, "__getitem__"), (name, "__class_getitem__"), (name, "__missing__")}
                self.index(index)
            case ast.Subscript(value=value, slice=index):
                self.expr(value, active=True)
                self.index(index)
            case _:
                for operand in _operands(node):
                    self.expr(operand, active=True)

    def index(self, node: ast.expr) -> None:
        """What an object is subscripted with: it may be asked for its number, or hashed."""
        self.expr(node)
        if isinstance(node, ast.Name) and not (self.hinting or self.is_local(node.id)):
            self.facts.gets |= {(node.id, "__index__"), (node.id, "__hash__")}

    def attribute(self, node: ast.Attribute, active: bool) -> None:
        chain = chain_of(node)
        self.facts.loads.add(node.attr)
        if chain is not None and not self.is_local(chain[0]):
            self.name(chain[0])
            self.facts.loads.update(chain)
            self.facts.gets.update((chain[0], attr) for attr in chain[1:])
            if active:
                self.facts.active.update(chain)
            return
        self.facts.active.add(node.attr)
        self.expr(node.value, active=True)

    def call(self, node: ast.Call) -> None:
        chain = chain_of(node.func)
        every = [*node.args, *(keyword.value for keyword in node.keywords)]
        passed = tuple(a.id for a in map(_bare, every) if isinstance(a, ast.Name) and not self.is_local(a.id))
        chains = (chain_of(argument) for argument in map(_bare, every))
        dotted = tuple(one for one in chains if one is not None and len(one) > 1 and not self.is_local(one[0]))
        callee = None if chain is None or self.is_local(chain[0]) else chain
        self.facts.calls.append(Call(callee, passed, dotted=dotted))
        if chain is not None:
            self.watch(chain, node)
            self.stored_by_call(chain, node.args)
        if (owner := item_changed(node)) is not None and not self.is_local(owner[0]):
            self.facts.stores.add(owner)
        if (asked := attribute_asked(node)) is not None:
            self.asked(node.args[0], asked)
        self.expr(node.func, active=True)
        if not all(isinstance(argument, ast.Name | ast.Constant) for argument in every):
            self.facts.operates = True  # whatever is called may run special methods of what it is given
        for argument in every:
            # what a call does with a plain name that it is given is for the planner to find out
            self.expr(argument, active=not isinstance(argument, ast.Name))

    def stored_by_call(self, callee: tuple[str, ...], arguments: list[ast.expr]) -> None:
        """``setattr(x, "name", value)`` stores what ``x.name = value`` does."""
        if callee[-1] in _STORING and len(arguments) > 1:
            chain, name = chain_of(arguments[0]), arguments[1]
            if chain is not None and isinstance(name, ast.Constant) and not self.is_local(chain[0]):
                self.facts.stores.add((*chain, str(name.value)))

    def asked(self, node: ast.expr, name: str) -> None:
        """``getattr(x, "name")`` reads an attribute as ``x.name`` does."""
        self.facts.loads.add(name)
        self.facts.active.add(name)
        chain = chain_of(node)
        if chain is not None and not self.is_local(chain[0]):
            self.facts.gets.add((chain[0], name))

    def watch(self, chain: tuple[str, ...], node: ast.Call) -> None:
        """Calls through which code sees names that stand nowhere in its text."""
        if len(chain) == 1 and chain[0] in _OPAQUE_CALLS and (not node.args or chain[0] in {"exec", "eval"}):
            self.facts.opaque = f"{chain[0]}()"
        if chain[-1] in _DYNAMIC_CALLS:
            self.facts.dynamic = True

    def lambda_(self, node: ast.Lambda) -> None:
        arguments = node.args
        for default in [*arguments.defaults, *arguments.kw_defaults]:
            if default is not None:
                self.expr(default, active=True)  # as what the lambda does: who has it may call it at once
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        self.scopes.append(Scope({a.arg for a in every if a is not None}))
        self.expr(node.body, active=True)
        self.scopes.pop()

    def comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        self.facts.operates = True
        self.expr(node.generators[0].iter, active=True)  # in the scope around
        self.scopes.append(Scope())
        for index, generator in enumerate(node.generators):
            if index:
                self.expr(generator.iter, active=True)
            self.target(generator.target)
            for condition in generator.ifs:
                self.expr(condition, active=True)
        parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        for part in parts:
            self.expr(part, active=True)
        self.scopes.pop()


def words_in(node: ast.expr) -> set[str]:
    """Every identifier in an annotation that is not executed, or that stands in quotes."""
    found: set[str] = set()
    for inner in nodes([node]):
        if isinstance(inner, ast.Name):
            found.add(inner.id)
        elif isinstance(inner, ast.Attribute):
            found.add(inner.attr)
        elif isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            found.update(_WORD.findall(inner.value))
    return found


def _bare(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.Starred) else node


def _operands(node: ast.expr) -> Iterator[ast.expr]:
    """What operators work on, from the left; a sum of thousands is as deep, and Python's stack is not."""
    todo = list(ast.iter_child_nodes(node))[::-1]
    while todo:
        child = todo.pop()
        if isinstance(child, (ast.BinOp, ast.BoolOp, ast.UnaryOp)):
            todo.extend(list(ast.iter_child_nodes(child))[::-1])
        elif isinstance(child, ast.expr):
            yield child
