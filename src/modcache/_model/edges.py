"""An edge of the import graph: one import statement between two modules."""

from __future__ import annotations

from typing import Any, NamedTuple

from modcache._model.imports import EdgeKind

__all__ = ["Edge"]


class Edge(NamedTuple):
    """One import statement, as far as it brings one module."""

    importer: str
    """The module that has the statement."""
    imported: str
    """The module that it brings."""
    kind: EdgeKind
    """How it is used: ``exec``, ``bind``, ``attribute`` or ``lazy``."""
    path: str
    """The file of the statement; empty if there is none."""
    line: int
    """The line of the statement (1-based; 0 if nobody knows)."""
    text: str
    """The statement, as far as it brings the module."""
    implied: bool = False
    """Is it a package that is imported only since something below it is?"""

    @property
    def place(self) -> str:
        """Where the statement stands: ``file:line``."""
        return f"{self.path or self.importer}:{self.line}"

    def __str__(self) -> str:
        return f"{self.importer} -> {self.imported} ({self.text}, {self.place})"

    def to_dict(self) -> dict[str, Any]:
        """The edge as JSON-able data."""
        return self._asdict()
