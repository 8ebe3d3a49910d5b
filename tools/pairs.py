"""`./dev pairs [NAME…]`: two versions of one library side by side in one process, each doing real work.

Each pair gets a process of its own: two spaces, one version in each, a workload in each that checks its results; then
the judge looks whether anything of one version found its way into the other. Without the switch and with it, and with
the newer version loaded in the interpreter beforehand, as a host that uses the library itself has it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from pairs_releases import PAIRS, Installed, Pair, installed
from pairs_table import MODES, PAGE, ROOT, Row, keep, kept, page, shown

CHILD = Path(__file__).with_name("pairs_child.py")
LIMIT = 300


def main() -> int:
    """Run the pairs; 1 if one of them mixed, or broke without a reason that was told."""
    wanted = _arguments().parse_args()
    rows: list[Row] = []
    for pair in PAIRS:
        if wanted.pair and pair.name not in wanted.pair:
            continue
        found = installed(pair)
        for mode in wanted.mode or MODES:
            row = run(pair, found, mode)
            print(json.dumps(row.to_dict()) if wanted.json else shown(row), flush=True)
            keep(row)
            rows.append(row)
    if wanted.write:
        PAGE.write_text(page(kept()), encoding="utf-8")
        print(f"written: {PAGE.relative_to(ROOT)}", file=sys.stderr)
    return int(any(row.verdict in ("mixed", "broken") for row in rows))


def run(pair: Pair, found: tuple[Installed, Installed], mode: str) -> Row:
    """One pair in one mode, in a process of its own."""
    task = {"workload": pair.workload, "folders": [one.folder for one in found], "mode": mode}
    line = [sys.executable, "-W", "ignore", str(CHILD), json.dumps(task)]
    try:
        done = subprocess.run(line, capture_output=True, text=True, encoding="utf-8", timeout=LIMIT, check=False)
        out, errors, status = done.stdout, done.stderr, done.returncode
    except subprocess.TimeoutExpired:
        out, errors, status = "", f"no end after {LIMIT} s", 1
    versions = [f"{one.version}" for one in found]
    last = out.strip().splitlines()[-1:]
    if status or not last:
        told = errors.strip().splitlines()[-1:] or ["nothing was said"]
        return Row(pair.name, versions, mode, "broken", f"the process ended ({status}): {told[0]}")
    answer = json.loads(last[0])
    return Row(pair.name, versions, mode, answer["verdict"], answer["told"])


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./dev pairs", description=(__doc__ or "").partition(": ")[2].split("\n")[0])
    parser.add_argument("pair", nargs="*", choices=[*(pair.name for pair in PAIRS), []], metavar="NAME")
    parser.add_argument("--mode", action="append", choices=list(MODES), help="only this one (may be repeated)")
    parser.add_argument("--json", action="store_true", help="one JSON object for each pair and mode")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)} from all kept results")
    return parser


if __name__ == "__main__":
    sys.exit(main())
