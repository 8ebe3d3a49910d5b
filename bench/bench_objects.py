"""Classes whose instances live: 51 of them edited at once on a large heap, and instances that migrate."""

from __future__ import annotations

import gc
import importlib
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from bench_children import Child
from bench_project import save
from bench_row import Note, Row, clock, phases

__all__ = ["Scene", "objects"]

_CLASSES = 51
_HEAP = 3_000_000
_MANY, _FEW = 1_000_000, 1_000
_ROUNDS = 5
_HOOK = "\n    def __migrate__(self, old, added, removed):\n        self.total = old['a'] + old['b']\n"


class Scene:
    """A process with ``heap`` objects besides, and ``instances`` of the first of ``classes`` classes of a module."""

    def __init__(self, site: str, classes: int, instances: int, heap: int) -> None:
        self._site, self._classes = Path(site), classes
        self._write(0)
        sys.path.insert(0, site)
        import modcache

        self._session = modcache.Session([site])
        self._module: Any = importlib.import_module("shapes")
        self._heap: list[Any] = [[number] for number in range(heap)]
        self._instances = [self._module.C0() for _ in range(instances)]
        self._others = [getattr(self._module, f"C{number}")() for number in range(classes)]
        gc.collect()

    def _write(self, number: int, *, fields: int = 0, hook: bool = False) -> None:
        rows = []
        for index in range(self._classes):
            sets = "".join(f"        self.f{n} = {n}\n" for n in range(fields))
            body = f"    def __init__(self):\n        self.a, self.b = 1, 2\n{sets}"
            rows.append(f"class C{index}:\n{body}    def m(self):\n        return {number}\n{_HOOK if hook else ''}")
        save(self._site / "shapes.py", "\n\n".join(rows))

    def edit(self, number: int, *, fields: int = 0, hook: bool = False) -> dict[str, Any]:
        """Edit every class, and refresh: how long that took, and what it came to."""
        self._write(number, fields=fields, hook=hook)
        began = time.perf_counter()
        report = self._session.refresh()
        seconds = time.perf_counter() - began
        every = [*self._instances, *self._others]
        right = all(one.m() == number for one in self._others)
        right = right and (not fields or all(hasattr(one, f"f{fields - 1}") for one in every))
        right = right and (not hook or all(one.total == 3 for one in every))
        told = {"swept": report.swept, "migrated": report.migrated, "complete": report.complete}
        return {"seconds": seconds, "right": right, "timings": report.timings, **told}

    def more(self, number: int) -> dict[str, Any]:
        """Each round one attribute more."""
        return self.edit(number, fields=number)

    def hooked(self, number: int) -> dict[str, Any]:
        """The same, by the classes' own hook."""
        return self.edit(number, fields=number, hook=True)

    def walk(self) -> float:
        """One look at all that the collector knows, to find the instances of one class."""
        kind = self._module.C0
        began = time.perf_counter()
        found = [one for one in gc.get_objects() if type(one) is kind]
        seconds = time.perf_counter() - began
        if len(found) <= len(self._instances):
            raise RuntimeError("not all were found: the time would mean nothing")
        return seconds

    def loop(self, number: int) -> float:
        """Give every instance one attribute, by hand."""
        began = time.perf_counter()
        for one in self._instances:
            setattr(one, f"by_hand{number}", number)
        return time.perf_counter() - began


def objects(note: Note) -> list[Row]:
    """51 classes with 3 million objects; a million instances without a hook, and a thousand with one."""
    heap = f"{_HEAP // 1_000_000} million objects"
    with ExitStack() as stack:
        large = stack.enter_context(Child("bench_objects", classes=_CLASSES, instances=0, heap=_HEAP))
        note("objects: the large heap is there")
        large.ask("edit", 1)
        walks = [large.ask("walk") for _ in range(_ROUNDS)]
        methods = [_worked(large.ask("edit", number)) for number in range(2, 2 + _ROUNDS)]
        shapes = [_worked(large.ask("more", number)) for number in range(1, 1 + _ROUNDS)]
    few = _of_instances(_FEW, "hooked")
    note("objects: instances with a hook are done")
    many = _of_instances(_MANY, "more")
    walk = ("one walk over that heap", median(walks))
    return [
        _row(f"{_CLASSES} classes' methods edited, {heap}", methods, walk, "no walk: below 1", lambda row: row < 1),
        _row(f"{_CLASSES} classes get an attribute, {heap}", shapes, walk, "one walk: below 3", lambda row: row < 3),
        _row(f"{_FEW:,} instances with a migration hook", *few, "", None),
        _row(f"{_MANY:,} instances without one", *many, "", None),
    ]


def _of_instances(count: int, how: str) -> tuple[list[dict[str, Any]], tuple[str, float]]:
    with Child("bench_objects", classes=1, instances=count, heap=0) as child:
        rows, loops = [], []
        for number in range(1, 1 + _ROUNDS):
            rows.append(_worked(child.ask(how, number)))
            loops.append(child.ask("loop", number))
    return rows, ("setattr in a loop", median(loops))


def _worked(row: dict[str, Any]) -> dict[str, Any]:
    if not row["right"] or row["complete"] is not True:
        raise RuntimeError(f"the edit is not live, so the time would mean nothing: {row}")
    return row


def _row(
    what: str, rows: list[dict[str, Any]], peer: tuple[str, float], aim: str, meets: Callable[[float], bool] | None
) -> Row:
    ours, (name, theirs) = median(row["seconds"] for row in rows), peer
    swept = "the heap was walked" if all(row["swept"] for row in rows) else "no walk over the heap"
    told = f"{swept}, {rows[-1]['migrated']:,} migrated; phases: {phases(row['timings'] for row in rows)}"
    if not aim:
        told += f"; {clock(ours / max(1, rows[-1]['migrated']))} each"
    met = meets(ours / theirs) if meets is not None else None
    return Row("objects", what, ours, name, theirs, aim, met, len(rows), told)
