"""What all alterations have in common: a scope that is entered and left, by hand, by ``with``, or around a function."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar

from modcache import errors
from modcache._alter.holders import holders_of
from modcache._alter.names import checked_system
from modcache._runtime.layers import Layer, parent_of, stack_of
from modcache._runtime.system import ImportSystem

__all__ = ["Alteration"]

Target = TypeVar("Target", bound=Callable[..., Any])


class Alteration:
    """The handle of one alteration of a module cache. Nothing is changed until it is entered.

    Enter it with ``with``, with :meth:`enter`, or by using it as a decorator. Leaving brings back what was there: the
    entries with their places in the order, the parents' attributes, the importers of paths. Whatever the program put
    under an altered name in the meantime is dropped. Scopes may be left in any order, on any thread.

    The change is one of the whole import system, so for the interpreter one of the whole process: other threads and
    tasks see it too. What a scope begins with is done in one step, and so is what it ends with.
    """

    def __init__(self, title: str, system: ImportSystem) -> None:
        self._title = title
        self._system = checked_system(system)
        self._guard = threading.Lock()
        self._layer: Layer | None = None
        self._last: Layer | None = None

    def _made(self) -> Layer:
        """A new layer; raises whatever stands against it, before anything has been changed."""
        raise NotImplementedError

    def _leaving(self, layer: Layer) -> None:
        """What has to be found out before the layer is taken away."""

    # -- the scope

    @property
    def active(self) -> bool:
        """Has it been entered, and not left?"""
        return self._layer is not None

    def enter(self) -> Self:
        """Begin the scope; returns the handle. It can be entered again once it has been left.

        Raises :class:`modcache.errors.AlterationMisused` if it has not been left, and what the kind of alteration
        says that it raises; then nothing has been changed.
        """
        if not self._guard.acquire(blocking=False):
            raise errors.AlterationMisused(
                f"{self._title} has been entered already: leave it first, or make another handle. "
                "As a decorator one handle serves any number of calls at once"
            )
        try:
            layer = self._made()
            self._check_parents(layer)
            stack_of(self._system).enter(layer)
        except BaseException:
            self._guard.release()
            raise
        self._layer = layer
        return self

    def _check_parents(self, layer: Layer) -> None:
        for root in layer.roots:
            parent = parent_of(root)
            if parent and not layer.claims(parent) and self._system.shares(parent):
                raise errors.AlterationRefused(
                    f"{self._title}: {parent!r} is the interpreter's, and {self._system!r} only shares it: alter "
                    f"{root.partition('.')[0]!r} as a whole there, or {root!r} in modcache.interpreter"
                )

    def leave(self) -> None:
        """End the scope: bring back what was there.

        Raises :class:`modcache.errors.AlterationMisused` if it has not begun.
        """
        layer, self._layer = self._layer, None
        if layer is None:
            raise errors.AlterationMisused(f"{self._title} has not been entered, or has been left already")
        try:
            self._leaving(layer)
        finally:
            stack_of(self._system).leave(layer)
            self._last = layer
            self._guard.release()

    def __enter__(self) -> Self:
        return self.enter()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def __call__(self, target: Target) -> Target:
        """Decorate: each call of the function is a scope of its own.

        Coroutine functions and generator functions too: the scope lasts until they are done, and the process sees the
        alteration while they wait. Of a class (as of a ``unittest.TestCase``) the methods named ``test...`` are
        decorated. Raises ``TypeError`` for anything else.
        """
        from modcache._alter.decorating import decorated

        wrapper: Target = decorated(self._again, target, self._title)
        return wrapper

    def _again(self) -> Self:
        """Another handle for the same alteration."""
        other = copy.copy(self)
        other._guard, other._layer, other._last = threading.Lock(), None, None
        return other

    # -- afterwards

    def holders(self) -> tuple[str, ...]:
        """Who holds what the scope had put in, after it has been left: ``"app:client"``, ``"app:Service.db"``, ...

        Who imported something inside the scope still has it. This runs the collector and then looks through every
        object that it knows up to four times: half a second for a million of them. Objects put aside by ``gc.freeze``
        are not seen, nor is what only a running function holds.
        """
        layer = self._layer or self._last
        return holders_of(self._system, self._substitutes(layer)) if layer is not None else ()

    def _substitutes(self, layer: Layer) -> list[object]:
        live = [module for name, module in list(self._system.modules.items()) if self.active and layer.claims(name)]
        return [*layer.puts.values(), *layer.taken, *live]

    def __repr__(self) -> str:
        return f"<{self._title}, {'active' if self.active else 'not active'}>"
