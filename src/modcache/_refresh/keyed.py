"""Containers of keys that have their hash from code: it may be another one once a commit is done.

Until then the methods, globals and class attributes that such a hash is made of are those of before, or those of the
stage. So the keys of the containers that the stage made, and of those that live and have objects as keys whose hash may
be another, are looked for once more afterwards; where one is not found, the container is filled anew.
"""

from __future__ import annotations

import contextlib
import itertools
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

from modcache._model.report import counted
from modcache._refresh.fillable import is_hashed_by_code
from modcache._runtime.operations import Operations
from modcache._runtime.peek import is_a
from modcache._runtime.referrers import referrers

__all__ = ["Keyed", "keyed_by"]


class Keyed:
    """Those among some objects; :meth:`settle` is called after the commit, as often as one likes."""

    def __init__(self, objects: Iterable[Any], living: Iterable[Any] = ()) -> None:
        self._held = {id(value): value for value in objects if is_hashed_by_code(value)}
        self._living = list(living)
        self._orders = {id(one): _order(one) for one in (*self._held.values(), *self._living) if is_a(one, OrderedDict)}
        """By id, of the dicts that keep an order of their own: they find their way in it by the hashes."""
        self._rows: list[tuple[Any, list[Any] | None]] = [(value, None) for value in self._living]
        """They, and what they are to hold if they don't hold it yet."""
        self.lost: dict[str, None] = {}
        """What could not be filled anew, for the report."""

    def __contains__(self, value: object) -> bool:
        return id(value) in self._held

    def translate(self, changed: set[int], value: Callable[[Any], Any]) -> None:
        """Have them hold what stands for what they hold, by ``value``; ``changed``: the ids of those it matters to."""
        for container in self._held.values():
            items = None
            if id(container) in changed and not is_a(container, frozenset):
                items = [_of(item, value) if is_a(container, dict) else value(item) for item in self._items(container)]
                with contextlib.suppress(Exception):  # what hashes them is old code still: that may come later
                    _fill(container, items)
                    if len(_keys(container)) == len(items):
                        items = None
                        self._orders.pop(id(container), None)
            self._rows.append((container, items))
        self._held.clear()

    def settle(self) -> list[str]:
        """Fill those anew in which a key is not found any more; says of which that could not be done."""
        while self._rows:
            container, wanted = self._rows[-1]
            try:
                if wanted is not None or not _is_sound(container):
                    _fill(container, self._items(container) if wanted is None else wanted)
            except Exception as error:
                size = counted(len(wanted or _keys(container)), "key")
                why = f"{type(error).__name__}: {error}"
                self.lost[f"a {type(container).__name__} of {size} could not be filled anew ({why})"] = None
            self._rows.pop()
        return list(self.lost)

    def _items(self, container: Any) -> list[Any]:
        """What it holds, in order."""
        if not is_a(container, dict):
            return list(map(_renewed, _keys(container)))
        order = self._orders.get(id(container), {})
        items = sorted(dict.items(container), key=lambda item: order.get(id(item[0]), len(order)))
        return [(_renewed(key), value) for key, value in items]

    def settle_again(self) -> None:
        """The same for those that lived before, when a commit has been taken back."""
        self._rows = [(value, None) for value in self._living]
        self.settle()


def keyed_by(instances: list[Any]) -> list[Any]:
    """The dicts and sets that have one of some objects as a key, weakly or not, or in a tuple that is one."""
    found: dict[int, Any] = {}
    parts, keys = dict[int, Any](), [*instances, *itertools.chain.from_iterable(map(weakref.getweakrefs, instances))]
    while keys:
        wanted = set(map(id, keys))
        rows = [row for row in referrers(keys) if is_a(row, dict | set | frozenset | tuple) and id(row) not in parts]
        holding = [row for row in rows if is_a(row, tuple) or not wanted.isdisjoint(map(id, _keys(row)))]
        found.update((id(row), row) for row in holding if not is_a(row, tuple))
        keys = [row for row in holding if is_a(row, tuple | frozenset)]
        parts.update((id(row), row) for row in keys)
    return list(found.values())


def _keys(container: Any) -> list[Any]:
    return list(next(kind for kind in _PLAIN if is_a(container, kind)).__iter__(container))


def _order(container: Any) -> dict[int, int]:
    """Where each key is, by its id; nothing if the order can't be asked for any more."""
    try:
        return {id(key): place for place, key in enumerate(OrderedDict.__iter__(container))}
    except Exception:
        return {}


def _kind(container: Any) -> Any:
    """The type whose methods are those of C, whatever somebody's own kind of it does."""
    return OrderedDict if is_a(container, OrderedDict) else next(kind for kind in _PLAIN if is_a(container, kind))


_PLAIN: tuple[Any, ...] = (dict, set, frozenset)


def _of(item: tuple[Any, Any], value: Callable[[Any], Any]) -> tuple[Any, Any]:
    return value(item[0]), value(item[1])


def _is_sound(container: Any) -> bool:
    """Is each key found where it is? (One that is not the same object is compared with it, by the program's code.)"""
    return all(_kind(container).__contains__(container, key) and _renewed(key) is key for key in _keys(container))


def _renewed(key: Any) -> Any:
    """A key; instead of a weak reference that remembers another hash than its object has now, one that does not."""
    target = key() if type(key) is weakref.ref else None
    if target is None:
        return key
    made = weakref.ref(target, key.__callback__)
    return key if hash(made) == hash(key) else made


def _fill(container: Any, items: list[Any]) -> None:
    """Give it these items. Whoever hashes them may raise: then nothing has changed."""
    kind = _kind(container)
    if kind is frozenset:
        raise TypeError("it can't be changed")
    made, filling = kind(items), Operations()
    filling.do(kind.clear, container)
    filling.do(kind.update, container, made)  # by the hashes that they have now: no thread sees it empty
    filling.run()
