"""Run random ordinary programs: ``python -m tests.ordinary [--from SEED] [--count N] [--reduce] [--show]``.

Prints what came of the edits of N cases (100) from a seed on (0), and each edit that went wrong: its program, or with
``--reduce`` a small one that goes wrong in the same way (which takes minutes). ``--show`` prints every case whole.
The status is 1 if anything went wrong.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.fresh import Worker
from tests.ordinary.cases import BAD, case, is_program, run, story
from tests.ordinary.reduce import reduced, trial_of


def main(arguments: list[str]) -> int:
    """Run, and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.ordinary", description=__doc__)
    parser.add_argument("--from", dest="start", type=int, default=0)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--reduce", action="store_true")
    parser.add_argument("--show", action="store_true")
    asked = parser.parse_args(arguments)
    verdicts: Counter[str] = Counter()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ordinary-") as folder:
        worker, place = Worker(), Path(folder).resolve() / "program"
        for seed in range(asked.start, asked.start + asked.count):
            verdicts.update(_one(worker, place, seed, shrink=asked.reduce, whole=asked.show))
        worker.close()
    print(f"{dict(verdicts)} in {time.monotonic() - began:.0f} s")
    return int(any(verdicts[word] for word in BAD))


def _one(worker: Worker, place: Path, seed: int, *, shrink: bool, whole: bool) -> list[str]:
    """The verdict on every edit of a case; what went wrong is printed."""
    what = case(seed)
    results = run(worker, place, what)
    if not is_program(results):
        return ["no program"]
    for number, result in enumerate(results):
        bad = result.verdict in BAD
        if bad or whole:
            print(f"==== seed {seed}, edit {number} ({what.edits[number].name}): {result.verdict}")
            if bad and shrink:
                print(*reduced(trial_of(what, number), result.verdict), sep="\n", flush=True)
            else:
                print(story(what, results, number), flush=True)
        if bad:  # what comes after it may be the same
            return [one.verdict for one in results[: number + 1]]
    return [result.verdict for result in results]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
