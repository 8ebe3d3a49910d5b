"""What the text of a class says of its instances: which attributes making one sets, and to what."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

__all__ = ["CONTAINERS", "Making", "Setting", "classes_of", "is_constant", "is_plain", "making_of"]

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_MAKERS = ("__init__", "__post_init__", "__attrs_post_init__", "model_post_init")
"""What runs whenever an instance is made: Python's own, dataclasses', attrs' and pydantic's."""
CONTAINERS = frozenset({"list", "dict", "set", "tuple", "frozenset"})
_PLAIN = (
    ast.Constant, ast.List, ast.Dict, ast.Set, ast.Tuple, ast.BoolOp, ast.IfExp, ast.Compare, ast.UnaryOp,
    ast.expr_context, ast.boolop, ast.Is, ast.IsNot, ast.Not, ast.USub,
)  # fmt: skip
"""Syntax that runs nobody's code, whatever the names in it are."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How an attribute is set while an instance is made.

    ``value``: the one expression that it is set to; None if there are several, or it is none. ``certain``: is it set
    whenever one is made, as far as the text shows? ``local``: the names that are the function's own there;
    ``parameters``: those of them that are parameters of ``__init__`` and hold what they were called with.
    """

    value: ast.expr | None
    certain: bool
    local: frozenset[str] = frozenset()
    parameters: frozenset[str] = frozenset()


@dataclass(slots=True)
class Making:
    """The attributes that making an instance sets, and the names of the parameters of ``__init__``.

    ``opaque``: there may be others (``self.__dict__``, ``setattr`` with a computed name). ``methods``: what runs.
    """

    settings: dict[str, Setting] = field(default_factory=dict)
    methods: dict[str, ast.stmt] = field(default_factory=dict)
    parameters: tuple[str, ...] = ()
    opaque: bool = False


def classes_of(node: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.ClassDef]]:
    """(qualified name, class) of the classes of a statement that are not inside a function."""
    if isinstance(node, ast.ClassDef):
        prefix = f"{prefix}{node.name}."
        yield prefix[:-1], node
    if isinstance(node, _Function):
        return
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield from classes_of(child, prefix)


def making_of(node: ast.ClassDef) -> Making:
    """What making an instance of a class does, by the text of that class alone."""
    functions = {inner.name: inner for inner in node.body if isinstance(inner, _Function)}
    found = Making()
    if "__init__" in functions:
        found.parameters = tuple(argument.arg for argument in _arguments(functions["__init__"]))
    rows: dict[str, list[Setting]] = defaultdict(list)
    todo = [(name, True) for name in _MAKERS]
    while todo:
        name, certain = todo.pop(0)
        if name in functions and name not in found.methods:
            found.methods[name] = functions[name]
            reader = _Reader(functions[name], certain)
            for attribute, setting in reader.rows:
                rows[_mangled(node, attribute)].append(setting)
            todo += reader.calls
            found.opaque = found.opaque or reader.opaque
    for attribute, settings in rows.items():
        one, certain = settings[0], any(setting.certain for setting in settings)
        found.settings[attribute] = one if len(settings) == 1 else Setting(None, certain)
    return found


def is_plain(value: ast.expr, names: Iterable[str]) -> bool:
    """May an expression be evaluated for the instance that is not made anew: does it run nobody's code?

    Constants, displays of them, tests for None and the like; names only if they are among ``names``.
    """
    known = {*names, *CONTAINERS}
    for node in ast.walk(value):
        if isinstance(node, ast.Name):
            if node.id not in known:
                return False
        elif isinstance(node, ast.Call):
            if not isinstance(node.func, ast.Name) or node.func.id not in CONTAINERS or node.args or node.keywords:
                return False
        elif not isinstance(node, _PLAIN):
            return False
    return True


def is_constant(value: ast.expr) -> bool:
    """Is the value of a plain expression one and the same object each time?"""
    return not any(isinstance(node, ast.List | ast.Dict | ast.Set | ast.Call) for node in ast.walk(value))


def _arguments(function: _Function) -> list[ast.arg]:
    arguments = function.args
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]


def _mangled(node: ast.ClassDef, name: str) -> str:
    private = name.startswith("__") and not name.endswith("__") and node.name.strip("_")
    return f"_{node.name.lstrip('_')}{name}" if private else name


class _Reader:
    """Reads one method: ``rows`` of (attribute, how it is set), the methods that it ``calls`` (name, certainly)."""

    def __init__(self, function: _Function, certain: bool) -> None:
        given = [*function.args.posonlyargs, *function.args.args]
        self.me = given[0].arg if given else ""
        arguments = {argument.arg for argument in _arguments(function)}
        stored = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
        self._local = frozenset(arguments | stored)
        self._parameters = frozenset(arguments - stored) if function.name == "__init__" else frozenset[str]()
        self.rows: list[tuple[str, Setting]] = []
        self.calls: list[tuple[str, bool]] = []
        self.opaque = False
        self._returned = False
        self._body(function.body, certain)

    def _body(self, statements: Iterable[ast.stmt], certain: bool) -> None:
        for statement in statements:
            self._statement(statement, certain and not self._returned)

    def _statement(self, statement: ast.stmt, certain: bool) -> None:
        if isinstance(statement, _Function | ast.ClassDef):
            return
        if isinstance(statement, ast.Return):
            self._returned = True  # what follows is in another branch, or may not be reached
        elif isinstance(statement, ast.Assign):
            for target in statement.targets:
                self._target(target, statement.value, certain)
        elif isinstance(statement, ast.AnnAssign):
            if statement.value is not None:
                self._target(statement.target, statement.value, certain)
        elif isinstance(statement, ast.If):
            self._branches(statement, certain)
        else:
            self._compound(statement, certain)
        for child in ast.iter_child_nodes(statement):
            if isinstance(child, ast.expr):
                self._expression(child, certain)

    def _compound(self, statement: ast.stmt, certain: bool) -> None:
        """Loops, ``with``, ``try`` and ``match``: their targets and their bodies."""
        straight = isinstance(statement, ast.With | ast.AsyncWith | ast.Try)
        for target in _targets(statement):
            self._target(target, None, certain and straight)
        for name, block in ast.iter_fields(statement):
            if name in ("body", "orelse", "finalbody") and isinstance(block, list):
                self._body(block, certain and straight)
            elif name in ("handlers", "cases") and isinstance(block, list):
                for case in block:
                    self._body(case.body, False)

    def _branches(self, statement: ast.If, certain: bool) -> None:
        """What both branches of an ``if`` set is set in any case."""
        before, self.rows = self.rows, []
        self._body(statement.body, certain)
        one, self.rows = self.rows, []
        self._body(statement.orelse, certain)
        other, self.rows = self.rows, before
        both = {name for name, row in one if row.certain} & {name for name, row in other if row.certain}
        self.rows += [(name, Setting(None, name in both)) for name, _ in [*one, *other]]

    def _target(self, target: ast.expr, value: ast.expr | None, certain: bool) -> None:
        if self._is_mine(target):
            assert isinstance(target, ast.Attribute)
            self._set(target.attr, value, certain)
        elif isinstance(target, ast.Tuple | ast.List):
            rows = value.elts if isinstance(value, ast.Tuple | ast.List) else []
            straight = len(rows) == len(target.elts) and not any(
                isinstance(e, ast.Starred) for e in [*rows, *target.elts]
            )
            for index, inner in enumerate(target.elts):
                self._target(inner, rows[index] if straight else None, certain)
        elif isinstance(target, ast.Starred):
            self._target(target.value, None, certain)

    def _set(self, name: str, value: ast.expr | None, certain: bool) -> None:
        self.rows.append((name, Setting(value, certain, self._local, self._parameters)))

    def _is_mine(self, node: ast.AST) -> bool:
        return isinstance(node, ast.Attribute) and self._is_me(node.value)

    def _is_me(self, node: ast.AST) -> bool:
        return isinstance(node, ast.Name) and node.id == self.me

    def _expression(self, expression: ast.expr, certain: bool) -> None:
        for node in ast.walk(expression):
            if isinstance(node, ast.Attribute) and node.attr == "__dict__" and self._is_me(node.value):
                self.opaque = True
            elif isinstance(node, ast.Call):
                self._call(node, certain)

    def _call(self, call: ast.Call, certain: bool) -> None:
        function = call.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        on_me = bool(call.args) and self._is_me(call.args[0])
        if self._is_mine(function):
            self.calls.append((name, certain))
        elif name in ("setattr", "__setattr__") and (on_me or _is_super(function)):
            self._setattr(call.args[on_me:], certain)
        elif name == "vars" and on_me:
            self.opaque = True

    def _setattr(self, arguments: list[ast.expr], certain: bool) -> None:
        name = arguments[0] if len(arguments) == 2 else None
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            self._set(name.value, arguments[1], certain)
        else:
            self.opaque = True


def _targets(statement: ast.stmt) -> list[ast.expr]:
    if isinstance(statement, ast.For | ast.AsyncFor | ast.AugAssign):
        return [statement.target]
    if isinstance(statement, ast.With | ast.AsyncWith):
        return [item.optional_vars for item in statement.items if item.optional_vars is not None]
    return []


def _is_super(function: ast.expr) -> bool:
    value = function.value if isinstance(function, ast.Attribute) else None
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "super"
