"""An error that came of a circular import, explained: which statements led there, in the order of their execution."""

from __future__ import annotations

import linecache
import re
from collections.abc import Iterator
from types import TracebackType
from typing import NamedTuple

from modcache._model.finding import Finding

__all__ = ["explained"]

_HALF_MADE = re.compile(r"partially initialized module '([^']+)'")
_RENAME = "consider renaming"


class _Step(NamedTuple):
    """A module that was being executed, and the statement that it was at."""

    module: str
    path: str
    line: int

    @property
    def text(self) -> str:
        return linecache.getline(self.path, self.line).strip()

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}: {self.text}" if self.text else f"{self.path}:{self.line}"


def explained(error: BaseException | None) -> Iterator[Finding]:
    """The finding on an error of that sort; nothing for any other."""
    for each in _linked(error):
        named = _HALF_MADE.search(str(each)) if isinstance(each, ImportError | AttributeError) else None
        if named is not None:
            steps = list(_steps(each.__traceback__))
            yield _finding(named[1], _message(each), steps)
            return


def _linked(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and those from which it came."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _steps(trace: TracebackType | None) -> Iterator[_Step]:
    while trace is not None:
        code, names = trace.tb_frame.f_code, trace.tb_frame.f_globals
        if not code.co_filename.startswith("<frozen importlib"):
            yield _Step(str(names.get("__name__")), code.co_filename, trace.tb_lineno)
        trace = trace.tb_next


def _message(error: BaseException) -> str:
    return str(error).partition(" (most likely")[0].partition(" (consider")[0]


def _finding(half: str, message: str, steps: list[_Step]) -> Finding:
    begun = next((n for n, step in enumerate(steps) if step.module == half), 0)
    chain = steps[begun:]
    names = list(dict.fromkeys(step.module for step in chain))
    circle = " -> ".join([*names, half] if len(names) > 1 else names)
    first, last = chain[0] if chain else None, chain[-1] if chain else None
    remedy = "import it where it is used, inside the function, and not at the top"
    if first is not None and last is not None and first is not last:
        remedy = (
            f"break the circle at its cheapest statement: in {last.module} (line {last.line}) or {first.module} (line "
            f"{first.line}) import inside the function that needs it; or, if it is used in functions only, `import "
            f"{half}` and write {half}.name there; or move what both need into a third module"
        )
    return Finding(
        "circular-import", "error", half,
        f"{message}: {half} was still being executed. The circle is {circle}",
        tuple(step.place for step in chain),
        f"{half} imports, by these statements, somebody who needs of it what it has not made yet; whether it works "
        "depends on who is imported first",
        remedy,
    )  # fmt: skip
