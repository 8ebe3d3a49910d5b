"""The end of a space: what the standard library keeps of it is let go, and what still holds it is named."""

from __future__ import annotations

import builtins
import gc
import typing
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import FunctionType
from typing import TYPE_CHECKING, Any

from modcache import errors
from modcache._runtime.dispatch import builtins_of
from modcache._runtime.system import is_standard
from modcache._spaces.holders import holders

if TYPE_CHECKING:
    from modcache._spaces.system import SpaceSystem

__all__ = ["Closing", "free"]


@dataclass(frozen=True)
class Closing:
    """What became of a space that was closed.

    ``held``: who still holds what was loaded in it, as sentences: the way to the holder, as far as the garbage
    collector can see; ``raised``: the tracebacks of functions that failed which were registered with its `atexit`.
    """

    space: str
    held: tuple[str, ...]
    raised: tuple[str, ...]

    @property
    def freed(self) -> bool:
        """Whether nothing of it is left in memory (images of native modules apart: they can't be unmapped)."""
        return not self.held

    def __str__(self) -> str:
        head = f"space {self.space!r} closed, " + ("all of it is freed" if self.freed else "still held by:")
        raised = (f"at its end: {text.splitlines()[-1]}" for text in self.raised)
        return "\n  ".join([head, *self.held, *raised])


def free(name: str, take: Callable[[], SpaceSystem], raised: Iterable[str]) -> Closing:
    """Let go of a system, collect, and look who still holds anything of it.

    ``take``: gives the system, the last reference to it: no variable of a caller may keep it.
    """
    sentinel = _released(name, take())
    gc.collect()
    last = sentinel()
    return Closing(name, () if last is None else holders(last), tuple(raised))


def _released(name: str, system: SpaceSystem) -> weakref.ref[Any]:
    """Cut what ties the modules of a system together; what lives as long as anything of it does."""
    _forget_overloads(system.builtins)
    for clear in getattr(typing, "_cleanups", ()):
        clear()  # only caches: of `List[a class of the space]`, and the like
    last = system.builtins["__import__"] = _closed(name)
    system.modules.clear()
    system.meta_path.clear()
    system.path_importer_cache.clear()
    return weakref.ref(last)


def _closed(space: str) -> Callable[..., Any]:
    """The ``__import__`` of code that outlives its space: what is the interpreter's can still be imported."""

    def import_(name: str, *arguments: Any, **named: Any) -> Any:
        level = named.get("level", arguments[3] if len(arguments) > 3 else 0)
        if level or not is_standard(name):
            raise errors.SpaceClosed(f"{name!r} can't be imported: its importer is of the closed space {space!r}")
        return builtins.__import__(name, *arguments, **named)

    return import_


def _forget_overloads(own: dict[str, Any]) -> None:
    """Take a space's functions out of what `typing` remembers: that is by the module's name, which is not only ours."""

    def is_ours(value: Any) -> bool:
        return type(value) is FunctionType and builtins_of(value) is own

    registry: Any = getattr(typing, "_overload_registry", {})
    for module, names in list(registry.items()):
        for name, lines in list(names.items()):
            for line, function in list(lines.items()):
                if is_ours(getattr(function, "__func__", function)):
                    del lines[line]
            if not lines:
                del names[name]
        if not names:
            del registry[module]
    # `@overload` gives one function of typing's to all; `@dataclass_transform` over it writes on that
    dummy: Any = getattr(typing, "_overload_dummy", None)
    written = getattr(dummy, "__dataclass_transform__", {})
    if any(is_ours(value) for value in (*written.get("field_specifiers", ()), *written.values())):
        del dummy.__dataclass_transform__
