"""Plain constants and code: what may be compared by value, and what a literal assignment binds."""

from __future__ import annotations

import ast
import math
from types import CodeType
from typing import Any

__all__ = ["is_compiled_as", "literal_of", "same_but_lines", "same_constant"]

_PLAIN = (int, float, complex, str, bytes, bool, type(None), type(...))


def same_constant(old: object, new: object) -> bool:
    """Are these equal constants that nobody could tell apart but by ``is``? Runs no user's ``__eq__``."""
    if old is new:
        return True
    if type(old) is not type(new):
        return False
    if type(old) is tuple or type(old) is frozenset:  # not by isinstance: a weak proxy whose object is gone raises
        return _same_items(old, new)
    if type(old) is float or type(old) is complex:
        return repr(old) == repr(new)
    return _is_plain(old) and bool(old == new)


def same_but_lines(old: CodeType, new: CodeType) -> bool:
    """Do two code objects do the same, wherever they stand?"""
    if old.co_code != new.co_code or old.co_names != new.co_names or old.co_varnames != new.co_varnames:
        return False
    if len(old.co_consts) != len(new.co_consts) or old.co_freevars != new.co_freevars:
        return False
    for one, other in zip(old.co_consts, new.co_consts, strict=True):
        if isinstance(one, CodeType) and isinstance(other, CodeType):
            if not same_but_lines(one, other):
                return False
        elif not same_constant(one, other):
            return False
    return True


def _is_plain(value: object) -> bool:
    """By identity: the metaclass of another type may have an ``__eq__`` of its own."""
    return any(type(value) is kind for kind in _PLAIN)


def is_compiled_as(code: CodeType, compiled: CodeType) -> bool:
    """Can ``code`` be what the compiler made of the same text? ``CodeType.replace`` makes other code of it.

    Instructions are not compared: a part of a module, compiled alone, may have others than in the whole.
    """
    if (code.co_name, code.co_flags) != (compiled.co_name, compiled.co_flags):
        return False
    constants = [[c for c in one.co_consts if not isinstance(c, CodeType)] for one in (code, compiled)]
    return _same_items(*constants)


def _same_items(old: Any, new: Any) -> bool:
    if len(old) != len(new):
        return False
    if type(old) is frozenset:
        plain = all(_is_plain(item) for item in (*old, *new))
        return plain and {(type(i), i) for i in old} == {(type(i), i) for i in new}
    return all(same_constant(one, other) for one, other in zip(old, new, strict=True))


def literal_of(node: ast.stmt) -> tuple[bool, Any]:
    """(True, value) for ``name = <plain literal>``."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        if isinstance(node.value, ast.Constant):
            value = node.value.value
            return not (isinstance(value, float) and math.isnan(value)), value
    return False, None
