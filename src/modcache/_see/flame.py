"""The imports of one run as a picture: one file with everything in it, for any browser."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

from modcache._model.observation import Observation

__all__ = ["write_flame"]

_TEMPLATE = Path(__file__).with_name("flame.html")


def write_flame(seen: Observation, path: str) -> None:
    """Write the picture. Raises ``OSError``."""
    page = _TEMPLATE.read_text("utf-8")
    title = html.escape(" ".join(seen.command))
    # `</script>` in a name would end the element that holds the data
    data = json.dumps(_data(seen), separators=(",", ":")).replace("</", "<\\/")
    Path(path).write_text(page.replace("{{title}}", title).replace("{{data}}", data), encoding="utf-8")


def _data(seen: Observation) -> dict[str, Any]:
    """What the page needs. Times are in microseconds, memory is in kilobytes: whole numbers are short."""
    return {
        "command": " ".join(seen.command),
        "python": seen.python,
        "ending": seen.ending,
        "seconds": seen.seconds,
        "before": len(seen.before),
        "imports": [
            [
                each.name,
                -1 if each.within is None else each.within,
                round(each.total * 1e6),
                round(each.own * 1e6),
                each.bytes_own // 1000,
                "" if each.asked is None else f"{each.asked.file}:{each.asked.line}",
                "" if each.asked is None or not each.asked.is_lazy else each.asked.function,
                each.error,
            ]
            for each in seen.imports
        ],
    }
