"""Observations that are kept in a file, to compare with or to look at again."""

from __future__ import annotations

import json
from pathlib import Path

from modcache._model.observation import Observation
from modcache.errors import SavedFileUnusable

__all__ = ["load", "save"]


def save(seen: Observation, path: str) -> None:
    """Write an observation as JSON. Raises ``OSError``."""
    Path(path).write_text(json.dumps(seen.to_dict()) + "\n", encoding="utf-8")


def load(path: str) -> Observation:
    """Read what :func:`save` wrote. Raises :class:`SavedFileUnusable`, which says what the file is and what to do."""
    way = "save the run again, with this version: modcache top --save FILE -- COMMAND"
    try:
        data = json.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise SavedFileUnusable(f"{path} can not be read ({error.strerror}); {way}") from error
    except ValueError:
        raise SavedFileUnusable(f"{path} is no saved run: it is not JSON; {way}") from None
    try:
        return Observation.from_dict(data)
    except ValueError as error:
        raise SavedFileUnusable(f"{path} was saved by another version of modcache ({error}); {way}") from None
    except (KeyError, TypeError, AttributeError):
        raise SavedFileUnusable(f"{path} is no saved run of a program; {way}") from None
