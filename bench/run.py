"""`./dev bench [NAME…]`: the figures, each as a ratio against a peer that took turns with us in the same run."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from pathlib import Path

sys.path.insert(1, str(Path(__file__).resolve().parent.parent / "tools"))  # one place installs releases and peers

from bench_commit import commit
from bench_edit import edit, tools
from bench_idle import idle
from bench_imports import imports
from bench_objects import objects
from bench_replay import replay
from bench_row import Row, markdown, table
from bench_save import save
from bench_see import see
from bench_spaces import spaces
from bench_start import start
from bench_watch import watch

ROOT = Path(__file__).resolve().parent.parent
FIGURES = {
    "edit": edit,
    "tools": tools,
    "save": save,
    "replay": replay,
    "objects": objects,
    "commit": commit,
    "idle": idle,
    "import": start,
    "imports": imports,
    "see": see,
    "spaces": spaces,
    "watch": watch,
}
PAGE = ROOT / "docs" / "explanation" / "figures.md"
HEAD = """# Figures

<!-- Made by `./dev bench --write`; do not edit. -->

Each figure is measured against a peer in the same run: the two take turns, each in a process of its own, and what is
shown are medians. Machines differ and are noisy, so look at the ratios. `./dev bench NAME` measures one again; the
names are {names}. This run: {where}.

"""


def main() -> int:
    """Measure; 1 if an aim is not met, 2 for a usage mistake."""
    parser = _parser()
    wanted = parser.parse_args()
    if wanted.write and wanted.figure:
        parser.error("--write makes the whole page: give it no names")
    if wanted.profile:
        os.environ["MODCACHE_BENCH_PROFILE"] = "1"
    rows: list[Row] = []
    for name in wanted.figure or FIGURES:
        began = time.perf_counter()
        rows += FIGURES[name](_note)
        _note(f"{name}: done in {time.perf_counter() - began:.0f} s")
    print(json.dumps([row.to_dict() for row in rows], indent=1) if wanted.json else table(rows))
    if wanted.write:
        head = HEAD.format(names=", ".join(f"`{name}`" for name in FIGURES), where=_where())
        PAGE.write_text(head + markdown(rows) + "\n", encoding="utf-8")
        _note(f"written: {PAGE.relative_to(ROOT)}")
    return int(any(row.met is False for row in rows))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./dev bench", description=(__doc__ or "").partition(": ")[2])
    parser.add_argument("figure", nargs="*", choices=[*FIGURES, []], metavar="NAME", help=", ".join(FIGURES))
    parser.add_argument("--json", action="store_true", help="the rows as JSON")
    parser.add_argument("--profile", action="store_true", help="tell where the time goes (edit, tools, replay)")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)} (all figures)")
    return parser


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _where() -> str:
    return f"CPython {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores"


if __name__ == "__main__":
    sys.exit(main())
