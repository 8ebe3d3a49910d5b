"""Shapes: which attributes the instances of a class have, by its fields, its slots and its text, and what changed."""

from __future__ import annotations

import ast
import dataclasses
import functools
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import FunctionType, MemberDescriptorType
from typing import Any

from modcache._model.making import CONTAINERS, Making, Setting, is_constant, is_plain, making_of
from modcache._model.trees import same_tree
from modcache._refresh.forward import is_generated
from modcache._runtime.functions import raw_dict
from modcache._runtime.peek import field_of, mro_of, said

__all__ = [
    "HOOK",
    "Default",
    "Lack",
    "Provided",
    "Reshaped",
    "holds_only_attributes",
    "listed",
    "member_of",
    "reshaped",
    "slots_of",
]

HOOK = "__migrate__"


class Lack(Enum):
    """Why nothing can be given to an instance that lacks an attribute."""

    UNKNOWN = "what it is set to depends on how the instance was made"
    MAYBE = "it is set under a condition"
    EMPTY = "a new slot is empty"


@dataclass(frozen=True, slots=True)
class Default:
    """What an attribute is on an instance that had nothing to say about it.

    ``value`` for all of them; or what ``make`` gives, called anew for each, with the instance if ``takes_self``.
    """

    value: object = None
    make: Callable[..., object] | None = None
    takes_self: bool = False

    def given(self, instances: Sequence[object]) -> list[object]:
        """What some instances are given, one for each. Raises what ``make`` raises."""
        if self.make is None:
            return [self.value] * len(instances)
        return [self.make(one) if self.takes_self else self.make() for one in instances]


Provided = Default | Lack


@dataclass(slots=True)
class Reshaped:
    """A class whose instances are to have other attributes than they have.

    ``old``: the live class; ``new``: the staged one, None if its statement is not executed. ``added``: the attributes
    that come. ``removed``: those that its declarations have no more, which go. ``left``: those that ``__init__`` sets
    no more, which stay with who has them. ``caches``: cached properties of which the function is another. ``opaque``:
    what ``__init__`` sets can't be told.
    """

    where: str
    old: type
    new: type | None
    added: dict[str, Provided] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    caches: set[str] = field(default_factory=set)
    opaque: bool = False
    fixed: bool = False
    """Are they tuples, whose fields are others now?"""
    rehashed: bool = False
    """Is their hash another now?"""

    def __bool__(self) -> bool:
        gives = self.added or self.removed or self.left or self.caches
        return bool(gives or self.opaque or self.fixed or self.rehashed)

    @property
    def hook(self) -> bool:
        """Does the class, or a base of it, have a say in how its instances migrate?"""
        return member_of(self.new or self.old, HOOK) is not None


def reshaped(
    where: str,
    old: type,
    new: type | None,
    texts: tuple[ast.ClassDef, ast.ClassDef] | None,
    namespace: Mapping[str, object],
) -> Reshaped:
    """What changes in the instances of a class.

    ``texts``: its statement, before and after, if that was edited; ``namespace``: the names that its module will have.
    """
    found = Reshaped(where, old, new)
    if new is not None:
        _declared(found, new)
    if texts is not None:
        before, after = map(making_of, texts)
        _made(found, before, after, namespace)
        found.caches = _caches(found, texts)
        found.rehashed = member_of(old, "__hash__") is not None and not same_tree(*map(_hash_in, texts))
        found.opaque = after.opaque and not _same_methods(before, after)
    _clashes(found)
    found.rehashed |= _is_hashed_by_fields(found)
    found.left -= found.removed
    return found


# -- what a class declares


def _declared(found: Reshaped, new: type) -> None:
    before, after = _fields(found.old), _fields(new)
    found.added.update({name: one for name, one in after.items() if name not in before})
    found.removed |= before.keys() - after.keys()
    found.fixed = issubclass(new, tuple) and member_of(found.old, "_fields") != member_of(new, "_fields")
    olds, news = slots_of(found.old).keys(), slots_of(new).keys()
    if not field_of(new, "__dictoffset__"):  # else what was in a slot goes on in the dict
        found.removed |= olds - news - after.keys()
    found.added.update({name: Lack.EMPTY for name in news - olds if name not in found.added and name not in before})


def _fields(kind: type) -> dict[str, Provided]:
    """The fields of a dataclass, a class of attrs or a model of pydantic, with what they are by default."""
    for name, reader in _READERS.items():
        fields = member_of(kind, name)
        if fields is not None:
            return dict(reader(fields))
    return {}


def _of_dataclass(fields: Mapping[str, dataclasses.Field[Any]]) -> Iterator[tuple[str, Provided]]:
    for name, one in fields.items():
        if getattr(one, "_field_type", None) is not _FIELD:
            continue  # ClassVar, InitVar
        if one.default is not dataclasses.MISSING:
            yield name, Default(one.default)
        elif one.default_factory is not dataclasses.MISSING:
            yield name, Default(make=one.default_factory)
        else:
            yield name, Lack.UNKNOWN if one.init else Lack.EMPTY


def _of_attrs(fields: Iterable[Any]) -> Iterator[tuple[str, Provided]]:
    for one in fields:
        default, kind = one.default, type(one.default).__name__
        if kind == "_Nothing" or getattr(one, "converter", None) is not None:
            yield one.name, Lack.UNKNOWN if one.init else Lack.EMPTY
        elif kind == "Factory":
            yield one.name, Default(make=default.factory, takes_self=default.takes_self)
        else:
            yield one.name, Default(default)


def _of_pydantic(fields: Mapping[str, Any]) -> Iterator[tuple[str, Provided]]:
    for name, one in fields.items():
        if one.is_required():
            yield name, Lack.UNKNOWN
        else:
            yield name, Default(make=functools.partial(one.get_default, call_default_factory=True))


def _of_pydantic_1(fields: Mapping[str, Any]) -> Iterator[tuple[str, Provided]]:
    for name, one in fields.items():
        yield name, Lack.UNKNOWN if one.required is True else Default(make=one.get_default)


def listed(kind: type) -> set[str]:
    """The names that a class lists as its own, though no statement may bind them: members, fields.

    So does one that was made by a call (``Enum("E", "A B")``, ``namedtuple``, ``make_dataclass``).
    """
    members, fields = raw_dict(kind).get("_member_map_", ()), raw_dict(kind).get("_fields", ())
    return {name for name in (*members, *fields) if isinstance(name, str)} | _fields(kind).keys()


_FIELD = getattr(dataclasses, "_FIELD", None)
_READERS: dict[str, Callable[[Any], Iterator[tuple[str, Provided]]]] = {
    "__dataclass_fields__": _of_dataclass,
    "__attrs_attrs__": _of_attrs,
    "__pydantic_fields__": _of_pydantic,
    "__fields__": _of_pydantic_1,
}


def holds_only_attributes(kind: type) -> bool:
    """Instances that are nothing but what their ``__dict__`` and their slots hold."""
    if any(not field_of(base, "__flags__") & _HEAP and base is not object for base in mro_of(kind)):
        return False
    # what a type that is written in C keeps in its instances shows in their size
    pointers = (field_of(kind, "__dictoffset__") > 0) + (field_of(kind, "__weakrefoffset__") > 0) + len(slots_of(kind))
    return bool(field_of(kind, "__basicsize__") == object.__basicsize__ + pointers * _POINTER)


def slots_of(kind: type) -> dict[str, MemberDescriptorType]:
    """The slots that instances of a class have, those of its bases too; the members of types in C are not slots."""
    found: dict[str, MemberDescriptorType] = {}
    for base in reversed(mro_of(kind)):
        if field_of(base, "__flags__") & _HEAP:
            rows = raw_dict(base).items()
            found.update({name: member for name, member in rows if type(member) is MemberDescriptorType})
    return found


_HEAP = 1 << 9
_POINTER = struct.calcsize("P")


def member_of(kind: type, name: str) -> Any:
    """What a class has under a name, raw, by its bases too; None if it has nothing."""
    return next((raw_dict(base)[name] for base in mro_of(kind) if name in raw_dict(base)), None)


# -- what making an instance does


def _made(found: Reshaped, before: Making, after: Making, namespace: Mapping[str, object]) -> None:
    """What ``__init__`` and its like set now, and did not."""
    fresh = {name: value for name, value in _defaults(found.new).items() if name not in before.parameters}
    known = before.settings.keys() | _fields(found.old).keys()
    for name in after.settings:  # in the order in which a new instance gets them
        if name not in known:
            found.added[name] = _provided(after.settings[name], fresh, namespace)
    found.removed -= after.settings.keys()
    if not after.opaque:
        found.left |= before.settings.keys() - after.settings.keys() - _fields(found.new or found.old).keys()


def _same_methods(before: Making, after: Making) -> bool:
    olds, news = before.methods, after.methods
    return olds.keys() == news.keys() and all(same_tree(olds[name], news[name]) for name in olds)


def _provided(setting: Setting, fresh: Mapping[str, object], namespace: Mapping[str, object]) -> Provided:
    if setting.value is None or not setting.local.isdisjoint(CONTAINERS):
        return Lack.UNKNOWN if setting.certain else Lack.MAYBE
    words = {node.id for node in ast.walk(setting.value) if isinstance(node, ast.Name)}
    known = {name: fresh[name] for name in words & setting.parameters if name in fresh}
    known |= {name: namespace[name] for name in words - setting.local if name in namespace}
    if not setting.certain or not is_plain(setting.value, known):
        return Lack.UNKNOWN if setting.certain else Lack.MAYBE
    if (kind := _empty_container(setting.value)) is not None:
        return Default(make=kind)
    code = compile(ast.Expression(setting.value), "<default>", "eval")
    names = {"__builtins__": {kind.__name__: kind for kind in (list, dict, set, tuple, frozenset)}, **known}
    make = functools.partial(eval, code, names)
    return Default(make()) if is_constant(setting.value) else Default(make=make)


def _empty_container(value: ast.expr) -> type | None:
    """The built-in type that an expression makes a new, empty one of."""
    if isinstance(value, ast.Call):  # a plain one is of a container, without arguments
        return {"list": list, "dict": dict, "set": set}.get(getattr(value.func, "id", ""))
    if isinstance(value, ast.List) and not value.elts:
        return list
    return dict if isinstance(value, ast.Dict) and not value.keys else None


def _defaults(kind: type | None) -> dict[str, object]:
    """The parameters of ``__init__`` that have a default, with it."""
    function = raw_dict(kind).get("__init__") if kind is not None else None
    if type(function) is not FunctionType:
        return {}
    code, defaults = function.__code__, function.__defaults__ or ()
    names = code.co_varnames[: code.co_argcount]
    return {**dict(zip(names[len(names) - len(defaults) :], defaults, strict=True)), **(function.__kwdefaults__ or {})}


# -- what they are found by


def _hash_in(text: ast.ClassDef) -> ast.Module:
    """The ``__hash__`` in the text of a class."""
    return ast.Module([one for one in text.body if getattr(one, "name", "") == "__hash__"], [])


def _is_hashed_by_fields(found: Reshaped) -> bool:
    """Is the hash of a dataclass that of its fields, and are these others now?"""
    own = member_of(found.old, "__hash__")
    made = type(own) is FunctionType and is_generated(own)
    differing = found.added.keys() | found.removed
    return made and not differing.isdisjoint(_fields(found.old).keys() | _fields(found.new or found.old).keys())


# -- members that instances hold something under


def _clashes(found: Reshaped) -> None:
    """What ``__init__`` sets no more, and the class defines now: the instance's own would hide it."""
    members = raw_dict(found.new) if found.new is not None else {}
    hidden = {name for name in found.left if name in members and hasattr(type(members[name]), "__get__")}
    found.removed |= {name for name in hidden if type(members[name]) is not MemberDescriptorType}


def _caches(found: Reshaped, texts: tuple[ast.ClassDef, ast.ClassDef]) -> set[str]:
    """Cached properties that say something else than before: what instances remember of them is old."""
    names = {name for name, member in raw_dict(found.old).items() if _is_cached(member)}
    if not names:
        return set()
    olds, news = ({n.name: n for n in text.body if isinstance(n, ast.FunctionDef)} for text in texts)
    changed = {name for name in names & olds.keys() if name not in news or not same_tree(olds[name], news[name])}
    return changed - found.added.keys()


def _is_cached(member: object) -> bool:
    """Other libraries have theirs (Django, Werkzeug, boltons); they keep it in the instance under the same name."""
    kind = type(member)
    return issubclass(kind, functools.cached_property) or said(kind, "__name__") == "cached_property"
