"""The made-up project of some figures: many small modules that import one another, and one of about 1,000 lines."""

from __future__ import annotations

import importlib
import os
import time
from pathlib import Path

__all__ = ["EDITED", "big_source", "load", "save", "small_names", "write_big", "write_small"]

EDITED = "app.big"
_FOLDER = 100  # modules in one package

_SMALL = """\
\"\"\"One of many.\"\"\"

from __future__ import annotations

import functools
{imports}

LIMIT = {number}


class Thing:
    size = LIMIT + 1

    def __init__(self, name: str) -> None:
        self.name = name

    def label(self) -> str:
        return f"{{self.name}} {{self.size}}"


@functools.lru_cache
def total(count: int) -> int:
    return count * LIMIT
"""

_HEAD = """\
\"\"\"A module of about 1,000 lines.\"\"\"

from __future__ import annotations

import functools
from dataclasses import dataclass

from app.p0.m0 import LIMIT, Thing

SCALE = LIMIT + 3
NAMES = {f"n{n}": n * SCALE for n in range(20)}
"""

_FUNCTION = """

def work_{n}(items: list[int], limit: int = {n}) -> dict[str, int]:
    \"\"\"What function {n} does.\"\"\"
    found: dict[str, int] = {{}}
    for index, item in enumerate(items):
        if item > limit and index % 2 == 0:
            found[f"{{item}}"] = item * SCALE + index
        elif item == {n}:
            return {{}}
    return {{name: value for name, value in found.items() if value}}
"""

_CLASS = """

class Part{n}(Thing):
    \"\"\"What class {n} is.\"\"\"

    size = {n} * SCALE
    kinds = ("a{n}", "b{n}")

    def __init__(self, name: str, weight: float = {n}.5) -> None:
        super().__init__(name)
        self.weight = weight

    @property
    def heavy(self) -> bool:
        return self.weight > {n}

    @classmethod
    def pair(cls, one: str, other: str) -> tuple[Part{n}, Part{n}]:
        return cls(one), cls(other)

    @staticmethod
    def times(left: int, right: int) -> int:
        try:
            return left * right // {n}
        except ZeroDivisionError:
            return -1

    def sorted(self, items: list[int]) -> list[int]:
        return sorted(items, key=lambda item: item - {n})
"""

_RECORD = """

@dataclass
class Record{n}:
    \"\"\"What record {n} holds.\"\"\"

    name: str
    count: int = {n}

    def more(self) -> int:
        return self.count + SCALE


@functools.lru_cache(maxsize={n} + 1)
def cached_{n}(value: int) -> int:
    return value + NAMES["n1"]
"""


def small_names(count: int) -> list[str]:
    """The names of the small modules."""
    return [f"app.p{n // _FOLDER}.m{n}" for n in range(count)]


def write_small(site: Path, count: int, *, using: str | None = None) -> None:
    """Write ``count`` small modules; each imports from two before it, and every tenth from ``using``."""
    names = small_names(count)
    for number, name in enumerate(names):
        path = site.joinpath(*name.split(".")).with_suffix(".py")
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True)
            (path.parent / "__init__.py").touch()
        imports = [f"from {names[n]} import Thing as Thing{n}" for n in {number // 2, number - 1} if 0 <= n < number]
        if using is not None and number % 10 == 9:
            imports.append(f"from {using} import edited")
        path.write_text(_SMALL.format(number=number, imports="\n".join(imports)), encoding="utf-8")
    (site / "app" / "__init__.py").touch()


def big_source(number: int, extra: int = 0) -> str:
    """The long module, with ``number`` in one function of it, which is ``extra`` lines longer."""
    parts = [_HEAD]
    for n in range(20):
        parts += [_FUNCTION.format(n=n), _CLASS.format(n=n)]
        if n == 10:
            lines = "\n".join([f"    value = count + {number}", *["    value = value + 0"] * extra])
            parts.append(f"\n\ndef edited(count: int) -> int:\n{lines}\n    return value\n")
        if n % 3 == 0:
            parts.append(_RECORD.format(n=n))
    return "".join(parts)


def write_big(site: Path, number: int, extra: int = 0) -> Path:
    """Write the long module, with a time that no tool can take for the one before; its path."""
    path = site / "app" / "big.py"
    save(path, big_source(number, extra))
    stamp = time.time() + 2 * number  # xreload asks for one later than the import, others for one later than the last
    os.utime(path, (stamp, stamp))
    return path


def save(path: Path, text: str) -> None:
    """Write a file as a simple editor does."""
    with path.open("w", encoding="utf-8") as file:
        file.write(text)


def load(names: list[str]) -> None:
    """Import modules."""
    importlib.invalidate_caches()
    for name in names:
        importlib.import_module(name)
