"""The ledger: what module-level containers and known registries held before the stage, and what they hold after.

Staged code must not touch what lives. Where it did although no analysis foresaw it, the ledger knows: it puts the old
content back, and says which names have to be built anew.
"""

from __future__ import annotations

import copyreg
import logging
import signal
import sys
import threading
import warnings
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import FunctionType
from typing import TYPE_CHECKING, Any

from modcache._refresh.registrations.process import exits
from modcache._runtime.functions import instance_dict, raw_dict
from modcache._runtime.peek import Kinds, home, is_a

if TYPE_CHECKING:
    from modcache._refresh.engine import Result
    from modcache._refresh.world import World
    from modcache._runtime.operations import Operations

__all__ = ["Ledger", "Touched", "replay"]

_LARGEST = 5_000
_SMALL = 200
_DEPTH = 2
_KINDS = Kinds(dict, list, set, deque, OrderedDict, defaultdict)

Place = tuple[str, str, str]
"""(module, name, what of it: a member, or empty for the object itself)."""

Page = tuple[Any, Any, Place]


@dataclass(frozen=True, slots=True)
class Touched:
    """A live container that staged code changed: where, and its items before and now (None: too large to be copied)."""

    place: Place
    value: Any
    before: list[Any] | None
    now: list[Any] | None

    @property
    def where(self) -> str:
        """The place, as reports name it."""
        return ".".join(part for part in self.place if part)


class Ledger:
    """A shallow copy of the containers of some modules, and of the process's registries."""

    def __init__(self, namespaces: Iterable[tuple[str, dict[str, Any]]]) -> None:
        self._pages: dict[int, Page] = {}
        for module, namespace in namespaces:
            self._open(module, namespace)
        self._registries = {name: read() for name, read in _REGISTRIES.items()}
        self._alone = _is_alone()

    def _open(self, module: str, namespace: dict[str, Any]) -> None:
        for name, value in list(namespace.items()):
            if name.startswith("__") and name.endswith("__"):
                continue
            self._watch(value, (module, name, ""))
            self._defaults(value, module, name)
            if is_a(value, type) and home(value) == module:
                for member, inner in list(raw_dict(value).items()):
                    self._watch(inner, (module, name, member))
                    self._defaults(inner, module, name)
            elif type(value) not in _KINDS and home(type(value)) != "builtins":
                inside = instance_dict(value)
                if inside is not None and not is_a(value, type):
                    self._watch(inside, (module, name, "__dict__"), 0)  # its items have places of their own
                    for member, inner in list(inside.items()):
                        self._watch(inner, (module, name, member))

    def _defaults(self, value: Any, module: str, name: str) -> None:
        """What a function has for defaults goes from call to call."""
        if type(value) is FunctionType:
            for inner in (*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()):
                self._watch(inner, (module, name, value.__name__))

    def _watch(self, value: Any, place: Place, depth: int = _DEPTH) -> None:
        if type(value) in _KINDS and id(value) not in self._pages:
            if len(value) > _LARGEST:
                self._pages[id(value)] = (value, len(value), place)
                return
            self._pages[id(value)] = (value, _copied(value), place)
            if depth and len(value) <= _SMALL:  # tables of lists are small, data is not
                for inner in list(dict.values(value) if isinstance(value, dict) else value):
                    self._watch(inner, place, depth - 1)

    def by_stage(self, world: World) -> tuple[list[Touched], list[Touched]]:
        """The containers that the stage has changed, and those that another thread of the program has: its state.

        It was another if there are others, and nothing that may be executed while importing has a name for the
        container, or for what it is an attribute of.
        """
        touched = self.touched()
        if self._alone and _is_alone():
            return touched, []
        words = world.reach.words
        ours: list[Touched] = []
        others: list[Touched] = []
        for page in touched:
            (others if words.isdisjoint(_names(page, world)) else ours).append(page)
        return ours, others

    def touched(self) -> list[Touched]:
        """The containers that have changed since."""
        found = []
        for value, before, place in self._pages.values():
            if isinstance(before, int):
                if len(value) != before:
                    found.append(Touched(place, value, None, None))
            elif not _alike(value, before):
                found.append(Touched(place, value, before, _copied(value)))
        return found

    def outside(self) -> list[str]:
        """The process's registries that the stage has changed."""
        return [name for name, read in _REGISTRIES.items() if read() != self._registries[name]]

    @staticmethod
    def restore(touched: Touched) -> None:
        """Put back what a container held."""
        value, before = touched.value, touched.before
        if before is None:
            return
        if is_a(value, dict):
            dict.clear(value)
            for key, item in before:
                dict.__setitem__(value, key, item)
        elif is_a(value, list):
            value[:] = before
        else:
            value.clear()
            value.extend(before) if is_a(value, deque) else value.update(before)


def _is_alone() -> bool:
    return len(sys._current_frames()) == 1


def _names(page: Touched, world: World) -> set[str]:
    module, owner, member = page.place
    named = (*world.names_by_id.get(id(page.value), ()), *world.names_by_id.get(id(world.live(module, owner)), ()))
    return {owner, member, *(name for _, name in named)}


def replay(page: Touched, value: Callable[[Any], Any], operations: Operations, result: Result) -> None:
    """Where staged code changed what lives all the same: let the commit do it, to the survivors (``value(staged)``)."""
    where = page.where
    doubt = f"{where} was changed by code that is executed anew"
    if page.now is None:
        result.remains[f"{where}: a large container was changed while the stage was executed"] = None
    elif type(page.value) is dict:
        operations.fill_dict(page.value, {value(key): value(item) for key, item in page.now})
        result.doubts[doubt] = None
    elif is_a(page.value, set):
        operations.fill_set(page.value, [value(item) for item in page.now])
        result.doubts[doubt] = None
    elif is_a(page.value, list):
        before, items = page.before or [], [value(item) for item in page.now]
        known = {id(item) for item in before}
        added = [item for item in items[len(before) :] if id(item) not in known]
        operations.fill_list(page.value, [*before, *added])
        result.remains[f"{where}: what was added to it by code that is executed anew may stand twice"] = None
    else:
        result.remains[doubt] = None


def _copied(value: Any) -> list[Any]:
    return list(dict.items(value)) if is_a(value, dict) else list(value)


def _alike(value: Any, before: list[Any]) -> bool:
    if len(value) != len(before):
        return False
    if is_a(value, dict):
        return all(k is a and v is b for (k, v), (a, b) in zip(dict.items(value), before, strict=True))
    return all(one is other for one, other in zip(value, before, strict=True))


_REGISTRIES: dict[str, Callable[[], Any]] = {
    "atexit": lambda: exits.functions(),
    "copyreg": lambda: len(copyreg.dispatch_table),
    "handlers of the root logger": lambda: [id(handler) for handler in logging.getLogger().handlers],
    "signal handlers": lambda: [id(signal.getsignal(number)) for number in signal.valid_signals()],
    "sys.meta_path": lambda: [id(finder) for finder in sys.meta_path],
    "sys.path": lambda: list(sys.path),
    "sys.path_hooks": lambda: [id(hook) for hook in sys.path_hooks],
    "threads": lambda: sorted(thread.name for thread in threading.enumerate()),
    "warnings filters": lambda: len(warnings.filters),
}
"""What statements do to these is seen and exchanged; what something else does on the way is told of."""
