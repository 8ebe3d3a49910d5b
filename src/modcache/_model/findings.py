"""What stress modes find out about the modules of some roots, as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from modcache._model.doubts import DoubtKind

__all__ = ["Finding", "FindingKind", "Findings", "StressedModule"]


class FindingKind(StrEnum):
    """Why a module is not safe to refresh: a closed list."""

    FAILS = "fails"
    REFUSED = "refused"
    IDENTITY = "identity"
    STATE = "state"
    OUTSIDE = "outside"
    REMAINS = "remains"
    ROLLBACK = "rollback"
    UNDO = "undo"
    LEAK = "leak"
    DOUBT = "doubt"


_MEANING = {
    FindingKind.FAILS: "can not be executed a second time",
    FindingKind.REFUSED: "can not be refreshed live",
    FindingKind.IDENTITY: "is another object afterwards: who holds the old one keeps that",
    FindingKind.STATE: "is not what it was, though no source changed",
    FindingKind.OUTSIDE: "changes something outside of the package each time it is executed",
    FindingKind.REMAINS: "is left other than in a fresh process",
    FindingKind.ROLLBACK: "is not as before after a commit that failed",
    FindingKind.UNDO: "is not as before after an undo",
    FindingKind.LEAK: "leaves objects behind at each refresh",
    FindingKind.DOUBT: "may act on what modcache does not see",
}
_REMEDIES = {
    FindingKind.FAILS: "let the statement run once (`if modcache.first_time(): ...`), or find what it did before",
    FindingKind.REFUSED: "restart after an edit of it",
    FindingKind.IDENTITY: "look it up when it is used (`module.name`) instead of keeping it",
    FindingKind.STATE: 'name it in `__modcache__ = {"keep": [...]}`, or make it where it is first used',
    FindingKind.OUTSIDE: "do it once (`if modcache.first_time(): ...`), in a function that the program calls, or take"
    " it back first",
    FindingKind.REMAINS: "restart after an edit of it",
    FindingKind.ROLLBACK: "report it: this is a fault of modcache",
    FindingKind.UNDO: "report it: this is a fault of modcache",
    FindingKind.LEAK: "let what keeps the old ones forget them (a list or a cache that only grows)",
    FindingKind.DOUBT: "after an edit of it ask for `refresh(verify=True)`",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason why a module is not safe to refresh, as data.

    ``kind`` is one of :class:`FindingKind`; ``module`` and ``object`` say what it is about (None: all of the module);
    ``path`` and ``line`` where that is made (0: not one statement); ``detail`` what was seen; ``remedy`` what to do.
    ``doubt``: of a doubt, what it is about, if running the code can tell whether it holds; ``resolved``: how that told
    that it does not, in words: then it is no reason any more.
    """

    kind: FindingKind
    module: str
    object: str | None
    path: str
    line: int
    detail: str
    doubt: DoubtKind | None = None
    resolved: str = ""

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return _REMEDIES[self.kind]

    @property
    def meaning(self) -> str:
        """What findings of this kind have in common, in a few words."""
        return _MEANING[self.kind]

    @property
    def certain(self) -> bool:
        """Was it seen to happen? Else it only can not be excluded."""
        return self.kind is not FindingKind.DOUBT

    @property
    def open(self) -> bool:
        """Is it a reason still: seen, or a doubt that nothing has resolved?"""
        return not self.resolved

    def __str__(self) -> str:
        name = f"{self.object}: " if self.object else ""
        return f"{self.path}:{self.line}: {name}{self.detail}" if self.line else f"{self.path}: {name}{self.detail}"

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON-able data."""
        return {
            "kind": str(self.kind),
            "module": self.module,
            "object": self.object,
            "path": self.path,
            "line": self.line,
            "detail": self.detail,
            "doubt": self.doubt and str(self.doubt),
            "resolved": self.resolved,
            "remedy": self.remedy,
        }

    @staticmethod
    def from_dict(data: dict[str, Any]) -> Finding:
        """The finding that :meth:`to_dict` told of."""
        kind = FindingKind(data["kind"])
        doubt = DoubtKind(data["doubt"]) if data["doubt"] else None
        where = data["module"], data["object"], data["path"], data["line"]
        return Finding(kind, *where, data["detail"], doubt, data["resolved"])


@dataclass(frozen=True, slots=True)
class StressedModule:
    """What came of stressing one module.

    ``findings``: what is its own; ``through``: modules that are executed with it, and have reasons of their own.
    ``statements`` and ``operations``: how many a refresh of it executes and commits; ``seconds``: how long that takes.
    ``alone``: had it a trial of its own? Else it was only executed together with all the others, in one refresh.
    """

    name: str
    path: str
    findings: tuple[Finding, ...] = ()
    through: tuple[str, ...] = ()
    statements: int = 0
    operations: int = 0
    seconds: float = 0.0
    alone: bool = True

    @property
    def verdict(self) -> str:
        """``"unsafe"`` (it was seen), ``"in doubt"`` (it can not be excluded) or ``"safe"``: of itself, not of others.

        Or ``"safe together"``: all is as before if every module is executed. It does not follow that all is as before
        if this one is executed and another, that holds what it made, is not: that was not looked into.
        """
        if any(finding.certain for finding in self.findings):
            return "unsafe"
        if any(finding.open for finding in self.findings):
            return "in doubt"
        return "safe" if self.alone else "safe together"

    def to_dict(self) -> dict[str, Any]:
        """The module as JSON-able data."""
        return {
            "name": self.name,
            "path": self.path,
            "verdict": self.verdict,
            "findings": [finding.to_dict() for finding in self.findings],
            "through": list(self.through),
            "statements": self.statements,
            "operations": self.operations,
            "seconds": self.seconds,
            "alone": self.alone,
        }

    @staticmethod
    def from_dict(data: dict[str, Any]) -> StressedModule:
        """The module that :meth:`to_dict` told of."""
        findings = tuple(map(Finding.from_dict, data["findings"]))
        figures = data["statements"], data["operations"], data["seconds"], data["alone"]
        return StressedModule(data["name"], data["path"], findings, tuple(data["through"]), *figures)


@dataclass(frozen=True, slots=True)
class Findings:
    """What the stress modes found in the modules of some roots.

    ``modules``: each, in the order of their import; ``modes``: what was tried; ``seconds``: how long all of it took.
    ``unplaced``: what was seen when all modules were executed together, and can not be said to be the doing of one.
    """

    modes: tuple[str, ...]
    modules: tuple[StressedModule, ...] = ()
    seconds: float = 0.0
    unplaced: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Was no module seen to be unsafe?"""
        return not self.of("unsafe")

    def of(self, verdict: str) -> tuple[StressedModule, ...]:
        """The modules with that verdict."""
        return tuple(module for module in self.modules if module.verdict == verdict)

    def __str__(self) -> str:
        counts = {word: len(self.of(word)) for word in ("safe", "safe together", "in doubt", "unsafe")}
        told = [f"{count} {word}" for word, count in counts.items() if count or word != "safe together"]
        head = ", ".join(told)
        rows = [f"{len(self.modules)} modules: {head}"]
        for module in self.of("unsafe"):
            rows.append(f"  {module.name} is unsafe to refresh")
            rows += [f"    {finding}" for finding in module.findings if finding.certain]
        return "\n".join(rows)

    def to_dict(self) -> dict[str, Any]:
        """The findings as JSON-able data."""
        return {
            "modes": list(self.modes),
            "ok": self.ok,
            "modules": [module.to_dict() for module in self.modules],
            "seconds": self.seconds,
            "unplaced": list(self.unplaced),
        }

    @staticmethod
    def from_dict(data: dict[str, Any]) -> Findings:
        """The findings that :meth:`to_dict` told of."""
        modules = tuple(map(StressedModule.from_dict, data["modules"]))
        return Findings(tuple(data["modes"]), modules, data["seconds"], tuple(data["unplaced"]))
