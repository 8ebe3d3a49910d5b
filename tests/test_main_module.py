"""The main module is being executed while it is refreshed: what runs in it must not be started a second time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.trees import LIMIT, environment, lay

WORDS = "G = 'old'\n"
LOOP = """\
for tick in range(100_000):
    if G == "new" or tick == 0:
        print(G, flush=True)
    if G == "new":
        break
    time.sleep(0.005)
"""
PROGRAMS = {
    "behind the usual guard": {
        "prog.py": "import time\nfrom words import G\n\ndef main():\n"
        + "".join(f"    {line}\n" for line in LOOP.splitlines())
        + "\nif __name__ == '__main__':\n    main()\n"
    },
    "at the top level": {"prog.py": "import time\nfrom words import G\n" + LOOP},
}


def follow(folder: Path, tree: Mapping[str, str], edit: Mapping[str, str]) -> list[str]:
    """Run the program; edit once it has printed its first line; everything it prints."""
    lay(folder, {"words.py": WORDS, **tree})
    line = [sys.executable, "-m", "modcache", "run", "--root", str(folder), "prog.py"]
    with subprocess.Popen(line, cwd=folder, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        for name, text in edit.items():
            (folder / f"{name}.tmp").write_text(text)
            os.replace(folder / f"{name}.tmp", folder / name)
        try:
            return [first.strip(), *process.communicate(timeout=LIMIT)[0].split()]
        finally:
            process.kill()


@pytest.mark.parametrize("program", PROGRAMS)
def test_c02_a_program_that_runs_is_not_started_again(tmp_path: Path, program: str) -> None:
    """The name that main imported is new, the loop that reads it is the one that has been running."""
    assert follow(tmp_path, PROGRAMS[program], {"words.py": "G = 'new'\n"}) == ["old", "new"]
