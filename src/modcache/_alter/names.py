"""Which names may be altered."""

from __future__ import annotations

from modcache import errors
from modcache._runtime.layers import within
from modcache._runtime.system import ImportSystem

__all__ = ["checked", "checked_system"]

# Those that the interpreter finds its modules with, that its C code holds for good, or that are asked for in the middle
# of anything (codecs). The rest of the standard library may be altered.
_ESSENTIAL = frozenset(
    """
    __main__ _frozen_importlib _frozen_importlib_external _imp _io _thread _warnings _weakref builtins codecs importlib
    importlib._bootstrap importlib._bootstrap_external importlib.abc importlib.machinery importlib.util io marshal nt
    posix sys zipimport
    """.split()
)
_WHOLE = ("encodings", "modcache")


def checked(name: object, what: str) -> str:
    """The name of a module, to be altered by ``what``.

    Raises ``TypeError`` and ``ValueError`` for what can be no module's name, as an import does, and
    :class:`modcache.errors.AlterationRefused`.
    """
    if not isinstance(name, str):
        raise TypeError(f"{what} takes the name of a module as a str, not {type(name).__name__}")
    plain = str.__str__(name)
    if not plain:
        raise ValueError("Empty module name")
    if not all(plain.split(".")):
        raise ValueError(f"{what} takes an absolute name, like 'package.module'; not {plain!r}")
    if plain in _ESSENTIAL or any(within(plain, root) for root in _WHOLE):
        raise errors.AlterationRefused(
            f"{what} can't alter {plain!r}: {_why(plain)}. Alter the module that uses it, or what it takes from it"
        )
    return plain


def checked_system(system: object) -> ImportSystem:
    """What ``system=`` was given. Raises ``TypeError`` if it is no import system."""
    if not isinstance(system, ImportSystem):
        kind = type(system).__name__
        raise TypeError(f"system= takes an import system (modcache.interpreter, or a space's .system), not {kind}")
    return system


def _why(name: str) -> str:
    if name == "__main__":
        return "it is the program itself"
    if within(name, "modcache"):
        return "modcache does not pull the rug from under itself"
    return "the interpreter itself holds and uses it, whatever stands in the cache"
