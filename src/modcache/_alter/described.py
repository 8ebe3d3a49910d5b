"""What a fake is to be like: a tree of modules, classes, functions and values, as described by some specification."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import Parameter, Signature
from types import ModuleType
from typing import Any, Literal

__all__ = ["ANYTHING", "Described", "Kind", "describe", "from_mapping", "signature_of"]

Kind = Literal["module", "class", "function", "given", "alias", "unknown"]
ANYTHING = Signature([Parameter("args", Parameter.VAR_POSITIONAL), Parameter("kwargs", Parameter.VAR_KEYWORD)])


@dataclass(eq=False)
class Described:
    """One thing of the tree. ``given``: the very object stands there; ``alias``: what another module has."""

    kind: Kind
    module: str
    name: str = ""
    members: dict[str, Described] = field(default_factory=dict)
    signature: Callable[[], Signature] = lambda: ANYTHING
    """Found out when it is asked for: a large package has thousands."""
    given: Any = None
    """The object; of an alias (module, name or empty); of a class, the built-in exception that it derives from."""
    bases: tuple[Described, ...] = ()
    binding: Callable[[Any], Any] | None = None
    """staticmethod or classmethod."""
    returns: str = ""
    """The class, by a name in the module, whose instances a function returns."""
    fill: Callable[[Described], None] | None = None
    """Describes the members of a module or class when they are first asked for."""

    def known(self) -> dict[str, Described]:
        """The members."""
        fill, self.fill = self.fill, None
        if fill is not None:
            fill(self)
        return self.members


def describe(name: str, specification: object) -> Described:
    """The tree that a specification stands for; see :func:`modcache.fake`.

    Raises ``FileNotFoundError`` for a path that leads nowhere, ``SyntaxError`` for a stub that is none.
    """
    if isinstance(specification, Mapping):
        return from_mapping(name, specification)
    if isinstance(specification, ModuleType):
        from modcache._alter.recording import record

        return record(name, specification)
    if isinstance(specification, os.PathLike) or (isinstance(specification, str) and _is_path(specification)):
        from modcache._alter.stubs import read_path

        return read_path(name, os.fspath(specification))
    if isinstance(specification, str):
        from modcache._alter.stubs import read_text

        return read_text(name, specification)
    public = [key for key in dir(specification) if not key.startswith("__") or key in ("__version__", "__doc__")]
    return from_mapping(name, {key: getattr(specification, key) for key in public})


def _is_path(text: str) -> bool:
    return "\n" not in text and (text.endswith((".pyi", ".py")) or os.sep in text)


def from_mapping(name: str, mapping: Mapping[Any, object]) -> Described:
    """Names to objects, dots and inner mappings leading into submodules; ``...`` for what is not known further.

    Raises ``TypeError`` for a name that is no str, ``ValueError`` for one that leads through something else.
    """
    root = Described("module", name)
    for path, value in mapping.items():
        if not isinstance(path, str):
            raise TypeError(f"the specification of the fake {name!r} must have names as its keys, not {path!r}")
        *modules, last = path.split(".")
        where = root
        for part in modules:
            where = where.members.setdefault(part, Described("module", f"{where.module}.{part}"))
            if where.kind != "module":
                raise ValueError(f"the specification of the fake {name!r} has {part!r} in {path!r} as no module")
        where.members[last] = _member(where, last, value)
    return root


def _member(where: Described, name: str, value: object) -> Described:
    known = where.members.get(name)
    if isinstance(value, Mapping):
        inner = from_mapping(f"{where.module}.{name}", value)
        if known is not None and known.kind == "module":
            inner.members = {**known.members, **inner.members}
        return inner
    if value is ...:
        return Described("unknown", where.module, name)
    return Described("given", where.module, name, given=value)


def signature_of(function: Any) -> Signature:
    """The signature, or one that takes anything if none can be had."""
    from inspect import signature

    try:
        return signature(function)
    except (TypeError, ValueError):
        return ANYTHING
