"""What a function does when it runs, and what of a definition is seen without running it (its *shell*)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from modcache._model.facts import chain_of

__all__ = ["QUIET", "Body", "bodies_of", "quiet_decorators", "shell_of"]

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_OPAQUE = frozenset({"exec", "eval", "globals", "locals", "vars", "dir", "_getframe", "currentframe", "stack"})


@dataclass(slots=True)
class Body:
    """A function of a statement, nested ones counted in: identifiers it loads, globals and parameters it changes."""

    qualname: str
    lineno: int
    loads: set[str] = field(default_factory=set)
    calls: list[tuple[str, ...]] = field(default_factory=list)
    mutates: set[tuple[str, ...]] = field(default_factory=set)
    """Chains whose object a method call may change."""
    stores: set[tuple[str, ...]] = field(default_factory=set)
    """Chains that are stored into."""
    imports: set[tuple[int, str, str]] = field(default_factory=set)
    """(level, module, name) of the imports it does when it runs."""
    binds: set[str] = field(default_factory=set)
    """Globals that it rebinds (``global X``)."""
    parameters: tuple[str, ...] = ()
    locals: set[str] = field(default_factory=set)
    own: set[str] = field(default_factory=set)
    """Attributes that it takes off its first parameter (``self``) and off nothing else."""
    calls_parameter: bool = False
    """Running it may run what it is given."""
    inner_calls_parameter: bool = False
    """A function that it makes may run what that is given (as a decorator factory's does)."""
    opaque: bool = False
    decorated: bool = False
    is_property: bool = False


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
    decorators = [chain_of(d) for d in function.decorator_list]
    body = Body(
        qualname=qualname,
        lineno=min([function.lineno, *(d.lineno for d in function.decorator_list)]),
        parameters=names,
        locals=set(names) | _assigned(function),
        decorated=bool(decorators),
        is_property=any(d is None or d[-1] not in {"staticmethod", "classmethod"} for d in decorators),
    )
    for statement in function.body:
        for node in ast.walk(statement):
            _note(node, body)
    aliases = _aliases(function)
    body.stores = {_unaliased(chain, aliases) for chain in body.stores}
    body.mutates = {_unaliased(chain, aliases) for chain in body.mutates}
    body.calls_parameter = _runs_given(function, names)
    body.inner_calls_parameter = any(
        _runs_given(inner, tuple(a.arg for a in inner.args.args))
        for statement in function.body
        for inner in ast.walk(statement)
        if isinstance(inner, _Function)
    )
    body.own = _own(function, names[0]) if names else set()
    body.locals -= body.binds
    body.mutates = {chain for chain in body.mutates if chain[0] not in body.locals or chain[0] in body.parameters}
    body.stores = {chain for chain in body.stores if chain[0] not in body.locals or chain[0] in body.parameters}
    return body


def _assigned(function: _Function) -> set[str]:
    """Names that belong to the function or to one inside it."""
    found: set[str] = set()
    for node in ast.walk(function):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) | ast.ExceptHandler(name=str(name)):
                found.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                if node is not function:
                    found.add(name)
    return found


def _aliases(function: _Function) -> dict[str, tuple[str, ...]]:
    """Local names that are bound to something that has a name of its own."""
    found: dict[str, tuple[str, ...]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and (chain := chain_of(node.value)) is not None:
            for target in node.targets:
                if isinstance(target, ast.Name) and target.id != chain[0]:
                    found[target.id] = chain
    return found


def _unaliased(chain: tuple[str, ...], aliases: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    for _ in range(3):
        if chain[0] not in aliases:
            break
        chain = (*aliases[chain[0]], *chain[1:])
    return chain


def _own(function: _Function, first: str) -> set[str]:
    mine: set[str] = set()
    others: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            on_self = isinstance(node.value, ast.Name) and node.value.id == first
            (mine if on_self else others).add(node.attr)
    return mine - others


def _note(node: ast.AST, body: Body) -> None:
    match node:
        case ast.Name(id=name, ctx=ast.Load()):
            body.loads.add(name)
            body.opaque = body.opaque or name in _OPAQUE
        case ast.Attribute(attr=attr, ctx=ast.Load()):
            body.loads.add(attr)
            body.opaque = body.opaque or attr in _OPAQUE
        case ast.Attribute():
            _mutated(node, body)
        case ast.Subscript(ctx=ast.Store() | ast.Del()):
            _mutated(node, body)
        case ast.Global(names=names):
            body.binds.update(names)
        case ast.AugAssign(target=ast.Name(id=name)):
            body.stores.add((name,))
        case ast.Call(func=func, args=args):
            _called(func, args, body)
        case ast.ImportFrom(names=aliases) | ast.Import(names=aliases):
            level, module = getattr(node, "level", 0), getattr(node, "module", None)
            for alias in aliases:
                body.loads.update(alias.name.split("."))
                body.imports.add((level, module or "", alias.name) if level or module else (0, alias.name, ""))


def _called(func: ast.expr, args: list[ast.expr], body: Body) -> None:
    chain = chain_of(func)
    if chain is None:
        return
    body.calls.append(chain)
    if len(chain) > 1:
        body.mutates.add(chain[:-1])
    if chain[-1] in {"setattr", "delattr", "next"} and args and (target := chain_of(args[0])) is not None:
        body.stores.add(target)


_KEEPERS = frozenset({"append", "add", "insert", "setdefault", "update", "extend", "appendleft", "register", "wraps"})
_KEEPERS |= {"isinstance", "callable", "hasattr", "id", "type", "getattr", "setattr", "update_wrapper", "len"}


def _runs_given(function: _Function, parameters: tuple[str, ...]) -> bool:
    """Does its own code call a parameter, or pass it on to something that may?"""
    stack: list[ast.AST] = list(function.body)
    given = set(parameters)
    while stack:
        node = stack.pop()
        if isinstance(node, _Function | ast.Lambda):
            continue
        if isinstance(node, ast.Call):
            chain = chain_of(node.func)
            if chain is not None and len(chain) == 1 and chain[0] in given:
                return True
            passed = [*node.args, *(keyword.value for keyword in node.keywords)]
            if any(isinstance(a, ast.Name) and a.id in given for a in passed):
                if chain is None or chain[-1] not in _KEEPERS:
                    return True
        stack.extend(ast.iter_child_nodes(node))
    return False


def _mutated(node: ast.expr, body: Body) -> None:
    while isinstance(node, ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    chain = chain_of(node)
    if chain is not None:
        body.stores.add(chain)


def shell_of(node: ast.stmt) -> str:
    """The statement without the bodies of its functions: where shells are equal, patching the functions is enough.

    What a decorator, a metaclass or the compiler sees of a body stays in: that it is a generator, that it uses
    ``super`` or ``__class__``, and the docstring wherever somebody may read it while the module executes.
    """
    hidden: list[tuple[_Function | ast.ClassDef, list[ast.stmt]]] = []
    _hide(node, False, hidden)
    try:
        return ast.dump(node)
    finally:
        for owner, body in hidden:
            owner.body = body


def _hide(node: ast.AST, read: bool, hidden: list[tuple[_Function | ast.ClassDef, list[ast.stmt]]]) -> None:
    """Put marks in the place of function bodies, for a moment: copying a tree costs more than all the rest."""
    if isinstance(node, _Function):
        hidden.append((node, node.body))
        node.body = _marks(node, read)
        return
    if isinstance(node, ast.ClassDef):
        read = read or bool(node.bases or node.keywords or node.decorator_list)
        hidden.append((node, node.body))
        if not read and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            _hide(child, read, hidden)


def _marks(node: _Function, read: bool) -> list[ast.stmt]:
    marks = set()
    for inner in (n for statement in node.body for n in ast.walk(statement)):
        if isinstance(inner, ast.Yield | ast.YieldFrom):
            marks.add("generator")
        elif isinstance(inner, ast.Name) and inner.id in {"super", "__class__"}:
            marks.add("super")
    doc = ast.get_docstring(node, clean=False)
    if doc is not None and (read or node.decorator_list):
        marks.add(f"doc {doc}")
    return [ast.Expr(ast.Constant(mark)) for mark in sorted(marks)]


QUIET: frozenset[str] = frozenset(
    {"staticmethod", "classmethod", "property", "cached_property", "cache", "lru_cache", "contextmanager"}
)
QUIET |= {"abstractmethod", "overload", "final", "override", "asynccontextmanager", "setter", "getter", "deleter"}


def _only_known(decorators: list[ast.expr]) -> bool:
    """Are these decorators all of a kind that neither runs the function nor keeps its docstring?"""
    chains = [chain_of(d.func if isinstance(d, ast.Call) else d) for d in decorators]
    return all(chain is not None and chain[-1] in QUIET for chain in chains)


def quiet_decorators(node: ast.stmt) -> bool:
    """Do the decorators of a definition (and of its methods) neither run nor replace what they decorate?"""
    every = [n for n in ast.walk(node) if isinstance(n, _Function | ast.ClassDef) and n.decorator_list]
    return all(_only_known(n.decorator_list) for n in every)
