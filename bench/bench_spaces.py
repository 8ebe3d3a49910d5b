"""Spaces: a first and a second copy of a large package, spaces by the thousand, and the price of being dispatched."""

from __future__ import annotations

import compileall
import gc
import sys
import timeit
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from bench_children import Child
from bench_row import Note, Row, clock

__all__ = ["spaces"]

_ROUNDS = 7
_SPACES = 1000
_STATM = Path("/proc/self/statm")
_MIB = 1 << 20


def spaces(note: Note) -> list[Row]:
    """All the figures of spaces."""
    return [*_copies(_folder(), note), _many(note), *_dispatched(note)]


# -- copies of a package ---------------------------------------------------------------------------------------------


def _folder() -> str:
    """Where sympy is, with its bytecode: 470 modules."""
    from pairs_releases import PAIRS, installed

    pair = next(pair for pair in PAIRS if pair.name == "sympy")
    folder = installed(pair)[1].folder
    with redirect_stdout(StringIO()):
        compileall.compile_dir(folder, quiet=2)
    return folder


def _copies(folder: str, note: Note) -> list[Row]:
    rounds = [_round(folder) for _ in range(_ROUNDS)]
    note(f"spaces: {_ROUNDS} rounds of copies")
    native, first, second, third, alone = (
        (median(found[key][0] for found in rounds), median(found[key][1] for found in rounds))
        for key in ("native", "first", "second", "third", "alone")
    )
    sizes = (
        f"the interpreter's {native[1]:.1f} MiB, a first copy {first[1]:.1f}, a second {second[1]:.1f}, a third "
        f"{third[1]:.1f}; a second one that shares no code: {clock(alone[0])}, {alone[1]:.1f} MiB"
    )
    name, most = "spaces", 0.75
    return [
        Row(name, "sympy in a space, first copy", first[0], "in the interpreter", native[0], "at most 1.15",
            first[0] <= 1.15 * native[0], _ROUNDS),
        Row(name, "sympy, second copy", second[0], "first copy", first[0], f"at most {most}, half the memory",
            second[0] <= most * first[0] and second[1] <= first[1] / 2, _ROUNDS, sizes),
    ]  # fmt: skip


def _round(folder: str) -> dict[str, tuple[float, float]]:
    """Time and memory of each copy, in MiB; those in spaces in one process, the interpreter's in another."""
    with Child("bench_spaces", folder=folder) as one, Child("bench_spaces", folder=folder) as other:
        found = {"native": other.ask("native")}
        found |= {name: one.ask("copy", name) for name in ("first", "second", "third")}
        return found | {"alone": one.ask("alone")}


class Scene:
    """The other process: sympy in the interpreter or in spaces, which stay open."""

    def __init__(self, site: str, folder: str = "") -> None:
        import modcache

        self.folder = folder
        self.spaces: list[Any] = []
        self._space = modcache.Space
        with modcache.Space("warm") as space:
            space.import_module("decimal")  # what is loaded when it is first needed is loaded

    def native(self) -> tuple[float, float]:
        """Import it as always."""
        sys.path.insert(0, self.folder)
        return _measured(lambda: __import__("sympy"))

    def copy(self, name: str) -> tuple[float, float]:
        """Import it in a space of its own."""
        self.spaces.append(self._space(name, self.folder))
        return _measured(lambda: self.spaces[-1].import_module("sympy"))

    def alone(self) -> tuple[float, float]:
        """The same, with code objects of its own."""
        from modcache._runtime import codes

        codes._known.clear()
        return self.copy("alone")

    def many(self, count: int) -> list[float]:
        """Spaces made, used and closed: how long each took, and how many objects and bytes came to stay since half."""
        took, objects, size = [], 0, 0.0
        for number in range(count):
            began = perf_counter()
            with self._space("one of many", provide={"use": "import json\ndef f(): return json"}) as space:
                space.import_module("use").f()
            took.append(perf_counter() - began)
            if number == count // 2:
                objects, size = len(gc.get_objects()), _memory()
        return [
            median(took[: count // 10]),
            median(took[-count // 10 :]),
            len(gc.get_objects()) - objects,
            _memory() - size,
        ]

    def look(self, deep: bool) -> list[float]:
        """A look into `sys.modules`, and a cached import, before and while a space is open."""
        before = _looks()
        with self._space("open", deep=deep):
            return [*before, *_looks()]


def _measured(load: Any) -> tuple[float, float]:
    gc.collect()
    memory, began = _memory(), perf_counter()
    load()
    took = perf_counter() - began
    gc.collect()
    return took, _memory() - memory


def _memory() -> float:
    """The memory of this process in MiB, as far as the system tells."""
    if not _STATM.is_file():
        return 0.0
    import resource

    return int(_STATM.read_text().split()[1]) * resource.getpagesize() / _MIB


# -- many, and the price ---------------------------------------------------------------------------------------------


def _many(note: Note) -> Row:
    with Child("bench_spaces") as child:
        first, last, objects, size = child.ask("many", _SPACES)
    note(f"spaces: {_SPACES} made and closed")
    details = f"since the middle {objects:+.0f} objects, {size:+.1f} MiB; most of the time is the collection at the end"
    met = objects < _SPACES / 20 and size < 1
    what = f"a space made, used, closed: the last tenth of {_SPACES}"
    return Row("spaces", what, last, "the first tenth", first, "no growth", met, 1, details)


def _dispatched(note: Note) -> list[Row]:
    rows = []
    for deep, which in ((False, "a space is open"), (True, "a deep space is open")):
        with Child("bench_spaces") as child:
            rounds = [child.ask("look", deep) for _ in range(_ROUNDS)]
        times = [min(column) for column in zip(*rounds, strict=True)]
        what = "`sys.modules[...]`", "a cached `import json` outside of spaces"
        rows += [
            Row("spaces", f"{what[n]} while {which}", times[n + 2], "none is", times[n], "", None, _ROUNDS)
            for n in (0, 1)
        ]
    note("spaces: the price of the dispatcher")
    return rows


def _looks() -> list[float]:
    count = 20_000
    names = {"cache": sys.modules}
    return [
        min(timeit.repeat(text, globals=names, number=count, repeat=5)) / count
        for text in ("cache['sys']", "import json")
    ]
