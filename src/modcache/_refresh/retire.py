"""Classes that are no more: their bases need not count them as subclasses for as long as a way back keeps them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from modcache._refresh.bases import first_misfit, may_be_tried
from modcache._runtime.functions import raw_dict
from modcache._runtime.operations import Operations, Step

__all__ = ["retire"]

_HEAP = 1 << 9


def retire(operations: Operations, kind: type) -> bool:
    """Take a class that nobody holds from its bases, where CPython lets; False where it does not."""
    for bases in _graves(kind):
        if may_be_tried(kind, bases) and first_misfit([(kind, bases, "")]) is None:
            back = Step(type.__setattr__, kind, "__bases__", kind.__bases__)
            operations.add(Step(type.__setattr__, kind, "__bases__", bases), back)
            return True
    return False


def _graves(kind: type) -> Iterator[tuple[type, ...]]:
    """Bases that are nobody's, of the layouts that a class may need: its built-in ones, or an empty class.

    CPython wants the new base to add to the same base what the old one adds to it (``compatible_for_assignment``).
    """
    built_in = tuple(base for base in kind.__bases__ if not base.__flags__ & _HEAP and base is not object)
    if built_in:
        yield built_in
    solid: Any = kind.__base__ or object
    while solid.__base__ is not None and solid.__base__.__flags__ & _HEAP and _layout(solid) == _layout(solid.__base__):
        solid = solid.__base__
    base = solid.__base__ or object
    if type(type(base)) is type:
        mro = {"mro": lambda grave: [grave, _Quiet, *base.__mro__]}
        quiet = type.__new__(type, "_Undertaker", (type(base),), mro)
        for names in ({}, {"__slots__": raw_dict(solid).get("__slots__", ())}, {"__slots__": ()}):
            # past what the metaclass does, and the base: a grave is no class that anybody has to know of
            yield (type.__new__(quiet, "_Grave", (base,), dict(names)),)


class _Quiet:
    """Goes before a base that would act when it is inherited from."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        pass


def _layout(kind: type) -> tuple[int, int, int, int]:
    return kind.__basicsize__, kind.__itemsize__, kind.__dictoffset__, kind.__weakrefoffset__
