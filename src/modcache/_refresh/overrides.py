"""Methods that a class had from its bases, and has from elsewhere now: who holds one of an object has the base's."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import FunctionType, MethodType

from modcache._refresh.forward import functions_of, is_held
from modcache._refresh.identity import IdentityMap
from modcache._refresh.shape import member_of
from modcache._runtime.functions import raw_dict
from modcache._runtime.peek import home, is_a, mro_of
from modcache._runtime.referrers import referrers

__all__ = ["held_from_bases"]


def held_from_bases(old: type, new: type, final: IdentityMap) -> Iterator[tuple[str, list[MethodType]]]:
    """Names of a class that give another function than before, with the methods that are held of it all the same.

    ``old`` is the class as it is, ``new`` the staged one. The base's function lives on, as the base's: nothing but
    the method that was bound knows that its object would answer otherwise now.
    """
    for name in _names(old, new, final):
        for function in _inherited(old, name):
            after = [final.get(one) for one in functions_of(member_of(new, name))]
            if not any(one is function for one in after) and (bound := _bound(function, old)):
                yield name, bound


def _names(old: type, new: type, final: IdentityMap) -> Iterator[str]:
    """What may be found elsewhere now: members that came, and with other bases everything."""
    yield from raw_dict(new).keys() - raw_dict(old).keys()
    bases = [final.get(base) for base in mro_of(new)[1:]]
    if len(bases) == len(mro_of(old)) - 1 and all(map(_is, bases, mro_of(old)[1:])):
        return
    inherited = {name for base in mro_of(old)[1:-1] for name in raw_dict(base)}
    yield from inherited - raw_dict(new).keys() - raw_dict(old).keys()


def _is(one: object, other: object) -> bool:
    return one is other


def _inherited(kind: type, name: str) -> list[FunctionType]:
    """The functions that a class has under a name from a base, where somebody may have them besides that."""
    for base in mro_of(kind)[1:-1]:
        if name in raw_dict(base):
            ours = home(base).partition(".")[0] not in sys.stdlib_module_names
            return functions_of(raw_dict(base)[name]) if ours and is_held(base, name) else []
    return []


def _bound(function: FunctionType, kind: type) -> list[MethodType]:
    """The methods that are this function of an instance of a class, or of the class."""
    rows = [row for row in referrers([function]) if type(row) is MethodType]
    return [row for row in rows if _is_of(row.__self__, kind)]


def _is_of(owner: object, kind: type) -> bool:
    return kind in mro_of(owner if is_a(owner, type) else type(owner))
