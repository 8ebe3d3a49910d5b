"""What making an instance runs of a class where code outside the roots makes it: what nobody in the roots calls.

A base of it calls what a subclass overrides (``HTMLParser.__init__`` calls ``reset``), and what the class has been
given to it keeps for then: pydantic's validators, hooks of a schema.
"""

from __future__ import annotations

import gc
from collections.abc import Container, Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

from modcache._refresh.special import SPECIAL
from modcache._runtime.functions import raw_dict
from modcache._runtime.peek import home, is_a, mro_of, qualname_of

__all__ = ["run_by_makers"]

_MAKERS = ("__new__", "__init__")
_NAMED = frozenset({"model_post_init"})
"""What makers in C call by name: pydantic's."""
_OPERATED = SPECIAL - {
    "__repr__", "__str__", "__format__", "__bytes__", "__sizeof__", "__dir__", "__del__", "__copy__", "__deepcopy__",
    "__replace__", "__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__getnewargs__", "__getnewargs_ex__",
    "__enter__", "__exit__", "__aenter__", "__aexit__", "__await__", "__aiter__", "__anext__", "__subclasshook__",
    "__instancecheck__", "__subclasscheck__",
}  # fmt: skip
"""What makers in Python may run without a name: ``self[key] = value``."""
_MOST = 5_000
"""Objects that one class is looked through for."""


def run_by_makers(kind: type, members: set[str], roots: Container[str]) -> set[str]:
    """Those members of a class of the roots that its makers outside of them may run."""
    bases = [base for base in mro_of(kind) if base is not object and home(base) not in roots]
    owners = [raw_dict(base) for base in (*bases, *_metas(kind, roots))]
    makers = [owner[name] for owner in owners for name in _MAKERS if name in owner]
    if not makers:
        return set()
    called = members & _NAMED | members.intersection(_called(makers, bases))
    if any(type(maker) is FunctionType for maker in makers):
        called |= members & _OPERATED
    left = members - called
    return called | (left & _kept(kind, roots)) if left else called


def _metas(kind: type, roots: Container[str]) -> Iterator[type]:
    return (base for base in mro_of(type(kind)) if home(base) not in roots and home(base) != "builtins")


def _called(makers: list[Any], bases: list[type]) -> set[str]:
    """The words of makers that are written in Python, and of what of the same bases they may call."""
    words: set[str] = set()
    todo = [maker.__code__ for maker in makers if type(maker) is FunctionType]
    while todo:
        code = todo.pop()
        new = set(code.co_names) - words
        words |= new
        found = (raw_dict(base).get(word) for base in bases for word in new)
        todo += [member.__code__ for member in found if type(member) is FunctionType]
        todo += [constant for constant in code.co_consts if type(constant) is CodeType]
    return words


def _kept(kind: type, roots: Container[str]) -> set[str]:
    """The methods that a class's own objects of other makes hold: its fields, its validators, its hooks."""
    family = [base for base in mro_of(kind) if home(base) in roots]
    names = {f"{qualname_of(base)}.": home(base) for base in family}
    held = (value for base in family for value in raw_dict(base).values())
    todo = [value for value in held if not is_a(value, FunctionType, classmethod, staticmethod, property, type)]
    seen, found = set(map(id, todo)), set[str]()
    while todo and len(seen) < _MOST:
        value = todo.pop()
        if type(value) is FunctionType:
            owner, _, name = qualname_of(value).rpartition(".")
            if names.get(f"{owner}.") == home(value):
                found.add(name)
        for inner in _inside(value):
            if id(inner) not in seen:
                seen.add(id(inner))
                todo.append(inner)
    return found


def _inside(value: Any) -> list[Any]:
    if type(value) is FunctionType:
        inner = [value.__closure__, value.__defaults__, value.__kwdefaults__, value.__dict__.get("__wrapped__")]
    else:
        inner = gc.get_referents(value)
    return [one for one in inner if one is not None and not is_a(one, type, ModuleType, CodeType)]
