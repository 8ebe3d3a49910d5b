"""A session's stress modes: what they ask for, done with the rooms' own means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

from modcache._model.findings import Findings
from modcache._model.report import Report
from modcache._refresh.history import Standing
from modcache._refresh.refresher import Refresher

__all__ = ["Stressing"]


class Stressing:
    """A refresher as the stress modes see it (a ``Subject``). Calls must not overlap."""

    def __init__(self, refresher: Refresher) -> None:
        self._refresher = refresher
        self._knowledge = refresher.knowledge

    @property
    def cache(self) -> Mapping[str, object]:
        """The module cache."""
        return self._knowledge.system.modules

    def modules(self) -> dict[str, ModuleType]:
        """The modules of the roots, by name, in the order of their import."""
        self._knowledge.meet()
        return {name: self._knowledge.entries[name].module for name in self._knowledge.import_order()}

    def execute(self, module: ModuleType) -> Report:
        """Execute a module anew, whole, with what depends on it."""
        return self._refresher.execute(module)

    def undo(self) -> None:
        """Take the last commit back, with what it left in doubt."""
        self._refresher.undo()
        self._refresher.history.standing = Standing()

    def forget(self) -> None:
        """Forget the way back."""
        self._refresher.history.close()
        self._refresher.history.standing = Standing()

    def describe(self) -> dict[str, Any]:
        """Every name of the modules and what is behind it, as data."""
        from modcache._verify.describe import describe

        return describe(self.modules())

    def differences(self, now: dict[str, Any], before: dict[str, Any]) -> list[tuple[str, str, str]]:
        """Where two descriptions differ: (module, name, in words)."""
        from modcache._verify.compare import compare

        rows = compare(now, before)
        return [(d.module, d.name, f"{''.join(d.path)} {d.kind}: {d.fresh}, then {d.live}".strip()) for d in rows]

    def path(self, module: str) -> str:
        """The source file of a module."""
        entry = self._knowledge.entries.get(module)
        return entry.path if entry is not None else module

    def line(self, module: str, name: str) -> int:
        """The line of the statement that binds a name first; 0 if none does."""
        entry = self._knowledge.entries.get(module)
        found = entry.unit.binders.get(name, ()) if entry is not None else ()
        return entry.unit.statements[found[0]].lineno if entry is not None and found else 0

    def line_of_call(self, module: str, words: str) -> int:
        """The line of the first statement that calls what a doubt names; 0 if none does."""
        entry = self._knowledge.entries.get(module)
        named = set(re.findall(r"[\w.]+", words))
        if entry is None:
            return 0
        for statement, facts in zip(entry.unit.statements, entry.unit.all_facts, strict=True):
            if any(call.callee is not None and ".".join(call.callee) in named for call in facts.calls):
                return statement.lineno
        return 0


def stress(refresher: Refresher, modes: Iterable[str], names: Iterable[str] | None, progress: Any) -> Findings:
    """Put the modules of a refresher to the test; see :meth:`modcache.Session.stress`."""
    from modcache._stress.bench import Bench

    return Bench(Stressing(refresher), modes, progress).run(names)
