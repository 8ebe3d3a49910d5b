"""The cache as a program finds it that is run from here: another `__main__`, and nothing that only we needed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from types import ModuleType

from modcache._runtime.system import ImportSystem, interpreter

__all__ = ["forget", "no_main", "set_main"]


def set_main(module: ModuleType, system: ImportSystem = interpreter) -> None:
    """Put a module into the place of ``__main__``."""
    system.modules["__main__"] = module


@contextlib.contextmanager
def no_main(system: ImportSystem = interpreter) -> Iterator[None]:
    """For as long as it lasts there is no ``__main__``: what is looked for is found, not what is known."""
    saved = system.modules.pop("__main__")
    try:
        yield
    finally:
        system.modules["__main__"] = saved


def forget(names: Iterable[str], system: ImportSystem = interpreter) -> None:
    """Take modules out of the cache: the program may have its own of that name."""
    for name in names:
        system.modules.pop(name, None)
