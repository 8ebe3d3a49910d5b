"""Looking on while statements are executed: what each registers, at a first import and on the stage."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from modcache._model.sites import Site
from modcache._refresh.registrations.given import given
from modcache._refresh.registrations.places import Difference, Place, Row
from modcache._refresh.registrations.process import Standing, exits
from modcache._refresh.registrations.record import Put, Record, puts
from modcache._runtime.dispatch import stages

__all__ = ["Watch"]


@dataclass(slots=True)
class _Pending:
    site: Site
    standing: Any
    places: list[tuple[Place, Any]]
    modules: list[int]
    namespace: dict[str, Any]


class Watch:
    """Told before and after each statement that may register something; tells ``note(module, line, record)``.

    ``owns(module)``: is it one of the roots? ``first(place, rows)``: a place changed, which held these rows before.
    Each thread looks for itself; what two of them do at the same time in the same place can't be told apart.
    """

    def __init__(
        self,
        owns: Callable[[str], bool],
        note: Callable[[str, int, Record], None],
        first: Callable[[Place, list[Row]], None] | None = None,
    ) -> None:
        self._owns = owns
        self._note = note
        self._first = first
        self._standing = Standing()
        self._here = threading.local()

    def before(self, site: Site, namespace: dict[str, Any]) -> None:
        """Take a look."""
        places = [(place, place.copy()) for place in given(site, namespace, self._owns)]
        self._stack().append(_Pending(site, self._standing.look(), places, _entries(site), namespace))
        exits.listen()

    def after(self, site: Site, namespace: dict[str, Any]) -> None:
        """Take another one, and tell the difference."""
        stack, pending = self._stack(), None
        while stack:
            pending = stack.pop()
            exits.stop()
            if pending.site is site:
                break
        if pending is None:
            return
        found = [*self._standing.differences(pending.standing, self._standing.look())]
        for place, copy in pending.places:
            rows, now = place.rows(copy), place.copy()
            if copy != now and not any(place.key == one.key for one, _, _ in found):
                found.append((place, rows, place.rows(now)))
        self._tell(str(namespace.get("__name__")), pending, found)

    def leave(self, namespace: dict[str, Any]) -> None:
        """A module is executed, or raised: what was pending in it is over."""
        stack = self._stack()
        while stack and stack[-1].namespace is namespace:
            stack.pop()
            exits.stop()

    def _tell(self, module: str, pending: _Pending, found: list[Difference]) -> None:
        if self._first is not None:
            for place, rows, _ in found:
                self._first(place, rows)
        made: list[Put] = [put for place, old, new in found for put in puts(place, old, new)]
        # a module that was imported on the way may have registered something for good
        whole = _entries(pending.site) == pending.modules
        self._note(module, pending.site.lineno, Record(tuple(made), whole))

    def _stack(self) -> list[_Pending]:
        found: list[_Pending] | None = getattr(self._here, "stack", None)
        if found is None:
            found = self._here.stack = []
        return found


def _entries(site: Site) -> list[int]:
    """How many there are in the module cache, and have been put or taken on the stage of this thread.

    Where a statement has to do with ``sys.modules`` itself, all of them, by their ids.
    """
    found, stage = [len(sys.modules)], stages.get(threading.get_ident())
    if stage is not None:
        found += [len(stage.entries), len(stage.left)]
    if any(module == "sys" and "modules" in chain for module, chain, _ in site.targets):
        found += [id(one) for entries in (sys.modules, stage.entries if stage else {}) for one in entries.values()]
    return found
