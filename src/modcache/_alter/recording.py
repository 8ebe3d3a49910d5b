"""What a real module is like, by looking at it once: so a fake of it has what it has, and nothing else."""

from __future__ import annotations

import dis
import os
import pkgutil
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from modcache._alter.described import Described, signature_of
from modcache._runtime.layers import within

__all__ = ["record"]

_ATOMS = (str, bytes, int, float, complex, bool, type(None), type(...))
_DUNDERS = ("__version__", "__all__", "__doc__")
_ROUTINES = (FunctionType, BuiltinFunctionType, MethodType)


def record(name: str, real: ModuleType) -> Described:
    """Describe a module and what is below it; modules are looked at when the fake of them is first asked for."""
    return _Recording(name, real.__name__).module(name, real)


class _Recording:
    def __init__(self, name: str, root: str) -> None:
        self._name = name
        self._root = root
        self._known: dict[int, tuple[object, Described]] = {}

    def module(self, name: str, real: ModuleType) -> Described:
        """The module's description, to be filled when asked for."""
        return self._remembered(real, Described("module", name, fill=lambda found: self._fill(found, real)))

    def _remembered(self, real: object, found: Described) -> Described:
        return self._known.setdefault(id(real), (real, found))[1]

    def _fill(self, found: Described, real: ModuleType) -> None:
        for key, value in dict(vars(real)).items():
            if not (key.startswith("__") and key.endswith("__")) or key in _DUNDERS:
                found.members[key] = self._member(found, key, value)
        for path in _folders(real):
            for info in pkgutil.iter_modules([path]):
                if info.name not in found.members:
                    from modcache._alter.stubs import read_path

                    below = os.path.join(path, info.name if info.ispkg else f"{info.name}.py")
                    if os.path.exists(below):
                        found.members[info.name] = read_path(f"{found.module}.{info.name}", below)

    def _member(self, found: Described, key: str, value: Any) -> Described:
        if id(value) in self._known and not isinstance(value, _ATOMS):
            return self._known[id(value)][1]
        if isinstance(value, ModuleType) and within(value.__name__, self._root):
            return self.module(self._own(value.__name__), value)
        if not self._is_ours(value):
            plain = isinstance(value, (*_ATOMS, tuple, frozenset, ModuleType, type, *_ROUTINES))
            return Described("given" if plain else "unknown", found.module, key, given=value if plain else None)
        if isinstance(value, type):
            return self._class(value)
        if isinstance(value, _ROUTINES):
            return self._function(found.module, value.__qualname__, value)
        return Described("unknown", found.module, key)

    def _own(self, module: str) -> str:
        return self._name + module[len(self._root) :]

    def _is_ours(self, value: Any) -> bool:
        home = getattr(value, "__module__", None)
        return isinstance(home, str) and within(home, self._root)

    def _function(self, module: str, name: str, real: Any) -> Described:
        found = Described("function", module, name, signature=partial(signature_of, real))
        returns = getattr(real, "__annotations__", {}).get("return")
        # None as it stands in an annotation, and the head of `dict[str, int]`
        text = returns if isinstance(returns, str) else getattr(returns, "__name__", "None" if returns is None else "")
        found.returns = text.partition("[")[0] if "return" in getattr(real, "__annotations__", {}) else ""
        return found

    def _class(self, real: type) -> Described:
        found = self._remembered(real, Described("class", self._own(real.__module__), real.__qualname__))
        found.bases = tuple(self._class(base) for base in real.__bases__ if self._is_ours(base))
        errors = [base for base in real.__mro__ if issubclass(base, BaseException) and not self._is_ours(base)]
        found.given = errors[0] if errors else None
        found.fill = partial(self._fill_class, real)
        return found

    def _fill_class(self, real: type, found: Described) -> None:
        for key, value in dict(vars(real)).items():
            if key not in ("__dict__", "__weakref__", "__doc__", "__module__", "__new__", "__class_getitem__"):
                found.members[key] = self._class_member(found, key, value)
        stored = {name for value in vars(real).values() for name in _stored(value)}
        for key in stored | set(vars(real).get("__annotations__", ())):
            found.members.setdefault(key, Described("unknown", found.module, key))

    def _class_member(self, found: Described, key: str, value: Any) -> Described:
        function = value.__func__ if isinstance(value, staticmethod | classmethod) else value
        if callable(function) and not isinstance(function, type):
            member = self._function(found.module, f"{found.name}.{key}", function)
            member.binding = type(value) if isinstance(value, staticmethod | classmethod) else None
            return member
        if isinstance(value, _ATOMS):
            return Described("given", found.module, key, given=value)
        return Described("unknown", found.module, key)


def _folders(real: ModuleType) -> list[str]:
    return [path for path in getattr(real, "__path__", ()) if isinstance(path, str)]


def _stored(value: object) -> set[str]:
    """Attributes that a method stores: those of its instances will be among them."""
    if not isinstance(value, FunctionType):
        return set()
    return {step.argval for step in dis.get_instructions(value) if step.opname == "STORE_ATTR"}
