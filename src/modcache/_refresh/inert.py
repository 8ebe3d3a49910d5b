"""Statements that commute with all others: they act on nothing, and look at nothing that could have been acted on.

A list of what is known to be so, not of what is known to be otherwise: definitions, constants, displays, types, and
calls of what outside the roots neither keeps nor runs what it is given.
"""

from __future__ import annotations

import ast
from enum import Enum
from functools import cached_property
from types import BuiltinFunctionType, FunctionType, GenericAlias, ModuleType
from typing import TYPE_CHECKING, Any

from modcache._model.facts import chain_of
from modcache._refresh.blind import is_blind
from modcache._refresh.harmless import is_harmless
from modcache._refresh.protocols import hooks_of_making
from modcache._refresh.special import MAKING
from modcache._refresh.world import MISSING
from modcache._runtime.functions import raw_dict
from modcache._runtime.peek import Kinds, home, is_a, mro_of, said

if TYPE_CHECKING:
    from modcache._refresh.world import World

__all__ = ["Inert"]

_PLAIN = Kinds(int, float, complex, str, bytes, bool, type(None), type(...))
_MAKERS = Kinds(
    int, float, complex, str, bytes, bool, tuple, list, dict, set, frozenset, object, property, staticmethod,
    classmethod, range, slice,
)  # fmt: skip
_LOOKING = frozenset({
    "os", "posix", "nt", "sys", "time", "warnings", "_warnings", "inspect", "traceback", "genericpath", "platform",
    "random",
})  # fmt: skip
"""Modules that are harmless, but give what depends on what others did before."""


class Inert:
    """Asked of one look at the process."""

    def __init__(self, world: World) -> None:
        self.world = world

    def is_inert(self, module: str, index: int) -> bool:
        """Can nobody tell when a statement was executed, but for what it binds?"""
        unit = self.world.unit(module)
        facts, node = unit.facts(index), unit.statements[index].fragment.node
        if facts.kind in {"main", "future", "doc"}:
            return True
        words = facts.loads | {ref.name for ref in facts.imports if ref.name is not None}
        return words.isdisjoint(self._rebound) and _Reader(self.world, module).statement(node)

    @cached_property
    def _rebound(self) -> set[str]:
        """What anybody stores into: names of modules, attributes, globals of functions."""
        found: set[str] = set()
        for name in self.world.knowledge.entries:
            unit = self.world.unit(name)
            for facts in unit.all_facts:
                found.update(chain[-1] for chain in facts.stores if len(chain) > 1)
            for bodies in unit.functions.values():
                for _, body in bodies:
                    found |= body.binds
                    found.update(chain[-1] for chain in body.stores if len(chain) > 1 and chain[0] not in body.locals)
        return found


class _Reader:
    """Reads the statements of one module."""

    def __init__(self, world: World, module: str) -> None:
        self.world = world
        self.module = module
        self.inner: list[set[str]] = []
        """The names that the bodies of classes around bind."""

    # -- statements

    def statement(self, node: ast.AST) -> bool:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return self._function(node)
        if isinstance(node, ast.ClassDef):
            return self._class(node)
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            hint = [node.annotation] if isinstance(node, ast.AnnAssign) else []
            value = [node.value] if node.value is not None else []
            return all(isinstance(one, ast.Name) for one in targets) and all(map(self.expression, (*value, *hint)))
        if isinstance(node, ast.If):
            return self.expression(node.test) and all(map(self.statement, (*node.body, *node.orelse)))
        if isinstance(node, ast.Expr):
            return self.expression(node.value)
        if isinstance(node, ast.ImportFrom):
            return all(self._is_there(node, alias.name) for alias in node.names)
        return isinstance(node, ast.Import | ast.Pass)

    def _is_there(self, node: ast.ImportFrom, name: str) -> bool:
        """Is a name found in a module without that being asked for what it does not have?"""
        owner = self.world.unit(self.module).absolute(node.level, node.module or "")
        if owner not in self.world or name == "*":
            return True
        names = self.world.namespace(owner)
        return name in names or "__getattr__" not in names

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
        hints = [one.annotation for one in every if one is not None and one.annotation is not None]
        made = [*node.args.defaults, *(one for one in node.args.kw_defaults if one is not None), *hints]
        made += [node.returns] if node.returns is not None else []
        return all(map(self.expression, made)) and all(map(self._decorator, node.decorator_list))

    def _class(self, node: ast.ClassDef) -> bool:
        kind = self._known(node.name) if not self.inner else MISSING
        if not self.inner and not (is_a(kind, type) and self._is_made_quietly(kind)):
            return False
        if not all(map(self.expression, (*node.bases, *node.keywords))):
            return False
        if self.inner and (node.bases or node.keywords):
            return False  # what it is is not looked for
        self.inner.append(_bound_in(node))
        try:
            return all(map(self.statement, node.body)) and all(map(self._decorator, node.decorator_list))
        finally:
            self.inner.pop()

    def _is_made_quietly(self, kind: type) -> bool:
        """Does making a class run nothing but what the standard library has for that?"""
        if not all(is_harmless(hook) and home(hook) not in self.world for hook in hooks_of_making(kind)):
            return False
        ours = [base for base in mro_of(kind) if home(base) in self.world]  # an enumeration makes its members
        return type(kind) is type or all(MAKING.isdisjoint(raw_dict(base)) for base in ours)

    def _decorator(self, node: ast.expr) -> bool:
        called = node.func if isinstance(node, ast.Call) else node
        given = [*node.args, *node.keywords] if isinstance(node, ast.Call) else []
        chain = chain_of(called)
        if chain is None:
            return False
        if len(chain) == 2 and chain[1] in {"setter", "getter", "deleter"} and self._is_inner(chain[0]):
            return True
        value = self._value(called)
        known = value is not MISSING and said(value, "__module__") and said(value, "__module__") not in self.world
        return bool(known) and is_blind(value, chain[-1], set()) and all(map(self._argument, given))

    # -- expressions

    def expression(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.Attribute):
            return self._value(node) is not MISSING
        if isinstance(node, ast.Subscript):
            return self._is_subscripted_quietly(self._value(node.value)) and self.expression(node.slice)
        if isinstance(node, ast.Lambda):
            return all(map(self.expression, (*node.args.defaults, *filter(None, node.args.kw_defaults))))
        if isinstance(node, ast.BinOp | ast.UnaryOp | ast.BoolOp | ast.Compare | ast.IfExp | ast.JoinedStr):
            return all(map(self._operand, ast.iter_child_nodes(node)))
        if isinstance(node, ast.Dict | ast.Set):
            keys = node.keys if isinstance(node, ast.Dict) else node.elts
            if not all(key is not None and self._operand(key) for key in keys):
                return False
            return not isinstance(node, ast.Dict) or all(map(self.expression, node.values))
        if isinstance(node, ast.Tuple | ast.List | ast.Slice | ast.keyword):
            return all(isinstance(one, ast.expr_context) or self.expression(one) for one in ast.iter_child_nodes(node))
        return isinstance(node, ast.Constant | ast.Name)

    def _operand(self, node: ast.AST) -> bool:
        """May it stand beside an operator without code of the roots being run?"""
        if isinstance(node, ast.operator | ast.unaryop | ast.boolop | ast.cmpop | ast.expr_context):
            return True
        if isinstance(node, ast.FormattedValue):
            return node.format_spec is None and self._operand(node.value)
        if isinstance(node, ast.Name | ast.Attribute):
            return self._is_plain(self._value(node))
        return self.expression(node)

    def _call(self, node: ast.Call) -> bool:
        value = self._value(node.func)
        if value is MISSING or not all(map(self._argument, (*node.args, *node.keywords))):
            return False
        if is_a(value, type) and value in _MAKERS:
            return all(isinstance(one, ast.Constant | ast.Tuple | ast.List | ast.Dict | ast.Set) for one in node.args)
        where = said(value, "__module__")
        if not where or where in self.world or where == "builtins" or where in _LOOKING:
            return False
        return is_a(value, type, FunctionType, BuiltinFunctionType) and is_harmless(value)

    def _argument(self, node: ast.AST) -> bool:
        """May it be given to a call that does with it whatever it likes?"""
        if isinstance(node, ast.keyword):
            return self._argument(node.value)
        if isinstance(node, ast.Name | ast.Attribute):
            value = self._value(node)
            return self._is_plain(value) or (is_a(value, type) and type(value) is type)
        if isinstance(node, ast.Lambda):
            return False
        return self.expression(node)

    # -- what names stand for

    def _value(self, node: ast.AST) -> Any:
        """What a name, or attributes of it, are, where looking runs no code of the roots; MISSING where it might."""
        if isinstance(node, ast.Name):
            return MISSING if self._is_inner(node.id) else self._known(node.id)
        if isinstance(node, ast.Constant):
            return node.value
        if not isinstance(node, ast.Attribute):
            return MISSING
        value = self._value(node.value)
        if is_a(value, ModuleType):
            return value.__dict__.get(node.attr, MISSING)
        if is_a(value, type) and home(type(value)) not in self.world:
            found = next((raw_dict(base)[node.attr] for base in mro_of(value) if node.attr in raw_dict(base)), MISSING)
            found = found.__func__ if is_a(found, staticmethod | classmethod) else found
            return found if home(type(found)) not in self.world or is_a(found, Enum) else MISSING
        return MISSING

    def _known(self, name: str) -> Any:
        value = self.world.live(self.module, name)
        if value is MISSING:
            namespace = self.world.namespace(self.module).get("__builtins__", {})
            names = namespace.__dict__ if is_a(namespace, ModuleType) else namespace
            value = names.get(name, MISSING)
        return value

    def _is_inner(self, name: str) -> bool:
        return any(name in names for names in self.inner)

    def _is_plain(self, value: object) -> bool:
        """Is it a constant, a type without a metaclass of the roots, or a member of an enumeration without methods?"""
        if value is MISSING:
            return False
        if type(value) in _PLAIN or is_a(value, GenericAlias) or home(type(value)) == "typing":
            return True
        if is_a(value, type):
            return home(type(value)) not in self.world
        if is_a(value, tuple) and home(type(value)) not in self.world:
            return all(map(self._is_plain, value))
        return False

    def _is_subscripted_quietly(self, value: Any) -> bool:
        if is_a(value, type):
            generic = home(type(value)) not in self.world
            return generic and not any(
                "__class_getitem__" in raw_dict(base) and home(base) in self.world for base in mro_of(value)
            )
        return home(type(value)) == "typing"


def _bound_in(node: ast.ClassDef) -> set[str]:
    found = {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
    definitions = (one for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef))
    return found | {one.name for one in definitions}
