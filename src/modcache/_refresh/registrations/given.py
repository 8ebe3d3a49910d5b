"""The containers of other modules that one statement may reach: by what it calls, decorates with, or stores into."""

from __future__ import annotations

import abc
import codecs
import gc
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from modcache._model.sites import Site
from modcache._refresh.registrations.known import RUNNERS
from modcache._refresh.registrations.places import Items, Members, Names, Place
from modcache._refresh.registrations.process import Abstract, Member
from modcache._runtime.functions import cell_content, instance_dict, raw_dict
from modcache._runtime.peek import Kinds, home, is_a, mro_of

__all__ = ["attribute_of", "given", "resolved"]

_MISSING: Any = object()
_DICTS = Kinds(dict, OrderedDict, defaultdict)
_LISTS = Kinds(list, deque)
_PLACES = Kinds(dict, OrderedDict, defaultdict, list, deque, set)
_ATOMIC = (int, str, bytes, float, bool, type(None), complex, type, ModuleType, FunctionType, BuiltinFunctionType)
_DEPTH = 3
_MOST = 48
_LARGEST = 2_000


def given(site: Site, namespace: dict[str, Any], owns: Callable[[str], bool]) -> list[Place]:
    """The places that a statement may register in. ``owns``: is this the name of a module of the roots?"""
    found: dict[object, Place] = {}
    for origin, chain, stored in site.targets:
        if owns(origin):
            continue
        if stored:
            place = attribute_of(resolved(namespace, chain[:-1]), chain, owns)
            if place is not None:
                place.library = origin.partition(".")[0]
                found.setdefault(place.key, place)
        else:
            for value in _steps(namespace, chain):
                for place in _places(value, ".".join(chain), owns):
                    place.library = origin.partition(".")[0]
                    found.setdefault(place.key, place)
    return list(found.values())


def attribute_of(holder: Any, chain: tuple[str, ...], owns: Callable[[str], bool]) -> Place | None:
    """The attribute that is the last of a chain, of an object that is not the roots' own; None if that can't be set."""
    name = ".".join(chain)
    if is_a(holder, type):
        return None if owns(home(holder)) else Member(name, holder, chain[-1])
    module = holder.__name__ if is_a(holder, ModuleType) else home(type(holder))
    inside = holder.__dict__ if is_a(holder, FunctionType) else instance_dict(holder)
    if inside is None or owns(module):
        return None
    return Names(name, partial(_same, inside), only=(chain[-1],))


def resolved(namespace: dict[str, Any], chain: tuple[str, ...]) -> Any:
    """What a chain of names stands for, found without running anything; a sentinel if it can't be."""
    return [_MISSING, *_steps(namespace, chain)][-1]


def _steps(namespace: dict[str, Any], chain: tuple[str, ...]) -> Iterator[Any]:
    """The last two things that a chain of names leads to: what is called, and the object that it is called on."""
    value = namespace.get(chain[0], _MISSING)
    before = _MISSING
    for part in chain[1:]:
        if value is _MISSING:
            return
        before, value = value, _attribute(value, part)
    if before is not _MISSING and not is_a(before, ModuleType):
        yield before
    if value is not _MISSING:
        yield value


def _attribute(value: Any, name: str) -> Any:
    if is_a(value, type):
        return next((raw_dict(base)[name] for base in _mro(value) if name in raw_dict(base)), _MISSING)
    inside = value.__dict__ if type(value) is FunctionType else instance_dict(value)
    if inside is not None and name in inside:
        return inside[name]
    return next((raw_dict(base)[name] for base in _mro(type(value)) if name in raw_dict(base)), _MISSING)


def _mro(kind: type) -> tuple[type, ...]:
    found: tuple[type, ...] = mro_of(kind)
    return found


def _places(value: Any, name: str, owns: Callable[[str], bool]) -> Iterable[Place]:
    if value is codecs.register or value is codecs.register_error:
        return _of_codecs()
    bound = is_a(value, MethodType | BuiltinFunctionType)
    if bound and not isinstance(value.__self__, ModuleType):
        value = value.__self__
    if is_a(value, type):
        return [Abstract(value)] if is_a(value, abc.ABCMeta) and not owns(home(value)) else []
    if type(value) is FunctionType:
        return [] if owns(home(value)) else _of_function(value, name)
    return [] if owns(home(type(value))) else _inside([(value, name)])


def _of_function(function: FunctionType, name: str) -> Iterable[Place]:
    """What a function keeps things in: containers among the globals that it uses, and those that it closes over."""
    if function.__module__ == "mimetypes" and not function.__globals__["inited"]:
        function.__globals__["init"]()
    register = function.__dict__.get("register")
    if type(register) is FunctionType and "registry" in function.__dict__:
        return _of_dispatcher(function.__qualname__, register)
    if function.__module__ == "functools":
        return []
    used = [(word, function.__globals__.get(word)) for word in function.__code__.co_names]
    rows = [(value, f"{function.__module__}.{word}") for word, value in used]
    rows += [(cell_content(cell), f"a variable of {name}") for cell in function.__closure__ or ()]
    return _inside([(value, word) for value, word in rows if not is_a(value, _ATOMIC)])


def _of_dispatcher(name: str, register: FunctionType) -> Iterable[Place]:
    """The table of a single-dispatch function, and the cache that is emptied whenever it changes."""
    cells = dict(zip(register.__code__.co_freevars, map(cell_content, register.__closure__ or ()), strict=True))
    registry: Any = cells.get("registry")
    remembered: Any = cells.get("dispatch_cache")
    if type(registry) is not dict or remembered is None:
        return []
    return [Names(f"the registry of {name}", lambda: registry, remembered.data.clear)]


def _inside(rows: list[tuple[Any, str]]) -> list[Place]:
    """The containers that can be reached from some values in a few steps."""
    found: list[Place] = []
    seen: set[int] = set()
    todo = deque((value, name, 0) for value, name in rows)
    while todo and len(found) < _MOST:
        value, name, depth = todo.popleft()
        if id(value) in seen or is_a(value, _ATOMIC):
            continue
        seen.add(id(value))
        place = _place(value, name)
        if place is not None:
            found.append(place)
        if depth < _DEPTH:
            todo.extend((inner, word, depth + 1) for inner, word in _within(value, name))
    return found


def _place(value: Any, name: str) -> Place | None:
    if type(value) in _PLACES and len(value) <= _LARGEST:
        kind: Any = Names if type(value) in _DICTS else Items if type(value) in _LISTS else Members
        made: Place = kind(name, partial(_same, value))
        return made
    return None


def _same(value: Any) -> Any:
    return value


def _within(value: Any, name: str) -> Iterable[tuple[Any, str]]:
    if type(value) in _DICTS:
        return [(inner, f"{name}[...]") for inner in list(value.values())]
    if type(value) is tuple or type(value) in _LISTS:
        return [(inner, f"{name}[...]") for inner in list(value)]
    inside = instance_dict(value)
    return [(inner, f"{name}.{word}") for word, inner in list(inside.items())] if inside else []


class _Codecs(Items):
    words = RUNNERS["codecs"]


class _Errors(Names):
    words = RUNNERS["codecs"]


@cache
def _of_codecs() -> tuple[Place, ...]:
    """The lists of the codec registry: nothing gives them away but what they hold."""

    def sentinel(_: str) -> None: ...

    codecs.register(sentinel)
    known, strict = codecs.lookup("utf-8"), codecs.lookup_error("strict")
    rows = gc.get_referrers(sentinel, known, strict)
    path = [row for row in rows if type(row) is list and any(item is sentinel for item in row)]
    codecs.unregister(sentinel)
    tables = [row for row in rows if type(row) is dict]
    remembered = [row for row in tables if any(row.get(name) is known for name in ("utf_8", "utf-8"))]
    errors = [row for row in tables if row.get("strict") is strict]
    found: list[Place] = []
    if path and remembered:
        found.append(_Codecs("the codecs' search functions", lambda: path[0], remembered[0].clear))
    if errors:
        found.append(_Errors("the codecs' error handlers", lambda: errors[0]))
    return tuple(found)
