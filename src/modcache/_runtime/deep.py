"""The deep switch: the interpreter's own module cache becomes a dispatcher, so that C code is dispatched too.

C code reads the dict that it has had from the start, whatever stands in ``sys.modules``; and it asks whether that is
exactly a dict: if not, it goes by the mapping's methods (``import_get_module`` in CPython's import.c). So the *type*
of the very dict is changed, to a subclass of the same layout. Nothing in the language does that: it is one pointer, set
with ctypes, and set back when the last one closes. The price: every ``import`` statement of the process asks the
dispatcher. The risk: C code that reads the dict with ``PyDict_GetItem`` goes around it, as it does without the switch.
"""

from __future__ import annotations

import sys
import sysconfig
import threading

from modcache._runtime.dispatch import Dispatcher
from modcache._runtime.process import process_cache

__all__ = ["close_deep", "open_deep", "why_not"]

_TRIED = ((3, 11), (3, 12), (3, 13))
_lock = threading.Lock()
_open = 0


def why_not() -> str | None:
    """Why the switch can not be had on this interpreter; None if it can."""
    if sys.implementation.name != "cpython":
        return f"it writes into CPython's objects, and this is {sys.implementation.name}"
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "this build has no interpreter lock, and the change would not be atomic"
    if sys.version_info[:2] not in _TRIED:
        return f"it was tried on CPython 3.11 to 3.13 only, and this is {sys.version_info[0]}.{sys.version_info[1]}"
    try:
        import ctypes  # noqa: F401 - the question is whether this build has it
    except ImportError:
        return "this build has no ctypes"
    return None


def open_deep() -> None:
    """Make the interpreter's dict a dispatcher; nests. Ask `why_not` first."""
    global _open
    with _lock:
        _open += 1
        if _open == 1:
            _set_type(process_cache(), Dispatcher)


def close_deep() -> None:
    """Take one opening back; after the last the dict is a dict."""
    global _open
    with _lock:
        _open -= 1
        if _open == 0:
            _set_type(process_cache(), dict)


def _set_type(value: dict[object, object], wanted: type) -> None:
    """Write the type of an object. An object owns a reference to its class if that was made at run time."""
    import ctypes

    assert wanted.__basicsize__ == dict.__basicsize__, "the layouts must be the same"
    pointer = ctypes.c_void_p.from_address(id(value) + object.__basicsize__ - ctypes.sizeof(ctypes.c_void_p))
    assert pointer.value == id(type(value)), "an object does not begin as is thought here"
    if wanted is not dict:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(wanted))
    pointer.value = id(wanted)
    if wanted is dict:
        ctypes.pythonapi.Py_DecRef(ctypes.py_object(Dispatcher))
