"""What a top-level statement does while its module executes, read off its syntax tree.

Only what is *executed* counts here: decorators, defaults, bases, class bodies, comprehensions, lambdas (they may be
called at once), annotations unless they are strings. Bodies of functions are another matter: see ``bodies``.

A name is *active* where using it may run code that belongs to it (it is called, passed to a call, an operand, ...); a
plain reference is not. A function with new content reaches active readers only, a new value reaches every reader.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

__all__ = ["Call", "Facts", "ImportRef", "chain_of", "facts_of"]

_OPAQUE_CALLS = frozenset({"exec", "eval", "globals", "locals", "vars", "dir"})
_DYNAMIC_CALLS = frozenset({"__import__", "import_module", "find_spec", "resolve_name", "iter_modules", "walk_packages"})


@dataclass(frozen=True, slots=True)
class ImportRef:
    """One import: ``name`` is None for ``import module``, ``"*"`` for a star import."""

    level: int
    module: str
    name: str | None
    bound: str
    guarded: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A call at execution time: the dotted callee (None where it is no plain chain) and the names passed as they are."""

    callee: tuple[str, ...] | None
    passed: tuple[str, ...]
    decorator: bool = False


@dataclass(slots=True)
class Facts:
    """What one statement does; every set holds plain identifiers."""

    kind: str = "effect"
    binds: set[str] = field(default_factory=set)
    deletes: set[str] = field(default_factory=set)
    reads: set[str] = field(default_factory=set)
    """Names of the module (or builtins) that are read."""
    loads: set[str] = field(default_factory=set)
    """Every identifier that is loaded, attributes too."""
    active: set[str] = field(default_factory=set)
    """Those of ``loads`` whose code may run."""
    gets: set[tuple[str, str]] = field(default_factory=set)
    """Attributes read off a plain name: (name, attribute); active unless the name is a module."""
    stores: set[tuple[str, ...]] = field(default_factory=set)
    """Chains that are stored into or deleted from: ``X.a = 1`` is ("X", "a"), ``X[0] = 1`` is ("X",)."""
    calls: list[Call] = field(default_factory=list)
    imports: list[ImportRef] = field(default_factory=list)
    firm: set[str] = field(default_factory=set)
    """Those of ``reads`` that are read elsewhere than in annotations."""
    operates: bool = False
    """Are there operators, loops, ``with``: anything that may run special methods but those of making an object?"""
    bases: list[tuple[str, ...] | None] = field(default_factory=list)
    annotates: list[str] = field(default_factory=list)
    opaque: str = ""
    """Why it may look at or change the module's names unseen; empty if it can't."""
    dynamic: bool = False
    """It may import something whose name stands nowhere in the text."""
    conditional: bool = False
    """A compound statement: what it binds depends on what it finds."""

    @property
    def effect(self) -> bool:
        """Does it do anything besides binding names?"""
        return bool(self.calls or self.stores or self.deletes) or self.kind == "effect"

    @property
    def calm(self) -> bool:
        """May it move without that being a change?"""
        return self.kind in {"import", "from", "future", "def", "doc", "pass"} and not self.calls


def facts_of(node: ast.stmt, *, string_annotations: bool) -> Facts:
    """The facts of one top-level statement. ``string_annotations``: annotations are not executed in this module."""
    scan = _Scan(string_annotations)
    scan.facts.kind = _kind(node)
    scan.statement(node)
    return scan.facts


def chain_of(node: ast.expr) -> tuple[str, ...] | None:
    """``a.b.c`` as a tuple of identifiers; None for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    return (node.id, *reversed(parts))


def is_main_guard(node: ast.expr) -> bool:
    """``__name__ == "__main__"``."""
    match node:
        case ast.Compare(left=ast.Name(id="__name__"), ops=[ast.Eq()], comparators=[ast.Constant(value="__main__")]):
            return True
        case ast.BoolOp(op=ast.And(), values=values):
            return any(is_main_guard(value) for value in values)
    return False


def is_type_checking(node: ast.expr) -> bool:
    """``TYPE_CHECKING`` or ``typing.TYPE_CHECKING``: never true while a program runs."""
    chain = chain_of(node)
    return chain is not None and chain[-1] == "TYPE_CHECKING"


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
        case ast.If() | ast.Try() | ast.With() | ast.For() | ast.While() | ast.Match():
            return "compound"
    return "assign" if type(node).__name__ == "TypeAlias" else "effect"


class _Scan:
    """One walk over what a statement executes."""

    def __init__(self, string_annotations: bool) -> None:
        self.facts = Facts()
        self.strings = string_annotations
        self.scopes: list[set[str]] = []  # the names bound so far in the class bodies and comprehensions we are in
        self.classes = 0
        self.guarded = False
        self.hinting = False

    # -- statements

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

    def do_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            bound = alias.asname or alias.name.partition(".")[0]
            self.facts.imports.append(ImportRef(0, alias.name, None, bound, self.guarded))
            self.bind(bound)

    def do_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            bound = alias.asname or alias.name
            self.facts.imports.append(ImportRef(node.level, node.module or "", alias.name, bound, self.guarded))
            if alias.name != "*":
                self.bind(bound)

    def do_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.decorators(node.decorator_list)
        arguments = node.args
        for default in [*arguments.defaults, *arguments.kw_defaults]:
            if default is not None:
                self.expr(default)
        if not self.strings:
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
            self.facts.bases.append(chain_of(base))
            self.expr(base)
        for keyword in node.keywords:
            self.facts.bases.append(chain_of(keyword.value) if keyword.arg == "metaclass" else None)
            self.expr(keyword.value, active=True)
        self.scopes.append(set())
        self.classes += 1
        self.body(node.body)
        self.classes -= 1
        self.scopes.pop()
        self.bind(node.name)

    def decorators(self, nodes: list[ast.expr]) -> None:
        for node in nodes:
            self.expr(node, active=True)
            chain = chain_of(node)
            local = chain is not None and self.is_local(chain[0])
            self.facts.calls.append(Call(None if local else chain, (), decorator=True))

    def do_Assign(self, node: ast.Assign) -> None:
        self.expr(node.value)
        for target in node.targets:
            self.target(target)

    def do_AnnAssign(self, node: ast.AnnAssign) -> None:
        if not self.strings:
            self.hint(node.annotation)
        if node.value is not None:
            self.expr(node.value)
            self.target(node.target)
        if isinstance(node.target, ast.Name) and not self.classes:
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
        self.facts.conditional = self.facts.conditional or not self.classes
        if is_type_checking(node.test):
            self.body(node.orelse)
            return
        if is_main_guard(node.test) and not node.orelse:
            return  # executed in the main script only, which is never executed again
        self.facts.operates = True
        self.expr(node.test, active=True)
        self.body(node.body)
        self.body(node.orelse)

    def do_For(self, node: ast.For) -> None:
        self.facts.operates = True
        self.facts.conditional = True
        self.expr(node.iter, active=True)
        self.target(node.target)
        self.body(node.body)
        self.body(node.orelse)

    def do_With(self, node: ast.With) -> None:
        self.facts.operates = True
        for item in node.items:
            self.expr(item.context_expr, active=True)
            self.facts.calls.append(Call(None, ()))
            if item.optional_vars is not None:
                self.target(item.optional_vars)
        self.body(node.body)

    def do_Try(self, node: ast.Try) -> None:
        self.facts.conditional = True
        before, self.guarded = self.guarded, True
        self.body(node.body)
        self.guarded = before
        for handler in node.handlers:
            if handler.type is not None:
                self.expr(handler.type)
            self.body(handler.body)
        self.body(node.orelse)
        self.body(node.finalbody)

    do_TryStar = do_Try

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
        """An annotation is evaluated, but what it names is only referred to."""
        self.hinting = True
        self.expr(node)
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
        while not isinstance(target, ast.Name | ast.Attribute):
            if not isinstance(target, ast.Subscript | ast.Call | ast.Starred):
                return
            target = target.func if isinstance(target, ast.Call) else target.value
        chain = chain_of(target)
        if chain is not None and not self.is_local(chain[0]):
            self.facts.stores.add(chain)

    def bind(self, name: str) -> None:
        if self.scopes:
            self.scopes[-1].add(name)
        else:
            self.facts.binds.add(name)

    def is_local(self, name: str) -> bool:
        return any(name in scope for scope in self.scopes)

    def name(self, name: str, *, active: bool = False) -> None:
        if self.is_local(name):
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
                self.name(name, active=active)
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
                for key, value in zip(keys, values, strict=True):
                    if key is not None:
                        self.expr(key, active=True)
                    self.expr(value, active=active or key is None)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self.facts.operates = self.facts.operates or not self.hinting
                self.expr(test, active=True)
                self.expr(body, active=active)
                self.expr(orelse, active=active)
            case ast.Lambda():
                self.lambda_(node)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                self.comprehension(node)
            case ast.NamedExpr(target=ast.Name(id=name), value=value):
                self.expr(value, active=True)
                self.bind(name)
            case ast.Subscript(value=value, slice=index):
                self.facts.operates = self.facts.operates or not self.hinting
                if isinstance(value, ast.Name) and not active:
                    self.name(value.id)
                    if not (self.hinting or self.is_local(value.id)):
                        self.facts.gets |= {(value.id, "__getitem__"), (value.id, "__class_getitem__")}
                else:
                    self.expr(value, active=True)
                self.expr(index)
            case _:
                self.facts.operates = self.facts.operates or not self.hinting
                for child in ast.iter_child_nodes(node):
                    if isinstance(child, ast.expr):
                        self.expr(child, active=True)

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
        if chain is None or not self.is_local(chain[0]):
            self.facts.calls.append(Call(chain, passed))
        else:
            self.facts.calls.append(Call(None, passed))
        if chain is not None:
            self.watch(chain, node)
        self.expr(node.func, active=True)
        for argument in every:
            # what a call does with a plain name that it is given is for the planner to find out
            self.expr(argument, active=not isinstance(argument, ast.Name))

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
                self.expr(default)
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        self.scopes.append({a.arg for a in every if a is not None})
        self.expr(node.body, active=True)
        self.scopes.pop()

    def comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        self.scopes.append(set())
        self.facts.operates = True
        for generator in node.generators:
            self.expr(generator.iter, active=True)
            self.target(generator.target)
            for condition in generator.ifs:
                self.expr(condition, active=True)
        parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        for part in parts:
            self.expr(part, active=True)
        self.scopes.pop()


def _bare(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.Starred) else node
