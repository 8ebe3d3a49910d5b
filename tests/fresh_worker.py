"""The process behind tests/fresh.py: reads tasks, forks a live and a fresh process for each, answers what differs."""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import modcache
from modcache._verify.child import SourceFinder, import_all, owned
from modcache._verify.compare import Comparison
from modcache._verify.describe import describe
from modcache._verify.graph import Graph
from modcache._verify.verification import judge

LIMIT = 600
HELD = "<held>"

Task = dict[str, Any]
Files = dict[str, str]


def main() -> None:
    """Answer one line for each line of standard input."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)  # what the programs print must not come between the answers
    with contextlib.suppress(AttributeError):
        modcache.Session  # noqa: B018  # what it loads is loaded once, here
    gc.collect()
    for line in sys.stdin:
        answers.write(json.dumps(_answer(json.loads(line))) + "\n")
        answers.flush()


def _answer(task: Task) -> list[dict[str, Any]]:
    states = [dict(task["before"])]
    for edit in task["edits"]:
        files = {**states[-1], **edit}
        states.append({name: text for name, text in files.items() if text is not None})
    _lay(task, states[0])
    live = _forked(lambda: _live(task))
    fresh: dict[int, Any] = {}

    def fresh_of(number: int) -> Any:
        if number not in fresh:
            _lay(task, states[number])
            fresh[number] = _forked(lambda: _fresh(task))
        return fresh[number]

    return [_row(live, number, fresh_of) for number in range(1, len(states))]


def _row(live: Any, number: int, fresh_of: Callable[[int], Any]) -> dict[str, Any]:
    steps = live.get("steps", [])
    if number > len(steps):
        crash = live.get("crash") or "an earlier step failed"
        return _shown({}, [], [], False, {}, crash)
    step, fresh = steps[number - 1], fresh_of(number)
    if "description" not in fresh:
        return _shown(step["report"], [], [], False, {}, f"the fresh process: {fresh['crash']}")
    description, failed = fresh["description"], fresh["failed"]
    description["failed"] = failed
    judged = judge(None, step["after"], None, description)
    if judged.differences and (former := _former(number, fresh_of)) is not None:
        judged = judge(step["before"], step["after"], former, description)
    held = _held(step["probes"], fresh["probes"])
    untouched = not Comparison(Graph(step["after"]), Graph(step["before"])).differences
    differences = [*map(str, judged.differences), *held]
    return _shown(step["report"], differences, [*map(str, judged.kept)], untouched, failed, step["crash"])


def _former(number: int, fresh_of: Callable[[int], Any]) -> Any:
    """What a fresh process was before an edit: of the last state that could be imported; what failed was aborted."""
    for before in range(number - 1, -1, -1):
        fresh = fresh_of(before)
        if "description" in fresh and not fresh["failed"]:
            return fresh["description"]
    return None


def _shown(
    report: Mapping[str, Any],
    differences: list[str],
    kept: list[str],
    untouched: bool,
    failed: Mapping[str, str],
    crash: str | None,
) -> dict[str, Any]:
    return {
        "report": report,
        "differences": differences,
        "kept": kept,
        "untouched": untouched,
        "failed": failed,
        "crash": crash,
    }


def _held(live: Mapping[str, str], fresh: Mapping[str, str]) -> list[str]:
    """Held objects that behave otherwise than what stands there in a fresh process (if anything does)."""
    pairs = [(name, live[name], fresh[name]) for name in live if not fresh[name].startswith("no longer there")]
    return [f"held {name}: live {was}, fresh {now}" for name, was, now in pairs if was != now]


def _lay(task: Task, files: Files) -> None:
    folder = Path(task["folder"])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _write(folder, files)


def _write(folder: Path, files: Mapping[str, str | None]) -> None:
    for name, text in files.items():
        path = folder / name
        if text is None:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


def _forked(work: Callable[[], Any]) -> Any:
    """The JSON of what ``work`` returns in a forked process; ``{"crash": why}`` if it does not get to the end."""
    handle, name = tempfile.mkstemp(suffix=".json")
    os.close(handle)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            signal.alarm(LIMIT)
            Path(name).write_text(json.dumps(work()), encoding="utf-8")
            status = 0
        except BaseException:
            Path(name).write_text(json.dumps({"crash": traceback.format_exc()}), encoding="utf-8")
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    text = Path(name).read_text(encoding="utf-8")
    os.unlink(name)
    if os.WIFSIGNALED(status):
        return {"crash": f"ended by {signal.Signals(os.WTERMSIG(status)).name}"}
    return json.loads(text)


def _enter(task: Task) -> None:
    os.chdir(task["folder"])
    sys.path.insert(0, task["folder"])
    sys.stdin = open(os.devnull)  # noqa: SIM115  # the tasks are not for the program


def _live(task: Task) -> Any:
    _enter(task)
    session = _engine(task)
    for name in task["modules"]:
        importlib.import_module(name)
    held = {name: _evaluated(name) for name in {**task["hold"], **dict.fromkeys(task["same"])}}
    exec(task["script"], dict(sys.modules))
    steps = []
    for edit in task["edits"]:
        before = _described(task, held)
        _write(Path(task["folder"]), edit)
        crash, report = None, {}
        try:
            report = session(task["verify"])
        except BaseException:
            crash = traceback.format_exc()
        after = _described(task, held)  # before the probes, which may run what leaves something behind
        probes = {name: _probed(held[name], probe) for name, probe in task["hold"].items()}
        steps.append({"report": report, "before": before, "after": after, "crash": crash, "probes": probes})
    return {"steps": steps}


def _fresh(task: Task) -> Any:
    _enter(task)
    sys.meta_path.insert(0, SourceFinder([task["folder"]]))
    failed = import_all(task["modules"])
    held = {name: _evaluated(name) for name in {**task["hold"], **dict.fromkeys(task["same"])}}
    description = _described(task, held)
    probes = {name: _probed(held[name], probe) for name, probe in task["hold"].items()}
    return {"description": description, "failed": failed, "probes": probes}


def _described(task: Task, held: Mapping[str, Any]) -> Any:
    modules = owned(task["modules"], [task["folder"]])
    module = ModuleType(HELD)
    vars(module).clear()
    vars(module).update({name: held[name][0] for name in task["same"] if type(held[name]) is tuple})
    if task["same"]:
        modules[HELD] = module
    return describe(modules)


def _evaluated(text: str) -> Any:
    try:
        return (eval(text, dict(sys.modules)),)
    except Exception as error:
        return f"no longer there: {error!r}"


def _probed(held: Any, probe: str) -> str:
    if type(held) is str:
        return held
    try:
        return repr(eval(probe, {**sys.modules, "it": held[0]}))
    except RecursionError:
        return "RecursionError"  # it says where the limit was met
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def _engine(task: Task) -> Callable[[bool], Any]:
    if task["engine"] == "reload":
        return _reloader(Path(task["folder"]))
    session = modcache.Session([task["folder"]])
    return lambda verify: session.refresh(verify=verify).to_dict()


def _reloader(folder: Path) -> Callable[[bool], Any]:
    """``importlib.reload`` of every module of the folder, as an engine that believes itself: to test the tests."""

    def reload(_verify: bool) -> Any:
        importlib.invalidate_caches()
        for module in list(owned((), [str(folder)]).values()):
            importlib.reload(module)
        return {"outcome": "committed", "complete": True}

    return reload


if __name__ == "__main__":
    main()
