"""What the stress modes need from the session that they are tried on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any, Protocol

from modcache._model.report import Report

__all__ = ["Subject"]


class Subject(Protocol):
    """A session seen by the stress modes: the hall knows how it is done."""

    @property
    def cache(self) -> Mapping[str, object]:
        """The module cache."""

    def modules(self) -> dict[str, ModuleType]:
        """The modules of the roots, by name, in the order of their import."""

    def execute(self, *modules: ModuleType) -> Report:
        """Execute modules anew, whole, with what depends on them, in one refresh; ``Report`` as of that."""

    def undo(self) -> None:
        """Take the last commit back, with what it left in doubt."""

    def forget(self) -> None:
        """Forget the way back: what could be undone holds old versions."""

    def describe(self) -> dict[str, Any]:
        """Every name of the modules and what is behind it, as data, to be compared with a later one."""

    def differences(self, now: dict[str, Any], before: dict[str, Any]) -> list[tuple[str, str, str]]:
        """Where two descriptions differ: (module, name, in words)."""

    def dependents(self, module: str) -> tuple[str, ...]:
        """A module and its transitive dependents, in the order of their import; none of a name that is no module's."""

    def path(self, module: str) -> str:
        """The source file of a module."""

    def line(self, module: str, name: str) -> int:
        """The line of the statement that binds a name first; 0 if none does."""

    def line_of(self, module: str, words: Iterable[str]) -> int:
        """The line of the first statement with one of these words in its text; 0 if none has."""

    def answered(self, module: str) -> bool | None:
        """Did a module's own ``__getattr__`` run while modules were imported? None: nobody watched."""

    def used(self, module: str, words: frozenset[str]) -> dict[str, int] | None:
        """Which of these words were used, otherwise than plainly, in code that ran then -> the line; None: as above."""
