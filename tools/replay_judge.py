"""One transition of a replay: what a tool made of it, judged against a fresh process."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from replay_releases import Release

from modcache._verify.compare import Difference, compare
from modcache._verify.graph import Graph, Place, same

__all__ = ["Transition", "remade", "statements", "statements_of", "verdict", "wrong_places"]

_SHOWN = 6
_NOTES = ("__loadtime__",)  # a tool's note to itself in a module is no difference


@dataclass
class Transition:
    """What one tool made of one step from a release to the next.

    ``verdict``: ``"right"``; ``"turned down"`` (aborted or refused, and a fresh process fails too); ``"aborted"``
    or ``"refused"`` (nothing was touched, though a fresh process is fine); ``"said"`` (it differs, and the report
    says that it is incomplete, or that something failed); ``"unverified"`` (it differs, and the report leaves it
    open); ``"silent"`` (it differs, and the report says that it does not); ``"broken"`` (the tool crashed, or an
    aborted refresh left something changed). ``inherited``: how many of ``differences``, the last of them, an earlier
    transition left behind. ``modules``: how many were compared; ``left_out``: how many no process could import.
    """

    package: str
    tool: str
    old: str
    new: str
    verdict: str = ""
    files: int = 0
    modules: int = 0
    left_out: int = 0
    differences: list[str] = field(default_factory=list)
    inherited: int = 0
    stale: list[str] = field(default_factory=list)
    remade: list[str] = field(default_factory=list)
    why: list[str] = field(default_factory=list)
    executed: int | None = None
    statements: int = 0
    seconds: float = 0.0
    timings: dict[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The transition as JSON-able data."""
        return asdict(self)

    def __str__(self) -> str:
        share = "" if self.executed is None else f", {self.executed} of {self.statements} statements"
        made = f", {len(self.remade)} remade needlessly" if self.remade else ""
        head = f"{self.package} {self.old} -> {self.new} {self.tool}: {self.verdict}"
        rows = [f"{head} ({self.files} files, {self.modules} modules{share}{made}, {self.seconds * 1000:.0f} ms)"]
        if self.verdict not in ("right", "turned down"):
            rows += [f"    {row}"[:300] for row in self.why[:_SHOWN]]
            fresh = len(self.differences) - self.inherited
            rows.append(f"    {fresh} differences, {self.inherited} inherited, {len(self.stale)} stale held objects")
            rows += [f"    {row}"[:300] for row in [*self.differences, *self.stale][:_SHOWN]]
        return "\n".join(rows)


def verdict(answer: dict[str, Any], wrong: bool, touched: bool, fails_fresh: bool) -> str:
    """The word for what came of a refresh; ``answer`` is the child's."""
    report = answer["report"]
    if answer["crash"] is not None or not report:
        return "broken"
    if report["outcome"] in ("aborted", "refused"):
        if touched:
            return "broken"
        return "turned down" if fails_fresh else str(report["outcome"])
    if not wrong:
        return "right"
    if report["complete"] is False or report.get("failed"):
        return "said"
    return "unverified" if report["complete"] is None else "silent"


def wrong_places(
    live: dict[str, Any], fresh: dict[str, Any], again: Iterable[dict[str, Any]], known: set[str]
) -> list[Difference]:
    """Where the live process is not what a fresh one is; ``known``: places that differed before any refresh."""
    failed = fresh.get("failed", {})
    kept = {**live, "modules": {name: names for name, names in live["modules"].items() if name not in failed}}
    found = [row for row in compare(kept, fresh, again) if row.name not in _NOTES]
    return [row for row in found if str(row.place) not in known]


def remade(
    rebound: list[list[str]], old: tuple[Release, dict[str, Any]], new: tuple[Release, dict[str, Any]]
) -> list[str]:
    """The names that refer to another object though neither their statements nor their fresh value changed."""
    before, after = Graph(old[1]), Graph(new[1])
    found = []
    for module, name in rebound:
        place = Place(module, name)
        if _binders(old[0], module, name) != _binders(new[0], module, name):
            continue
        if same(before, before.at(place), after, after.at(place)):
            found.append(str(place))
    return found


def statements(site: Path, modules: Iterable[str]) -> int:
    """How many top-level statements the modules have."""
    return sum(len(tree.body) for name in modules if (tree := _tree(site, name)) is not None)


def statements_of(paths: Iterable[str]) -> int:
    """How many top-level statements the files have (those of a tool that executes whole modules)."""
    return sum(len(ast.parse(Path(path).read_bytes()).body) for path in paths)


def _binders(release: Release, module: str, name: str) -> list[str]:
    """The statements of a module that bind a name, without positions; an import binds what is another module's."""
    tree = _tree(release.folder, module)
    body = tree.body if tree is not None else []
    found = [ast.dump(row) for row in body if name in set(_bound(row))]
    return found or [f"not bound in {release.version}"]  # never equal: what is imported is remade elsewhere


def _bound(row: ast.AST) -> Iterator[str]:
    if isinstance(row, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield row.name
        return
    if isinstance(row, ast.Name) and isinstance(row.ctx, ast.Store):
        yield row.id
    for inner in ast.iter_child_nodes(row):
        yield from _bound(inner)


def _tree(folder: Path, module: str) -> ast.Module | None:
    base = folder / module.replace(".", "/")
    for path in (base / "__init__.py", base.parent / f"{base.name}.py"):
        if path.is_file():
            return ast.parse(path.read_bytes())
    return None
