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

__all__ = ["Rebased", "may_be_tried", "misfits", "out_of_reach"]

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


def misfits(rows: list[Rebased]) -> list[str]:
    """The names of classes that can't be given their bases after those before them, each for itself.

    What is beside a class that can't, above it or under it, is not among them: without that one it may fit.
    """
    found: list[str] = []
    while (failing := _first_failing(rows)) is not None:
        found.append(rows[failing][2])
        kin = _descendants(rows[failing][0])
        beside = {id(base) for one in kin.values() for base in mro_of(one)}
        rows = [
            row
            for row in rows
            if id(row[0]) not in beside and not any(id(up) in kin for base in row[1] for up in mro_of(base))
        ]
    return found


def _first_failing(rows: list[Rebased]) -> int | None:
    """CPython alone knows its rules (layouts, the order of resolution of every subclass): which row does it refuse?

    No other thread runs meanwhile, since no byte code does; after a failure one may, for a moment, see a class before
    what was set is set back.
    """
    forward = [partial(type.__setattr__, kind, "__bases__", bases) for kind, bases, _ in rows]
    back = [partial(type.__setattr__, kind, "__bases__", bases_of(kind)) for kind, _, _ in rows][::-1]
    todo = iter([*forward, *back])
    try:
        deque(map(operator.call, todo), maxlen=0)
    except TypeError:
        failing = len(rows) - 1 - (len(list(todo)) - len(rows))
        deque(map(operator.call, back[len(rows) - failing :]), maxlen=0)
        return failing
    return None


def _descendants(kind: type) -> dict[int, type]:
    """A class and all that are derived from it, by id: what a metaclass has for a hash is not to be run."""
    found, todo = {id(kind): kind}, [kind]
    while todo:
        derived: list[type] = type.__subclasses__(todo.pop())
        todo += [one for one in derived if id(one) not in found]
        found.update((id(one), one) for one in derived)
    return found


def out_of_reach(pairing: Pairing, young: Iterable[Any]) -> list[str]:
    """The name of a survivor that can't become a base of a class that goes on as the stage made it; none if all can.

    With slots of its own such a class is bound to the very base that it was made over: that must go on, too.
    """
    names = {id(new): where for _, new, where in pairing.classes}
    for kind in young if names else ():
        if issubclass(type(kind), type) and kind not in pairing.final:
            found = [base for base in (field_of(kind, "__base__"), *bases_of(kind)) if id(base) in names]
            bases: Any = tuple(map(pairing.final.get, bases_of(kind)))
            if found and misfits([(kind, bases, "")]):
                return [names[id(found[0])]]
    return []
