"""Which names in a function are those of its module: a name may be local in one part of it, and global in another.

The rules of the language reference, 4.2.2: a block's name is that of the innermost function around it which binds it; a
class's body is passed over, but for what stands in it directly.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

__all__ = ["global_names", "has_scopes"]

_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_Comprehension = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
_SCOPES = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef,
    ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp,
)  # fmt: skip


def has_scopes(kinds: Iterable[type]) -> bool:
    """Are there nodes among these kinds that make a scope of their own?"""
    return not set(_SCOPES).isdisjoint(kinds)


def global_names(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """The plain names that a function's body, or what is nested in it, loads from its module or the built-in ones."""
    scope = _Scope(_parameters(function))
    scope.enter(function.body)
    return scope.outside()


class _Scope:
    """What is bound and loaded in one scope, and what those in it ask for."""

    def __init__(self, bound: Iterable[str] = (), *, is_class: bool = False) -> None:
        self._bound = set(bound)
        self._loaded: set[str] = set()
        self._declared: set[str] = set()
        """Names of another scope, by ``global`` or ``nonlocal``."""
        self._globals: set[str] = set()
        """Names of the module, whatever is bound around."""
        self._is_class = is_class
        self._inner: list[_Scope] = []

    def outside(self) -> set[str]:
        """The names that are looked for outside of the scope."""
        asked = self._loaded.union(*(scope.outside() for scope in self._inner))
        bound = set() if self._is_class else self._bound - self._declared
        return asked - bound | self._of_module()

    def _of_module(self) -> set[str]:
        """The names that no function around can have: ``global``, and what a class's body may not have bound yet."""
        unsure = self._loaded & self._bound if self._is_class else set[str]()
        return self._globals.union(unsure, *(scope._of_module() for scope in self._inner))

    def enter(self, nodes: Iterable[ast.AST]) -> None:
        """Look at nodes that are in this scope."""
        todo = list(nodes)
        while todo:
            node = todo.pop()
            todo.extend(self._look(node))

    def _look(self, node: ast.AST) -> Iterable[ast.AST]:
        """Take note of a node; what of it is to be looked at further."""
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                self._loaded.add(name)
            case ast.Name(id=name):
                self._bound.add(name)
            case ast.Global(names=names):
                self._declared.update(names)
                self._globals.update(names)
            case ast.Nonlocal(names=names):
                self._declared.update(names)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                self._bound.add(name)
            case ast.MatchMapping(rest=str(name)):
                self._bound.add(name)
            case ast.AugAssign(target=ast.Name(id=name)):
                self._loaded.add(name)
        if isinstance(node, _SCOPES):
            return self._nested(node)
        return ast.iter_child_nodes(node)

    def _nested(self, node: ast.AST) -> Iterable[ast.AST]:
        """Look into what has a scope of its own; what of it is evaluated in this one."""
        if isinstance(node, _Comprehension):
            first, *others = node.generators
            parts = [first.target, *first.ifs, *others]
            results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
            self._add(_Scope(), [*parts, *results])
            # `:=` binds in the scope around (PEP 572)
            self._bound.update(one.target.id for part in (*parts, *results) for one in _named(part))
            return [first.iter]
        if isinstance(node, ast.ClassDef):
            self._bound.add(node.name)
            self._add(_Scope(is_class=True), node.body)
            return [*node.decorator_list, *node.bases, *node.keywords, *getattr(node, "type_params", ())]
        assert isinstance(node, _Function)
        body: list[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else [*node.body]
        self._add(_Scope(_parameters(node)), body)
        if isinstance(node, ast.Lambda):
            return _heads(node.args)
        self._bound.add(node.name)
        hints = (argument.annotation for argument in _arguments(node.args))
        heads = [*filter(None, [*hints, node.returns]), *getattr(node, "type_params", ())]
        return [*node.decorator_list, *_heads(node.args), *heads]

    def _add(self, scope: _Scope, nodes: Iterable[ast.AST]) -> None:
        scope.enter(nodes)
        self._inner.append(scope)


def _named(node: ast.AST) -> Iterator[ast.NamedExpr]:
    return (one for one in ast.walk(node) if isinstance(one, ast.NamedExpr))


def _arguments(arguments: ast.arguments) -> list[ast.arg]:
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    return [argument for argument in every if argument is not None]


def _parameters(function: _Function) -> list[str]:
    return [argument.arg for argument in _arguments(function.args)]


def _heads(arguments: ast.arguments) -> list[ast.AST]:
    """The defaults, which are evaluated where the function is made."""
    return [*arguments.defaults, *(default for default in arguments.kw_defaults if default is not None)]
