"""What a top-level statement does while its module executes, read off its syntax tree.

Only what is *executed* counts here: decorators, defaults, bases, class bodies, comprehensions, lambdas (they may be
called at once), annotations unless they are strings. Bodies of functions are another matter: see ``bodies``.

A name is *active* where using it may run code that belongs to it (it is called, passed to a call, an operand, ...); a
plain reference is not. A function with new content reaches active readers only, a new value reaches every reader.
"""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass, field

__all__ = [
    "Call",
    "Facts",
    "ImportRef",
    "asks_first_time",
    "asks_globals",
    "chain_of",
    "is_main_guard",
    "is_once",
    "is_type_checking",
    "item_changed",
]


_BUILTINS = frozenset(dir(builtins)) | {
    "unicode", "basestring", "long", "xrange", "unichr", "raw_input", "reduce", "file", "cmp", "execfile", "buffer",
    "apply", "coerce", "intern", "reload", "WindowsError", "anext", "aiter", "EncodingWarning", "ExceptionGroup",
    "BaseExceptionGroup", "PythonFinalizationError", "StandardError",
}  # fmt: skip
"""Names that are built in somewhere: who asks for one of these asks which Python it is, not whether it ran before."""


@dataclass(frozen=True, slots=True)
class ImportRef:
    """One import: ``name`` is None for ``import module``, ``"*"`` for a star import."""

    level: int
    module: str
    name: str | None
    bound: str
    guarded: bool = False

    @classmethod
    def of(cls, node: ast.Import | ast.ImportFrom, alias: ast.alias, *, guarded: bool = False) -> ImportRef:
        """What one alias of an import statement asks for."""
        if isinstance(node, ast.Import):
            return cls(0, alias.name, None, alias.asname or alias.name.partition(".")[0], guarded)
        return cls(node.level, node.module or "", alias.name, alias.asname or alias.name, guarded)


@dataclass(frozen=True, slots=True)
class Call:
    """A call at execution time: the dotted callee (None where it is no plain chain), and the names passed as such.

    ``dotted``: the attributes that are passed, ``a.b`` as ("a", "b").
    """

    callee: tuple[str, ...] | None
    passed: tuple[str, ...]
    decorator: bool = False
    dotted: tuple[tuple[str, ...], ...] = ()


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
    inner: set[str] = field(default_factory=set)
    """Names that the body of a class binds, and reads itself."""
    active: set[str] = field(default_factory=set)
    """Those of ``loads`` whose code may run."""
    gets: set[tuple[str, str]] = field(default_factory=set)
    """Attributes read off a plain name: (name, attribute); active unless the name is a module."""
    whole: set[str] = field(default_factory=set)
    """Names that are used as such, and not only for an attribute: a module among them may be looked at elsewhere."""
    stores: set[tuple[str, ...]] = field(default_factory=set)
    """Chains that are stored into or deleted from: ``X.a = 1`` is ("X", "a"), ``X[0] = 1`` is ("X",)."""
    calls: list[Call] = field(default_factory=list)
    imports: list[ImportRef] = field(default_factory=list)
    firm: set[str] = field(default_factory=set)
    """Those of ``reads`` that are read elsewhere than in annotations."""
    hints: set[str] = field(default_factory=set)
    """Every identifier in annotations that are not executed: who asks for them looks those up."""
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


_CHANGES = frozenset({
    "add", "append", "appendleft", "clear", "difference_update", "discard", "extend", "extendleft", "insert",
    "intersection_update", "move_to_end", "pop", "popitem", "popleft", "remove", "reverse", "rotate", "setdefault",
    "sort", "subtract", "symmetric_difference_update", "update",
})  # fmt: skip
"""The methods by which the built-in containers, and those of :mod:`collections`, change."""


def chain_of(node: ast.expr) -> tuple[str, ...] | None:
    """``a.b.c`` as a tuple of identifiers; None for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    return (node.id, *reversed(parts))


def item_changed(call: ast.Call) -> tuple[str, ...] | None:
    """``X[..].append(..)``, ``X.get(..).add(..)`` and the like: X, of which an item is changed; None for others."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in _CHANGES:
        return None
    node = call.func.value
    while True:
        match node:
            case ast.Subscript(value=inner) | ast.Call(func=ast.Attribute(value=inner)):
                node = inner
            case _:
                return chain_of(node) if node is not call.func.value else None


def is_main_guard(node: ast.expr) -> bool:
    """``__name__ == "__main__"``."""
    match node:
        case ast.Compare(left=ast.Name(id="__name__"), ops=[ast.Eq()], comparators=[ast.Constant(value="__main__")]):
            return True
        case ast.BoolOp(op=ast.And(), values=values):
            return any(is_main_guard(value) for value in values)
    return False


def is_once(node: ast.stmt) -> bool:
    """Is it written to run the first time only?

    ``if modcache.first_time():``, or what code says that knows nothing of us: ``if "NAME" not in globals():`` and, as
    the documentation of :func:`importlib.reload` has it, ``try: NAME`` / ``except NameError:``.
    """
    match node:
        case ast.If(test=test):
            return asks_first_time(test) or asks_globals(test)
        case ast.Try(
            body=[ast.Expr(value=ast.Name(id=name))],
            handlers=[ast.ExceptHandler(type=ast.Name(id="NameError"))],
            orelse=[],
            finalbody=[],
        ):
            return name not in _BUILTINS
    return False


def asks_first_time(test: ast.expr) -> bool:
    """``modcache.first_time()``, by whatever name it was imported."""
    if not isinstance(test, ast.Call) or test.args or test.keywords:
        return False
    chain = chain_of(test.func) or ("",)
    return chain[-1] == "first_time" and len(chain) < 3


def asks_globals(test: ast.expr) -> bool:
    """``"NAME" not in globals()``."""
    match test:
        case ast.Compare(
            left=ast.Constant(value=str()),
            ops=[ast.NotIn()],
            comparators=[ast.Call(func=ast.Name(id="globals"), args=[], keywords=[])],
        ):
            return True
    return False


def is_type_checking(node: ast.expr) -> bool:
    """``TYPE_CHECKING`` or ``typing.TYPE_CHECKING``: never true while a program runs."""
    chain = chain_of(node)
    return chain is not None and chain[-1] == "TYPE_CHECKING"
