"""Submodules that are in the cache and not yet on their package, for the ``from`` of a private system's code.

In a circle of imports ``from package import module`` and ``import package.module as m`` may meet a package which does
not have the attribute yet. The interpreter then looks in *its* cache (``import_from`` in Python/ceval.c): that is
a wrong answer for a private system, or another version's module. So the statement gets a view with the right cache.
"""

from __future__ import annotations

import sys
from opcode import EXTENDED_ARG, opmap
from types import FrameType
from typing import TYPE_CHECKING, Any

from modcache._runtime.attributes import is_initializing

if TYPE_CHECKING:
    from modcache._runtime.system import ImportSystem

__all__ = ["completed"]

_IMPORT_NAME = opmap["IMPORT_NAME"]
_IMPORT_FROM = opmap["IMPORT_FROM"]
_MISSING = object()


def completed(system: ImportSystem, module: Any, name: str, fromlist: Any, frame: FrameType) -> Any:
    """What ``__import__`` is to return to ``frame``: the module, or a view of it for a statement that needs one."""
    if fromlist:
        if type(fromlist) is tuple:
            namespace = getattr(module, "__dict__", {})
            for item in fromlist:
                if type(item) is str and item not in namespace and _is_elsewhere(system, module, item):
                    return _View(system, module, ()) if _binds_from(frame) else module
        return module
    chain = tuple(name.split(".")[1:])
    if chain and _has_gap(system, module, chain) and _binds_from(frame):
        return _View(system, module, chain)
    return module


def _is_elsewhere(system: ImportSystem, module: Any, item: Any) -> bool:
    """Whether the interpreter would look a name up in its cache, and there or in ours is something under it."""
    namespace = getattr(module, "__dict__", {})
    if not isinstance(item, str) or item in namespace:
        return False
    full = f"{getattr(module, '__name__', '')}.{item}"  # what stands in the cache need not have a dict
    return full in system.modules or full in sys.modules


def _has_gap(system: ImportSystem, module: Any, chain: tuple[str, ...]) -> bool:
    for part in chain:
        if _is_elsewhere(system, module, part):
            return True
        module = getattr(module, part, None)
    return False


def _binds_from(frame: FrameType) -> bool:
    """Whether a frame is in the middle of an import statement that will fetch attributes of what it gets."""
    code = frame.f_code.co_code
    here = frame.f_lasti
    if code[here] != _IMPORT_NAME:
        return False
    here += 2
    while code[here] == EXTENDED_ARG:
        here += 2
    return code[here] == _IMPORT_FROM


class _View:
    """A module as one ``import`` statement sees it: its attributes, else the submodules of its system's cache.

    ``chain``: the parts of a dotted name that the statement will fetch one by one, as ``import a.b.c as m`` does.
    """

    __slots__ = ("_chain", "_module", "_system")

    def __init__(self, system: ImportSystem, module: Any, chain: tuple[str, ...]) -> None:
        self._system = system
        self._module = module
        self._chain = chain

    # All look-ups come here, as a module may have an attribute of any name.
    def __getattribute__(self, name: str) -> Any:
        system, module, chain = (object.__getattribute__(self, slot) for slot in ("_system", "_module", "_chain"))
        value = getattr(module, name, _MISSING)
        if value is _MISSING:
            own = getattr(module, "__name__", None)
            value = system.modules.get(f"{own}.{name}", _MISSING)
            if value is _MISSING:
                raise _cannot_import(module, name, own)
        return _View(system, value, chain[1:]) if len(chain) > 1 else value


def _cannot_import(module: Any, name: str, own: Any) -> ImportError:
    """The error of ``import_from``: raised here, as the interpreter would go on to look in its own cache."""
    path = getattr(module, "__file__", None)
    if not isinstance(path, str):
        text = f"cannot import name {name!r} from {own!r} (unknown location)"
        return _import_error(text, own, None, name)
    if is_initializing(module):
        reason = f"partially initialized module {own!r} (most likely due to a circular import)"
    else:
        reason = repr(own)
    return _import_error(f"cannot import name {name!r} from {reason} ({path})", own, path, name)


def _import_error(text: str, module: Any, path: str | None, name: str) -> ImportError:
    error = ImportError(text, name=module, path=path)
    if sys.version_info >= (3, 12):
        error.name_from = name
    return error
