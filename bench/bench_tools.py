"""The tools, each behind the same three methods; those of the replay, less what it counts while the clock runs."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import Any

from replay_engines import ENGINES, Engine, Modcache, Reload

__all__ = ["make"]


class Told(Modcache):
    """This project, told which files changed, as its watcher does."""

    def refresh(self, changed: Sequence[str], deleted: Sequence[str]) -> dict[str, Any]:
        """Refresh these files."""
        return {"report": self._session.refresh(paths=[*changed, *deleted])}


class Untold(Modcache):
    """This project, told nothing: it looks at every file."""

    def refresh(self, changed: Sequence[str], deleted: Sequence[str]) -> dict[str, Any]:
        """Refresh what changed."""
        return {"report": self._session.refresh()}


class Bare(Reload):
    """``importlib.reload`` of the changed modules, and nothing else."""

    def refresh(self, changed: Sequence[str], deleted: Sequence[str]) -> dict[str, Any]:
        """Reload them; one that fails does not stop the others."""
        wanted = set(changed)
        for module in [m for m in list(sys.modules.values()) if getattr(m, "__file__", None) in wanted]:
            try:
                importlib.reload(module)
            except Exception:
                continue
        return {}


def make(name: str) -> Engine:
    """The tool of that name."""
    own: dict[str, type[Engine]] = {"modcache": Told, "modcache, told nothing": Untold, "importlib.reload": Bare}
    return {**ENGINES, **own}[name]()
