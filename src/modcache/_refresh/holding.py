"""Who holds a class: what counts as a holder, and what is only this package's own way of writing things down."""

from __future__ import annotations

import gc
import sys
import threading
import weakref
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Iterator
from types import FrameType, GetSetDescriptorType, MemberDescriptorType, MethodType
from typing import Any

from modcache._runtime.functions import cell_content, instance_dict
from modcache._runtime.operations import Step
from modcache._runtime.peek import Kinds, bases_of, home, is_a, qualname_of

__all__ = [
    "NO_HOLDERS",
    "described",
    "every_class",
    "is_subclass_table",
    "led",
    "own_containers",
    "renewed",
    "weak_holds",
]

NO_HOLDERS = (FrameType, GetSetDescriptorType, MemberDescriptorType, Step)
"""What refers to a class without being anybody's way to it; frames finish on what they have."""
_CONTAINERS = Kinds(dict, list, set, tuple, defaultdict, deque)
_OURS = ("modcache._refresh.", "modcache._runtime.")


def own_containers(roots: Iterable[Any], program: Collection[int]) -> set[int]:
    """The ids of the containers by which objects of this package write something down.

    Their attributes, and rows of those; never what such a row refers to, which may be a list of the program.
    ``program``: ids of what is the program's for sure.
    """
    found: set[int] = set()
    todo = [(root, 0) for root in roots]
    while todo:
        value, depth = todo.pop()
        kind = type(value)
        if home(kind).startswith(_OURS):
            depth = 0
        elif kind not in _CONTAINERS or depth > 2 or (depth == 2 and kind is not tuple) or id(value) in program:
            continue
        if id(value) in found:
            continue
        found.add(id(value))
        inner = gc.get_referents(value)
        namespace = instance_dict(value) if depth == 0 else None
        if namespace is not None:
            found.add(id(namespace))
            inner = [*namespace.values(), *inner]
        todo.extend((one, depth + 1) for one in inner)
    return found


def every_class() -> Iterator[type]:
    """All classes that live, by way of their bases: far fewer than there are objects."""
    todo, seen = [object], {id(object)}
    while todo:
        kind: Any = todo.pop()
        yield kind
        for sub in type.__subclasses__(kind):
            if id(sub) not in seen:
                seen.add(id(sub))
                todo.append(sub)


# -- weak references


def weak_holds(value: object) -> list[Any]:
    """The weak references to an object that somebody holds, besides a class's bases (``PyType_Type.tp_subclasses``)."""
    found = weakref.getweakrefs(value)
    # one is a thread-local object's own, for its callback (``local_new`` in ``_threadmodule.c``)
    known = len(bases_of(value)) if is_a(value, type) else int(is_a(value, threading.local))
    rows = []
    while found:
        one = found.pop()
        # the table of each base, this name, and the argument; one without a callback is the same object for all
        shared = getattr(one, "__callback__", None) is None
        if sys.getrefcount(one) - 2 > (known if shared else 0):
            rows.append(one)
    return rows


def renewed(reference: Any, value: Callable[[Any], Any]) -> Any:
    """A weak reference like another one, to ``value(its object)``; None where its kind is somebody's own."""
    target, callback = value(reference()), value(reference.__callback__)
    kind: type = type(reference)
    if kind is weakref.ref:
        return weakref.ref(target, callback)
    return weakref.KeyedRef(target, callback, value(reference.key)) if kind is weakref.KeyedRef else None


def led(reference: Any, value: Callable[[Any], Any]) -> Any:
    """A weak reference to what ``value`` gives for its object: itself, if that is the same one."""
    if type(reference) is weakref.WeakMethod:
        return _led_method(reference, value)
    target = weakref.ref.__call__(reference)
    if target is None or value(target) is target:
        return reference
    found = renewed(reference, value)
    return reference if found is None else found


def _led_method(reference: weakref.WeakMethod[Any], value: Callable[[Any], Any]) -> Any:
    method = reference()
    if method is None:
        return reference
    function, owner = value(method.__func__), value(method.__self__)
    if function is method.__func__ and owner is method.__self__:
        return reference
    noticed: Any = reference.__callback__  # a function of WeakMethod's own, that calls what it was given
    kept = dict(zip(noticed.__code__.co_freevars, map(cell_content, noticed.__closure__), strict=True))
    return weakref.WeakMethod(MethodType(function, owner), value(kept.get("callback")))


def is_subclass_table(holder: Any) -> bool:
    """Is it the dict in which a class counts its subclasses (``id`` -> weak reference)? CPython alone writes there."""
    if type(holder) is not dict or not all(type(row) is weakref.ref for row in holder.values()):
        return False
    alive = [(key, target) for key, row in holder.items() if (target := row()) is not None]
    return bool(alive) and all(is_a(target, type) and key == id(target) for key, target in alive)


def described(holder: Any) -> str:
    """What a holder is, as a report says it."""
    kind = type(holder)
    if is_a(holder, type):
        return f"its subclass {home(holder)}:{qualname_of(holder)}"
    return f"a {home(kind)}.{qualname_of(kind)}" if home(kind) != "builtins" else f"a {qualname_of(kind)}"
