"""An error that came of a circular import, explained: which statements led there, in the order of their execution."""

from __future__ import annotations

import linecache
from collections.abc import Iterator
from types import TracebackType
from typing import Any, NamedTuple

from modcache._model.cycles import COSTS
from modcache._model.diagnosis import Diagnosis
from modcache._model.imports import imports_of
from modcache._runtime import peek
from modcache._runtime.files import read

__all__ = ["explained", "names_of"]


class _Step(NamedTuple):
    """A module that was being executed, and the statement that it was at."""

    module: str
    path: str
    line: int
    is_body: bool
    """Was it the module's own body, and no function of it?"""

    @property
    def text(self) -> str:
        return linecache.getline(self.path, self.line).strip()

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}: {self.text}" if self.text else f"{self.path}:{self.line}"


def explained(error: BaseException | None) -> Iterator[Diagnosis]:
    """The diagnosis of an error of that sort; nothing for any other."""
    for each in _linked(error):
        half, steps = _lacking(each), list(_steps(each.__traceback__))
        begun = next((n for n, step in enumerate(steps) if step.is_body and step.module == half), len(steps))
        if half and len({step.module for step in steps[begun:]}) > 1:
            yield _diagnosis(half, _message(each), steps[begun:])
            return


def _lacking(error: BaseException) -> str:
    """The module that lacks a name, by what the error carries: its text differs from version to version."""
    if type(error) is ImportError:
        return error.name or ""
    if type(error) is AttributeError and peek.is_module(error.obj):
        return str(peek.namespace_of(error.obj).get("__name__", ""))
    return ""


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
            yield _Step(str(names.get("__name__")), code.co_filename, trace.tb_lineno, code.co_name == "<module>")
        trace = trace.tb_next


def _message(error: BaseException) -> str:
    return str(error).partition(" (most likely")[0].partition(" (consider")[0]


def _diagnosis(half: str, message: str, chain: list[_Step]) -> Diagnosis:
    circle = " -> ".join([*dict.fromkeys(step.module for step in chain), half])
    return Diagnosis(
        "circular-import", "error", half,
        f"{message}: {half} was still being executed. The circle is {circle}",
        tuple(step.place for step in chain),
        f"{half} imports, by these statements, somebody who needs of it what it has not made yet; whether it works "
        "depends on who is imported first",
        _remedy(chain),
    )  # fmt: skip


def _remedy(chain: list[_Step]) -> str:
    """The statement that is made lazy most easily, and how."""
    costs = {step: _cost(step) for step in chain}
    weakest = min(reversed(chain), key=lambda step: costs[step], default=None)
    third = "or move what both sides need into a module of its own, which imports neither"
    if weakest is None or costs[weakest] >= COSTS["exec"]:
        return f"each of these is used while its module executes, so none can wait: take the circle apart; {third}"
    where = f"{weakest.module} (line {weakest.line})"
    return f"in {where} move `{weakest.text}` into the functions that use it, as nothing at its top level does; {third}"


def _cost(step: _Step) -> int:
    """What it takes to make the statement lazy."""
    data = read(step.path)
    try:
        code = compile(data, step.path, "exec", dont_inherit=True) if data is not None else None
    except (SyntaxError, ValueError, RecursionError):
        code = None
    sites = imports_of(code, is_main=step.module == "__main__") if code is not None else ()
    return sum(COSTS.get(site.kind, 0) for site in sites if site.line == step.line) or COSTS["exec"]


def names_of(error: BaseException | None) -> list[dict[str, Any]]:
    """The namespaces that an error holds by its frames."""
    found = []
    for each in _linked(error):
        trace = each.__traceback__
        while trace is not None:
            found.append(trace.tb_frame.f_globals)
            trace = trace.tb_next
    return found
