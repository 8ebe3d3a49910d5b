"""What the doctor finds: a value that says what is wrong, where, why it hurts, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

__all__ = ["Diagnosis", "DiagnosisKind", "Severity"]

Severity = Literal["error", "warning", "note"]
"""``error``: the program is not what its source says, or fails. ``warning``: it may bite. ``note``: good to know."""

DiagnosisKind = Literal[
    "circular-import",
    "doubled",
    "editable",
    "hidden",
    "half-made",
    "native-once",
    "orphan",
    "split",
    "stale",
    "stale-bytecode",
    "unbound",
]
"""The closed list of what can be found; docs/reference/doctor.md says what each means."""

_ORDER = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that the doctor found."""

    kind: DiagnosisKind
    severity: Severity
    module: str
    """The name of the module that it is about."""
    what: str
    """What is the case, in a sentence."""
    where: tuple[str, ...]
    """The files (with lines, where there are) that it is seen in, in an order that tells the story."""
    why: str
    """Why it hurts."""
    remedy: str
    """What to do."""

    @property
    def rank(self) -> tuple[int, str, str]:
        """What diagnoses are sorted by: the worst first."""
        return _ORDER.index(self.severity), self.kind, self.module

    def __str__(self) -> str:
        lines = [f"{self.severity} {self.kind}: {self.what}", *(f"  at   {place}" for place in self.where)]
        return "\n".join([*lines, f"  why  {self.why}", f"  do   {self.remedy}"])

    def to_dict(self) -> dict[str, Any]:
        """The diagnosis as JSON-able data."""
        return {**asdict(self), "where": list(self.where)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Diagnosis:
        """The diagnosis that :meth:`to_dict` told of."""
        known = {field.name: data[field.name] for field in fields(cls)}
        return cls(**{**known, "where": tuple(known["where"])})
