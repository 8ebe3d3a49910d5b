"""What other modules bound of a module: which of their names have to be given another value to see another module."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from modcache._runtime.layers import Binding, within
from modcache._runtime.system import ImportSystem

__all__ = ["rebindings"]

_MISSING = object()
Import = tuple[str, str]
"""(bound name, imported name)"""


def rebindings(system: ImportSystem, name: str, old: object, new: object) -> tuple[list[Binding], tuple[str, ...]]:
    """The names in all modules that hold ``old`` or what was taken from it, to be given ``new`` or what that has.

    The second result names those that ``new`` has nothing for. Functions and classes that were defined in ``old`` are
    known by being that very object; for other values, which many may hold by chance (True, a re-exported module), the
    importer's source must say that it imported them.
    """
    members = _members(old)
    found: list[Binding] = []
    lacking: list[str] = []
    for module_name, namespace in _namespaces(system, name):
        for key, attribute in _taken(system, module_name, namespace, name, old, members):
            value = new if attribute is None else getattr(new, attribute, _MISSING)
            if value is _MISSING:
                lacking.append(f"{module_name}:{key}")
            else:
                found.append(Binding(namespace, key, namespace[key], value, firm=False))
    return found, tuple(lacking)


def _members(old: object) -> dict[int, list[str]]:
    members: dict[int, list[str]] = {}
    for key, value in dict(getattr(old, "__dict__", {})).items():
        if isinstance(key, str) and not (key.startswith("__") and key.endswith("__")):
            members.setdefault(id(value), []).append(key)
    return members


def _namespaces(system: ImportSystem, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    seen: set[int] = set()
    for module_name, module in list(system.modules.items()):
        if isinstance(module, ModuleType) and not within(module_name, name) and not within(module_name, "modcache"):
            if id(module) not in seen:
                seen.add(id(module))
                yield module_name, module.__dict__


def _taken(
    system: ImportSystem,
    module_name: str,
    namespace: dict[str, Any],
    name: str,
    old: object,
    members: dict[int, list[str]],
) -> Iterator[tuple[str, str | None]]:
    """(name in the namespace, attribute of the old module; None for the module itself)."""
    imports: set[Import] | None = None
    for key, value in dict(namespace).items():
        if value is old:
            yield key, None
            continue
        for attribute in members.get(id(value), ()):
            if _is_defined_in(value, name):
                yield key, attribute
                break
            if imports is None:
                imports = _imports(system, module_name, name)
            if (key, attribute) in imports or (("*", "*") in imports and key == attribute):
                yield key, attribute
                break


def _is_defined_in(value: object, name: str) -> bool:
    home = getattr(value, "__module__", None) if isinstance(value, type) or hasattr(value, "__code__") else None
    return home == name


def _imports(system: ImportSystem, importer: str, imported: str) -> set[Import]:
    """What the source of one module says that it takes from another, but for what functions import for themselves."""
    spec: Any = getattr(system.modules.get(importer), "__spec__", None)
    try:
        source = spec.loader.get_source(spec.name) or ""
        tree = ast.parse(source if imported.rpartition(".")[2] in source else "")
    except (AttributeError, ImportError, SyntaxError, ValueError, OSError):
        return set()
    found: set[Import] = set()
    waiting: list[ast.AST] = [tree]
    while waiting:
        for node in ast.iter_child_nodes(waiting.pop()):
            if isinstance(node, ast.ImportFrom) and _absolute(node, spec.parent) == imported:
                found.update((alias.asname or alias.name, alias.name) for alias in node.names)
            elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.expr):
                waiting.append(node)
    return found


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    base = package.rsplit(".", node.level - 1)[0] if node.level > 1 else package
    return f"{base}.{node.module}" if node.module else base
