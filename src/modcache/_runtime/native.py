"""Can a native module be loaded a second time in one process? Its own definition says so, and it is only read.

- One that is initialised in a single phase (PEP 489) is the interpreter's for good: loading it again gives the same
  functions and classes, over a dict that was copied the first time.
- One that is initialised in several phases is made anew by each load, but it may keep state for the whole process all
  the same. Since 3.12 such a module says that it does not support several interpreters, for just that reason (numpy,
  and what Cython and PyO3 make); loading it again is an error, or a crossing of two copies.
"""

from __future__ import annotations

from importlib.machinery import BuiltinImporter, ExtensionFileLoader, FrozenImporter
from types import ModuleType
from typing import Any

from modcache._runtime.peek import is_a, namespace_of, spec_of

__all__ = ["is_native", "why_not_twice"]

_MULTIPLE_INTERPRETERS = 3  # Py_mod_multiple_interpreters, Include/moduleobject.h
_NOT_SUPPORTED = 0
_SLOTS = 4
"""m_name, m_doc, m_size, m_methods stand before m_slots in a PyModuleDef (Include/moduleobject.h)."""


def is_native(module: object) -> bool:
    """Was it loaded from a shared library, or is it part of the interpreter?"""
    loader = _loader(module)
    return is_a(loader, ExtensionFileLoader) or loader is BuiltinImporter or loader is FrozenImporter


def _loader(module: object) -> Any:
    """The loader that its spec has; what stands in a cache may be any object, so nothing is asked of it."""
    return spec_of(namespace_of(module)).get("loader")


def why_not_twice(module: object) -> str:
    """The reason why a second copy of the native module can't be had; empty if it can."""
    loader = _loader(module)
    if loader is BuiltinImporter:
        return "it is built into the interpreter, which has one of it"
    if loader is FrozenImporter:
        return ""  # python code
    try:
        slots = _slots(module)
    except (ImportError, AttributeError, ValueError):
        return "what it says of itself can't be read here (there is no ctypes)"
    if not slots:
        return "it is initialised in a single phase: the interpreter keeps the one copy of it"
    if slots.get(_MULTIPLE_INTERPRETERS) == _NOT_SUPPORTED:
        return "it says of itself that it keeps state for the whole process (it supports one interpreter only)"
    if _MULTIPLE_INTERPRETERS not in slots and _is_of_cython(module):
        return "it is made by Cython, and its code would go on using the classes that the first copy was made with"
    return ""


def _is_of_cython(module: Any) -> bool:
    """Such a module gives itself when it is to be made a second time (seen with PyYAML), or raises."""
    return any(
        key.startswith("__pyx_") or type(value).__name__ == "cython_function_or_method"
        for key, value in dict(vars(module)).items()
    )


def _slots(module: Any) -> dict[int, int]:
    """The slots of the definition that a module was made of: what each says, by its number."""
    if not isinstance(module, ModuleType):
        return {}
    import ctypes

    get_definition = ctypes.pythonapi.PyModule_GetDef
    get_definition.restype, get_definition.argtypes = ctypes.c_void_p, [ctypes.py_object]
    address = get_definition(module)
    if not address:
        return {}
    word = ctypes.sizeof(ctypes.c_void_p)
    base = object.__basicsize__ + 3 * word  # PyModuleDef_Base: the object's head, m_init, m_index, m_copy
    where = ctypes.c_void_p.from_address(address + base + _SLOTS * word).value
    found: dict[int, int] = {}
    while where and (number := ctypes.c_int.from_address(where).value):
        found[number] = ctypes.c_void_p.from_address(where + word).value or 0
        where += 2 * word
    return found
