"""Programs that are edited while `modcache run` runs them. They go in step by lines: nothing here waits by time.

The program answers each line on stdin with a line on stdout; reports come as JSON on stderr. So a test writes a file,
waits for the report of just that, then asks the program what it sees.
"""

from __future__ import annotations

import json
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.trees import LIMIT, environment, lay

TREE = {
    "prog.py": """
        import sys
        import view

        def answer(line):
            return f"main says {view.show(line)}"

        if __name__ == "__main__":
            for line in sys.stdin:
                print(answer(line.strip()), flush=True)
    """,
    "view.py": """
        from settings import NAME, LIMIT
        from model import Counter

        counter = Counter()

        def show(line):
            return f"{line}: {counter.step()} of {LIMIT} ({NAME})"
    """,
    "settings.py": """
        LIMIT = 10
        NAME = "one"
    """,
    "model.py": """
        class Counter:
            def __init__(self):
                self.count = 0

            def step(self):
                self.count += 1
                return self.count
    """,
}


class Live:
    """A program under `modcache run`, and what it and the reports say."""

    def __init__(self, folder: Path, process: subprocess.Popen[str]) -> None:
        self.folder = folder
        self.process = process
        self.errors: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.errors.put(line)
        self.errors.put(None)

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        text = path.read_text()
        assert text.count(old) == 1
        path.write_text(text.replace(old, new))

    def ask(self, line: str = "x") -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.heard()

    def heard(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "".join(iter(self.line, None))
        return line.rstrip("\n")

    def line(self) -> str | None:
        return self.errors.get(timeout=LIMIT)

    def event(self, kind: str = "report") -> dict[str, Any]:
        while True:
            line = self.line()
            assert line is not None, f"no {kind} came"
            if line.startswith("{") and (found := json.loads(line))["event"] == kind:
                return dict(found)

    def outcome(self) -> str:
        report = self.event()
        return f"{report['outcome']} {report['complete']}"


@contextmanager
def running(folder: Path, *options: str, target: tuple[str, ...] = ("prog.py",), tree: Any = None) -> Iterator[Live]:
    """The tree's program, running, with its reports as JSON (unless the options say otherwise)."""
    lay(folder, {"pyproject.toml": "", **(TREE if tree is None else tree)})
    process = subprocess.Popen(
        [sys.executable, "-m", "modcache", "run", *(options or ("--json",)), *target],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        cwd=folder,
        env=environment(PYTHONIOENCODING="utf-8", COLUMNS="118"),
    )
    guard = threading.Timer(2 * LIMIT, process.kill)
    guard.start()
    with process:
        try:
            yield Live(folder, process)
        finally:
            guard.cancel()
            process.kill()


def test_each_kind_of_edit_is_live_and_the_state_stays(tmp_path: Path) -> None:
    with running(tmp_path) as live:
        assert live.ask("a") == "main says a: 1 of 10 (one)"
        live.edit("view.py", "{line}:", "{line} is")
        assert live.outcome() == "committed True"
        assert live.ask("b") == "main says b is 2 of 10 (one)"
        live.edit("settings.py", "LIMIT = 10", "LIMIT = 99")
        assert live.outcome() == "committed True"
        assert live.ask("c") == "main says c is 3 of 99 (one)"
        live.edit("model.py", "+= 1", "+= 100")
        assert live.outcome() == "committed True"
        assert live.ask("d") == "main says d is 103 of 99 (one)"


def test_the_main_script_itself_is_kept_true_and_not_run_a_second_time(tmp_path: Path) -> None:
    with running(tmp_path) as live:
        live.ask("a")
        live.edit("prog.py", "main says", "the main script says")
        assert live.outcome() == "committed True"
        assert live.ask("b") == "the main script says b: 2 of 10 (one)"


def test_a_module_that_is_run_with_m(tmp_path: Path) -> None:
    tree = {f"app/{name}": text.replace("import view", "from . import view") for name, text in TREE.items()}
    tree["app/view.py"] = tree["app/view.py"].replace("from ", "from .")
    tree |= {"app/__init__.py": "", "app/__main__.py": tree.pop("app/prog.py")}
    with running(tmp_path, "--json", target=("-m", "app"), tree=tree) as live:
        assert live.ask("a") == "main says a: 1 of 10 (one)"
        live.edit("app/settings.py", "one", "two")
        assert live.outcome() == "committed True"
        assert live.ask("b") == "main says b: 2 of 10 (two)"
        live.edit("app/__main__.py", "main says", "it says")
        assert live.outcome() == "committed True"
        assert live.ask("c") == "it says c: 3 of 10 (two)"


def test_a_syntax_error_changes_nothing_and_the_next_save_mends_it(tmp_path: Path) -> None:
    with running(tmp_path) as live:
        live.ask("a")
        live.edit("view.py", "def show(line):", "def show(line:")
        report = live.event()
        assert (report["outcome"], report["error"]["type"]) == ("aborted", "SyntaxError")
        assert live.ask("b") == "main says b: 2 of 10 (one)"
        live.edit("view.py", "def show(line:", "def show(line, mark='!'):")
        assert live.outcome() == "committed True"
        live.edit("view.py", "({NAME})", "({NAME}){mark}")
        assert live.outcome() == "committed True"
        assert live.ask("c") == "main says c: 3 of 10 (one)!"


def test_c07_a_module_that_raises_is_tried_again_with_the_next_save(tmp_path: Path) -> None:
    with running(tmp_path) as live:
        live.ask("a")
        live.edit("view.py", "from settings import NAME, LIMIT", "from settings import NAME, LIMIT, UNIT")
        live.edit("view.py", "of {LIMIT}", "of {LIMIT}{UNIT}")
        report = live.event()
        assert (report["outcome"], report["error"]["type"]) == ("aborted", "ImportError")
        live.edit("settings.py", "LIMIT = 10", "LIMIT = 10\nUNIT = 's'")
        assert live.outcome() == "committed True"
        assert live.ask("b") == "main says b: 2 of 10s (one)"


def test_a_new_module_and_one_that_is_saved_before_its_importer(tmp_path: Path) -> None:
    with running(tmp_path) as live:
        live.ask("a")
        lay(tmp_path, {"extra.py": "MARK = '#'\n"})
        live.edit("view.py", "from model", "from extra import MARK\nfrom model")
        live.edit("view.py", "({NAME})", "({NAME}{MARK})")
        assert live.outcome() == "committed True"
        assert live.ask("b") == "main says b: 2 of 10 (one#)"
        lay(tmp_path, {"extra.py": "MARK = '##'\n"})
        assert live.outcome() == "committed True"
        assert live.ask("c") == "main says c: 3 of 10 (one##)"


def test_what_was_edited_while_the_program_started_is_live_once_it_runs(tmp_path: Path) -> None:
    tree = {**TREE, "view.py": TREE["view.py"] + "\n        input()\n"}
    with running(tmp_path, tree=tree) as live:
        live.event("start")
        live.edit("settings.py", "LIMIT = 10", "LIMIT = 77")
        report = live.event()
        assert report["outcome"] in ("unchanged", "committed", "aborted")
        assert live.process.stdin is not None
        live.process.stdin.write("go\n")
        answer = live.ask("a")
        assert answer.startswith("main says a: 1 of ")


def test_a_dry_run_tells_the_plan_and_changes_nothing(tmp_path: Path) -> None:
    with running(tmp_path, "--json", "--dry-run") as live:
        live.ask("a")
        live.edit("settings.py", "LIMIT = 10", "LIMIT = 99")
        plan = live.event("plan")
        assert [(module["module"], module["mode"]) for module in plan["modules"]] == [
            ("settings", "partial"),
            ("view", "partial"),
        ]
        assert live.ask("b") == "main says b: 2 of 10 (one)"


def test_verify_compares_each_refresh_with_a_fresh_process(tmp_path: Path) -> None:
    with running(tmp_path, "--json", "--verify") as live:
        live.ask("a")
        live.edit("settings.py", "LIMIT = 10", "LIMIT = 99")
        report = live.event()
        assert (report["outcome"], report["verified"], report["complete"]) == ("committed", True, True)
        assert live.ask("b") == "main says b: 2 of 99 (one)"


def test_roots_that_are_named_are_the_only_ones(tmp_path: Path) -> None:
    tree = {name if name == "prog.py" else f"lib/{name}": text for name, text in TREE.items()}
    tree["prog.py"] = tree["prog.py"].replace("import sys\n", "import sys\n        sys.path.insert(0, 'lib')\n")
    with running(tmp_path, "--json", "--root", "lib", tree=tree) as live:
        assert live.event("start")["folders"] == [str((tmp_path / "lib").resolve())]
        live.ask("a")
        live.edit("prog.py", "main says", "nobody hears")
        live.edit("lib/settings.py", "LIMIT = 10", "LIMIT = 99")
        assert live.outcome() == "committed True"
        assert live.ask("b") == "main says b: 2 of 99 (one)"


def test_events_tell_the_start_and_the_exit(tmp_path: Path) -> None:
    with running(tmp_path) as live:
        start = live.event("start")
        assert (start["program"], start["process"]) == ("prog.py", live.process.pid)
        live.ask("a")
        assert live.process.stdin is not None
        live.process.stdin.close()
        assert live.event("exit")["status"] == 0
        assert live.line() is None
        assert live.process.wait(LIMIT) == 0


LINES = {
    "view.py": ("of {LIMIT}", "out of {LIMIT}", ["generation 1 in N ms: view edited", "patched view:show"]),
    "settings.py": (
        "LIMIT = 10",
        "LIMIT = 99",
        ["generation 1 in N ms: settings edited", "2 statements executed in "],
    ),
    "model.py": (
        "self.count += 1",
        "self.count +=",
        ["aborted in N ms: an error in model; all is as before", "File"],
    ),
}


@pytest.mark.parametrize("name", LINES)
def test_reports_are_a_few_lines_on_stderr(tmp_path: Path, name: str) -> None:
    old, new, expected = LINES[name]
    with running(tmp_path, "--root", ".") as live:
        first = live.line() or ""
        assert first.startswith("modcache prog.py is process ")
        live.ask("a")
        live.edit(name, old, new)
        lines = [live.line() or "" for _ in expected]
    text = re.sub(r"\d+\.\d ms", "N ms", lines[0])
    assert text.startswith(f"modcache {expected[0]}")
    assert lines[1].strip().startswith(expected[1])


def test_quiet_says_only_what_was_aborted(tmp_path: Path) -> None:
    with running(tmp_path, "--quiet") as live:
        live.ask("a")
        live.edit("view.py", "of {LIMIT}", "out of {LIMIT}")
        live.edit("model.py", "self.count += 1", "self.count +=")
        assert "aborted" in (live.line() or "") or "an error in model" in (live.line() or "")


ENDING = """
import atexit, gate, part

def end():
    gate.go.set()  # before modcache's own end, so that the refresh can finish
    print("ended", flush=True)

atexit.register(end)
print("ready", flush=True)
input()
"""


def test_a_program_that_ends_during_a_refresh_ends_in_peace(tmp_path: Path) -> None:
    tree = {"prog.py": ENDING, "gate.py": "import threading\ngo = threading.Event()\n", "part.py": "x = 1\n"}
    with running(tmp_path, "--json", tree=tree) as live:
        assert live.heard() == "ready"
        lay(tmp_path, {"part.py": "import gate, sys\nprint('staged', file=sys.stderr, flush=True)\ngate.go.wait()\n"})
        while (live.line() or "staged") != "staged\n":
            pass
        assert live.ask("now end") == "ended"
        assert live.process.wait(LIMIT) == 0
        rest = []
        while (line := live.line()) is not None:
            rest.append(line)
        assert "Traceback" not in "".join(rest)
        assert json.loads(rest[-1]) == {"event": "exit", "status": 0}
