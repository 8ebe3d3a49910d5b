"""The refusals that do not depend on a plan: what is known before anything is tried."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib.machinery import BuiltinImporter, ExtensionFileLoader
from types import ModuleType
from typing import TYPE_CHECKING

from modcache._model.report import Refusal, RefusalKind
from modcache._runtime.files import source_path

if TYPE_CHECKING:
    from modcache._refresh.entry import Found
    from modcache._refresh.know import Knowledge

__all__ = ["free_threaded", "known_refusals", "replaced_by_new_code", "unreloadable"]


def known_refusals(knowledge: Knowledge, found: Iterable[Found]) -> tuple[Refusal, ...]:
    """Why what changed, or a file that changed besides, can't be made live; ``found`` is what differs."""
    return (
        *(_replaced_itself(name) for name, _ in knowledge.changed_replaced()),
        *map(_altered, knowledge.altered.changed()),
        *map(_native, knowledge.natives.changed()),
        *(_unread(one) for one in found if one.trouble),
    )


def free_threaded(names: Iterable[str]) -> tuple[Refusal, ...]:
    """A build without the lock that makes a commit atomic can change nothing."""
    if getattr(sys, "_is_gil_enabled", lambda: True)():
        return ()
    detail, remedy = "a commit is not atomic without the GIL", "run with PYTHON_GIL=1"
    return tuple(Refusal(RefusalKind.FREE_THREADED, name, None, detail, remedy) for name in names)


def unreloadable(name: str, module: ModuleType, *, known: bool) -> Refusal | None:
    """Why a module can't be executed again, whoever asks. ``known``: it is one of the roots'."""
    top = name.partition(".")[0]
    if name == "__main__":
        detail = "it is the program that runs, which would begin a second time"
        return Refusal(RefusalKind.MAIN, name, None, detail, "restart, or move the code into a module that it imports")
    if top == "modcache":
        return Refusal(RefusalKind.STICKY, name, None, "modcache never reloads itself", "restart")
    if isinstance(loader := getattr(module.__spec__, "loader", None), ExtensionFileLoader) or loader is BuiltinImporter:
        detail = "it is native: there is no source to execute, and it can't be loaded twice"
        return Refusal(RefusalKind.NATIVE, name, None, detail, "restart")
    if known:
        return None
    if top in sys.stdlib_module_names:
        detail = "it belongs to the standard library, on which the whole process stands"
        return Refusal(RefusalKind.STICKY, name, None, detail, "restart, or name it among the roots of a session")
    if source_path(module) is None:
        return no_source(name)
    return None


def no_source(name: str) -> Refusal:
    """A module that was made without a source file."""
    detail = "there is no source file that could be executed again"
    remedy = "give it one; importlib.reload asks a loader of its own, if it has one"
    return Refusal(RefusalKind.NO_SOURCE, name, None, detail, remedy)


def _replaced_itself(name: str) -> Refusal:
    return _replaced(name, "its file changed, but the module put another object into its place in the cache")


def replaced_by_new_code(name: str) -> Refusal:
    """A loaded module, in whose place new code puts something else: who has imported it would keep the module."""
    return _replaced(name, "new code puts another object into its place in the cache")


def _replaced(name: str, detail: str) -> Refusal:
    remedy = "restart, or keep the module and give it a module-level __getattr__"
    return Refusal(RefusalKind.REPLACED, name, None, detail, remedy)


def _altered(name: str) -> Refusal:
    return Refusal(
        RefusalKind.ALTERED,
        name,
        None,
        "its file changed, but the module is replaced, faked, blocked or isolated at present",
        "leave the scope of the alteration, then refresh",
    )


def _native(name: str) -> Refusal:
    detail = "its native file was built anew, and it can't be loaded twice"
    return Refusal(RefusalKind.NATIVE, name, None, detail, "restart")


def _unread(found: Found) -> Refusal:
    name = found.entry.name
    if found.trouble == "unstable":
        detail = "its file changes faster than it can be read"
        return Refusal(RefusalKind.UNSTABLE, name, None, detail, "refresh again when it is written")
    detail, remedy = f"its file {found.entry.path} can't be read", "make it readable, then refresh"
    return Refusal(RefusalKind.NO_SOURCE, name, None, detail, remedy)
