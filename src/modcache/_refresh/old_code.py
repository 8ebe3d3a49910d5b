"""Old code: what commits have replaced or taken away, and who is still in it.

Whether a frame is in old code is asked of the sources: its code is old if the version of the module that is in use
has none like it, wherever in the file it may stand. What commits took out of use is noted besides, weakly, only to tell
since when; so nothing of an old version is kept by this, and a text that came back is not old.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from types import AsyncGeneratorType, CodeType, CoroutineType, FunctionType, GeneratorType, ModuleType
from typing import Any

from modcache._model.lingering import Lingering
from modcache._model.literals import same_but_lines
from modcache._model.unit import Unit
from modcache._refresh.entry import Found
from modcache._refresh.know import Knowledge
from modcache._runtime.functions import functions_of, inner_values
from modcache._runtime.operations import Operations
from modcache._runtime.running import Running, in_threads, suspended

__all__ = ["OldCode"]

_DEPTH = 6
_CODE_OF = {id(GeneratorType): "gi_code", id(CoroutineType): "cr_code", id(AsyncGeneratorType): "ag_code"}
"""By identity: no other type is to be asked for its hash."""
_BODY = "<module>"


class _Noted(weakref.ref[CodeType]):
    """Code, and the last commit that found it in use: if it is old, that one made it so."""

    __slots__ = ("among", "key", "since")
    among: dict[int, _Noted]
    key: int
    since: int


def _forget(noted: _Noted) -> None:
    if noted.among.get(noted.key) is noted:
        del noted.among[noted.key]


class OldCode:
    """Knows which code of the roots is old. Calls must not overlap."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._since: dict[int, _Noted] = {}
        """By the id of the code."""
        self._files: dict[str, int] = {}
        """The files of the modules that were ever changed by a commit, and by which one last."""

    def note(self, operations: Operations, files: Iterable[str], generation: int) -> None:
        """Just before operations are run, or reverted: what they concern may not be in use any more afterwards."""
        self._files.update(dict.fromkeys(files, generation))
        for code in _codes(operations.concerned()):
            noted = self._since[id(code)] = _Noted(code, _forget)
            noted.among, noted.key, noted.since = self._since, id(code), generation

    def lingering(self, *, walk: bool) -> tuple[Lingering, ...]:
        """Who is in old code: threads; with ``walk`` also what waits, for which the heap is walked."""
        if not self._files:
            return ()
        rows = in_threads(self._files)
        if walk:
            stacks = {id(row.frame) for row in rows}
            rows += [row for row in suspended(self._files) if id(row.frame) not in stacks]
        found = dict.fromkeys(self._described(row) for row in rows if self._is_old(row))
        self._forget()
        return tuple(found)

    def in_the_way(self, found: Iterable[Found], *, walk: bool = True) -> list[Running]:
        """Who is in code that is in use, and would not be any more: threads; with ``walk``, what waits, too.

        The body of a module counts as none: it runs once, and its code is never replaced.
        """
        found = list(found)
        files = {one.entry.unit.source.filename for one in found}
        rows = [row for row in in_threads(files) if any(_changes(one, row) for one in found)]
        if walk:
            stacks = {id(row.frame) for row in rows}
            others = (row for row in suspended(files) if id(row.frame) not in stacks)
            rows += [row for row in others if any(_changes(one, row) for one in found)]
        return rows

    def _is_old(self, row: Running) -> bool:
        name = row.frame.f_globals.get("__name__")
        entry = self._knowledge.entries.get(name) if isinstance(name, str) else None
        if entry is None or entry.module.__dict__ is not row.frame.f_globals:
            return self._noted(row.frame.f_code) is not None  # its module is gone
        if row.frame.f_code.co_name == _BODY:
            return not self._says(entry.unit, row)
        return not _is_in(entry.unit, row.frame.f_code)

    def _says(self, unit: Unit, row: Running) -> bool:
        """Is the statement that a module's body is at still there?"""
        first = self._knowledge.first_source(unit.name)  # a body runs once
        index = first.statement_at(row.frame.f_lineno)
        if index is None:
            return True
        text = first.statements[index].fragment.text
        return any(statement.fragment.text == text for statement in unit.statements)

    def _described(self, row: Running) -> Lingering:
        frame = row.frame
        code = frame.f_code
        since = self._noted(code) or self._files[code.co_filename]
        where = f"{frame.f_globals.get('__name__')}:{code.co_qualname}"
        return Lingering(row.kind, row.name, where, code.co_filename, frame.f_lineno or 0, since)

    def _noted(self, code: CodeType) -> int | None:
        noted = self._since.get(id(code))
        return noted.since if noted is not None and noted() is code else None

    def _forget(self) -> None:
        for entry in self._knowledge.entries.values():
            if entry.unit.source.filename in self._files:
                entry.unit.forget_code()


def _changes(one: Found, row: Running) -> bool:
    """Does a frame run code of a module that its new version has not?"""
    code = row.frame.f_code
    if row.frame.f_globals is not one.entry.module.__dict__ or code.co_name == _BODY:
        return False
    return _is_in(one.entry.unit, code) and (one.unit is None or not _is_in(one.unit, code))


def _is_in(unit: Unit, code: CodeType) -> bool:
    """Has a version of a module such code, wherever it stands in it?"""
    top = code.co_qualname.partition(".")[0]
    if top in unit.binders:
        places = [unit.codes_of(index) for index in unit.binders[top]]
    else:
        places = [unit.codes]
    rows = (codes for found in places for (name, _), codes in found.items() if name == code.co_qualname)
    return any(same_but_lines(code, other) for codes in rows for other in codes)


def _codes(values: Iterable[Any]) -> Iterator[CodeType]:
    """Code, and that of functions, of what classes, modules and wrappers hold, of generators; with what is nested."""
    codes: list[CodeType] = []
    others: list[Any] = []
    for value in values:
        (codes if type(value) is CodeType else others).append(value)
    codes += _held_codes(others)
    for code in codes:
        yield code
        codes += [constant for constant in code.co_consts if type(constant) is CodeType]


def _held_codes(values: list[Any]) -> Iterator[CodeType]:
    seen: set[int] = set()
    todo = [(value, 0) for value in values]
    while todo:
        value, depth = todo.pop()
        if id(value) in seen or depth > _DEPTH:
            continue
        seen.add(id(value))
        if id(type(value)) in _CODE_OF:
            yield getattr(value, _CODE_OF[id(type(value))])
        elif type(value) is ModuleType:
            todo += [(inner, depth + 1) for inner in functions_of(value, str(value.__dict__.get("__file__")))]
        else:
            if type(value) is FunctionType:
                yield value.__code__
            todo += [(inner, depth + 1) for inner in inner_values(value)]
