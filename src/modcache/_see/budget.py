"""Limits for what commands may import, and whether they are kept. Made for a project's CI."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import time
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from modcache._model.edges import Edge
from modcache._model.observation import Observation
from modcache._see.command import Command, command_of
from modcache._see.edges import Ways
from modcache._see.launch import Order, observe
from modcache._see.ranking import by_package
from modcache.errors import BudgetUnusable

__all__ = ["Limits", "Verdict", "find_limits", "judge"]

_RUNS = 5
_UNITS = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}
_SHOW = """\
[tool.modcache.budget.help]
command = "app --help"       # or a list of words
modules = 150                # at most so many are imported
ratio = 4.0                  # at most so many times a bare start of the interpreter
memory = "40 MB"             # at most so much more by imports
forbidden = ["pandas"]       # these, and what is below them, never"""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one command may import; None is no limit."""

    name: str
    command: tuple[str, ...]
    modules: int | None = None
    ratio: float | None = None
    memory: int | None = None
    forbidden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether one limit is kept."""

    limit: str
    kept: bool
    told: str
    """What was found, beside what is allowed."""
    chains: tuple[tuple[Edge, ...], ...] = field(default=())
    """How what broke it came in."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        chains = [[edge.to_dict() for edge in chain] for chain in self.chains]
        return {"limit": self.limit, "kept": self.kept, "told": self.told, "chains": chains}


def find_limits(start: str) -> tuple[str, list[Limits]]:
    """The project's folder, from ``start`` upwards, and the limits in its ``pyproject.toml``.

    Raises :class:`BudgetUnusable` if there are none, or they can't be understood.
    """
    for folder in (Path(start).resolve(), *Path(start).resolve().parents):
        path = folder / "pyproject.toml"
        if path.is_file():
            return str(folder), _limits(path)
    raise BudgetUnusable(f"there is no pyproject.toml here or above; make one with\n{_SHOW}")


def _limits(path: Path) -> list[Limits]:
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BudgetUnusable(f"{path} can not be read: {error}") from error
    tables = data.get("tool", {}).get("modcache", {}).get("budget", {})
    if not tables:
        raise BudgetUnusable(f"{path} has no [tool.modcache.budget.NAME]; for example\n{_SHOW}")
    return [_limits_of(name, table, path) for name, table in tables.items()]


def _limits_of(name: str, table: Any, path: Path) -> Limits:
    where = f"{path}: [tool.modcache.budget.{name}]"
    known = {"command", "modules", "ratio", "memory", "forbidden"}
    if not isinstance(table, Mapping) or "command" not in table:
        raise BudgetUnusable(f"{where} names no command; for example\n{_SHOW}")
    if strange := sorted(table.keys() - known):
        raise BudgetUnusable(
            f"{where} has {', '.join(strange)}, which means nothing; there are {', '.join(sorted(known))}"
        )
    words = table["command"]
    try:
        return Limits(
            name,
            tuple(shlex.split(words) if isinstance(words, str) else map(str, words)),
            None if "modules" not in table else int(table["modules"]),
            None if "ratio" not in table else float(table["ratio"]),
            None if "memory" not in table else _bytes(table["memory"]),
            tuple(table.get("forbidden", ())),
        )
    except (TypeError, ValueError) as error:
        raise BudgetUnusable(f"{where} can not be understood: {error}; for example\n{_SHOW}") from error


def _bytes(text: object) -> int:
    found = re.fullmatch(r"([\d.]+)\s*([A-Za-z]*)", str(text).strip())
    if found is None or found[2].upper() not in _UNITS:
        raise ValueError(f"memory = {text!r} is no size like '40 MB'")
    return int(float(found[1]) * _UNITS[found[2].upper()])


def judge(limits: Limits, timeout: float | None = None) -> tuple[Observation, list[Verdict]]:
    """Run the command, in the working folder, and hold what it imported against its limits.

    Raises what :func:`modcache._see.launch.observe` raises.
    """
    command = command_of(limits.command)
    seen = observe(command, Order(statements=True, memory=limits.memory is not None, timeout=timeout, quiet=True))
    verdicts = [] if seen.status == 0 else [Verdict("status", False, seen.ending)]
    names = {each.name for each in seen.imports if not each.error}
    if limits.modules is not None:
        kept = len(names) <= limits.modules
        told = f"{len(names)} of at most {limits.modules}"
        verdicts.append(Verdict("modules", kept, told, () if kept else _largest(seen, "modules")))
    if limits.memory is not None:
        grown = sum(each.bytes_total for each in seen.imports if each.within is None)
        kept = grown <= limits.memory
        told = f"{grown / 1e6:.1f} MB of at most {limits.memory / 1e6:.1f} MB"
        verdicts.append(Verdict("memory", kept, told, () if kept else _largest(seen, "bytes_own")))
    if limits.ratio is not None:
        verdicts.append(_ratio(limits.ratio, command, seen))
    verdicts += [_forbidden(name, seen, names) for name in limits.forbidden]
    return seen, verdicts


def _forbidden(name: str, seen: Observation, names: set[str]) -> Verdict:
    found = sorted(one for one in names if one == name or one.startswith(f"{name}."))
    if not found:
        return Verdict("forbidden", True, name)
    return Verdict("forbidden", False, f"{found[0]} is imported", tuple(Ways(seen).to(found[0])[:1]))


def _ratio(most: float, command: Command, seen: Observation) -> Verdict:
    """The best of some runs beside the best of as many bare starts, in turns: so other programs disturb it less."""
    bare, own = [], []
    for _ in range(_RUNS):
        bare.append(_seconds((seen.executable, "-c", "")))
        own.append(_seconds(command.words))
    ratio = min(own) / min(bare)
    told = (
        f"{ratio:.1f} of at most {most:.1f} times a bare start (best of {_RUNS}: {_ms(own)} ms beside {_ms(bare)} ms)"
    )
    return Verdict("ratio", ratio <= most, told, () if ratio <= most else _largest(seen, "own"))


def _ms(seconds: Sequence[float]) -> str:
    return f"{min(seconds) * 1e3:.0f}"


def _seconds(words: Sequence[str]) -> float:
    began = time.perf_counter()
    away = subprocess.DEVNULL
    subprocess.run(words, stdin=away, stdout=away, stderr=away, check=False, env=dict(os.environ))
    return time.perf_counter() - began


def _largest(seen: Observation, what: str) -> tuple[tuple[Edge, ...], ...]:
    """How the three packages came in that have most of it."""
    rows = sorted(by_package(seen), key=lambda row: -float(getattr(row, what)))
    ways = Ways(seen)
    chains = [ways.to(row.name)[:1] for row in rows[:3] if row.name in ways.modules]
    return tuple(chain for found in chains for chain in found)
