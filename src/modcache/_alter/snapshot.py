"""The whole cache with all that fills it, to be looked at, compared and brought back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import TracebackType
from typing import Self

from modcache import errors
from modcache._alter.names import checked_system
from modcache._runtime.layers import stack_of
from modcache._runtime.snapshots import State
from modcache._runtime.system import ImportSystem, interpreter

__all__ = ["CacheDiff", "Snapshot", "snapshot"]


def snapshot(*, system: ImportSystem = interpreter) -> Snapshot:
    """Note the whole state of an import system: a value to compare with later, and to restore.

    Returns a :class:`Snapshot`; as a context manager it restores at the end. It holds the modules, so none of them is
    freed while it lives. Thread-safe.
    """
    return Snapshot(system)


@dataclass(frozen=True)
class CacheDiff:
    """What is otherwise than when a snapshot was taken; false if nothing is. Names are sorted, values are names."""

    added: tuple[str, ...] = ()
    """Entries that were not there."""
    removed: tuple[str, ...] = ()
    """Entries that are there no more."""
    replaced: tuple[str, ...] = ()
    """Entries that are other objects."""
    moved: bool = False
    """Do the entries that were there and are stand in another order?"""
    attributes: tuple[str, ...] = ()
    """Submodules for which their parents have another attribute, or none, or have one now."""
    state: tuple[str, ...] = ()
    """Those of meta_path, path, path_hooks and path_importer_cache that are others or hold others."""

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) for field in fields(self))

    def __str__(self) -> str:
        told = [f"{field.name}: {_told(getattr(self, field.name))}" for field in fields(self)]
        return "; ".join(line for line, field in zip(told, fields(self), strict=True) if getattr(self, field.name)) or (
            "no difference"
        )


def _told(value: object) -> str:
    return ", ".join(value) if isinstance(value, tuple) else "the order of the entries"


class Snapshot:
    """What :func:`modcache.snapshot` returns."""

    def __init__(self, system: ImportSystem) -> None:
        self._system = checked_system(system)
        self._state = State(system)

    def diff(self) -> CacheDiff:
        """What is otherwise now."""
        old, now = self._state, State(self._system)
        both = old.modules.keys() & now.modules.keys()
        order = [[name for name in state.modules if name in both] for state in (old, now)]
        return CacheDiff(
            added=_sorted(now.modules.keys() - old.modules.keys()),
            removed=_sorted(old.modules.keys() - now.modules.keys()),
            replaced=_sorted(name for name in both if old.modules[name] is not now.modules[name]),
            moved=order[0] != order[1],
            attributes=_changed(old.attributes, now.attributes),
            state=tuple(self._changed_state(now)),
        )

    def restore(self) -> CacheDiff:
        """Bring everything back: entries, order, parents' attributes, finders, path, hooks and importers; in one step.

        Two things stay that have come since: codecs (``encodings.*``, the interpreter holds on to them), and packages
        with a native module that can't be loaded again. Returns what was otherwise.

        Raises :class:`modcache.errors.SnapshotOutdated` if other alterations are active than when it was taken;
        nothing is changed then. A snapshot can be restored any number of times.
        """
        with stack_of(self._system).lock:
            self._check()
            found = self.diff()
            self._state.restore(self._system, State(self._system))
        return found

    def _check(self) -> None:
        then, now = self._state.layers, tuple(stack_of(self._system).layers)
        if then == now:
            return
        begun = [layer.title for layer in now if layer not in then]
        ended = [layer.title for layer in then if layer not in now]
        told = [f"{', '.join(ended)} has been left since: its substitute would be back"] if ended else []
        told += [f"{', '.join(begun)} has been entered since: leave it first"] if begun else []
        raise errors.SnapshotOutdated(f"the snapshot can't be restored: {'; '.join(told)}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.restore()

    def __repr__(self) -> str:
        return f"<modcache.snapshot of {len(self._state.modules)} entries>"

    def _changed_state(self, now: State) -> list[str]:
        old = self._state
        found = [
            name
            for name, items in old.items.items()
            if now.lists[name] is not old.lists[name] or list(map(id, items)) != list(map(id, now.items[name]))
        ]
        if now.cache is not old.cache or _changed(old.importers, now.importers):
            found.append("path_importer_cache")
        return found


def _sorted(names: object) -> tuple[str, ...]:
    return tuple(sorted(map(str, names)))  # type: ignore[call-overload]  # any iterable of names


def _changed(old: Mapping[str, object], now: Mapping[str, object]) -> tuple[str, ...]:
    missing = object()
    return _sorted(name for name in {**old, **now} if old.get(name, missing) is not now.get(name, missing))
