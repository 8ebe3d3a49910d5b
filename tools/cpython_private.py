"""CPython's tests of importing inside a private import system: ``unittest``, ``test``, ``importlib`` are loaded there.

The system shares no more than what can be there once only, and ``importlib`` itself is CPython's, executed in it: it
finds the facade of the system where it looks for its core.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Callable
from importlib.machinery import EXTENSION_SUFFIXES, BuiltinImporter, FrozenImporter
from pathlib import Path
from typing import Any

from cpython_facade import NAMES, bootstrap, bootstrap_external

from modcache._runtime import codes
from modcache._runtime.system import ImportSystem

__all__ = ["suite"]

ONCE = {
    "__main__",
    "pathlib",  # importlib's C side gives out paths; functions dispatch on their class
    "types",  # type(sys) is its ModuleType
    "typing",  # C code calls back into the process's (_typing)
    "warnings",  # the same (_warnings)
    "zipimport",  # its class stands in path_hooks
}
"""What is shared besides C modules."""
BEFOREHAND = ("__main__", "importlib.metadata", "unittest.mock")
"""What a test counts on, as regrtest or another test module has always imported it."""


def suite(name: str) -> Any:
    """The tests of one test module, loaded in a new private system."""
    system = _system()
    # The tests write a file and look for its bytecode at once; we trust no file so young, and write none for it.
    codes._YOUNG = -sys.maxsize
    return system.import_module("unittest").defaultTestLoader.loadTestsFromName(name)


def _system() -> ImportSystem:
    system = ImportSystem("cpython", [entry for entry in sys.path if entry], share=_shares())
    core = bootstrap(system)
    external: Any = bootstrap_external(system, core)
    system.modules.update(zip(NAMES, (core, external), strict=True))
    system.meta_path[:] = [BuiltinImporter, FrozenImporter, external.PathFinder]
    for name in BEFOREHAND:
        system.import_module(name)
    return system


def _shares() -> Callable[[str], bool]:
    """C modules are shared, those excepted that are made to be loaded again and again by tests."""
    folder = Path(sysconfig.get_path("platstdlib"), "lib-dynload")
    native = {path.name.partition(".")[0] for suffix in EXTENSION_SUFFIXES for path in folder.glob(f"*{suffix}")}
    native = {name for name in native if not name.startswith(("_test", "_xx", "xx"))}

    def shares(name: str) -> bool:
        top = name.partition(".")[0]
        return top in ONCE or top in native or (name in sys.builtin_module_names and name not in ("sys", "builtins"))

    return shares
