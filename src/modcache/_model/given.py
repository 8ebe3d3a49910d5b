"""Does a function's own code run what it is given, or look into it? So a decorator may, while its module executes.

What the function makes and returns (a wrapper) is another matter: that runs later. It is read off the text, and where
that does not tell, the answer is yes: then what was given is executed anew, where it might have been patched.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator

from modcache._model.facts import chain_of

__all__ = ["HANDED", "kept_by", "new_ones", "run_of_given", "runs_given"]

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_KEEPERS = frozenset({
    "append", "add", "insert", "setdefault", "update", "extend", "appendleft", "register", "wraps", "update_wrapper",
    "isinstance", "issubclass", "callable", "hasattr", "id", "type", "getattr", "setattr", "len", "cast", "partial",
    "signature", "iscoroutinefunction", "isgeneratorfunction", "isasyncgenfunction", "isclass", "isfunction",
    "staticmethod", "classmethod", "property",
})  # fmt: skip
"""Names of what keeps a thing, or looks at no more of it than its head."""
HANDED = frozenset({"wraps", "partial"})
"""Those of them that make a function which is called at once: ``wraps(f)(wrapper)``."""
_HEADS = frozenset({"__name__", "__qualname__", "__module__", "__doc__", "__annotations__", "__defaults__"})


def runs_given(function: _Function, parameters: Collection[str]) -> bool:
    """May its own code call one of its parameters, or an attribute of it, or pass it on to something that may?"""
    given = _carriers(function, set(parameters))
    return any(_runs(node, given) for node in _own(function.body))


def run_of_given(function: _Function, parameters: Collection[str]) -> set[str] | None:
    """The attributes of one of its parameters that its own code calls; ``""``: itself; None: it is passed on."""
    given = _carriers(function, set(parameters))
    found: set[str] = set()
    for call in (node for node in _own(function.body) if isinstance(node, ast.Call)):
        chain = chain_of(call.func) or ("",)
        if chain[0] in given and not _is_kept(chain):
            found.add(chain[1] if len(chain) > 1 else "")
        elif not chain[0] and _carries(call.func, given) and not _changes(call.func):
            found.add("")  # an item of it, or what a call of it gave
        above = not chain[0] or chain[0] == "type"  # super().__init__(..), and the like
        if not above and chain[-1] not in _KEEPERS and any(_carries(part, given) for part in _passed(call)):
            return None
    return found


def new_ones(function: _Function) -> set[str]:
    """The names that the ``__new__`` of a metaclass gives to the class that it makes."""
    found: set[str] = set()
    for node in _own(function.body):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            made = node.value.func.attr if isinstance(node.value.func, ast.Attribute) else _last(node.value)
            if made in {"__new__", "type"}:
                found.update(name for target in node.targets for name in _names(target))
    return found


def kept_by(function: _Function, parameters: Collection[str]) -> set[tuple[str, ...]]:
    """The chains that its own code calls with a parameter, and that by their names only keep it."""
    given = _carriers(function, set(parameters))
    calls = (node for node in _own(function.body) if isinstance(node, ast.Call))
    chains = (chain_of(call.func) for call in calls if any(_carries(part, given) for part in _passed(call)))
    return {chain for chain in chains if chain is not None}


def _own(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes of a body, but for those of functions in it."""
    stack = list(body)
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, _Function):
            stack.extend([*node.decorator_list, *node.args.defaults, *(d for d in node.args.kw_defaults if d)])
        elif not isinstance(node, ast.Lambda):
            stack.extend(ast.iter_child_nodes(node))


def _carriers(function: _Function, given: set[str]) -> set[str]:
    """What is given, and the names of whatever its own code makes of that."""
    own = list(_own(function.body))
    while True:
        found = {name for node in own for name in _bound_to(node, given)} - given
        if not found:
            return given
        given = given | found


def _bound_to(node: ast.AST, given: set[str]) -> Iterator[str]:
    """The names that a node binds to something that carries what is given."""
    match node:
        case ast.Assign(targets=targets, value=value) if _carries(value, given):
            yield from (name for target in targets for name in _names(target))
        case ast.AnnAssign(target=target, value=ast.expr() as value) if _carries(value, given):
            yield from _names(target)
        case ast.NamedExpr(target=target, value=value) if _carries(value, given):
            yield target.id
        case ast.For() | ast.AsyncFor() | ast.comprehension() if _carries(node.iter, given):
            yield from _names(node.target)
        case ast.withitem(context_expr=value, optional_vars=ast.expr() as target) if _carries(value, given):
            yield from _names(target)
        case ast.FunctionDef() | ast.AsyncFunctionDef() if any(_carries(part, given) for part in node.body):
            yield node.name


def _names(target: ast.AST) -> Iterator[str]:
    """The plain names in a target: what is stored into an object makes that a carrier too."""
    return (node.id for node in ast.walk(target) if isinstance(node, ast.Name))


def _carries(node: ast.AST, given: set[str]) -> bool:
    """Does it name what is given, other than for its head?"""
    if isinstance(node, ast.Name):
        return node.id in given
    if isinstance(node, ast.Attribute) and node.attr in _HEADS and isinstance(node.value, ast.Name):
        return False
    return any(_carries(child, given) for child in ast.iter_child_nodes(node))


def _passed(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _runs(node: ast.AST, given: set[str]) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr == "__code__" and _carries(node.value, given)
    if isinstance(node, _Function) and node.name in given:
        return any(_last(decorator) not in _KEEPERS for decorator in node.decorator_list)
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Call) and _last(node.func) in HANDED:
        return False
    if _carries(node.func, given) and not _is_kept(chain_of(node.func)):
        return True
    return _last(node) not in _KEEPERS and any(_carries(part, given) for part in _passed(node))


def _is_kept(chain: tuple[str, ...] | None) -> bool:
    """``cls.registry.append(…)``: something that is asked of what is given keeps it."""
    return chain is not None and len(chain) > 2 and chain[-1] in _KEEPERS


def _changes(func: ast.expr) -> bool:
    """``self.rows.setdefault(key, []).append``: a container is changed."""
    return isinstance(func, ast.Attribute) and func.attr in _KEEPERS


def _last(node: ast.expr) -> str:
    """The last name of what is called, or decorates."""
    chain = chain_of(node.func if isinstance(node, ast.Call) else node)
    return chain[-1] if chain is not None else ""
