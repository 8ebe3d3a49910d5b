"""Stand-ins: classes, functions and values that can be used as the real ones are, and do nothing."""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Iterator
from inspect import Signature
from types import FunctionType
from typing import Any

from modcache._alter.described import Described
from modcache._runtime.layers import within

__all__ = ["Maker", "StandIn"]

_MADE = "_modcache_described"


class _Kind(ABCMeta):
    """The class of fake classes. An abstract base's, so that who inherits from a fake and an ABC meets no conflict."""

    def __getattr__(cls, name: str) -> Any:
        found = _described(cls)
        if found is None or _is_inner(name):
            raise AttributeError(f"type object {cls.__name__!r} has no attribute {name!r}")
        maker, described = found
        return maker.attribute(cls, described, name)

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        found = cls.__dict__.get(_MADE)
        if found is not None and found[1].kind == "unknown" and _decorates(args, kwargs):
            return args[0]
        return super().__call__(*args, **kwargs)

    def __repr__(cls) -> str:
        return f"<fake class '{cls.__module__}.{cls.__qualname__}'>" if _MADE in vars(cls) else super().__repr__()


class StandIn(metaclass=_Kind):
    """The base of fake classes; an instance stands for a value. What is not known of it is a stand-in again."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        found = _described(type(self))
        if found is not None and (init := _known(found[1], "__init__")) is not None:
            _check(init.signature(), type(self).__qualname__, (self, *args), kwargs)

    def __getattr__(self, name: str) -> Any:
        found = _described(type(self))
        if found is None or _is_inner(name):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        value = found[0].attribute(type(self), found[1], name, instance=True)
        if not isinstance(value, FunctionType):
            self.__dict__[name] = value
        return value

    def __repr__(self) -> str:
        return f"<fake {type(self).__module__}.{type(self).__qualname__} object>"

    @classmethod
    def __class_getitem__(cls, item: Any) -> Any:
        return cls


class Value(StandIn):
    """A value of which nothing is known: it can be called, iterated, entered, indexed, inherited from; it decorates."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return args[0] if _decorates(args, kwargs) else self

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    async def __aenter__(self) -> Any:
        return self

    async def __aexit__(self, *error: object) -> None:
        return None

    def __getitem__(self, item: Any) -> Any:
        return self

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        return (type(self),)


class Maker:
    """Makes the stand-ins of one fake. The same description gives the same object."""

    def __init__(self, root: Described, strict: bool, origin: str) -> None:
        self._root = root
        self._strict = strict
        self._origin = origin
        self._made: dict[int, tuple[Described, Any]] = {}
        self._any = Described("unknown", root.module, "anything")

    def lacks(self, owner: str, name: str) -> AttributeError:
        """The error of a strict fake."""
        return AttributeError(
            f"the fake {owner!r} has no attribute {name!r}: {self._origin} has none. If the real one has it, name it "
            "in the specification, make that of a newer version, or pass strict=False to modcache.fake"
        )

    def find(self, module: str) -> Described | None:
        """The description of a module by its full name; None if there is none."""
        where: Described | None = self._root
        for part in module[len(self._root.module) + 1 :].split("."):
            if part and where is not None:
                inner = where.known().get(part)
                where = self.followed(inner) if inner is not None else None
        return where if where is not None and where.kind == "module" else None

    def made(self, described: Described) -> Any:
        """The stand-in of a description (not of a module)."""
        described = self.followed(described)
        if described.kind == "given":
            return described.given
        if id(described) not in self._made:
            make = self._function if described.kind == "function" else self._class
            self._made[id(described)] = described, make(described)
        return self._made[id(described)][1]

    def attribute(self, owner: type, described: Described, name: str, *, instance: bool = False) -> Any:
        """What a fake class, or an instance of one, has under a name."""
        known = _known(described, name)
        if known is None and self._strict and described.kind == "class":
            raise self.lacks(f"{owner.__module__}.{owner.__qualname__}", name)
        if instance and (known is None or known.kind == "unknown"):
            return self.value()
        known = known or Described("unknown", owner.__module__, f"{owner.__qualname__}.{name}")
        described.members.setdefault(name, known)
        return self.made(known)

    def unknown(self, module: str, name: str) -> Any:
        """Something of which nothing is known but the name."""
        return self.made(Described("unknown", module, name))

    def value(self) -> Any:
        """A value of which nothing is known."""
        return self.made(self._any)()

    def followed(self, described: Described) -> Described:
        """What an alias stands for, as far as the tree has it."""
        seen: set[int] = set()
        while described.kind == "alias" and id(described) not in seen:
            seen.add(id(described))
            module, name = described.given
            home = self.find(module) if within(module, self._root.module) else None
            target = home.known().get(name) if home is not None and name else home
            described = target or Described("unknown", described.module, described.name)
        return described if described.kind != "alias" else Described("unknown", described.module, described.name)

    def _class(self, described: Described) -> type:
        short = described.name.rpartition(".")[2]
        bases = [made for one in described.bases if isinstance(made := self.made(one), type)]
        if not any(issubclass(base, StandIn) for base in bases):
            bases.append(StandIn if described.kind == "class" else Value)
        error = described.given if described.kind == "class" else _guessed(short)
        if error is not None and not any(issubclass(base, BaseException) for base in bases):
            bases.append(error)
        names: dict[str, Any] = {
            "__module__": described.module,
            "__qualname__": described.name,
            _MADE: (self, described),
        }
        for key, member in described.known().items():
            if member.kind in ("function", "given", "class") and key not in _HELD_BACK:
                names[key] = self.made(member)
        return _Kind(short, tuple(bases), names)

    def _function(self, described: Described) -> Any:
        short = described.name.rpartition(".")[2]
        signature = described.signature()

        def stand_in(*args: Any, **kwargs: Any) -> Any:
            _check(signature, described.name, args, kwargs)
            return self._result(described, short, args)

        stand_in.__name__, stand_in.__qualname__ = short, described.name
        stand_in.__module__ = described.module
        stand_in.__signature__ = signature  # type: ignore[attr-defined]  # inspect reads it
        return described.binding(stand_in) if described.binding is not None else stand_in

    def _result(self, described: Described, short: str, args: tuple[Any, ...]) -> Any:
        if short in _PLAIN:
            result = _PLAIN[short]
            return args[0] if result is _SELF else iter(()) if result is iter else result
        if described.returns in _EMPTY:
            return _EMPTY[described.returns]()
        module = self.find(described.module)
        kind = module.known().get(described.returns) if module is not None and described.returns else None
        made = self.made(kind) if kind is not None else None
        if isinstance(made, _Kind):
            return type.__getattribute__(made, "__new__")(made)
        return args[0] if _decorates(args, {}) else self.value()


_HELD_BACK = ("__init__", "__getattr__", "__getattribute__", "__init_subclass__", "__repr__", "__str__")
"""What a stand-in does its own way."""
_EMPTY: dict[str, Any] = {
    kind.__name__: kind for kind in (str, bytes, int, float, bool, list, dict, tuple, set, frozenset)
}
_EMPTY["None"] = type(None)
"""What a function returns that is annotated with a built-in type: an empty one."""
_SELF = object()
_PLAIN: dict[str, Any] = {
    "__enter__": _SELF,
    "__exit__": None,
    "__iter__": iter,
    "__len__": 0,
    "__bool__": True,
    "__contains__": False,
    "__hash__": 1,
    "__setattr__": None,
    "__set_name__": None,
    "__del__": None,
}


def _check(signature: Signature, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        raise TypeError(f"{name}(): {error}") from None


def _described(cls: type) -> tuple[Maker, Described] | None:
    """What is known of a fake class, or of the one that it derives from."""
    return next((vars(base)[_MADE] for base in cls.__mro__ if _MADE in vars(base)), None)


def _known(described: Described, name: str) -> Described | None:
    found = described.known().get(name)
    return found or next((one for base in described.bases if (one := _known(base, name)) is not None), None)


def _is_inner(name: str) -> bool:
    return (name.startswith("__") and name.endswith("__")) or name.startswith(("_abc_", _MADE))


def _decorates(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Does it look like a call as a decorator? Then what was decorated stays what it is."""
    return len(args) == 1 and not kwargs and isinstance(args[0], FunctionType | type)


def _guessed(name: str) -> type[BaseException] | None:
    """What a class has to derive from that nothing but its name is known of."""
    if name.endswith("Warning"):
        return Warning
    return Exception if name.endswith(("Error", "Exception")) else None
