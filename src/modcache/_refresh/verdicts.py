"""What the standard library remembers of classes: whether one is a subclass of an ABC, which function is for it.

Both are asked once and kept for ever. Where classes change their members or bases, what is kept may be wrong.
"""

from __future__ import annotations

import abc
import gc
import weakref
from collections.abc import Iterable, Iterator
from types import CellType, FunctionType
from typing import Any

from modcache._refresh.holding import every_class
from modcache._runtime.operations import Operations, Step
from modcache._runtime.peek import is_a, qualname_of

__all__ = ["forget_dispatch", "forget_verdicts"]

_REMOVE = "WeakKeyDictionary.__init__.<locals>.remove"
_DISPATCH = ("singledispatch.<locals>.dispatch", "singledispatch.<locals>.register")


def forget_verdicts(operations: Operations) -> None:
    """Have every abstract base class ask again who its subclasses are; what was registered stays."""
    forget: Any = abc._reset_caches  # type: ignore[attr-defined]
    for kind in every_class():
        if is_a(kind, abc.ABCMeta):
            operations.add(Step(forget, kind), Step(forget, kind))


def forget_dispatch(operations: Operations, kinds: Iterable[type]) -> None:
    """Have ``functools.singledispatch`` look again which function is for these classes, and for their subclasses.

    Which dictionaries those are that it looks things up in, only the functions tell that hold them.
    """
    caches = {id(cache): cache for kind in kinds for cache in _weak_dicts(kind)}
    if not caches:
        return
    cells = [row for row in gc.get_referrers(*caches.values()) if type(row) is CellType]
    wanted = {id(cell): id(cell.cell_contents) for cell in cells}
    lines = [row for row in gc.get_referrers(*cells) if type(row) is tuple] if cells else []
    functions = [row for row in gc.get_referrers(*lines) if type(row) is FunctionType] if lines else []
    for function in functions:
        if function.__qualname__ in _DISPATCH and function.__module__ == "functools":
            for cell in function.__closure__ or ():
                cache = caches.pop(wanted.get(id(cell), 0), None)
                if cache is not None:
                    operations.add(Step(dict.clear, cache.data), Step(dict.clear, cache.data))


def _weak_dicts(kind: type) -> Iterator[Any]:
    """The weak dictionaries in which a class, or a subclass of it, is a key."""
    todo, seen = [kind], {id(kind)}
    while todo:
        one: Any = todo.pop()
        for reference in weakref.getweakrefs(one):
            callback = getattr(reference, "__callback__", None)
            if type(callback) is FunctionType and qualname_of(callback) == _REMOVE:
                owner = (callback.__defaults__ or (lambda: None,))[0]()
                if type(owner) is weakref.WeakKeyDictionary:
                    yield owner
        for sub in type.__subclasses__(one):
            if id(sub) not in seen:
                seen.add(id(sub))
                todo.append(sub)
