"""Stand-ins for whole packages, with what the real one has and nothing else."""

from __future__ import annotations

from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from modcache._alter.alteration import Alteration
from modcache._alter.described import Described, describe
from modcache._alter.names import checked
from modcache._alter.standins import Maker
from modcache._runtime.layers import Layer, within
from modcache._runtime.provider import Provider
from modcache._runtime.system import ImportSystem, interpreter

__all__ = ["Fake", "fake"]


def fake(name: str, spec: object = None, *, strict: bool | None = None, system: ImportSystem = interpreter) -> Fake:
    """A stand-in for a package or module, within a scope: it can be imported, called, inherited from; it does nothing.

    ``name``: absolute; it need not be installed. ``spec`` says what it has:

    - a mapping of names to objects, dots leading into submodules (``{"cuda.is_available": lambda: False}``); ``...``
      for something of which no more is known;
    - an object: its attributes;
    - the real module, recorded: its submodules, classes, functions with their signatures, and plain values;
    - the path of a stub (``.pyi``), of a source or of a package's folder, or the text of a stub: read, not executed.

    ``strict``: whether what the specification lacks is an ``AttributeError`` (and a submodule that it lacks a
    ``ModuleNotFoundError``); by default, where there is a specification. Without one nothing is known, so everything is
    there: a misspelt name is not found out.

    Functions check their arguments where the signature is known, and return stand-ins, of the class that they are
    annotated with if the fake has it (or an empty str, list, ... where that is their annotation). A call with nothing
    but a function or class is taken for a decorator.

    Returns a handle: context manager, decorator, :meth:`~Alteration.enter` and :meth:`~Alteration.leave`.
    Raises ``TypeError`` and ``ValueError`` for what is no name or no specification, ``FileNotFoundError``,
    ``SyntaxError``, and :class:`modcache.errors.AlterationRefused` for modules that the interpreter itself needs.
    Thread-safe; the change is seen by the whole process: between entering and the import the names are not in the
    cache.
    """
    return Fake(checked(name, "modcache.fake"), spec, strict, system)


class Fake(Alteration):
    """The handle of :func:`modcache.fake`."""

    def __init__(self, name: str, spec: object, strict: bool | None, system: ImportSystem) -> None:
        super().__init__(f"modcache.fake({name!r})", system)
        self._name = name
        self._root = Described("module", name) if spec is None else describe(name, spec)
        self._root.known()  # what is wrong with it is found out here
        self._strict = spec is not None if strict is None else strict
        self._origin = f"its specification, {_told(spec)}," if spec is not None else "a fake without a specification"

    def _made(self) -> Layer:
        layer = Layer(self._title, (self._name,))
        maker = Maker(self._root, self._strict, self._origin)

        def offer(name: str) -> ModuleSpec | None:
            described = maker.find(name) if within(name, self._name) else None
            if described is None and (self._strict or not within(name, self._name)):
                return None
            loader = _FakeLoader(self._system, maker, described or Described("module", name), self._strict)
            return ModuleSpec(name, loader, origin=self._title, is_package=True)

        layer.finder = Provider(self._system, layer, offer)
        return layer


def _told(spec: object) -> str:
    if isinstance(spec, ModuleType):
        return f"recorded from {spec.__name__!r}"
    if isinstance(spec, str) and "\n" in spec:
        return "a stub"
    return repr(spec) if isinstance(spec, str) or hasattr(spec, "__fspath__") else f"a {type(spec).__name__}"


class _FakeLoader(Loader):
    """Has a fake module make its stand-ins when they are asked for: a large package has thousands."""

    def __init__(self, system: ImportSystem, maker: Maker, described: Described, strict: bool) -> None:
        self._system = system
        self._maker = maker
        self._described = described
        self._strict = strict

    def create_module(self, spec: ModuleSpec) -> None:
        """A plain module will do."""

    def exec_module(self, module: ModuleType) -> None:
        """Fill it."""
        members = self._described.known()
        doc = members.get("__doc__")
        module.__doc__ = doc.given if doc is not None else None
        if members and "__all__" not in members:  # what a star import takes; it asks for no other name
            module.__all__ = [name for name in members if not name.startswith("_")]  # type: ignore[attr-defined]

        def missing(name: str) -> Any:
            value = self._missing(module.__name__, members.get(name), name)
            vars(module)[name] = value
            return value

        vars(module)["__getattr__"] = missing
        vars(module)["__dir__"] = lambda: sorted({*vars(module), *members} - {"__getattr__", "__dir__"})

    def _missing(self, module: str, described: Described | None, name: str) -> Any:
        if described is None and name.startswith("__") and name.endswith("__"):
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        if described is None and self._strict:
            raise self._maker.lacks(module, name)
        if described is None:
            return self._maker.unknown(module, name)
        target = self._maker.followed(described)
        if target.kind == "module":
            return self._system.import_module(target.module)
        return self._maker.made(target)
