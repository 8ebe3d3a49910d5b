"""Patch: what changes without being executed. Functions get new code wherever they are held, classes docstrings."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Container, Iterable, Iterator
from types import CodeType, FunctionType
from typing import TYPE_CHECKING

from modcache._model.diff import Match
from modcache._model.source import Statement
from modcache._refresh.build import patch_code
from modcache._refresh.codes import CodeMap, Holders, NameMap, escaped
from modcache._refresh.docs import assigned, followed
from modcache._refresh.elsewhere import Elsewhere
from modcache._refresh.members import has_lambda
from modcache._runtime.functions import functions_of, raw_dict, sweep

if TYPE_CHECKING:
    from modcache._refresh.engine import Attempt
    from modcache._refresh.planner import Planner

__all__ = ["Patch"]

_CLASSES_HAVE_LINES = sys.version_info >= (3, 13)


class Patch:
    """Adds operations that patch the changed modules of an attempt, but for those that are executed whole."""

    def __init__(self, attempt: Attempt, planner: Planner, staged: Holders) -> None:
        self.planner = planner
        self.staged = staged
        self.world = attempt.world
        self.alignments = attempt.alignments
        self.maps = attempt.maps
        self.whole = attempt.whole
        self.result = attempt.result
        self.operations = attempt.result.operations
        self._swept: dict[str, list[FunctionType]] | None = None

    def run(self, settled: Container[int]) -> None:
        """``settled``: the ids of functions that are seen to elsewhere."""
        for name, code_map in self.maps.items():
            if name not in self.whole:
                self._functions(name, code_map, settled)
                self._docstrings(name)

    def _functions(self, name: str, code_map: CodeMap | NameMap, settled: Container[int]) -> None:
        namespace = self.world.namespace(name)
        for function in self._holders(name, code_map):
            if id(function) in settled or function.__globals__ is not namespace:
                continue
            code = code_map.of(function.__code__)
            if code is None:
                continue
            where = f"{name}:{function.__qualname__}"
            if code.co_freevars != function.__code__.co_freevars:
                if code_map.left(function.__code__):
                    continue
                self.result.remains[f"{where}: a function made earlier stays old: what it captures changed"] = None
            elif patch_code(self.operations, function, code):
                self.result.patched[where] = None

    # -- who holds the code that changes

    def _holders(self, name: str, code_map: CodeMap | NameMap) -> Iterable[FunctionType]:
        """The functions of what changed or moved. First where the module binds them; if some are not there, anywhere.

        Where they are is found out by looking at names first: a walk over the heap takes longer than all the rest.
        """
        entry = self.world.entry(name)
        filename = entry.unit.source.filename
        touched = self._touched(name)
        elsewhere = Elsewhere(entry.unit, [match.old for match in touched if match.old is not None])
        if not self._made_unnamed(name):
            for names in ([*self._bound(name, touched)] if isinstance(code_map, CodeMap) else None, None):
                found = _once(functions_of(entry.module, filename, names), elsewhere.known())
                changed = (one for one in found if _changes(code_map, one.__code__))
                if not elsewhere.unmet(found) and not escaped(changed, self.staged):
                    return found
        found = self._sweep().get(filename, [])
        if isinstance(code_map, CodeMap):
            steps = self.planner.steps.get(name, {})
            lasting = [match.old for match in touched if match.old is not None and match.new not in steps]
            elsewhere.learn(lasting, found, entry.module.__dict__)
        return found

    def _touched(self, name: str) -> list[Match]:
        """The statements whose functions get other code: patched ones, and those that stand on other lines."""
        before, after = self.world.entry(name).unit.statements, self.world.unit(name).statements
        code_map = self.maps[name]
        otherwise = code_map.compiles_otherwise if isinstance(code_map, CodeMap) else lambda match: False
        return [
            match
            for match in self.alignments[name].matches
            if match.old is not None and match.verdict in ("same", "patch")
            if _moved(before[match.old], after[match.new]) or otherwise(match)
        ]

    def _bound(self, name: str, touched: list[Match]) -> Iterator[str]:
        unit = self.world.entry(name).unit
        return (bound for match in touched if match.old is not None for bound in unit.facts(match.old).binds)

    def _made_unnamed(self, name: str) -> bool:
        """Did a statement that was edited make functions without a name?"""
        unit = self.world.entry(name).unit
        edited = [match.old for match in self.alignments[name].matches if match.verdict == "edited"]
        return any(old is not None and has_lambda(unit.statements[old].fragment.node) for old in edited)

    def _sweep(self) -> dict[str, list[FunctionType]]:
        """Every live function of the changed files: one walk over the heap for all of them."""
        if self._swept is None:
            self.result.swept = True
            self._swept = {}
            for function in sweep(frozenset(self.world.entry(name).unit.source.filename for name in self.maps)):
                self._swept.setdefault(function.__code__.co_filename, []).append(function)
        return self._swept

    # -- classes

    def _docstrings(self, name: str) -> None:
        """What classes whose statements are not executed get by their text alone: docstrings, lines."""
        before, after, live = self.world.entry(name).unit, self.world.unit(name), self.world.namespace(name)
        for match in self.alignments[name].matches:
            if match.verdict not in ("same", "patch") or match.old is None:
                continue
            old, new = before.statements[match.old], after.statements[match.new]
            if old.fragment is new.fragment and (old.lineno == new.lineno or not _CLASSES_HAVE_LINES):
                continue
            rows = followed(old, new, live, name)
            if _CLASSES_HAVE_LINES and old.fragment is not new.fragment:
                rows = itertools.chain(rows, assigned(after.codes_of(match.new).values(), live, name))
            for kind, qualname, member, value in rows:
                if raw_dict(kind).get(member) != value:
                    self.operations.member(kind, member, value)
                    if member == "__doc__":
                        self.result.patched[f"{name}:{qualname}"] = None


def _once(*rows: Iterable[FunctionType]) -> list[FunctionType]:
    """Each function once: they are counted."""
    return list({id(function): function for row in rows for function in row}.values())


def _changes(code_map: CodeMap | NameMap, code: CodeType) -> bool:
    found = code_map.of(code)
    return found is not None and found is not code


def _moved(old: Statement, new: Statement) -> bool:
    return old is not new and (old.lineno != new.lineno or old.fragment.text != new.fragment.text)
