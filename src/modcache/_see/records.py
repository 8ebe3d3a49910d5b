"""From what the probe has written to an observation. The file may end anywhere: its process may have been killed."""

from __future__ import annotations

import marshal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from modcache._model.names import absolute_name
from modcache._model.observation import Place, Seen, Statement
from modcache._runtime.collector import uncollected

__all__ = ["Watched", "read"]

_LENGTH = 4
_PROBE = "sitecustomize"
_MACHINERY = ("<frozen importlib._bootstrap", "<frozen zipimport>")


@dataclass(slots=True)
class Watched:
    """What one process has written."""

    process: int = 0
    python: str = ""
    executable: str = ""
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    imports: list[Seen] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    finished: bool = False
    """Whether the interpreter came to its regular end."""


@dataclass(slots=True, eq=False)
class _Begun:
    """An import while its records are read."""

    record: tuple[Any, ...]
    within: _Begun | None
    position: int = 0
    end: tuple[Any, ...] | None = None
    inner_time: int = 0
    inner_bytes: int = 0

    def last(self, now: int, memory: int) -> tuple[int, int]:
        """When it ended, and the memory then; if it has not, what was seen last."""
        return (self.end[2], self.end[3]) if self.end is not None else (now, memory)


@uncollected()  # very many records, and no circles
def read(path: Path) -> Watched:
    """The file of one process."""
    return _Reader().read(path.read_bytes())


class _Reader:
    def __init__(self) -> None:
        self._watched = Watched()
        self._begun: dict[int, _Begun] = {}
        self._open: dict[int, list[_Begun]] = {}
        self._places: dict[int, tuple[str, str, str, str] | None] = {}
        self._start = self._now = self._memory = 0

    def read(self, data: bytes) -> Watched:
        stated: list[tuple[Any, ...]] = []
        for record in _records(data):
            kind = record[0]
            if kind == "s":  # most are
                stated.append(record)
            elif kind == "b":
                self._begin(record)
            elif kind == "e":
                self._end(record)
            elif kind == "c":
                self._places[record[1]] = _code_place(*record[2:])
            elif kind == "p":
                _, watched = record, self._watched
                _, watched.process, watched.python, watched.executable, _, before, self._start, self._memory = record
                watched.before = tuple(before)
                self._now = self._start
            else:
                self._watched.finished, self._watched.after = True, tuple(record[2])
        self._watched.imports = self._imports()
        self._watched.statements = list(self._statements(stated))
        return self._watched

    def _begin(self, record: tuple[Any, ...]) -> None:
        _, number, thread, _, _, _, self._memory, self._now = record
        inside = self._open.setdefault(thread, [])
        self._begun[number] = begun = _Begun(record, inside[-1] if inside else None)
        inside.append(begun)

    def _end(self, record: tuple[Any, ...]) -> None:
        _, number, self._now, self._memory, *_ = record
        begun = self._begun.get(number)
        if begun is None:
            return
        begun.end = record
        inside = self._open[begun.record[2]]
        while inside and inside.pop() is not begun:  # what it left open is over, too
            pass

    def _statements(self, records: list[tuple[Any, ...]]) -> Iterator[Statement]:
        places = self._places
        for _, number, line, name, names, level in records:
            place = places[number]
            if place is not None:
                module, file, function, package = place
                found = absolute_name(package, level, name) if level else name
                if found:
                    yield Statement(Place(module, file, line, function), found, tuple(names) if names else ())

    def _imports(self) -> list[Seen]:
        kept = [begun for begun in self._begun.values() if begun.record[3] != _PROBE]
        for position, begun in enumerate(kept):
            begun.position = position
            if begun.within is not None:
                now, memory = begun.last(self._now, self._memory)
                begun.within.inner_time += now - begun.record[7]
                begun.within.inner_bytes += memory - begun.record[6]
        return [self._seen(begun) for begun in kept]

    def _seen(self, begun: _Begun) -> Seen:
        _, _, thread, name, asked, body, memory, began = begun.record
        now, after = begun.last(self._now, self._memory)
        origin, is_package, error = begun.end[4:] if begun.end is not None else (None, False, "")
        return Seen(
            name=name,
            asked=asked and _place(asked),
            during=body and _place(body),
            within=None if begun.within is None else begun.within.position,
            thread=thread,
            began=(began - self._start) / 1e9,
            total=(now - began) / 1e9,
            own=(now - began - begun.inner_time) / 1e9,
            bytes_total=after - memory,
            bytes_own=after - memory - begun.inner_bytes,
            origin=origin,
            is_package=is_package,
            error=error,
            ended=begun.end is not None,
        )


def _records(data: bytes) -> Iterator[tuple[Any, ...]]:
    view = memoryview(data)
    while len(view) > _LENGTH:
        end = _LENGTH + int.from_bytes(view[:_LENGTH], "little")
        if end > len(view):  # the process was killed in the middle of it
            return
        yield from marshal.loads(view[_LENGTH:end])
        view = view[end:]


def _code_place(module: object, file: str, function: str, package: object) -> tuple[str, str, str, str] | None:
    """Of code that imports: module, file, function, and package; None if it is ours or importlib's."""
    if module == _PROBE or file.startswith(_MACHINERY):
        return None
    return str(module or "?"), file, function, str(package or "")


def _place(record: tuple[Any, ...]) -> Place:
    module, file, line, function = record
    return Place(str(module or "?"), str(file), line, str(function))
