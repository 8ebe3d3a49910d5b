"""Does executing a definition run functions in it, or look into them?

Where only the bodies of functions differ, a statement needs no execution: the functions are patched. Not so if what it
executes runs one of them: a decorator, or the body of the class around it. Then what they make has to be made anew.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from modcache._model.bodies import Body
from modcache._model.facts import chain_of
from modcache._model.given import HANDED, kept_by, runs_given
from modcache._refresh.blind import is_blind
from modcache._refresh.effects import Effects
from modcache._refresh.world import MISSING, World, member_of
from modcache._runtime.peek import home, is_a

__all__ = ["Within"]

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Definition = _Function | ast.ClassDef
_DEPTH = 4


@dataclass(slots=True)
class Within:
    """One statement looked through for what may run the functions in it that changed.

    ``changed``: their qualified names. ``runs``: what may run one, in words; ``doubts``: what nothing is known of.
    """

    world: World
    effects: Effects
    module: str
    changed: Collection[str]
    runs: str = ""
    doubts: list[str] = field(default_factory=list)

    def look(self, node: ast.stmt, prefix: str = "", scope: Any = MISSING) -> None:
        """Look through a statement. ``scope``: the live class in whose body it stands, if it does."""
        if isinstance(node, _Definition):
            self._definition(node, f"{prefix}{node.name}", scope)
            return
        for child in ast.iter_child_nodes(node):
            for inner in child.body if isinstance(child, ast.ExceptHandler | ast.match_case) else [child]:
                if isinstance(inner, ast.stmt):
                    self.look(inner, prefix, scope)

    def _definition(self, node: _Definition, qualname: str, scope: Any) -> None:
        inner = {name[len(qualname) + 1 :] for name in self.changed if name.startswith(f"{qualname}.")}
        if qualname not in self.changed and not inner:
            return
        for decorator in node.decorator_list:
            self._decorator(decorator, inner, scope)
        if isinstance(node, ast.ClassDef):
            kind = self._named(node.name, scope)
            for statement in node.body:
                self.look(statement, f"{qualname}.", kind)
            self._body(node, {name.partition(".")[0] for name in inner}, kind)

    def _named(self, name: str, scope: Any) -> Any:
        return self.world.live(self.module, name) if scope is MISSING else member_of(scope, [name])

    # -- decorators

    def _decorator(self, node: ast.expr, members: set[str], scope: Any) -> None:
        value, chain = self._resolved(node, scope)
        if chain is None:
            self.runs = self.runs or "its decorator may run it"
        elif (body := self.effects.body_of(value)) is not None:
            if self._runs(body, made=isinstance(node, ast.Call), depth=_DEPTH):
                self.runs = self.runs or "its decorator may run it"
        elif not is_blind(value, chain[-1], members):
            own = is_a(value, type) and home(value) in self.world
            if value is MISSING or own or is_blind(value, chain[-1], set()):
                self.runs = self.runs or "its decorator may run it"
            else:
                self.doubts.append(".".join(chain))

    def _resolved(self, node: ast.expr, scope: Any) -> tuple[Any, tuple[str, ...] | None]:
        """What a decorator, or a call, calls: (value, chain); no chain where the text does not name it."""
        func = node.func if isinstance(node, ast.Call) else node
        if isinstance(func, ast.Call) and (found := self._resolved(func, scope))[1]:
            return found if (found[1] or ("",))[-1] in HANDED else (MISSING, None)
        chain = chain_of(func)
        if chain is None:
            return MISSING, None
        if scope is not MISSING and (local := member_of(scope, [chain[0]])) is not MISSING:
            return (member_of(local, list(chain[1:])) if chain[1:] else local), chain
        return self.world.walk(self.module, chain)[0], chain

    def _runs(self, body: tuple[str, Body], *, made: bool, depth: int) -> bool:
        """May a function of the roots run what it decorates (``made``: or the decorator that it makes)?"""
        module, what = body
        if what.function is None:
            return True
        deciding = [what.function, *(what.inner if made else ())]
        if made and not what.inner:
            return True
        return any(self._runs_given(module, function, depth) for function in deciding)

    def _runs_given(self, module: str, function: _Function, depth: int) -> bool:
        given = function.args
        every = [*given.posonlyargs, *given.args, *given.kwonlyargs, *filter(None, (given.vararg, given.kwarg))]
        names = [argument.arg for argument in every]
        if depth == 0 or runs_given(function, names):
            return True
        for chain in kept_by(function, names):
            keeper = self.effects.body_of(self.world.walk(module, chain)[0])
            if keeper is not None and (
                keeper[1].function is None or self._runs_given(keeper[0], keeper[1].function, depth - 1)
            ):
                return True
        return False

    # -- the body of a class

    def _body(self, node: ast.ClassDef, names: set[str], kind: Any) -> None:
        """``names``: those bound in the body whose functions changed, or that are made of such."""
        known = 0
        while len(names) > known and not self.runs:
            known = len(names)
            for statement in node.body:
                mentioned = {name for name in _names(statement) if name in names}
                if mentioned:
                    self._mentioning(statement, mentioned, kind)
                    names = names | _bound(statement)

    def _mentioning(self, statement: ast.stmt, names: set[str], kind: Any) -> None:
        """A statement in the body of a class uses something that changed: to run it, or to refer to it only?"""
        parts = _executed(statement)
        if parts is None or not all(self._refers(part, names, kind) for part in parts):
            self.runs = self.runs or f"its body may run {', '.join(sorted(names))}"

    def _refers(self, node: ast.expr | None, names: set[str], kind: Any) -> bool:
        """Does evaluating an expression run nothing of these names?"""
        match node:
            case None | ast.Name():
                return True
            case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Dict(values=parts, keys=[]):
                return all(self._refers(part, names, kind) for part in parts)
            case ast.Dict(values=parts, keys=keys) if not any(_mentions(key, names) for key in keys if key):
                return all(self._refers(part, names, kind) for part in parts)
            case ast.Attribute() | ast.Call() if _mentions(node, names):
                value, chain = self._resolved(node, kind)
                passed = [*node.args, *(k.value for k in node.keywords)] if isinstance(node, ast.Call) else []
                blind = chain is not None and self.effects.body_of(value) is None and is_blind(value, chain[-1], set())
                return blind and value is not MISSING and all(self._refers(part, names, kind) for part in passed)
        return not _mentions(node, names)


def _executed(statement: ast.stmt) -> list[ast.expr] | None:
    """The expressions that a statement in the body of a class evaluates; None where it does more with them."""
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            given = statement.args
            return [*statement.decorator_list, *given.defaults, *filter(None, given.kw_defaults)]
        case ast.ClassDef(bases=[], keywords=[]):
            return list(statement.decorator_list)
        case ast.Assign(value=value) | ast.Expr(value=value):
            return [value]
        case ast.AnnAssign(value=value):
            return [value] if value is not None else []
    return None


def _bound(statement: ast.stmt) -> set[str]:
    """The names that an assignment binds: to something that may be made of what it mentions."""
    if not isinstance(statement, ast.Assign | ast.AnnAssign):
        return {statement.name} if isinstance(statement, _Definition) else set()
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}


def _names(statement: ast.AST) -> Iterator[str]:
    """The names that a statement in the body of a class loads, but for those in the bodies of functions."""
    stack: list[ast.AST] = [statement]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id
        if isinstance(node, _Function):
            stack.extend([*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)])
        else:
            stack.extend(ast.iter_child_nodes(node))


def _mentions(node: ast.AST, names: set[str]) -> bool:
    return any(name in names for name in _names(node))
