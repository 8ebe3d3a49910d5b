"""Imports as a tree of steps, while somebody looks; at other times nothing of this is in anybody's way.

While a trace is on, the system's ``__import__`` is one that takes the long way, and the steps are wrapped in it, as
attributes of the one system. With the last trace both go. For the interpreter's system that ``__import__`` stands in
``builtins``, so the imports of all code come by.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple

from modcache._runtime.peek import namespace_of

if TYPE_CHECKING:
    from typing import Self

    from modcache._runtime.system import ImportSystem

__all__ = ["Timing", "Trace", "TracedImport"]

_OURS = os.path.dirname(__file__)
_MACHINERY = (_OURS, "<frozen importlib._bootstrap")
_tracers: dict[int, Tracer] = {}
_lock = threading.Lock()


@dataclass(slots=True, eq=False)
class TracedImport:
    """One import: what was asked for, what came of it, and what it took. Times are in seconds."""

    name: str
    """The module's absolute name."""
    asked_by: str
    """Who asked: ``module:line``."""
    thread: str
    """The name of the thread."""
    how: str = "hit"
    """``hit`` (it was in the cache), ``executed``, ``shared`` (taken from the interpreter), or ``failed``."""
    finder: str = ""
    """The finder that found it."""
    loader: str = ""
    """The loader that loaded it."""
    origin: str = ""
    """Where it was loaded from."""
    size: int = 0
    """Bytes of that file."""
    error: str = ""
    """What was raised."""
    total: float = 0.0
    """Seconds in all."""
    steps: dict[str, float] = field(default_factory=dict)
    """Seconds of each step: ``find``, ``create``, ``execute`` (with all that the body imports), ``adopt``."""
    imports: list[TracedImport] = field(default_factory=list)
    """What was imported for it: its parents, and what its body imports."""

    @property
    def own(self) -> float:
        """Seconds less those of the imports in it."""
        return self.total - sum(each.total for each in self.imports)

    def walk(self) -> Iterator[TracedImport]:
        """This import and all in it, in the order in which they began."""
        yield self
        for each in self.imports:
            yield from each.walk()

    def _lines(self, depth: int) -> Iterator[str]:
        times = f"{self.total * 1e3:8.2f} ms {self.own * 1e3:8.2f} ms"
        what = self.error if self.how == "failed" else self.origin
        yield f"{'  ' * depth}{self.name:<{max(40 - 2 * depth, 1)}} {self.how:<8} {times}  {what}".rstrip()
        for each in self.imports:
            yield from each._lines(depth + 1)


class Timing(NamedTuple):
    """What traces have seen of the import that made a module: kept for as long as the system is there."""

    total: float
    """Seconds in all."""
    own: float
    """Seconds less those of the imports in it."""
    asked_by: str
    """Who asked: ``module:line``."""
    spec: object
    """The module's spec then: one that was made anew since has another."""


class Trace:
    """The imports of a system, recorded while the context lasts, in all threads.

    ``imports`` has those that no other import asked for, in the order in which they ended; each has its own in it.
    Printed, it is a tree: name, what came of it, total and own milliseconds, origin. Traces of one system may overlap.

    For :data:`modcache.interpreter`, ``builtins.__import__`` and ``importlib.import_module`` are others in that time:
    code that has taken the latter by ``from`` before goes unseen, though not what it has imported. Raises
    ``RuntimeError`` where somebody else has put an ``__import__`` there, which would be passed by.
    """

    def __init__(self, system: ImportSystem) -> None:
        self._system = system
        self.imports: list[TracedImport] = []

    def __enter__(self) -> Self:
        with _lock:
            tracer = _tracers.get(id(self._system)) or Tracer(self._system)
            tracer.traces.append(self)
            _tracers[id(self._system)] = tracer
        return self

    def __exit__(self, *_: object) -> None:
        with _lock:
            tracer = _tracers[id(self._system)]
            tracer.traces.remove(self)
            if not tracer.traces:
                del _tracers[id(self._system)]
                tracer.remove()

    def walk(self) -> Iterator[TracedImport]:
        """Every import, in the order of the tree."""
        for each in self.imports:
            yield from each.walk()

    def __str__(self) -> str:
        return "\n".join(line for each in self.imports for line in each._lines(0))


class Tracer:
    """What stands in a system's way while it is traced."""

    def __init__(self, system: ImportSystem) -> None:
        self.traces: list[Trace] = []
        self._system = system
        self._open = threading.local()
        self._import = system.import_
        self._shown = system.builtins["__import__"]
        if system.sys is sys and type(self._shown) is not type(len):
            raise RuntimeError(f"builtins.__import__ is {self._shown!r}, not the interpreter's: it would be passed by")
        self._by_name = importlib.import_module
        names = ("import_module", "import_absolute", "ask", "adopt", "create", "execute")
        self._steps: dict[str, Callable[..., Any]] = {name: getattr(system, name) for name in names}
        self._own = self._import_function()
        vars(system).update(import_=self._own, import_module=self._import_module, **self._wrapped())
        system.builtins["__import__"] = self._own
        if system.sys is sys:
            importlib.import_module = self._import_module

    def remove(self) -> None:
        """Leave everything as it was; what somebody else has put there since stays."""
        for name in self._steps:
            vars(self._system).pop(name, None)
        if self._system.import_ is self._own:
            self._system.import_ = self._import
        if self._system.builtins["__import__"] is self._own:
            self._system.builtins["__import__"] = self._shown
        if importlib.import_module == self._import_module:
            importlib.import_module = self._by_name

    # -- what stands there

    def _import_function(self) -> Callable[..., Any]:
        def __import__(  # noqa: A001, N807 - as the one in whose place it stands
            name: str,
            globals: Any = None,  # noqa: A002 - code may give it by this name
            locals: Any = None,  # noqa: A002 - the same
            fromlist: Any = (),
            level: int = 0,
        ) -> Any:
            frame = sys._getframe(1)
            with _Opened(self, "", frame):
                return self._system.import_for(frame, name, globals, locals, fromlist, level)

        return __import__

    def _import_module(self, name: str, package: str | None = None) -> Any:
        with _Opened(self, "", sys._getframe(1)) as opened:
            if self._system.modules.get(name) is not None:
                opened.name = name
            return self._steps["import_module"](name, package)

    def _wrapped(self) -> dict[str, Callable[..., Any]]:
        timed = {step: self._timed(step, self._steps[step]) for step in ("create", "execute")}
        return {**timed, "import_absolute": self._import_absolute, "ask": self._ask, "adopt": self._adopt}

    def _timed(self, step: str, do: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any) -> Any:
            with _Timed(self.current, step):
                return do(*arguments)

        return timed

    def _import_absolute(self, name: str) -> Any:
        current = self.current
        if current is not None and not current.name:
            current.name = name
            return self._steps["import_absolute"](name)
        with _Opened(self, name, _asker(sys._getframe(1))):
            return self._steps["import_absolute"](name)

    def _ask(self, finder: Any, name: str, *rest: Any) -> Any:
        current = self.current
        with _Timed(current, "find"):
            spec = self._steps["ask"](finder, name, *rest)
        if spec is not None and current is not None and current.name == name:
            current.how = "executed"
            current.finder, current.loader = _said(finder), _said(spec.loader)
            current.origin = spec.origin or ""
            current.size = os.path.getsize(current.origin) if os.path.isfile(current.origin) else 0
        return spec

    def _adopt(self, name: str) -> Any:
        current = self.current
        if current is not None and current.name == name:
            current.how = "shared"
        with _Timed(current, "adopt"):
            return self._steps["adopt"](name)

    # -- what is open in this thread

    @property
    def stack(self) -> list[TracedImport]:
        """The imports that this thread is in the middle of."""
        try:
            found: list[TracedImport] = self._open.stack
        except AttributeError:
            found = self._open.stack = []
        return found

    @property
    def current(self) -> TracedImport | None:
        """The innermost of them."""
        return self.stack[-1] if self.stack else None

    def close(self, done: TracedImport, asked: bool) -> None:
        """Enter an import that is over where it belongs. What a statement only looks up beside is left out."""
        if not done.name or (done.how == "hit" and not asked):
            return
        if done.how == "executed":
            spec = namespace_of(self._system.modules.get(done.name)).get("__spec__")
            self._system.timings[done.name] = Timing(done.total, done.own, done.asked_by, spec)
        if self.stack:
            self.stack[-1].imports.append(done)
        else:
            for trace in self.traces:
                trace.imports.append(done)


class _Opened:
    """An import in progress. Without a name it is what somebody asked for; the first look into the cache names it."""

    def __init__(self, tracer: Tracer, name: str, frame: FrameType | None) -> None:
        self._tracer = tracer
        # what the machinery itself looks up (reading a file asks for `_io`) nobody has asked for
        self._asked = not name and frame is not None and not frame.f_code.co_filename.startswith(_MACHINERY)
        asker = f"{frame.f_globals.get('__name__', '?')}:{frame.f_lineno}" if frame is not None else "?"
        self._traced = TracedImport(name, asker, threading.current_thread().name)

    def __enter__(self) -> TracedImport:
        self._tracer.stack.append(self._traced)
        self._began = time.perf_counter()
        return self._traced

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        done = self._traced
        done.total = time.perf_counter() - self._began
        if error is not None:
            done.how, done.error = "failed", f"{type(error).__name__}: {error}"
        self._tracer.stack.remove(done)
        self._tracer.close(done, self._asked)


class _Timed:
    """Adds what a step takes to an import."""

    def __init__(self, traced: TracedImport | None, step: str) -> None:
        self._traced = traced
        self._step = step

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        if self._traced is not None:
            steps = self._traced.steps
            steps[self._step] = steps.get(self._step, 0.0) + time.perf_counter() - self._began


def _asker(frame: FrameType | None) -> FrameType | None:
    while frame is not None and frame.f_code.co_filename.startswith(_OURS):
        frame = frame.f_back
    return frame


def _said(thing: Any) -> str:
    """A finder or a loader by its name, and its class's where it is an instance."""
    if thing is None:
        return ""
    kind = thing if isinstance(thing, type) else type(thing)
    return f"{kind.__module__}.{kind.__qualname__}"
