"""Enumerations that live on: which of their members are gone, or go by another name than those who hold them think."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from modcache._runtime.functions import raw_dict
from modcache._runtime.peek import field_of, home, is_a, mro_of

if TYPE_CHECKING:
    from modcache._refresh.world import World

__all__ = ["composites", "departed_members", "exported_and_gone", "holds_its_value", "moved_names"]

_HEAP = 1 << 9


def departed_members(old: type, new: type) -> Iterator[str]:
    """The names that members of an enumeration had, and that are gone."""
    after = _members(new)
    return (name for name in _members(old) if name not in after)


def exported_and_gone(pairs: Iterable[tuple[type, type, str]], world: World) -> Iterator[tuple[str, str]]:
    """Names of modules for members that are gone, which no statement binds: ``enum.global_enum`` has put them there."""
    for old, new, _ in pairs:
        for name in departed_members(old, new):
            module = home(old)
            if module in world and name not in world.unit(module).binders:
                if world.live(module, name) is _members(old)[name]:
                    yield module, name


def moved_names(old: type, new: type) -> Iterator[str]:
    """What is to be said of names that stand for another member than before: an alias no more, or an alias now."""
    before, after = _members(old), _members(new)
    for name in before.keys() & after.keys():
        one, other = before[name]._name_, after[name]._name_
        if one == other:
            continue
        if one != name:
            yield f"{name} was another name of {one}: who has it from that name holds {one}"
        else:
            yield f"{name} is another name of {other} now: who held it holds a member that is gone"


def composites(old: type, new: type) -> Iterator[tuple[Any, Any]]:
    """Flags that go by no name of the new version: those that were asked for (``A | B``), or lost their name.

    Each with what the staged enumeration has for its value; None where that is no value of it any more.
    """
    if not is_a(old, enum.EnumMeta) or not issubclass(old, enum.Flag):
        return
    names, values = _members(new), raw_dict(old).get("_value2member_map_", {})
    for value, member in list(values.items()):
        if member._name_ not in names:
            try:
                yield member, new(value)
            except ValueError:
                yield member, None


def holds_its_value(kind: type) -> bool:
    """Is a member of an enumeration the value itself (an ``int``, a ``str``), so that it can't be given another?"""
    mixed = raw_dict(kind).get("_member_type_", object)
    return any(not field_of(base, "__flags__") & _HEAP and base is not object for base in mro_of(mixed))


def _members(kind: type) -> dict[str, Any]:
    found = raw_dict(kind).get("_member_map_") if is_a(kind, enum.EnumMeta) else None
    return found if type(found) is dict else {}
