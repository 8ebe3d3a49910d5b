"""Which classes can take other bases: tried on the classes themselves, in the order of the commit, and taken back."""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from modcache._runtime.functions import raw_dict
from modcache._runtime.peek import bases_of, field_of, is_a, mro_of

if TYPE_CHECKING:
    from modcache._refresh.pair import Pairing

__all__ = ["Rebased", "first_misfit", "first_out_of_reach", "may_be_tried"]

Rebased = tuple[type, tuple[type, ...], str]
"""A class, the bases that it is to have, and its name."""


def may_be_tried(kind: type, bases: tuple[Any, ...]) -> bool:
    """Could a class have these bases, and does trying it run nobody's code?

    CPython never changes the bases of a class that has ``object`` alone, nor to it; a metaclass's own ``mro`` is code.
    """
    if bases_of(kind) == (object,) or bases == (object,) or not all(is_a(base, type) for base in bases):
        return False
    meta: Any = type(kind)
    return not any("mro" in raw_dict(base) for base in mro_of(meta) if base not in (type, object))


def first_misfit(rows: list[Rebased]) -> str | None:
    """The name of the first class that can't be given its bases after those before it; None if all can.

    CPython alone knows its rules (layouts, the order of resolution of every subclass). No other thread runs meanwhile,
    since no byte code does; after a failure one may, for a moment, see a class before what was set is set back.
    """
    forward = [partial(type.__setattr__, kind, "__bases__", bases) for kind, bases, _ in rows]
    backward = [partial(type.__setattr__, kind, "__bases__", bases_of(kind)) for kind, _, _ in rows]
    for count in range(len(rows)):
        back = backward[: count + 1][::-1]
        try:
            deque(map(operator.call, [*forward[: count + 1], *back]), maxlen=0)
        except TypeError:
            deque(map(operator.call, back[1:]), maxlen=0)
            return rows[count][2]
    return None


def first_out_of_reach(pairing: Pairing, young: Iterable[Any]) -> str | None:
    """The name of a survivor that can't become a base of a class that goes on as the stage made it; None if all can.

    With slots of its own such a class is bound to the very base that it was made over: that must go on, too.
    """
    names = {id(new): where for _, new, where in pairing.classes}
    for kind in young if names else ():
        if issubclass(type(kind), type) and kind not in pairing.final:
            found = [base for base in (field_of(kind, "__base__"), *bases_of(kind)) if id(base) in names]
            bases: Any = tuple(map(pairing.final.get, bases_of(kind)))
            if found and first_misfit([(kind, bases, "")]) is not None:
                return names[id(found[0])]
    return None
