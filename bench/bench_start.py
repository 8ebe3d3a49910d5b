"""What `import modcache` adds to the start of an interpreter, and what it loads."""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median

from bench_children import ROOT
from bench_row import Note, Row, clock

__all__ = ["start"]

_ROUNDS = 40
_PATH = f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r}); "
_BARE = _PATH
_IMPORT = f"{_PATH}import modcache"
_SESSION = f"{_PATH}import modcache; modcache.Session(['.'])"
_LOADED = f"{_PATH}before = set(sys.modules); import modcache; print(*sorted(set(sys.modules) - before))"


def start(note: Note) -> list[Row]:
    """Starts of three kinds in turns: bare, with the import, with a session made."""
    found: dict[str, list[float]] = {code: [] for code in (_BARE, _IMPORT, _SESSION)}
    for code in found:
        _start(code)
    for _ in range(_ROUNDS):
        for code, seconds in found.items():
            seconds.append(_start(code))
    bare, whole, session = (median(seconds) for seconds in found.values())
    added = median(one - other for one, other in zip(found[_IMPORT], found[_BARE], strict=True))
    loaded = _loaded()
    foreign = {name.partition(".")[0] for name in loaded} - set(sys.stdlib_module_names) - {"modcache"}
    details = (
        f"the import adds {clock(added)}; it loads {', '.join(loaded)}; from third parties: "
        f"{', '.join(sorted(foreign)) or 'nothing'}; a start that makes a session too: {clock(session)}"
    )
    met = added <= 0.003 and not foreign
    aim = "at most 3 ms more, nothing foreign"
    return [Row("import", "a start with `import modcache`", whole, "a bare start", bare, aim, met, _ROUNDS, details)]


def _start(code: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True, cwd=ROOT / "bench")
    return time.perf_counter() - began


def _loaded() -> list[str]:
    line = [sys.executable, "-I", "-S", "-c", _LOADED]
    return subprocess.run(line, check=True, capture_output=True, text=True).stdout.split()
