"""Observers: tools that are told of each plan and each report of a session, and can't break any."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from modcache._model.report import Plan, Report

if TYPE_CHECKING:
    from typing import Self

__all__ = ["Observer", "Observers"]


class Observer:
    """A callback that a session calls, until :meth:`remove` is called or its ``with`` block is left. Thread-safe."""

    def __init__(self, callback: Callable[[Any], object], among: list[Observer]) -> None:
        self.callback = callback
        self._among = among
        among.append(self)

    def remove(self) -> None:
        """Have it called no more; a second time means nothing."""
        with contextlib.suppress(ValueError):
            self._among.remove(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()


class Observers:
    """The observers of one session."""

    def __init__(self) -> None:
        self._observers: dict[str, list[Observer]] = {"plan": [], "report": []}

    def add(self, what: Literal["plan", "report"], callback: Callable[[Any], object]) -> Observer:
        """Have somebody told of what is made from now on."""
        return Observer(callback, self._observers[what])

    def plan(self, make: Callable[[], Plan]) -> None:
        """Tell of a plan; it is made only if somebody wants to know."""
        observers = self._observers["plan"]
        if observers:
            _tell(observers, make())

    def report(self, report: Report) -> None:
        """Tell of a report."""
        _tell(self._observers["report"], report)


def _tell(observers: list[Observer], value: Plan | Report) -> None:
    for observer in list(observers):
        try:
            observer.callback(value)
        except Exception as error:
            _Unraisable(observer.callback, error).tell()


class _Unraisable:
    """An error that must not get any further, handed to ``sys.unraisablehook``.

    That takes only what the interpreter itself makes, so it has to be led to make one: an error in the callback of a
    weak reference is one that can't be raised anywhere.
    """

    def __init__(self, callback: Callable[[Any], object], error: Exception) -> None:
        self._callback = callback
        self._error = error

    def tell(self) -> None:
        passing = set[int]()
        reference = weakref.ref(passing, self)
        del passing
        assert reference() is None

    def __call__(self, reference: object) -> None:
        raise self._error

    def __repr__(self) -> str:
        return f"observer {self._callback!r} of a modcache session"
