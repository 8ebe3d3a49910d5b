"""What `reload` accepts: the name that a module object goes by, with the errors of ``importlib.reload``."""

from __future__ import annotations

from types import ModuleType

from modcache import errors
from modcache._refresh.entry import Entry
from modcache._refresh.know import Knowledge
from modcache._refresh.refusals import no_source, unreloadable
from modcache._runtime.peek import is_a
from modcache._runtime.system import ImportSystem

__all__ = ["entry_of", "reloadable"]


def reloadable(module: object, system: ImportSystem) -> str:
    """The name to reload. Raises ``TypeError`` for what is no module, ``NotLoaded`` if the cache does not hold it."""
    if not is_a(module, ModuleType):
        raise TypeError("reload() argument must be a module")
    spec = module.__dict__.get("__spec__")
    name = getattr(spec, "name", None) or module.__name__
    if system.modules.get(name) is not module:
        raise errors.NotLoaded(f"module {name} not in sys.modules", name=name)
    parent = name.rpartition(".")[0]
    if parent and parent not in system.modules:
        raise errors.NotLoaded(f"parent {parent!r} not in sys.modules", name=parent)
    return str(name)


def entry_of(knowledge: Knowledge, name: str, module: ModuleType) -> Entry:
    """What is known of the module; one outside the roots, asked for by name, is known from here on.

    Raises ``SourceUnavailable``.
    """
    entry = knowledge.entries.get(name)
    refusal = unreloadable(name, module, known=entry is not None)
    if refusal is None:
        entry = entry or knowledge.meet_one(name, module)
        if entry is not None:
            return entry
        refusal = no_source(name)
    raise errors.SourceUnavailable(str(refusal), (refusal,), name=name)
