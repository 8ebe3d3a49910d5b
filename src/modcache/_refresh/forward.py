"""A function whose free variables came or went can't take the new code: it is made to forward to its successor."""

from __future__ import annotations

import functools
from types import CodeType, FunctionType
from typing import Any

__all__ = ["forwarder", "functions_of", "is_made_by_function"]

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


def is_made_by_function(function: FunctionType) -> bool:
    """Was it made for this place alone, as wrappers are that a decorator makes?"""
    return "<locals>" in function.__code__.co_qualname and function.__closure__ is not None
