"""Every error that modcache raises on purpose, as one tree.

Each message says what happened, where, and what to do. A failure *inside a user's module body* is not wrapped:
``reload`` raises what the body raised, and a ``Report`` carries it in ``error``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modcache._model.report import Refusal

__all__ = [
    "AlterationMisused",
    "AlterationRefused",
    "BudgetUnusable",
    "CheckFailed",
    "DeclarationMistaken",
    "DeepUnavailable",
    "InternalError",
    "ModcacheError",
    "NativeModule",
    "NestedRefresh",
    "NotLoaded",
    "NotObserved",
    "NothingToUndo",
    "PathNotFound",
    "ProgramNotFound",
    "RestartRequired",
    "RootNotFound",
    "SavedFileUnusable",
    "SessionClosed",
    "SnapshotOutdated",
    "SourceUnavailable",
    "SpaceClosed",
    "SpaceExists",
    "SpaceMismatch",
    "VerificationFailed",
]


class ModcacheError(Exception):
    """The root of the tree: catch this to catch everything that modcache itself raises."""


class RootNotFound(ModcacheError, LookupError):
    """A root names neither a folder that exists nor a package that can be found."""


class NotLoaded(ModcacheError, ImportError):
    """A module is asked for that is not in the module cache (an ``ImportError``, as for ``importlib.reload``)."""


class AlterationRefused(ModcacheError, ValueError):
    """A module can't be altered like that; nothing was changed. The message names it, the reason, and the ways out."""


class AlterationMisused(ModcacheError, RuntimeError):
    """A handle was entered twice without being left, or left without being entered."""


class SnapshotOutdated(ModcacheError, RuntimeError):
    """A snapshot is to be restored, but other alterations are active than when it was taken; nothing was changed."""


class DeclarationMistaken(ModcacheError, ValueError):
    """A module's ``__modcache__`` can't be read, or names what is not there; the message says where and what."""


class NestedRefresh(ModcacheError, RuntimeError):
    """A refresh was asked for by what a refresh is executing, or that interrupts it; ``undo`` also inside a section."""


class NothingToUndo(ModcacheError, RuntimeError):
    """There is no commit left that could be taken back."""


class SavedFileUnusable(ModcacheError, ValueError):
    """A file is no run of a program that this version has saved; the message says what it is."""


class SessionClosed(ModcacheError, RuntimeError):
    """The session was closed; it knows nothing any more. Make a new one."""


class InternalError(ModcacheError, RuntimeError):
    """A mistake of modcache's own: a refresh or a plan failed where it should not, and nothing was changed.

    ``__cause__`` is what was raised. Please report it, with the traceback.
    """


class ProgramNotFound(ModcacheError, FileNotFoundError):
    """``modcache run`` was given a file or a module that does not exist."""


class VerificationFailed(ModcacheError, RuntimeError):
    """The fresh process that a verification compares with could not be started or could not import the modules."""


class CheckFailed(ModcacheError, RuntimeError):
    """The process in which ``modcache check-reload`` executed modules ended before it could tell what it found."""


class RestartRequired(ModcacheError, RuntimeError):
    """The change can not be made live; nothing was done.

    ``refusals`` says why, each with its remedy (a list of :class:`modcache.Refusal`).
    """

    def __init__(self, message: str, refusals: tuple[Refusal, ...] = ()) -> None:
        super().__init__(message)
        self.refusals = refusals


class SourceUnavailable(RestartRequired, ImportError):
    """A module can't be executed again, whatever changed: native, the program itself, sticky, or without a source.

    ``refusals`` has one refusal, which says which of these. An ``ImportError``, as for :func:`importlib.reload`;
    ``name`` is the module's.
    """

    def __init__(self, message: str, refusals: tuple[Refusal, ...] = (), *, name: str | None = None) -> None:
        super().__init__(message, refusals)
        self.msg, self.name = message, name


class NotObserved(ModcacheError, RuntimeError):
    """A program was to be watched, and nothing of Python's was seen in it."""


class PathNotFound(ModcacheError, FileNotFoundError):
    """A space was given a folder or archive that does not exist."""


class SpaceExists(ModcacheError, ValueError):
    """There is an open space of that name already."""


class SpaceClosed(ModcacheError, RuntimeError):
    """The space was closed: nothing can be imported there any more."""


class SpaceMismatch(ModcacheError, ValueError):
    """A pickle is from a space whose name belongs to another space here."""


class BudgetUnusable(ModcacheError, ValueError):
    """There are no limits in ``pyproject.toml``, or they say what means nothing; the message shows how."""


class DeepUnavailable(ModcacheError, RuntimeError):
    """A space can not be made with ``deep=True`` on this interpreter; the message says why."""


class NativeModule(ModcacheError, RuntimeError):
    """A native module can't be loaded in a space; the message says why, and that it can be shared instead.

    It is no ``ImportError``: many libraries take that for a leave to go on without their native part, silently.
    """
