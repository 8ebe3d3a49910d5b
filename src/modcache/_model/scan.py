"""Reading the facts of a top-level statement off its syntax tree: one walk over what it executes."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from modcache._model.bodies import QUIET
from modcache._model.expressions import Expressions, Scope, words_in
from modcache._model.facts import (
    Call,
    Facts,
    ImportRef,
    asks_globals,
    chain_of,
    is_main_guard,
    is_once,
    is_type_checking,
)
from modcache._model.trees import nodes
from modcache._model.uses import attributes_matched

__all__ = ["facts_of"]


def facts_of(node: ast.stmt, *, string_annotations: bool) -> Facts:
    """The facts of one top-level statement. ``string_annotations``: annotations are not executed in this module."""
    scan = _Scan(string_annotations)
    scan.facts.kind = _kind(node)
    try:
        scan.statement(node)
    except RecursionError:  # the compiler goes three times as deep as Python code may
        return _rough(node)
    return scan.facts


def _rough(node: ast.stmt) -> Facts:
    """What can be said of a statement that is nested too deeply: its module is executed whole or not at all."""
    facts = Facts(_kind(node), operates=True, conditional=True, opaque="what is nested too deeply to be looked through")
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        facts.binds.add(node.name)
    for inner in nodes([node]):
        match inner:
            case ast.Name(id=name, ctx=ast.Load()):
                for known in (facts.reads, facts.firm, facts.loads, facts.active, facts.whole):
                    known.add(name)
            case ast.Name(id=name) if facts.kind not in {"def", "class"}:
                facts.binds.add(name)
            case ast.Attribute(attr=name):
                facts.loads.add(name)
                facts.active.add(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                facts.imports += [ImportRef.of(inner, alias, guarded=True) for alias in aliases]
    return facts


def _kind(node: ast.stmt) -> str:
    match node:
        case ast.ImportFrom(module="__future__"):
            return "future"
        case ast.ImportFrom(names=[ast.alias(name="*")]):
            return "star"
        case ast.Import():
            return "import"
        case ast.ImportFrom():
            return "from"
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return "def"
        case ast.ClassDef():
            return "class"
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
            return "assign"
        case ast.Expr(value=ast.Constant()):
            return "doc"
        case ast.Pass():
            return "pass"
        case ast.If(test=test, orelse=[]) if is_type_checking(test):
            return "pass"
        case ast.If(test=test, orelse=[]) if is_main_guard(test):
            return "main"
        case ast.If() | ast.Try() if is_once(node):
            return "once"
        case ast.If() | ast.Try() | ast.With() | ast.For() | ast.While() | ast.Match():
            return "compound"
    return "assign" if type(node).__name__ == "TypeAlias" else "effect"


class _Scan(Expressions):
    """A walk over statements: each kind has a method of its own, all others are as their parts."""

    def statement(self, node: ast.AST) -> None:
        method = getattr(self, f"do_{type(node).__name__}", None)
        if method is not None:
            method(node)
            return
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.expr(child, active=True)
            else:
                self.statement(child)

    def body(self, nodes: Iterable[ast.stmt]) -> None:
        for node in nodes:
            self.statement(node)

    def in_branch(self, nodes: Iterable[ast.AST]) -> None:
        """What may be executed, or not."""
        self.branches += 1
        for node in nodes:
            self.statement(node)
        self.branches -= 1

    def do_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            ref = ImportRef.of(node, alias, guarded=self.guarded)
            self.facts.imports.append(ref)
            if ref.name != "*":
                self.bind(ref.bound)

    do_ImportFrom = do_Import

    def do_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.decorators(node.decorator_list)
        arguments = node.args
        for default in [*arguments.defaults, *arguments.kw_defaults]:
            if default is not None:
                self.expr(default)
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        for annotation in [*(a.annotation for a in every if a is not None), node.returns]:
            if annotation is not None:
                self.hint(annotation)
        if node.decorator_list:
            self.facts.loads.add(node.name)  # handed to the decorators, whatever they do with it
        self.bind(node.name)

    do_AsyncFunctionDef = do_FunctionDef

    def do_ClassDef(self, node: ast.ClassDef) -> None:
        self.decorators(node.decorator_list)
        for base in node.bases:
            self.facts.bases.append(chain_of(base.value if isinstance(base, ast.Subscript) else base))  # Box[int] too
            self.expr(base)
        for keyword in node.keywords:
            self.facts.bases.append(chain_of(keyword.value) if keyword.arg == "metaclass" else None)
            self.expr(keyword.value, active=True)
        self.scopes.append(Scope(is_class=True, branches=self.branches))
        self.body(node.body)
        self.scopes.pop()
        if not all(_is_quiet(decorator) for decorator in node.decorator_list):
            self.facts.loads.add(node.name)
        self.bind(node.name)

    def decorators(self, nodes: list[ast.expr]) -> None:
        for node in nodes:
            self.expr(node, active=True)
            chain = chain_of(node)
            local = chain is not None and self.is_local(chain[0])
            self.facts.calls.append(Call(None if local else chain, (), decorator=True))

    def do_Assign(self, node: ast.Assign) -> None:
        display = isinstance(node.value, ast.Tuple | ast.List)
        unpacks = not display and any(isinstance(target, ast.Tuple | ast.List) for target in node.targets)
        self.facts.operates = self.facts.operates or unpacks
        self.expr(node.value, active=unpacks)
        for target in node.targets:
            self.target(target)

    def do_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.hint(node.annotation)
        if node.value is not None:
            self.expr(node.value)
            self.target(node.target)
        if isinstance(node.target, ast.Name) and not self.scopes:
            self.facts.annotates.append(node.target.id)

    def do_AugAssign(self, node: ast.AugAssign) -> None:
        self.facts.operates = True
        self.expr(node.value, active=True)
        self.target(node.target)
        if isinstance(node.target, ast.Name):
            self.name(node.target.id, active=True)
            if not self.is_local(node.target.id):
                self.facts.stores.add((node.target.id,))

    def do_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.name(target.id)
                if not self.scopes:
                    self.facts.deletes.add(target.id)
            else:
                self.target(target)

    def do_If(self, node: ast.If) -> None:
        self.facts.conditional = self.facts.conditional or not self.scopes
        self.branch(node)
        while node.orelse and isinstance(node.orelse[0], ast.If) and not node.orelse[1:]:
            node = node.orelse[0]  # `elif`: hundreds of them are hundreds of levels
            self.branch(node)
        self.in_branch(node.orelse)

    def branch(self, node: ast.If) -> None:
        """The condition, and what depends on it."""
        if is_type_checking(node.test):
            return
        if is_main_guard(node.test) and not node.orelse:
            return  # executed in the main script only, which is never executed again
        self.facts.operates = True
        if not asks_globals(node.test):  # that question is answered without executing it
            self.expr(node.test, active=True)
        self.in_branch(node.body)

    def do_For(self, node: ast.For) -> None:
        self.facts.operates = True
        self.facts.conditional = True
        self.expr(node.iter, active=True)
        self.branches += 1
        self.target(node.target)
        self.branches -= 1
        self.in_branch([*node.body, *node.orelse])

    def do_While(self, node: ast.While) -> None:
        self.facts.operates = True
        self.expr(node.test, active=True)
        self.in_branch([*node.body, *node.orelse])

    def do_With(self, node: ast.With) -> None:
        self.facts.operates = True
        for item in node.items:
            self.expr(item.context_expr, active=True)
            self.facts.calls.append(Call(None, ()))
            if item.optional_vars is not None:
                self.target(item.optional_vars)
        self.in_branch(node.body)  # what is raised in it may be suppressed

    def do_Try(self, node: ast.Try) -> None:
        self.facts.conditional = True
        before, self.guarded = self.guarded, True
        self.in_branch(node.body)
        self.guarded = before
        for handler in node.handlers:
            if handler.type is not None:
                self.expr(handler.type)
            self.in_branch(handler.body)
        self.in_branch(node.orelse)
        self.body(node.finalbody)

    do_TryStar = do_Try

    def do_Match(self, node: ast.Match) -> None:
        self.facts.operates = True  # what is matched is compared, and asked for its class, length and items
        self.expr(node.subject, active=True)
        self.in_branch(node.cases)

    def do_MatchClass(self, node: ast.MatchClass) -> None:
        self.expr(node.cls, active=True)
        for name in attributes_matched(node):
            self.facts.loads.add(name)
            self.facts.active.add(name)
        for pattern in (*node.patterns, *node.kwd_patterns):
            self.statement(pattern)

    def do_MatchMapping(self, node: ast.MatchMapping) -> None:
        for key in node.keys:
            self.expr(key, active=True)
        for pattern in node.patterns:
            self.statement(pattern)
        if node.rest is not None:
            self.bind(node.rest)

    def do_MatchAs(self, node: ast.MatchAs) -> None:
        if node.name:
            self.bind(node.name)
        if node.pattern is not None:
            self.statement(node.pattern)

    def do_MatchStar(self, node: ast.MatchStar) -> None:
        if node.name:
            self.bind(node.name)

    def do_Expr(self, node: ast.Expr) -> None:
        self.expr(node.value)

    def do_TypeAlias(self, node: ast.stmt) -> None:
        # evaluated at first use, not here (PEP 695)
        self.target(node.name)  # type: ignore[attr-defined]

    def hint(self, node: ast.expr) -> None:
        """An annotation is evaluated, but what it names is only referred to; or it is kept as text."""
        if self.strings:
            self.facts.hints |= words_in(node)
            return
        self.hinting = True
        self.expr(node)
        self.hinting = False


def _is_quiet(decorator: ast.expr) -> bool:
    """Does a decorator, by its name, make nothing of a class but a class?"""
    chain = chain_of(decorator.func if isinstance(decorator, ast.Call) else decorator)
    return chain is not None and chain[-1] in QUIET
