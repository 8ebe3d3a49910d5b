"""What other modules bound of a module: which of their names have to be given another value to see another module."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from modcache._runtime.layers import Binding, within
from modcache._runtime.system import ImportSystem

__all__ = ["rebindings"]

_MISSING = object()
_ITSELF = ""
"""Stands for the module itself, where the name of one of its attributes would stand."""


def rebindings(system: ImportSystem, name: str, old: object, new: object) -> tuple[list[Binding], tuple[str, ...]]:
    """The names in all modules that hold ``old`` or what was taken from it, to be given ``new`` or what that has.

    The second result names those that ``new`` has nothing for. Modules, and functions and classes that were defined in
    ``old``, are known by being that very object; of other values, which many may hold by chance (True, ``len``), the
    importer's source must say that it imported them.
    """
    search = _Search(system, name, old)
    found: list[Binding] = []
    lacking: list[str] = []
    for importer, namespace in search.namespaces():
        for key, attribute in search.taken(importer, namespace):
            value = new if attribute == _ITSELF else getattr(new, attribute, _MISSING)
            if value is _MISSING:
                lacking.append(f"{importer}:{key}")
            else:
                found.append(Binding(namespace, key, namespace[key], value, firm=False))
    return found, tuple(lacking)


class _Search:
    """Looks for what was taken from one module."""

    def __init__(self, system: ImportSystem, name: str, old: object) -> None:
        self._system = system
        self._name = name
        self._parts: dict[int, list[str]] = {id(old): [_ITSELF]}
        for key, value in dict(getattr(old, "__dict__", {})).items():
            if isinstance(key, str) and not (key.startswith("__") and key.endswith("__")):
                self._parts.setdefault(id(value), []).append(key)

    def namespaces(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """All modules, but for the one itself, what is below it, and those that are not this system's."""
        seen: set[int] = set()
        for name, module in list(self._system.modules.items()):
            if not isinstance(module, ModuleType) or within(name, self._name) or within(name, "modcache"):
                continue
            if id(module) not in seen and not self._system.is_foreign(name, module):
                seen.add(id(module))
                yield name, module.__dict__

    def taken(self, importer: str, namespace: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """(name in the namespace, what it holds of the old module)."""
        imports = functools.cache(lambda: self._imports(importer))
        for key, value in dict(namespace).items():
            for part in self._parts.get(id(value), ()):
                if self._is_its_own(value, part) or _imported(imports(), key, part):
                    yield key, part
                    break

    def _is_its_own(self, value: object, part: str) -> bool:
        if part == _ITSELF:
            return isinstance(value, ModuleType)
        defined = isinstance(value, type) or hasattr(value, "__code__")
        return defined and getattr(value, "__module__", None) == self._name

    def _imports(self, importer: str) -> set[tuple[str, str]]:
        """What a module's source says that it binds, (name, part), but for what functions import for themselves."""
        spec: Any = getattr(self._system.modules.get(importer), "__spec__", None)
        try:
            source = spec.loader.get_source(spec.name) or ""
            tree = ast.parse(source if self._name.rpartition(".")[2] in source else "")
        except (AttributeError, ImportError, SyntaxError, ValueError, OSError):
            return set()
        found: set[tuple[str, str]] = set()
        waiting: list[ast.AST] = [tree]
        while waiting:
            for node in ast.iter_child_nodes(waiting.pop()):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    found.update(self._bound(node, spec.parent))
                elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.expr):
                    waiting.append(node)
        return found

    def _bound(self, node: ast.Import | ast.ImportFrom, package: str) -> Iterator[tuple[str, str]]:
        for alias in node.names:
            if isinstance(node, ast.ImportFrom):
                base = _absolute(node, package)
                if base == self._name:
                    yield alias.asname or alias.name, alias.name
                elif f"{base}.{alias.name}" == self._name:
                    yield alias.asname or alias.name, _ITSELF
            elif alias.name == self._name and (alias.asname or "." not in alias.name):
                yield alias.asname or alias.name, _ITSELF


def _imported(imports: set[tuple[str, str]], key: str, part: str) -> bool:
    return (key, part) in imports or (key == part and ("*", "*") in imports)


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    base = package.rsplit(".", node.level - 1)[0] if node.level > 1 else package
    return f"{base}.{node.module}" if node.module else base
