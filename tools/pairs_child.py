"""One pair in one process: `python pairs_child.py TASK`, and one line of JSON says what became of it."""

from __future__ import annotations

import importlib
import json
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from pairs_judge import mixtures, snapshot

WORK = str(Path(__file__).with_name("pairs_work"))


def main(task: dict[str, Any]) -> dict[str, Any]:
    """Load both, let both work, judge."""
    import modcache

    older, newer = task["folders"]
    if task["mode"].startswith("host"):
        sys.path[:0] = [WORK, newer]
        importlib.import_module(task["workload"])
        del sys.path[:2]
    before = snapshot()
    deep = task["mode"].endswith("switch")
    with (
        modcache.Space("older", path=[WORK, older], deep=deep) as first,
        modcache.Space("newer", path=[WORK, newer], deep=deep) as second,
    ):
        spaces = {first: older, second: newer}
        try:
            loaded = [space.import_module(task["workload"]) for space in spaces]
            told = [_in_a_thread(module.work) for module in loaded]
        except modcache.errors.ModcacheError as error:
            return {"verdict": "refused", "told": str(error)}
        found = mixtures(spaces, WORK, before)
    return {"verdict": "mixed" if found else "works", "told": "; ".join(found[:3]) if found else told}


def _in_a_thread(work: Any) -> str:
    """Run a workload where no frame of ours is on the stack: what its code imports is decided by the code alone."""
    answer: list[Any] = []

    def body() -> None:
        try:
            answer.append(work())
        except BaseException as error:
            answer.append(error)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    if isinstance(answer[0], BaseException):
        raise answer[0]
    return str(answer[0])


if __name__ == "__main__":
    try:
        print(json.dumps(main(json.loads(sys.argv[1]))), flush=True)
    except Exception as error:
        traceback.print_exc()
        print(json.dumps({"verdict": "broken", "told": f"{type(error).__name__}: {error}"}), flush=True)
