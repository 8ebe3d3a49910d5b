"""A commit as a list of operations that are C callables, run by one C call, with the inverse list beside it.

No other thread and no signal handler runs between two operations: the interpreter looks for both only between byte
codes, and there are none. Every old value is held by the inverse list until long after, so that no destructor runs in
the middle. Nothing here may hash or compare a user's object.

No operation is meant to fail. Should one all the same, those before it are taken back before anybody can look.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import operator
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from types import CellType
from typing import Any, TypeVar, cast

from modcache._runtime.collector import uncollected
from modcache._runtime.functions import raw_dict, retype
from modcache._runtime.many import Every, Many, set_every, without
from modcache._runtime.peek import qualname_of

__all__ = ["Operations", "Step"]


class Step(partial[object]):
    """One operation; of a type of its own, to tell what is kept for an undo from what a program holds."""

    __slots__ = ()


Seen = TypeVar("Seen")
_MISSING = object()
_TOUCH = "__modcache_touch__"
_STORED = frozenset({
    "__abstractmethods__", "__annotate__", "__annotations__", "__doc__", "__module__", "__type_params__",
})  # fmt: skip
"""What ``type`` has a setter for that puts it into the class's own dict (``Objects/typeobject.c``)."""


def _is_guarded(owner: type, name: str) -> bool:
    """Would setting an attribute of a class set something else, as its metaclass has a data descriptor for it?

    So it is with ``__class__``, which proxies define for their instances: CPython would set the metaclass.
    """
    meta: Any = type(owner)
    for kind in meta.__mro__:
        if (found := raw_dict(kind).get(name)) is not None:
            return hasattr(type(found), "__set__") and not (kind is type and name in _STORED)
    return False


_FILLING = (dict.update, OrderedDict.update, set.update, deque.extend)


class Operations:
    """What a commit does, collected beforehand and run at once by :meth:`run`; :meth:`revert` runs the inverse."""

    def __init__(self) -> None:
        self._forward: list[Callable[[], object] | Every] = []
        self._backward: list[Callable[[], object] | Many] = []
        self._orders: dict[int, tuple[dict[str, Any], list[str]]] = {}
        """Of the namespaces that lose a name: the order of their names before."""
        self._after: list[tuple[Callable[[], object], Callable[[], object]]] = []

    def __len__(self) -> int:
        return len(self._forward)

    def run(self) -> None:
        """Do it all. Can not be interrupted, and no thread sees half of it (builds with the GIL).

        If an operation fails, those before it are taken back, and what it raised is raised.
        """
        # one more, to tell that the last one failed from that all are done
        steps = iter([*self._calls(0, len(self._forward)), bool])
        try:
            _run(steps)
        except BaseException:
            if coming := operator.length_hint(steps):
                self._revert(max(0, len(self._forward) - coming))
            else:  # all is done: what was raised came after it, from a signal
                self._forward.clear()
                _run_each(forward for forward, _ in self._after)
            raise
        # taking it back needs the inverse only; what the list holds would count as held by somebody (reference counts)
        self._forward.clear()
        _run_each(forward for forward, _ in self._after)

    def revert(self, *also: Callable[[], object]) -> None:
        """Take it all back, in the opposite order, and do what else there is to do in the same step."""
        self._revert(len(self._backward), also)
        _run_each(backward for _, backward in reversed(self._after))

    def _calls(self, first: int, end: int) -> list[Callable[[], object]]:
        return [row.call() if isinstance(row, Every) else row for row in self._forward[first:end]]

    def _revert(self, count: int, also: Iterable[Callable[[], object]] = ()) -> None:
        self._take_back(0, count, also)
        for namespace, names in self._orders.values():
            _reorder(namespace, names)

    def _take_back(self, first: int, end: int, also: Iterable[Callable[[], object]] = ()) -> None:
        rows = (row.steps() if isinstance(row, Many) else (row,) for row in reversed(self._backward[first:end]))
        _run([*itertools.chain.from_iterable(rows), *also])

    # -- for those who test the way back

    def insert_failure(self, index: int, error: BaseException) -> None:
        """Have :meth:`run` fail with ``error`` just before an operation: to test the way back."""

        def fail() -> None:
            raise error

        self._forward.insert(index, fail)
        self._backward.insert(index, bool)

    @contextmanager
    def failing(self, index: int, error: BaseException) -> Iterator[None]:
        """:meth:`insert_failure` while this lasts."""
        self.insert_failure(index, error)
        try:
            yield
        finally:
            del self._forward[index], self._backward[index]

    def targets(self) -> list[object]:
        """What each operation acts on, in order."""
        return [step.args[0] if isinstance(step, Step) and step.args else None for step in self._forward]

    @uncollected()
    def each_taken_back(self, look: Callable[[object], Seen]) -> list[tuple[int, object, Seen, Seen]]:
        """Try each inverse by itself: do an operation, take it back, do it; in the end take all back.

        ``look``: what an object is made of. Returns the operations whose inverse did not lead to where they began, as
        (index, object that it acts on, what it was before, and after): of a name that several of them set, each
        inverse knows only the very first value. As long as it takes, others see half a commit.
        """
        found: list[tuple[int, object, Seen, Seen]] = []
        targets, done = self.targets(), 0
        try:
            for first, end in self._invertible():
                before = look(targets[end - 1])
                _run(self._calls(first, end))
                self._take_back(first, end)
                after = look(targets[end - 1])
                if after != before:
                    found.append((end - 1, targets[end - 1], before, after))
                done = end
                _run(self._calls(first, end))
        finally:
            self._revert(done)
        return found

    def _invertible(self) -> Iterator[tuple[int, int]]:
        """The operations as ranges: one that has no inverse is taken back with those that follow it, up to one."""
        first = 0
        for end, back in enumerate(self._backward, 1):
            if isinstance(back, Many) or getattr(back, "func", back) is not bool:
                yield first, end
                first = end

    def removing(self) -> list[int]:
        """The operations that take a name out of a namespace: to take them back is to mend its order, too."""
        return [index for index, step in enumerate(self._forward) if isinstance(step, Step) and step.func is dict.pop]

    def rebased(self) -> list[tuple[type, tuple[type, ...], str]]:
        """The classes that get other bases, with those, in order, and what to call them."""
        steps = [step for step in self._forward if isinstance(step, Step) and step.func is type.__setattr__]
        found: list[tuple[Any, str, Any]] = [step.args for step in steps if step.args[1] == "__bases__"]
        return [(kind, bases, qualname_of(kind)) for kind, _, bases in found]

    def copies(self) -> Iterator[object]:
        """The containers in which the inverse list keeps what others held."""
        for back in self._backward:
            if isinstance(back, Step) and (back.func in _FILLING or slice in map(type, back.args)):
                yield back.args[-1]

    def concerned(self) -> Iterator[object]:
        """What the inverse list is about: the objects that it changes, what it puts back, what it takes out.

        Of functions whose code it changes, only the code that they have now.
        """
        for back in self._backward:
            if not isinstance(back, Step):
                continue
            if back.func is setattr and back.args[1] == "__code__":
                yield back.args[0].__code__
                continue
            yield from back.args
            if back.func is dict.pop:
                namespace, name, _ = back.args
                yield namespace.get(name)

    def add(self, forward: Callable[[], object] | Every, backward: Callable[[], object] | Many) -> None:
        """Add one operation and its inverse; both are C callables that can not fail."""
        self._forward.append(forward)
        self._backward.append(backward)

    def afterwards(self, forward: Callable[[], object], backward: Callable[[], object]) -> None:
        """Add what can't be one of them (it may fail, or run Python code): it is done as soon as they are."""
        self._after.append((forward, backward))

    def do(self, function: Callable[..., object], *args: object) -> None:
        """Add a C callable that is never taken back: for lists of operations that are run and forgotten."""
        self._forward.append(partial(function, *args))

    def put(self, namespace: dict[str, Any], name: str, value: object) -> None:
        """``namespace[name] = value`` for a namespace keyed by plain strings."""
        old = namespace.get(name, _MISSING)
        if old is value:
            return
        forward = Step(dict.__setitem__, namespace, name, value)
        if old is _MISSING:
            self.add(forward, Step(dict.pop, namespace, name, None))
        else:
            self.add(forward, Step(dict.__setitem__, namespace, name, old))

    def entry(self, table: dict[int, Any], key: int, value: object) -> None:
        """``table[key] = value`` for a table of ours that is keyed by identity."""
        self.put(cast("dict[str, Any]", table), cast("str", key), value)

    def drop(self, namespace: dict[str, Any], name: str) -> None:
        """``del namespace[name]`` if it is there."""
        if name in namespace:
            self._orders.setdefault(id(namespace), (namespace, list(namespace)))
            back = Step(dict.__setitem__, namespace, name, namespace[name])
            self.add(Step(dict.pop, namespace, name, None), back)

    def assign(self, target: object, name: str, value: object) -> None:
        """Set an attribute of a function or another object whose type is C."""
        old = getattr(target, name, None)
        if old is not value:
            self.add(Step(setattr, target, name, value), Step(setattr, target, name, old))

    def cell(self, cell: CellType, value: object) -> None:
        """Put a value into a closure cell."""
        try:
            old = cell.cell_contents
        except ValueError:
            self.add(Step(setattr, cell, "cell_contents", value), Step(delattr, cell, "cell_contents"))
            return
        if old is not value:
            back = Step(setattr, cell, "cell_contents", old)
            self.add(Step(setattr, cell, "cell_contents", value), back)

    def member(self, owner: type, name: str, value: object) -> None:
        """Set a class's own attribute past its metaclass; method caches are invalidated by CPython itself."""
        old = raw_dict(owner).get(name, _MISSING)
        if old is value:
            return
        if _is_guarded(owner, name):
            self._past_guard(owner, lambda raw, namespace: raw.put(namespace, name, value))
            return
        forward = Step(type.__setattr__, owner, name, value)
        if old is _MISSING:
            self.add(forward, Step(type.__delattr__, owner, name))
        else:
            self.add(forward, Step(type.__setattr__, owner, name, old))

    def drop_member(self, owner: type, name: str) -> None:
        """Delete a class's own attribute past its metaclass."""
        if _is_guarded(owner, name):
            self._past_guard(owner, lambda raw, namespace: raw.drop(namespace, name))
            return
        old = raw_dict(owner)[name]
        self.add(Step(type.__delattr__, owner, name), Step(type.__setattr__, owner, name, old))

    def _past_guard(self, owner: type, change: Callable[[Operations, dict[str, Any]], None]) -> None:
        """Change a class's dict itself, and then another attribute, so that CPython forgets what it has looked up."""
        raw = Operations()
        (namespace,) = gc.get_referents(raw_dict(owner))
        change(raw, namespace)
        touch, clean = Step(type.__setattr__, owner, _TOUCH, None), Step(type.__delattr__, owner, _TOUCH)
        # before it too: on the way back, from wherever that begins, these are what comes after it
        for forward, backward in ((touch, clean), (clean, touch), (raw._forward[0], raw._backward[0])):
            self.add(forward, backward)
        self.add(touch, clean)
        self.add(clean, touch)

    def attribute(self, target: object, name: str, value: object) -> None:
        """Set an instance's attribute past its class."""
        old = object.__getattribute__(target, name)
        if old is not value:
            back = Step(object.__setattr__, target, name, old)
            self.add(Step(object.__setattr__, target, name, value), back)

    def attributes(
        self, targets: Sequence[Any], name: str, values: Sequence[object], olds: Sequence[object] | None = None
    ) -> None:
        """Set one attribute of many objects of one class, past that; ``olds``: what they have of it, if they do."""
        if targets:
            self.add(set_every(targets, name, values), Many(targets, name, olds))

    def drop_attributes(self, targets: Sequence[Any], name: str, olds: Sequence[object]) -> None:
        """Take one attribute from many objects of one class, past that; ``olds``: what they have of it."""
        if targets:
            # what goes lives on in the way back: no destructor runs in the middle
            first, second = without(targets, name)
            self.add(first, partial(bool))
            self.add(second, Many(targets, name, olds))

    def retype(self, target: object, kind: type) -> None:
        """Give an object another class of the same layout."""
        old = type(target)
        self.add(Step(retype, target, kind), Step(retype, target, old))

    def fill_list(self, target: list[Any] | deque[Any], items: Iterable[Any]) -> None:
        """Give a list or deque other items, in place."""
        if isinstance(target, deque):
            self._fill(deque.clear, deque.extend, target, list(target), list(items))
            return
        everything = slice(None)
        self.add(
            Step(list.__setitem__, target, everything, list(items)),
            Step(list.__setitem__, target, everything, list.copy(target)),
        )

    def fill_dict(self, target: dict[Any, Any], items: dict[Any, Any]) -> None:
        """Give a dict other items, in place. Its keys must hash without running anybody's code."""
        kind: Any = OrderedDict if isinstance(target, OrderedDict) else dict  # that one counts its items apart
        self._fill(kind.clear, kind.update, target, dict(dict.items(target)), dict(items))

    def fill_set(self, target: set[Any], items: Iterable[Any]) -> None:
        """Give a set other items, in place. They must hash without running anybody's code."""
        self._fill(set.clear, set.update, target, set.copy(target), set(items))

    def _fill(self, clear: Any, update: Any, target: object, old: object, new: object) -> None:
        self.add(Step(clear, target), Step(update, target, old))
        # run backwards: first empty it, then fill it with what it held
        self.add(Step(update, target, new), Step(clear, target))


def _run_each(steps: Iterable[Callable[[], object]]) -> None:
    for step in steps:
        with contextlib.suppress(Exception):  # the commit is done: nothing may look as if it were not
            step()


def _reorder(namespace: dict[str, Any], names: list[str]) -> None:
    """Give the names of a namespace the order they had; what has come since follows. One C call, as all of it is."""
    before = dict.fromkeys(names)
    order = [*(name for name in before if name in namespace), *(name for name in namespace if name not in before)]
    if order != list(namespace):
        moved = map(partial(dict.__setitem__, namespace), order, map(partial(dict.pop, namespace), order))
        _run([partial(deque, moved, 0)])


def _run(operations: Iterable[Callable[[], object]]) -> None:
    # on 3.11 an allocation may start the collector, and so a finaliser, in the middle
    with uncollected():
        deque(map(operator.call, operations), maxlen=0)
