"""Does inheriting from a class run code, so that a change of it reaches the statements of its subclasses?"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

from modcache._model.bodies import QUIET, Body
from modcache._model.facts import Facts, chain_of
from modcache._refresh.world import World
from modcache._runtime.functions import raw_dict
from modcache._runtime.peek import home, is_a, mro_of, said

__all__ = [
    "acts_when_inherited",
    "changed_by_class_method",
    "hooks_of_inheriting",
    "inherits_actively",
    "is_decorated",
    "of_first_parameter",
    "runs_when_inherited",
]

_DEPTH = 20


def inherits_actively(world: World, module: str, name: str, facts: Facts, statement: ast.stmt) -> bool:
    """Is a statement that of a subclass of what a name holds, and is code run on its way?

    A decorator of the subclass sees what it inherits; a metaclass and ``__init_subclass__`` are run, by the class as it
    is now or as it will be.
    """
    if facts.kind != "class" or not any(base and base[0] == name for base in facts.bases):
        return False
    live = world.live(module, name)
    if not is_a(live, type) or is_decorated(world, module, statement):
        return True
    return runs_when_inherited(live) or _by_what_comes(world, module, (name,), _DEPTH)


def is_decorated(world: World, module: str, statement: ast.stmt) -> bool:
    """Has a class statement decorators that may look at what the class inherits?"""
    if not isinstance(statement, ast.ClassDef):
        return False
    return not all(_is_quiet(world, module, decorator) for decorator in statement.decorator_list)


def _is_quiet(world: World, module: str, decorator: ast.expr) -> bool:
    chain = chain_of(decorator.func if isinstance(decorator, ast.Call) else decorator)
    if chain is None or chain[-1] not in QUIET:
        return False
    return said(world.walk(module, chain)[0], "__module__") not in world


def runs_when_inherited(kind: type) -> bool:
    """Does a subclass of a live class run code when it is made: of a metaclass, of ``__init_subclass__``?"""
    return type(kind) is not type or any("__init_subclass__" in raw_dict(base) for base in mro_of(kind)[:-1])


def acts_when_inherited(kind: object) -> bool:
    """Did making a class run code of somebody's, by its metaclass or an ``__init_subclass__`` that it inherits?"""
    if not is_a(kind, type):
        return False
    meta: Any = type(kind)
    makers = [maker for maker in mro_of(meta) if maker is not type and maker is not object]
    makers += [base for base in mro_of(kind)[1:] if "__init_subclass__" in raw_dict(base)]
    return any(home(maker).partition(".")[0] not in sys.stdlib_module_names for maker in makers)


def hooks_of_inheriting(kind: type) -> Iterator[FunctionType]:
    """The functions that make a subclass of a class: ``__init_subclass__``, those of its metaclass, or its own."""
    metaclass = kind if issubclass(kind, type) else type(kind)
    for owner, names in ((kind, ("__init_subclass__",)), (metaclass, ("__prepare__", "__new__", "__init__"))):
        for base in mro_of(owner):
            for name in names:
                member: Any = raw_dict(base).get(name)
                hook = member.__func__ if is_a(member, classmethod | staticmethod) else member
                if type(hook) is FunctionType:
                    yield hook


def hides(kind: type) -> set[str]:
    """The members by which a class hides those of its bases: not by annotations, nor where ``super()`` may go on."""
    hidden = set()
    for name, member in raw_dict(kind).items():
        function = member.__func__ if is_a(member, classmethod | staticmethod) else member
        if not (type(function) is FunctionType and "__class__" in function.__code__.co_freevars):
            hidden.add(name)
    return hidden - {"__annotations__"}


def of_first_parameter(body: Body) -> set[str]:
    """The attributes of a function's own class that it calls, stores into, or changes."""
    chains = {*body.calls, *body.stores, *body.mutates}
    return {chain[1] for chain in chains if len(chain) > 1 and chain[0] in body.parameters}


def changed_by_class_method(
    kind: type, method: str, body_of: Callable[[Any], tuple[str, Body] | None]
) -> Iterator[type]:
    """The class, or bases of it, that hold what a class method stores into or changes by way of its class."""
    bases: tuple[type, ...] = type.__getattribute__(kind, "__mro__")
    member: Any = next((raw_dict(base)[method] for base in bases if method in raw_dict(base)), None)
    body = body_of(member.__func__) if is_a(member, classmethod) else None
    if body is None:
        return
    for chain in body[1].mutates | body[1].stores:
        if len(chain) > 1 and chain[0] == body[1].parameters[0]:
            yield next((base for base in bases if chain[1] in raw_dict(base)), kind)


def _by_what_comes(world: World, module: str, chain: tuple[str, ...], depth: int) -> bool:
    """The same of the class statements that a base is to be made of, where those are in the roots."""
    origin = world.definition(module, chain[0]) if len(chain) == 1 else None
    if origin is None or depth == 0:
        value, _, _ = world.walk(module, chain)
        return is_a(value, type) and runs_when_inherited(value)
    owner, name = origin
    unit = world.unit(owner)
    for index in unit.binders.get(name, ()):
        node = unit.statements[index].fragment.node
        if not isinstance(node, ast.ClassDef):
            continue
        if node.keywords or "__init_subclass__" in {getattr(inner, "name", "") for inner in node.body}:
            return True
        bases = filter(None, map(chain_of, node.bases))
        if any(_by_what_comes(world, owner, base, depth - 1) for base in bases if base != (name,)):
            return True
        if len(node.bases) != sum(chain_of(base) is not None for base in node.bases):
            return True  # ``Generic[T]`` and calls
    return False
