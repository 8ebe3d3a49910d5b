"""Methods that code outside the roots calls without being told of them: it knows them by their names.

A base of it calls what a subclass overrides, or makes up the name of what it calls. What it is given as a file or as a
finder is asked for the methods of one.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from types import FunctionType
from typing import Any

from modcache._model.bodies import Body
from modcache._model.facts import Facts
from modcache._model.given import new_ones, run_of_given
from modcache._refresh.makers import run_by_makers
from modcache._refresh.special import MAKING
from modcache._runtime.functions import raw_dict
from modcache._runtime.peek import home, is_a

__all__ = ["called_from_outside", "calls_unnamed", "hooks_of_making", "run_by_making"]

_DUCKS = frozenset({
    "read", "readinto", "readline", "readlines", "write", "writelines", "flush", "seek", "tell", "close", "isatty",
    "fileno", "find_spec", "create_module", "exec_module", "load_module", "get_source", "get_data", "filter", "emit",
    "handle", "keys",
})  # fmt: skip
"""Of what stands for a file, a finder, a handler of a logger, a mapping."""
_PREFIXES = ("visit", "do_", "test", "handle_", "http_", "unknown_")
_SUFFIXES = ("_open", "_request", "_response")
"""Of names that are made up: by visitors of trees, interpreters of commands, test cases, parsers, openers of URLs."""


def called_from_outside(kind: type, members: set[str], roots: Container[str]) -> set[str]:
    """Those members of a class of the roots that code outside of them may call where it is given an instance."""
    known = [raw_dict(base).keys() for base in _bases(kind, roots)]
    found = {member for member in members if member in _DUCKS or any(member in names for names in known)}
    if any(home(base) != "builtins" for base in _bases(kind, roots)):
        found |= {member for member in members if member.startswith(_PREFIXES) or member.endswith(_SUFFIXES)}
    return found


def calls_unnamed(value: object, name: str, facts: Facts, members: set[str], roots: Container[str]) -> bool:
    """May a statement have code outside the roots call one of these members, of the class or instance of a name?

    By making an instance, if a base does that; by calling any method of it.
    """
    kind = value if is_a(value, type) else type(value)
    if kind is value and run_by_makers(kind, members, roots):
        return True
    asked = any(call.callee is None or name in call.callee[:-1] for call in facts.calls)
    return asked and bool(called_from_outside(kind, members, roots))


def run_by_making(kind: type, body_of: Callable[[Any], tuple[str, Body] | None]) -> set[str] | None:
    """Those that making the class may run: hooks of its bases, of its metaclass, of what stands in it. None: any."""
    found: set[str] = set()
    for hook, position in _hooks(kind):
        body = body_of(hook)
        if body is None or body[1].function is None or len(body[1].parameters) <= position:
            continue  # of others: what they do with it is not known, nor asked
        function = body[1].function
        names = new_ones(function) if hook.__name__ == "__new__" else {body[1].parameters[position]}
        run = run_of_given(function, names)
        if run is None:
            return None
        found |= run
    return found | MAKING if "" in found else found


def hooks_of_making(kind: type) -> Iterator[FunctionType]:
    """The functions that run when a class is made: of its bases, of its metaclass, of what stands in it."""
    return (hook for hook, _ in _hooks(kind))


def _hooks(kind: type) -> Iterator[tuple[FunctionType, int]]:
    """Functions that run when a class is made, with the position at which they are given it."""
    bases: tuple[type, ...] = type.__getattribute__(kind, "__mro__")
    rows: list[tuple[Any, int]] = [(raw_dict(base).get("__init_subclass__"), 0) for base in bases[1:]]
    makers: tuple[type, ...] = type.__getattribute__(type(kind), "__mro__")
    rows += [(raw_dict(base).get(name), 0) for base in makers for name in ("__new__", "__init__")]
    for value in list(raw_dict(kind).values()):
        owners: tuple[type, ...] = type.__getattribute__(type(value), "__mro__")
        rows += [(raw_dict(owner).get("__set_name__"), 1) for owner in owners]
    for member, position in rows:
        hook = member.__func__ if is_a(member, classmethod | staticmethod) else member
        if type(hook) is FunctionType:
            yield hook, position


def _bases(kind: type, roots: Container[str]) -> Iterator[type]:
    bases: tuple[type, ...] = type.__getattribute__(kind, "__mro__")
    return (base for base in bases if base is not object and home(base) not in roots)
