"""The values that a plan is made of: steps and taints."""

from __future__ import annotations

from dataclasses import dataclass

from modcache._refresh.effects import Name

__all__ = ["LONGEST", "Chain", "Step", "Taint"]

Chain = tuple[str, ...]
LONGEST = 12


@dataclass(frozen=True, slots=True)
class Step:
    """One statement to be executed, and why. Not ``forced``: only if what it uses turns out to be other than it was."""

    reason: str
    chain: Chain
    forced: bool = True


@dataclass(slots=True)
class Taint:
    """How a name is tainted. ``members``: of a class, the ones that are (None: all of it)."""

    value: bool
    members: set[str] | None
    chain: Chain
    source: Name | None = None
