"""How figures, places and statuses are said on a terminal."""

from __future__ import annotations

import os
import re

from modcache._model.observation import Observation, Place

__all__ = ["bar", "brief", "heading", "megabytes", "milliseconds", "place", "short"]

_INSTALLED = re.compile(r".*[/\\](?:site|dist)-packages[/\\]")
_STANDARD = re.compile(r".*[/\\][Ll]ib[/\\](?:python3\.\d+t?[/\\])?")
_EIGHTHS = " ▏▎▍▌▋▊▉"


def milliseconds(seconds: float) -> str:
    """``12.3``, without a unit: it stands at the top of the column."""
    return f"{seconds * 1e3:.1f}"


def megabytes(count: int) -> str:
    """``1.4``, in MB."""
    return f"{count / 1e6:.1f}"


def short(file: str) -> str:
    """A file as briefly as it is still clear: from its ``site-packages`` or the working folder on."""
    for pattern in (_INSTALLED, _STANDARD):
        found = pattern.match(file)
        if found is not None:
            return file[found.end() :]
    try:
        near = os.path.relpath(file)
    except ValueError:  # another drive
        return file
    return file if near.startswith("..") or file.startswith("<") else near


def place(where: Place | None) -> str:
    """``file.py:12``, and the function if it is in one."""
    if where is None:
        return "(no code of Python's)"
    inside = f" in {where.function}()" if where.is_lazy else ""
    return f"{short(where.file)}:{where.line}{inside}"


def bar(share: float, width: int) -> str:
    """A bar for a share between 0 and 1."""
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[rest] if rest else "")


def brief(text: str, most: int = 60) -> str:
    """A statement, cut where it is too long for a line."""
    return text if len(text) <= most else text[: most - 1] + "…"


def heading(seen: Observation) -> str:
    """What was run, how it ended, and what it imported: two lines."""
    share = f" of {seen.seconds * 1e3:.0f} ms in all" if seen.seconds else ""
    grown = sum(each.bytes_total for each in seen.imports if each.within is None)
    memory = f", {megabytes(grown)} MB" if grown else ""
    count = len({each.name for each in seen.imports})
    lines = [
        f"{' '.join(seen.command)}: {seen.ending} (Python {seen.python})",
        f"{count} modules in {seen.total * 1e3:.1f} ms{share}{memory}; its start had loaded {len(seen.before)} before",
        *seen.notes,
    ]
    return "\n".join(lines)
