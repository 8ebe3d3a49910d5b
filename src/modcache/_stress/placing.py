"""Where something outside is changed: which statement of which module was being executed at that moment.

Seen, not read from the source: a statement that calls a function of another module, or that has a module executed, has
nothing in its own text by which one could tell.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Container
from types import CodeType, FrameType
from typing import Any

from modcache._runtime.operations import Operations
from modcache._stress.outside import Effect, Outside

__all__ = ["Place", "Placing", "place_of"]

Place = tuple[str, int]
"""(module, line)."""


def _is_body(frame: FrameType, inside: Container[str]) -> bool:
    """Does a frame execute a module, one of those ``inside``? Not what that has compiled itself, as dataclasses do."""
    code, namespace = frame.f_code, frame.f_globals
    return code.co_name == "<module>" and namespace.get("__name__") in inside and _is_of(code, namespace)


def _is_of(code: CodeType, namespace: dict[str, Any]) -> bool:
    return bool(code.co_filename == namespace.get("__file__", code.co_filename))


def place_of(frame: FrameType | None, inside: Container[str]) -> Place | None:
    """The module, one of those ``inside``, whose body led to a frame last, and the line that it is at."""
    while frame is not None:
        if _is_body(frame, inside):
            return str(frame.f_globals["__name__"]), frame.f_lineno
        frame = frame.f_back
    return None


class Placing:
    """Looks on while modules are executed, and tells which of them changed what outside, at which line.

    ``inside``: the names of those modules. ``closely``: at everything, line by line; else at what libraries hold only
    when another module's turn comes, since that takes milliseconds: then its line is not known.

    It is an onlooker: it begins when a refresh begins to stage, and ends with that. It is told of lines by
    ``sys.settrace``: while a debugger has that, nothing is seen.
    """

    def __init__(self, inside: Collection[str], *, closely: bool) -> None:
        self._inside = inside
        self._closely = closely
        self._at: list[Place] = []
        """The bodies that are under way, the innermost last."""
        self._behind = ""
        """The module whose doing it is what libraries hold other than when they were looked at last."""
        self._last = Outside(inside)
        self._seen: dict[str, dict[str, Effect]] = {}
        """What was changed -> module -> what it did first."""
        self._tracing = False

    def __call__(self, checkpoint: str, operations: Operations | None) -> None:
        """A refresh has come to a checkpoint."""
        if checkpoint == "plan" and sys.gettrace() is None:
            self._last, self._tracing = Outside(self._inside), True
            sys.settrace(self._called)
        else:
            self.stop()

    def stop(self) -> None:
        """Look on no more."""
        if self._tracing:
            sys.settrace(None)
            self._tracing = False
            self._turn_to("")

    def placed(self, effect: Effect) -> list[Effect]:
        """The same, once for each module that was seen to do it; as it is if none was."""
        seen = list(self._seen.get(effect.subject, {}).values())
        return seen if len(seen) > 1 else [effect._replace(place=one.place) for one in seen] or [effect]

    def _called(self, frame: FrameType, event: str, _: Any) -> Any:
        if event != "call" or not _is_body(frame, self._inside):
            return None
        self._look()
        self._at.append((frame.f_globals["__name__"], frame.f_lineno))
        self._turn_to(self._at[-1][0])
        return self._passed

    def _passed(self, frame: FrameType, event: str, _: Any) -> Any:
        """A line of a body is about to be executed, or the body has ended: what was done since was done before it."""
        if event == "line":
            self._look()
            self._at[-1] = (self._at[-1][0], frame.f_lineno)
        elif event == "return":
            self._look()
            self._at.pop()
            if self._at:
                self._turn_to(self._at[-1][0])
        return self._passed

    def _look(self) -> None:
        now = self._last.look_again(self._closely)
        for effect in self._last.effects(now) if self._at else ():
            self._note(effect, self._at[-1])
        self._last = now  # what is other while no body is executed was done by the refresh, which takes it back

    def _turn_to(self, module: str) -> None:
        """Another module is executed from here on: what is other in libraries was done by the one before."""
        if module != self._behind:
            if not self._closely:
                now = self._last.look_again(everywhere=True)
                for effect in self._last.effects(now) if self._behind else ():
                    if not effect.registry:
                        self._note(effect, (self._behind, 0))
                self._last = now
            self._behind = module

    def _note(self, effect: Effect, place: Place) -> None:
        self._seen.setdefault(effect.subject, {}).setdefault(place[0], effect._replace(place=place))
