"""What a process has loaded, module by module, as a value that can be kept and compared with what is on disk later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

__all__ = ["FORMAT", "Made", "Outdated"]

FORMAT = 1
"""The version of the saved form; another one is not read."""


class Made(NamedTuple):
    """What one module was made of."""

    path: str
    """Its file: a source, or a native module."""
    digest: str | None
    """The hash of what the file held when it was loaded; None if nobody knows."""


@dataclass(frozen=True, slots=True)
class Outdated:
    """A loaded module whose file holds something else by now."""

    module: str
    path: str
    loaded: str | None
    """The hash of what was loaded; None if only that it differs is known."""
    on_disk: str | None
    """The hash of what the file holds; None if it is gone."""

    def __str__(self) -> str:
        loaded = self.loaded or "something else"
        on_disk = f"on disk {self.on_disk}" if self.on_disk else "on disk nothing"
        return f"{self.module}: loaded {loaded}, {on_disk} ({self.path})"

    def to_dict(self) -> dict[str, Any]:
        """It as JSON-able data."""
        return {name: getattr(self, name) for name in ("module", "path", "loaded", "on_disk")}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Outdated:
        """What :meth:`to_dict` told of."""
        return cls(data["module"], data["path"], data["loaded"], data["on_disk"])
