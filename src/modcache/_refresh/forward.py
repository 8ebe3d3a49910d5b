"""A function whose free variables came or went can't take the new code: it is made to forward to its successor."""

from __future__ import annotations

import functools
import gc
import itertools
import sys
from types import CellType, CodeType, FunctionType, MethodType
from typing import Any

from modcache._runtime.functions import cell_content, raw_dict

__all__ = [
    "dicts_of", "forwarder", "functions_of", "given_to", "held_of", "is_generated", "is_held", "parameters_of", "wraps",
]  # fmt: skip

_TARGET = "__modcache_target__"


def forwarder(old: FunctionType, new: object) -> tuple[CodeType, dict[str, Any]]:
    """Code that ``old`` can run (it has the same free variables) and the keyword default that leads it to ``new``."""
    code = _code(old.__code__.co_freevars).replace(co_name=old.__code__.co_name, co_qualname=old.__code__.co_qualname)
    return code, {_TARGET: new}


@functools.cache
def _code(freevars: tuple[str, ...]) -> CodeType:
    names = [name for name in freevars if name != "__class__"]
    lines = ["def outer():"]
    body = "def forward(*args, __modcache_target__, **kwargs):\n    return __modcache_target__(*args, **kwargs)"
    uses = "".join(f"\n    if 0: {name}" for name in freevars)
    lines.extend(f"    {name} = None" for name in names)
    inner = (body + uses).splitlines()
    if "__class__" in freevars:
        lines.append("    class Holder:")
        lines.extend(f"        {line}" for line in inner)
        lines.append("    return Holder.__dict__['forward']")
    else:
        lines.extend(f"    {line}" for line in inner)
        lines.append("    return forward")
    namespace: dict[str, Any] = {}
    exec("\n".join(lines), namespace)
    found: CodeType = namespace["outer"]().__code__
    return found


def functions_of(member: Any) -> list[FunctionType]:
    """The functions of a method of any kind."""
    kind = type(member)
    found = (member.__func__,) if kind is classmethod or kind is staticmethod else (member,)
    return [value for value in found if type(value) is FunctionType]


def dicts_of(function: FunctionType) -> tuple[dict[str, Any] | None, ...]:
    """The dicts that a function has for itself."""
    # the annotations too: up to 3.13 their dict comes into being when it is first asked for
    annotations = None if hasattr(function, "__annotate__") else function.__annotations__
    return function.__dict__, function.__kwdefaults__, annotations


def is_generated(function: FunctionType) -> bool:
    """Was it made from a text that no file has, as ``dataclasses`` makes its methods?"""
    return function.__code__.co_filename.startswith("<")


def wraps(function: FunctionType, method: str) -> bool:
    """Is it what decorators made of this method (its qualified name) alone? Then a closure of it leads there."""
    todo, seen = [function], {id(function)}
    while todo:
        one = todo.pop()
        if one.__code__.co_qualname == method:
            return True
        for cell in one.__closure__ or ():
            for inner in functions_of(cell_content(cell)):
                if id(inner) not in seen:
                    seen.add(id(inner))
                    todo.append(inner)
    return False


def parameters_of(cache: Any) -> Any:
    """What an ``lru_cache`` was made with; None of anything else."""
    found = getattr(cache, "cache_parameters", None)
    return found() if found is not None else None


def held_of(member: Any) -> list[Any]:
    """What people have of a method: its functions; where overloads are bound they refer to the method itself."""
    return [member] if type(member) is functools.singledispatchmethod else functions_of(member)


def is_held(kind: type, name: str) -> bool:
    """Does anybody have that of a method besides the class? By its number of references; too often yes."""
    kind_of_method = type(raw_dict(kind)[name])  # a name for the method itself would be counted
    if kind_of_method is functools.partialmethod:
        return _is_bound(raw_dict(kind)[name])
    wrapped = kind_of_method is staticmethod or kind_of_method is classmethod
    return max(_counts(kind, name), default=0) > _by_nature(wrapped)


def _is_bound(method: functools.partialmethod[Any]) -> bool:
    """Does anybody have a partial method of an instance, or of the class? It is made anew whenever it is asked for."""
    of_instance = any(type(row) is MethodType for row in gc.get_referrers(method.func))
    return of_instance or any(type(row) is CellType for row in gc.get_referrers(method))


def given_to(method: functools.partialmethod[Any]) -> list[Any]:
    """What a partial method calls, and with what."""
    return [method.func, *method.args, *itertools.chain.from_iterable(sorted(method.keywords.items()))]


def _counts(kind: type, name: str) -> list[int]:
    return [sys.getrefcount(one) for one in held_of(raw_dict(kind)[name])]


@functools.cache
def _by_nature(wrapped: bool) -> int:
    """What is counted for such a method that nobody else has: it differs between versions of CPython."""

    class Holder:
        def plain(self) -> None: ...

        @staticmethod
        def static() -> None: ...

    return _counts(Holder, "static" if wrapped else "plain")[0]
