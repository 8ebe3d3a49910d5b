"""Whether anything of one version found its way into the other, or into the interpreter."""

from __future__ import annotations

import gc
import operator
import os
import sys
from collections.abc import Iterator, Mapping
from types import FunctionType, ModuleType
from typing import Any

__all__ = ["mixtures", "snapshot"]

_BUILTINS = operator.attrgetter("__builtins__")
_STANDARD = os.path.dirname(os.__file__)


def snapshot() -> dict[str, int]:
    """The interpreter's module cache, by identity."""
    return {name: id(module) for name, module in sys.modules.items()}


def mixtures(spaces: Mapping[Any, str], work: str, before: Mapping[str, int]) -> list[str]:
    """What is where it should not be, as sentences; empty if everything is of its own version.

    ``spaces``: each with the folder that its version is in; ``work``: the folder of the workloads; ``before``: the
    interpreter's module cache as it was.
    """
    found: list[str] = []
    for space, folder in spaces.items():
        others = tuple(f"{other}{os.sep}" for other in spaces.values() if other != folder)
        found += _foreign_modules(space, (folder, work, _STANDARD))
        found += _foreign_values(space, others)
    return [*found, *_foreign_functions(spaces), *_left(before, tuple(spaces.values()))]


def _foreign_modules(space: Any, own: tuple[str, ...]) -> Iterator[str]:
    for name, module in list(space.modules.items()):
        file = _file_of(module)
        if name != "__main__" and file is not None and not file.startswith(own):
            yield f"{space.name}: the module {name} is from {file}"


def _foreign_values(space: Any, others: tuple[str, ...]) -> Iterator[str]:
    """What the modules of a space hold of the other's folder. (What patches the standard library does so for all.)"""
    for name, module in list(space.modules.items()):
        if not issubclass(type(module), ModuleType) or str(_file_of(module)).startswith(_STANDARD):
            continue
        for key, value in list(vars(module).items()):
            file = _file_of(value)
            if file is not None and file.startswith(others):
                yield f"{space.name}: {name}.{key} is from {file}"


def _file_of(value: Any) -> str | None:
    if type(value) is FunctionType:
        return value.__code__.co_filename
    if issubclass(type(value), ModuleType):
        file = vars(value).get("__file__")  # not getattr: a lazy module would load
        return file if isinstance(file, str) else None
    if issubclass(type(value), type):
        files = (part.__code__.co_filename for part in vars(value).values() if type(part) is FunctionType)
        return next(files, None)
    return None


def _foreign_functions(spaces: Mapping[Any, str]) -> Iterator[str]:
    """Functions of a version, anywhere in the process, that would import from somewhere else."""
    owners = {f"{folder}{os.sep}": space for space, folder in spaces.items()}
    known = {id(space.system.builtins) for space in spaces}
    for value in gc.get_objects():
        if type(value) is not FunctionType:
            continue
        for folder, space in owners.items():
            namespace = id(_BUILTINS(value))
            if value.__code__.co_filename.startswith(folder) and namespace in known - {id(space.system.builtins)}:
                yield f"{value.__module__}.{value.__qualname__} of {space.name} imports from another space"


def _left(before: Mapping[str, int], folders: tuple[str, ...]) -> Iterator[str]:
    """What of the versions is in the interpreter's module cache that was not there before."""
    for name, module in list(sys.modules.items()):
        file = _file_of(module)
        if file is not None and file.startswith(folders) and before.get(name) != id(module):
            yield f"the interpreter's module cache has {name} from {file}"
