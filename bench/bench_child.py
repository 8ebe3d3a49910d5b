"""The other end of ``bench_children.Child``: makes a scene, obeys one JSON list a line, answers each with a line."""

from __future__ import annotations

import cProfile
import importlib
import io
import json
import os
import pstats
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def main(module: str, site: str, arguments: dict[str, Any]) -> None:
    """Serve until the input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a module prints must not come between the answers
    sys.path[1:1] = [str(ROOT / "tools"), str(ROOT / "src")]
    scene = importlib.import_module(module).Scene(site, **arguments)
    profile = cProfile.Profile()
    if hasattr(scene, "profile") and os.environ.get("MODCACHE_BENCH_PROFILE"):
        scene.profile = profile
    for line in sys.stdin:
        name, *rest = json.loads(line)
        answer = _hot(profile) if name == "hot" else getattr(scene, name)(*rest)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _hot(profile: cProfile.Profile) -> str:
    """Where the time went, by what each function took itself, and with what it called."""
    if not profile.getstats():
        return ""
    text = io.StringIO()
    stats = pstats.Stats(profile, stream=text)
    for order in ("tottime", "cumulative"):
        stats.sort_stats(order).print_stats(40)
    return text.getvalue().replace(f"{ROOT}/", "")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))
