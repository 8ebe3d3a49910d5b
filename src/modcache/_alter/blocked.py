"""Modules that are not there, as if they were not installed."""

from __future__ import annotations

from modcache._alter.alteration import Alteration
from modcache._alter.names import checked
from modcache._runtime.layers import Layer
from modcache._runtime.system import ImportSystem, interpreter

__all__ = ["Blocked", "blocked"]


def blocked(*names: str, system: ImportSystem = interpreter) -> Blocked:
    """Modules that can't be imported, within a scope, as if they were not installed.

    ``names``: absolute; what is below them is blocked too. An import raises the ``ModuleNotFoundError`` that the import
    system raises for what is not there, ``find_spec`` gives None, the entries are out of the cache, the attributes off
    their parents (so that ``from pkg import sub`` fails as well), and the metadata of a distribution of that name is
    hidden. What other modules have bound already, they keep.

    Returns a handle: context manager, decorator, :meth:`~Alteration.enter` and :meth:`~Alteration.leave`.
    Raises ``TypeError`` without a name and for what is no name, ``ValueError`` for a relative or empty one, and
    :class:`modcache.errors.AlterationRefused` for modules that the interpreter itself needs.
    Thread-safe; the change is seen by the whole process.
    """
    if not names:
        raise TypeError("modcache.blocked takes the names of the modules to block; there is none")
    return Blocked(tuple(dict.fromkeys(checked(name, "modcache.blocked") for name in names)), system)


class Blocked(Alteration):
    """The handle of :func:`modcache.blocked`."""

    def __init__(self, names: tuple[str, ...], system: ImportSystem) -> None:
        super().__init__(f"modcache.blocked({', '.join(map(repr, names))})", system)
        self._names = names

    def _made(self) -> Layer:
        return Layer(self._title, self._names, screens=True)
