"""A session's stress modes: what they ask for, done with the rooms' own means."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any

from modcache import errors
from modcache._model.findings import Findings
from modcache._model.report import Report
from modcache._model.trials import Joint, Trial
from modcache._model.uses import executed_uses
from modcache._refresh.history import Standing
from modcache._refresh.refresher import Refresher

if TYPE_CHECKING:
    from modcache._stress.ran import Ran

__all__ = ["Reloads", "Stressing", "reloading", "stress"]


class Stressing:
    """A refresher as the stress modes see it (a ``Subject``). Calls must not overlap.

    ``ran``: what was seen to run while the modules were imported, if somebody watched.
    """

    def __init__(self, refresher: Refresher, ran: Ran | None = None) -> None:
        self._refresher = refresher
        self._knowledge = refresher.knowledge
        self._ran = ran if ran is not None and ran.known else None
        from modcache._verify.code import CodeDigests

        self._codes = CodeDigests()
        self._used: dict[str, dict[frozenset[str], dict[str, int]]] = {}

    @property
    def cache(self) -> Mapping[str, object]:
        """The module cache."""
        return self._knowledge.system.modules

    def modules(self) -> dict[str, ModuleType]:
        """The modules of the roots, by name, in the order of their import."""
        self._knowledge.meet()
        return {name: self._knowledge.entries[name].module for name in self._knowledge.import_order()}

    def execute(self, *modules: ModuleType) -> Report:
        """Execute modules anew, whole, with what depends on them, in one refresh."""
        return self._refresher.execute(*modules)

    def undo(self) -> None:
        """Take the last commit back, with what it left in doubt."""
        self._refresher.undo()
        self._refresher.history.standing = Standing()

    def forget(self) -> None:
        """Forget the way back."""
        history = self._refresher.history
        history.close()
        history.standing = Standing()

    def describe(self) -> dict[str, Any]:
        """Every name of the modules and what is behind it, as data."""
        from modcache._verify.describe import describe

        return describe(self.modules(), codes=self._codes)

    def differences(self, now: dict[str, Any], before: dict[str, Any]) -> list[tuple[str, str, str]]:
        """Where two descriptions differ: (module, name, in words)."""
        from modcache._verify.compare import compare

        rows = compare(now, before)
        return [(d.module, d.name, f"{''.join(d.path)} {d.kind}: {d.fresh}, then {d.live}".strip()) for d in rows]

    def dependents(self, module: str) -> tuple[str, ...]:
        """A module and its transitive dependents, in the order of their import."""
        found = self._knowledge.index.dependents(module) if module in self._knowledge.entries else ()
        return tuple(name for name in self._knowledge.import_order() if name in found)

    def path(self, module: str) -> str:
        """The source file of a module."""
        entry = self._knowledge.entries.get(module)
        return entry.path if entry is not None else module

    def line(self, module: str, name: str) -> int:
        """The line of the statement that binds a name first; 0 if none does."""
        entry = self._knowledge.entries.get(module)
        found = entry.unit.binders.get(name, ()) if entry is not None else ()
        return entry.unit.statements[found[0]].lineno if entry is not None and found else 0

    def line_of(self, module: str, words: Iterable[str]) -> int:
        """The line of the first statement with one of these words in its text; 0 if none has."""
        entry, wanted = self._knowledge.entries.get(module), "|".join(map(re.escape, words))
        for statement in entry.unit.statements if entry is not None and wanted else ():
            if re.search(rf"(?<!\w)(?:{wanted})(?!\w)", statement.fragment.text):
                return statement.lineno
        return 0

    def answered(self, module: str) -> bool | None:
        """Did a module's own ``__getattr__`` run while modules were imported? None: nobody watched."""
        entry = self._knowledge.entries.get(module)
        return None if entry is None or self._ran is None else self._ran.answered(entry.unit.source.filename)

    def used(self, module: str, words: frozenset[str]) -> dict[str, int] | None:
        """Which of these words were used, otherwise than plainly, in code that ran then -> the line; None: as above."""
        entry, ran = self._knowledge.entries.get(module), self._ran
        if entry is None or ran is None:
            return None
        known = self._used.setdefault(module, {})
        if words not in known:
            nodes = [one.fragment.placed(one.lineno) for one in entry.unit.statements]
            known[words] = executed_uses(nodes, words, functools.partial(ran, entry.unit.source.filename))
        return known[words]


class Reloads:
    """The reloads of :meth:`modcache.Session.reloading`: how many there were, and which modules could not be.

    ``count``: those that were committed; ``failed``: module -> what it raised.
    """

    def __init__(self, refresher: Refresher, names: Iterable[str] | None) -> None:
        self._refresher = refresher
        self._subject = Stressing(refresher)
        self._names = None if names is None else frozenset(names)
        self._waiting: list[str] = []
        self.count = 0
        self.failed: dict[str, BaseException] = {}

    def next(self) -> None:
        """Reload the next module; if one can not be now, the next call tries it again."""
        try:
            self._refresher.check_nesting()
        except errors.NestedRefresh:
            return  # a module is just being imported
        modules = self._subject.modules()
        self._waiting = self._waiting or [name for name in modules if self._is_wanted(name)]
        if self._waiting and (name := self._waiting.pop(0)) in modules:
            self._reload(name, modules[name])

    def _is_wanted(self, name: str) -> bool:
        chosen = self._names is None or name in self._names
        return chosen and name != "__main__" and name not in self.failed

    def _reload(self, name: str, module: ModuleType) -> None:
        try:
            report = self._subject.execute(module)
        except errors.ModcacheError as error:
            self.failed[name] = error
            return
        self._subject.forget()
        if report.outcome == "committed":
            self.count += 1
        else:
            self.failed[name] = report.error or errors.RestartRequired(str(report.refusals[0]), report.refusals)


@contextmanager
def reloading(refresher: Refresher, every: int, names: Iterable[str] | None) -> Iterator[Reloads]:
    """See :meth:`modcache.Session.reloading`."""
    from modcache._stress.calls import at_every

    reloads = Reloads(refresher, names)
    with at_every(every, refresher.roots.owns, reloads.next):
        yield reloads


def stress(
    refresher: Refresher,
    modes: Iterable[str],
    names: Iterable[str] | None,
    progress: Callable[[int, int, str], object],
    told: Callable[[Trial], object] | None,
    ran: Ran | None,
) -> Findings:
    """Put the modules of a refresher to the test, one by one; see :meth:`modcache.Session.stress`."""
    from modcache._stress.bench import Bench

    return Bench(Stressing(refresher, ran), modes, progress).run(names, told)


def stress_together(
    refresher: Refresher,
    modes: Iterable[str],
    names: Iterable[str] | None,
    progress: Callable[[int, int, str], object],
    told: Callable[[Joint], object] | None,
    ran: Ran | None,
) -> Findings:
    """Put the modules of a refresher to the test, all of them in one refresh; see :meth:`modcache.Session.stress`."""
    from modcache._stress.bench import Bench

    return Bench(Stressing(refresher, ran), modes, progress).run_together(names, told)
