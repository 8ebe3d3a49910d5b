"""What still runs code that a commit has replaced or taken away, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Lingering", "RunningKind"]

RunningKind = Literal["thread", "task", "coroutine", "generator", "async generator"]


@dataclass(frozen=True, slots=True)
class Lingering:
    """A frame that still is in old code.

    ``kind``: what it belongs to: ``"thread"`` (it is on the stack of one that runs), ``"task"`` (a coroutine that an
    asyncio task waits in), ``"coroutine"``, ``"generator"`` or ``"async generator"`` (begun or not, and not at its
    end). ``name``: the thread's or task's name, else empty. ``object``: the function, as ``"module:qualified.name"``.
    ``file`` and ``line``: where the frame stands, in the version of the file that it runs. ``since``: the generation
    whose commit made its code old.
    """

    kind: RunningKind
    name: str
    object: str
    file: str
    line: int
    since: int

    def __str__(self) -> str:
        owner = f"{self.kind} {self.name!r}" if self.name else self.kind
        return f"{owner} in {self.object} (line {self.line}), old since generation {self.since}"

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON-able data."""
        return {
            "kind": self.kind,
            "name": self.name,
            "object": self.object,
            "file": self.file,
            "line": self.line,
            "since": self.since,
        }
