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
    face: bool = False
    """May what is seen of it without running it be other than it was? With no members: nothing else is."""

    def grow(self, other: Taint) -> bool:
        """Take over what another one says; is that more than was known?"""
        before = self.value, self.members, self.face
        self.value, self.face = self.value or other.value, self.face or other.face
        both = self.members is not None and other.members is not None
        self.members = {*(self.members or ()), *(other.members or ())} if both else None
        return before != (self.value, self.members, self.face)

    @property
    def content(self) -> bool:
        """May running it, or using a member of it, do something else?"""
        return self.members is None or bool(self.members)
