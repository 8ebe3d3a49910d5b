"""`./dev replay PACKAGE…`: lay a package's releases over a running process, one by one, and tell what came of it.

A process imports every module of the oldest release. Then each next release is laid over it, file by file, the tool
follows, and the process is compared with a fresh one: names, code, values, identities, and objects that were held.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import sys
import tempfile
from pathlib import Path

from replay_engines import ENGINES
from replay_judge import Transition
from replay_releases import CACHE, dependencies, installed, releases
from replay_run import Replay
from replay_table import page, summary

PACKAGES = "click requests attrs rich flask jinja2 sqlalchemy".split()
CLASSES = "pydantic marshmallow networkx textual werkzeug httpx structlog sympy django pytest".split()  # at their heart
PEERS = ("ipython", "jurigged", "pyflyby")
ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "explanation" / "replay.md"


def main() -> int:
    """Run the replay; 1 if modcache was wrong and did not say so, or broke."""
    wanted = _arguments().parse_args()
    peers = installed(*PEERS) if wanted.peers or wanted.tool else None
    tools = wanted.tool or (list(ENGINES) if wanted.peers else ["modcache"])
    rows: list[Transition] = []
    for package in wanted.package or PACKAGES:
        found = releases(package, wanted.releases, renew=wanted.renew)
        path = [str(dependencies(package, found[-1].version)), *([str(peers)] if peers else [])]
        with tempfile.TemporaryDirectory(prefix=f"replay-{package}-") as place:
            replay = Replay(found, Path(place), path, note=_note)
            for tool in tools:
                done = []
                for row in replay.run(tool, apart=wanted.apart):
                    done.append(row)
                    print(row if not wanted.json else json.dumps(row.to_dict()), flush=True)
                if not wanted.apart:
                    _keep(package, tool, done)
                rows += done
    if not wanted.json:
        print(summary(rows))
    if wanted.write:
        PAGE.write_text(page(_kept(), _versions(peers)), encoding="utf-8")
        _note(f"written: {PAGE.relative_to(ROOT)}")
    return int(any(row.verdict in ("silent", "broken") for row in rows if row.tool == "modcache"))


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./dev replay", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("package", nargs="*", help=f"names in the index (default: {' '.join(PACKAGES)})")
    parser.add_argument("--releases", type=int, default=10, metavar="N", help="the last N releases (default: 10)")
    parser.add_argument("--peers", action="store_true", help="the same with the other tools")
    parser.add_argument("--tool", action="append", choices=list(ENGINES), help="only this tool (may be repeated)")
    parser.add_argument("--apart", action="store_true", help="each transition in a process of its own")
    parser.add_argument("--json", action="store_true", help="one JSON object for each transition")
    parser.add_argument("--renew", action="store_true", help="ask the index again which releases there are")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)} from all kept results")
    return parser


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _keep(package: str, tool: str, rows: list[Transition]) -> None:
    folder = CACHE / "results"
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps([row.to_dict() for row in rows], indent=1)
    (folder / f"{package}--{tool.replace(' ', '-')}.json").write_text(text, encoding="utf-8")


def _kept() -> list[Transition]:
    """All results that were kept, of the packages and tools of the page."""
    paths = [CACHE / "results" / f"{p}--{t.replace(' ', '-')}.json" for p in [*PACKAGES, *CLASSES] for t in ENGINES]
    return [Transition(**row) for path in paths if path.is_file() for row in json.loads(path.read_text("utf-8"))]


def _versions(peers: Path | None) -> dict[str, str]:
    """The version of each tool."""
    python = sys.version.split()[0]
    found = {"modcache": importlib.metadata.version("modcache"), "importlib.reload": f"CPython {python}"}
    names = {"IPython autoreload": "ipython", "jurigged": "jurigged", "pyflyby xreload": "pyflyby"}
    for distribution in importlib.metadata.distributions(path=[str(peers)] if peers else []):
        for tool, name in names.items():
            if distribution.metadata["Name"].lower() == name:
                found[tool] = distribution.version
    return found


if __name__ == "__main__":
    sys.exit(main())
