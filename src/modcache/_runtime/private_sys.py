"""What the code of a private import system sees as ``sys``: its own import state, and the real one for all else."""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

__all__ = ["STATE", "SystemModule", "make", "on_sys"]

STATE = ("modules", "meta_path", "path_hooks", "path", "path_importer_cache")


def on_sys(name: str) -> Any:
    """An attribute of an import system whose value is that of its ``sys``: there it is read and set, by anybody."""

    def write(system: Any, value: Any) -> None:
        setattr(system.sys, name, value)

    # Read some seventeen times for each module that is imported, so without a call in Python.
    return property(operator.attrgetter(f"sys.{name}"), write)


class _Disguise(type):
    """``type(sys)`` is a common spelling of ``ModuleType``: the stand-in's class passes for it.

    Called, it makes a plain module; as a base class it gives way to ``ModuleType``; every module is an instance of it.
    """

    def __new__(mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> type:
        if any(isinstance(base, _Disguise) for base in bases):
            real = tuple(ModuleType if isinstance(base, _Disguise) else base for base in bases)
            return type(name, real, namespace, **options)
        return super().__new__(mcls, name, bases, namespace, **options)

    def __call__(cls, *arguments: Any, **named: Any) -> Any:
        return ModuleType(*arguments, **named)

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, ModuleType)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, ModuleType)

    def __eq__(cls, other: object) -> bool:
        return other is ModuleType or other is cls

    def __hash__(cls) -> int:
        return hash(ModuleType)

    def __repr__(cls) -> str:
        return repr(ModuleType)


class SystemModule(ModuleType, metaclass=_Disguise):
    """The stand-in: five attributes of its own; all else is read from the interpreter's ``sys`` and written there."""

    def __new__(cls, *arguments: Any, **named: Any) -> Any:
        """A plain module: ``type(sys).__new__(type(sys))`` is as common."""
        return ModuleType.__new__(ModuleType, *arguments, **named)

    def __getattr__(self, name: str) -> Any:
        return getattr(sys, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in STATE:
            setattr(sys, name, value)
            return
        if name == "modules" and type(value) is not dict:
            raise TypeError(f"the module cache of an import system is a dict, not {type(value).__name__}")
        vars(self)[name] = value
        if name == "modules":
            vars(self)["__replaced__"]()

    def __delattr__(self, name: str) -> None:
        if name in STATE:
            raise AttributeError(f"an import system can't do without sys.{name}; assign to it instead")
        delattr(sys, name)

    def __dir__(self) -> list[str]:
        return dir(sys)


SystemModule.__doc__ = ModuleType.__doc__  # of the disguise, too


def make(state: dict[str, Any], replaced: Callable[[], None]) -> ModuleType:
    """A stand-in for ``sys`` over the five values of ``state``; ``replaced`` is called when the cache is another."""
    make_module: Any = ModuleType.__new__  # the class itself, when called, makes plain modules
    made: Any = make_module(SystemModule, "sys")
    ModuleType.__init__(made, "sys", sys.__doc__)
    vars(made).update(state, __replaced__=replaced, __spec__=sys.__spec__, __loader__=sys.__loader__)
    vars(made)["__package__"] = sys.__package__
    stand_in: ModuleType = made
    return stand_in
