"""Any object under a name."""

from __future__ import annotations

from importlib.machinery import ModuleSpec

from modcache import errors
from modcache._alter.alteration import Alteration
from modcache._alter.names import checked
from modcache._alter.rebinding import rebindings
from modcache._runtime.layers import MISSING, Layer
from modcache._runtime.provider import Given, Provider
from modcache._runtime.system import ImportSystem, interpreter

__all__ = ["Replaced", "replaced"]


def replaced(name: str, substitute: object, *, rebind: bool = False, system: ImportSystem = interpreter) -> Replaced:
    """Any object under a name, within a scope: ``import`` and ``from ... import`` give it.

    ``name``: absolute; the module need not exist, and parents that do not are made. ``substitute``: anything but None;
    it is not touched. Submodules of the real module are out of reach too, so that there is no mix.
    Where the parent is loaded, the substitute is in the cache at once; otherwise it is there with the first import.

    ``rebind``: modules that had bound the real one or what they took from it (``from pkg import mod``,
    ``import pkg.mod as m``, ``from pkg.mod import f``) get the substitute, or its attribute of that name, while it
    lasts; and those that bound the substitute get the real one afterwards. Looks through the names of all modules:
    some 10 ms for a thousand.

    Returns a handle: context manager, decorator, :meth:`~Alteration.enter` and :meth:`~Alteration.leave`.
    Raises ``TypeError`` and ``ValueError`` for what is no name, :class:`modcache.errors.AlterationRefused` for modules
    that the interpreter itself needs, and for None. Thread-safe; the change is seen by the whole process.
    """
    return Replaced(checked(name, "modcache.replaced"), substitute, rebind, system)


class Replaced(Alteration):
    """The handle of :func:`modcache.replaced`."""

    def __init__(self, name: str, substitute: object, rebind: bool, system: ImportSystem) -> None:
        super().__init__(f"modcache.replaced({name!r})", system)
        if substitute is None:
            raise errors.AlterationRefused(
                f"modcache.replaced({name!r}, None): None in the module cache blocks the name; "
                f"use modcache.blocked({name!r}) for that"
            )
        self._name = name
        self._substitute = substitute
        self._rebind = rebind
        self.unbound: tuple[str, ...] = ()
        """With ``rebind``: who keeps what it took from the real one, since the substitute has nothing of that name."""

    def _made(self) -> Layer:
        layer = Layer(self._title, (self._name,), {self._name: self._substitute})
        layer.finder = Provider(self._system, layer, self._offer)
        real = self._system.modules.get(self._name)
        if self._rebind and real is not None:
            layer.rebound, self.unbound = rebindings(self._system, self._name, real, self._substitute)
        return layer

    def _offer(self, name: str) -> ModuleSpec | None:
        if name != self._name:
            return None
        return ModuleSpec(name, Given(self._system, self._substitute), origin=self._title)

    def _leaving(self, layer: Layer) -> None:
        real = layer.beneath.get(self._name, MISSING)
        if self._rebind and real is not MISSING and real is not None:
            for binding in rebindings(self._system, self._name, self._substitute, real)[0]:
                # as if the substitute had been put there in the place of the real one
                binding.beneath, binding.over = binding.over, binding.beneath
                layer.bindings.setdefault(binding.place, binding)
