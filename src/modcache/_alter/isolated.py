"""Fresh copies of modules, and the old ones back afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.machinery import ModuleSpec
from typing import Any, Literal

from modcache import errors
from modcache._alter.alteration import Alteration
from modcache._alter.blocked import blocked as blocked_
from modcache._alter.names import checked
from modcache._runtime.layers import MISSING, Layer, within
from modcache._runtime.native import is_native, why_not_twice
from modcache._runtime.provider import Given, Provider
from modcache._runtime.system import ImportSystem, interpreter

__all__ = ["Isolated", "fresh_import", "isolated"]

Native = Literal["refuse", "share"]


def isolated(*names: str, native: Native = "refuse", system: ImportSystem = interpreter) -> Isolated:
    """Fresh copies of modules, within a scope: they and what is below them are imported anew there, when asked for.

    ``names``: absolute. What another alteration, entered before, has put below them stays: so a fresh copy can be had
    over a fake. Who holds the old modules keeps them; afterwards the old entries are back, and the fresh ones belong to
    whoever holds them.

    ``native``: native modules among them that can't be loaded a second time make it refuse, before anything is
    changed; with ``"share"`` the one copy that there is serves inside too (at your own risk: some packages do not
    expect that). A package that comes with such a module and is first imported inside the scope stays loaded, since it
    could not be loaded again; :attr:`Isolated.kept` names it.

    Returns a handle: context manager, decorator, :meth:`~Alteration.enter` and :meth:`~Alteration.leave`.
    Raises ``TypeError`` without a name and for what is no name, ``ValueError`` for a relative or empty one and for
    another ``native``; :class:`modcache.errors.AlterationRefused` for modules that the interpreter itself needs, and
    when it is entered for native ones. Thread-safe; the change is seen by the whole process: between entering and the
    import the names are not in the cache.
    """
    if not names:
        raise TypeError("modcache.isolated takes the names of the modules to isolate; there is none")
    if native not in ("refuse", "share"):
        raise ValueError(f"native must be 'refuse' or 'share', not {native!r}")
    return Isolated(tuple(dict.fromkeys(checked(name, "modcache.isolated") for name in names)), native, system)


def fresh_import(
    name: str,
    *,
    fresh: Iterable[str] = (),
    blocked: Iterable[str] = (),
    native: Native = "refuse",
    system: ImportSystem = interpreter,
) -> Any:
    """A fresh copy of a module, made beside the old one, that only the caller has; the cache is as before.

    ``fresh``: other modules to be imported anew for it; ``blocked``: those that it is not to find. Both are as for
    :func:`modcache.isolated` and :func:`modcache.blocked`, and so is what it raises; besides, what the import raises.
    What the copy imports later, when its functions are called, is what the process has.
    """
    names = tuple(blocked)
    with isolated(name, *fresh, native=native, system=system):
        if not names:
            return system.import_module(name)
        with blocked_(*names, system=system):
            return system.import_module(name)


class Isolated(Alteration):
    """The handle of :func:`modcache.isolated`."""

    def __init__(self, names: tuple[str, ...], native: Native, system: ImportSystem) -> None:
        super().__init__(f"modcache.isolated({', '.join(map(repr, names))})", system)
        self._names = names
        self._native = native
        self.kept: tuple[str, ...] = ()
        """Packages that were first imported inside the last scope, and stay, for they can't be loaded twice."""

    def _made(self) -> Layer:
        layer = Layer(self._title, self._names)
        for name in self._names:
            if self._system.shares(name):
                raise errors.AlterationRefused(
                    f"{self._title}: {name!r} is the interpreter's, and {self._system!r} only shares it: it would not "
                    "find a copy of its own"
                )
        natives = {
            name: module
            for name, module in list(self._system.modules.items())
            # under another name than its own (requests.packages.idna) it is only an alias, made anew by who makes it
            if layer.claims(name) and is_native(module) and layer.claims(module.__spec__.name)
        }
        if self._native == "refuse":
            self._check(natives)
        shared = natives if self._native == "share" else {}

        def offer(name: str) -> ModuleSpec | None:
            if name not in shared:
                return None
            return ModuleSpec(name, Given(self._system, shared[name]), origin=self._title)

        layer.finder = Provider(self._system, layer, offer, parents=False) if shared else None
        return layer

    def _check(self, natives: dict[str, Any]) -> None:
        reasons = {name: why for name, module in natives.items() if (why := why_not_twice(module))}
        if reasons:
            told = "; ".join(f"{name}: {why}" for name, why in list(reasons.items())[:5])
            more = f" (and {len(reasons) - 5} more)" if len(reasons) > 5 else ""
            raise errors.AlterationRefused(
                f"{self._title}: native modules that can't be loaded a second time: {told}{more}. Isolate only modules "
                "that are written in Python, pass native='share' to go on with the one copy, or use a fresh process"
            )

    def _leaving(self, layer: Layer) -> None:
        kept: dict[str, None] = {}
        live = {name: module for name, module in list(self._system.modules.items()) if layer.claims(name)}
        for name, module in live.items():
            if layer.beneath.get(name, MISSING) is MISSING and is_native(module) and why_not_twice(module):
                kept.update(dict.fromkeys(root for root in self._names if within(name, root) and _is_new(root, layer)))
        self.kept = tuple(kept)
        layer.kept = {name for name in live if any(within(name, root) for root in kept)}


def _is_new(root: str, layer: Layer) -> bool:
    return layer.beneath.get(root, MISSING) is MISSING
