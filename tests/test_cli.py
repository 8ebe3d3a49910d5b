"""The command line: what it answers to mistakes, and how it shows reports."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from modcache import Change, Plan, PlannedStatement, Refusal, RefusalKind, Report, errors
from modcache._cli.command import parse
from modcache._cli.printing import Json, Printer, Terminal, error_text, printer
from modcache._cli.program import Program
from tests.trees import LIMIT, environment, lay

EDITED = Change("app.page", "/p/app/page.py", "edited")


def command(folder: Path, *arguments: str, code: str | None = None, **env: str) -> tuple[int, str, str]:
    """Exit status, stdout, stderr of `modcache ARGUMENTS` in the folder."""
    start = ["-c", code] if code else ["-m", "modcache"]
    done = subprocess.run(
        [sys.executable, *start, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=folder,
        env=environment(PYTHONIOENCODING="utf-8", COLUMNS="100", **env),
        stdin=subprocess.DEVNULL,
        timeout=LIMIT,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


MISTAKES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "no program": (("run",), ("which program?", "FILE", "-m MODULE")),
    "no such file": (("run", "none.py"), ("there is no file 'none.py'", "check the path")),
    "a module's name as a file": (("run", "here"), ("there is no file 'here'", "modcache run -m here")),
    "no such module": (("run", "-m", "none"), ("there is no module 'none'", "PYTHONPATH", "modcache run FILE")),
    "no such module in a package": (("run", "-m", "pkg.none"), ("there is no module 'pkg.none'",)),
    "no such package": (("run", "-m", "none.at.all"), ("there is no module 'none.at.all'",)),
    "a file as a module": (("run", "-m", "here.py"), ("there is no module 'here.py'", "leave out")),
    "a relative module": (("run", "-m", ".here"), ("relative name", "-m package.module")),
    "a package without __main__": (("run", "-m", "pkg"), ("'pkg' has no module __main__", "-m pkg.something")),
    "a namespace package": (("run", "-m", "space"), ("'space' has no module __main__",)),
    "a folder without __main__": (("run", "pkg"), ("has no __main__.py", "modcache run pkg/FILE.py")),
    "a module without code": (("run", "-m", "sys"), ("'sys'",)),
    "-m without a name": (("run", "-m"), ("'-m'", "requires an argument")),
    "no such root": (("run", "--root", "nowhere", "here.py"), ("'nowhere'", "existing folder", "package")),
    "a file as a root": (("run", "--root", "here.py", "here.py"), ("'here.py' is a file",)),
    "no such option": (("run", "--fast", "here.py"), ("No such option", "--fast")),
    "a dry run has nothing to verify": (("run", "--verify", "--dry-run", "here.py"), ("--dry-run", "--verify")),
    "standard input as a program": (("run", "-"), ("no option -",)),
    "no such command": (("walk",), ("No such command", "walk")),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_ways_out_and_status_2(tmp_path: Path, name: str) -> None:
    arguments, words = MISTAKES[name]
    lay(tmp_path, {"here.py": "print('ran')", "pkg/__init__.py": "", "space/x.py": ""})
    status, out, error = command(tmp_path, *arguments)
    assert (status, out) == (2, "")
    assert "Traceback" not in error
    for word in words:
        assert word in error


def test_a_mistake_with_json_has_an_exit_event(tmp_path: Path) -> None:
    status, _, error = command(tmp_path, "run", "--json", "-m", "none")
    events = [json.loads(line) for line in error.splitlines() if line.startswith("{")]
    assert status == 2
    assert [(event["event"], event.get("status")) for event in events] == [("start", None), ("exit", 2)]


def test_help_and_version(tmp_path: Path) -> None:
    status, out, _ = command(tmp_path, "run", "--help")
    assert status == 0
    for option in ("-m MODULE", "--root DIR", "--quiet", "--json", "--verify", "--dry-run", "FILE"):
        assert option in out
    status, out, _ = command(tmp_path, "--version")
    assert (status, out) == (0, "modcache, version 0.1.0\n")


def test_without_click_it_says_how_to_get_it(tmp_path: Path) -> None:
    code = "import sys; sys.modules['click'] = None; import modcache.__main__ as m; m.main()"
    status, out, error = command(tmp_path, "run", "x.py", code=code)
    assert (status, out) == (2, "")
    assert 'pip install "modcache[cli]"' in error
    assert "Traceback" not in error


def test_c27_the_door_loads_nothing_before_it_is_used(tmp_path: Path) -> None:
    code = (
        "import sys, modcache.__main__;"
        "print([n for n in sys.modules if n.startswith('modcache._') or n in ('click', 'rich', 'watchfiles')])"
    )
    assert command(tmp_path, code=code) == (0, "['modcache.__main__']\n", "")


def test_options_end_at_the_program(tmp_path: Path) -> None:
    lay(tmp_path, {"here.py": "import sys; print(sys.argv[1:])"})
    rest = ["--json", "-m", "x", "--root", "--help", "--", "-q"]
    for before in (["here.py"], ["--", "here.py"], ["--root", ".", "-q", "-m", "here"], ["-qmhere"], ["-mhere"]):
        status, out, _ = command(tmp_path, "run", *before, *rest)
        assert (status, out) == (0, f"{rest}\n"), before


@pytest.mark.parametrize("words", [[], ["--old", "refuse"]])
def test_each_save_is_refreshed_as_the_option_old_says(monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    said: list[Any] = []
    monkeypatch.setattr("modcache._cli.commands.run.run", said.append)
    parse(["run", *words, "app.py", "--old", "never"])()
    assert (said[0].old, said[0].arguments) == (words[1] if words else "ignore", ("--old", "never"))


def test_a_program_that_is_not_there_is_an_error_of_the_tree() -> None:
    with pytest.raises(errors.ProgramNotFound, match="there is no file"):
        Program("not there.py")


def said(printing: type[Terminal | Json], *told: tuple[str, object], **options: bool) -> str:
    """What a printer writes when it is told these things."""
    stream = io.StringIO()
    shown: Printer = printing(stream, **options)
    for method, value in told:
        getattr(shown, method)(value)
    return stream.getvalue()


def failing(text: str = "x = (") -> BaseException:
    try:
        exec(compile(text, "/p/app/page.py", "exec"), {})
    except Exception as error:
        return error
    raise AssertionError(text)


COMMITTED = Report(
    "committed",
    True,
    3,
    changes=(EDITED,),
    executed={"app.page": (PlannedStatement(1, "x = 1", "it was edited"),)},
    statements=1,
    patched=("app.page:show", "app.page:hide"),
    timings={"total": 0.0042},
)
ABORTED = Report(
    "aborted", False, 3, changes=(EDITED,), failed=("app.page",), error=failing(), timings={"total": 0.001}
)
REFUSED = Report(
    "refused",
    False,
    3,
    refusals=(Refusal(RefusalKind.NATIVE, "fast", None, "it is compiled", "restart"),),
    timings={"total": 0.001},
)


def test_a_commit_is_two_lines() -> None:
    assert said(Terminal, ("report", COMMITTED)).splitlines() == [
        "modcache generation 3 in 4.2 ms: app.page edited",
        "  1 statement executed in app.page; patched app.page:show, app.page:hide",
    ]


def test_what_is_not_as_fresh_or_in_doubt_is_a_third() -> None:
    incomplete = Report("committed", False, 4, changes=(EDITED,), patched=("a:f",), remains=("a:g", "a:h"))
    doubted = Report("committed", None, 4, changes=(EDITED,), patched=("a:f",), doubts=("it uses exec",))
    assert said(Terminal, ("report", incomplete)).splitlines() == [
        "modcache generation 4, incomplete: app.page edited",
        "  patched a:f",
        "  not as fresh: a:g, a:h",
    ]
    assert said(Terminal, ("report", doubted)).splitlines() == [
        "modcache generation 4, not verified: app.page edited",
        "  patched a:f",
        "  in doubt: it uses exec",
    ]


def test_an_error_is_shown_whole_once_and_then_in_a_line_until_it_is_mended() -> None:
    text = said(Terminal, ("report", ABORTED), ("report", ABORTED), ("report", Report("unchanged", True, 3)))
    lines = text.splitlines()
    assert lines[0] == "modcache aborted in 1.0 ms: an error in app.page; all is as before, the next save tries again"
    assert lines[1] == '    File "/p/app/page.py", line 1'
    assert lines[4] == "  SyntaxError: '(' was never closed"
    assert lines[5:] == [
        "modcache aborted in 1.0 ms: still the same error in app.page",
        "  SyntaxError: '(' was never closed",
        "modcache mended: the source is again what runs",
    ]


def test_an_error_beside_a_commit_is_shown_too() -> None:
    both = Report(
        "committed", False, 4, changes=(EDITED,), failed=("other",), error=failing("1 / 0"), remains=("other",)
    )
    lines = said(Terminal, ("report", both), ("report", both)).splitlines()
    assert [line for line in lines if "an error in other" in line] == [
        "modcache an error in other, which stays as it was"
    ]
    assert sum("ZeroDivisionError" in line for line in lines) == 1


def test_unchanged_says_nothing() -> None:
    assert said(Terminal, ("report", Report("unchanged", True, 3))) == ""


def test_quiet_tells_only_what_was_aborted_or_refused() -> None:
    told = [("report", COMMITTED), ("report", REFUSED), ("report", ABORTED), ("plan", Plan((EDITED,)))]
    heads = [line for line in said(Terminal, *told, quiet=True).splitlines() if line.startswith("modcache")]
    assert heads == [
        "modcache refused in 1.0 ms: a restart is needed; nothing was changed",
        "modcache aborted in 1.0 ms: an error in app.page; all is as before, the next save tries again",
    ]
    events = [json.loads(line) for line in said(Json, *told, quiet=True).splitlines()]
    assert [event.get("outcome") for event in events if event["event"] == "report"] == ["refused", "aborted"]


def test_json_is_an_object_a_line() -> None:
    lines = said(Json, ("report", COMMITTED), ("report", ABORTED), ("plan", Plan((EDITED,))), ("exit", 3)).splitlines()
    events = [json.loads(line) for line in lines]
    assert [event["event"] for event in events] == ["report", "report", "plan", "exit"]
    assert events[0] == {"event": "report", **COMMITTED.to_dict()}
    assert events[1]["error"]["type"] == "SyntaxError"


def test_colours_only_where_they_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    def coloured(stream: io.StringIO) -> bool:
        printer(stream, quiet=False, as_json=False).report(COMMITTED)
        return "\x1b[" in stream.getvalue()

    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    assert coloured(Screen())
    assert not coloured(io.StringIO())
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert coloured(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not coloured(Screen())
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.delenv("FORCE_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not coloured(Screen())


def test_a_stream_that_broke_is_no_reason_to_fail() -> None:
    closed = io.StringIO()
    closed.close()
    Terminal(closed).report(COMMITTED)
    Json(closed).report(COMMITTED)
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    Terminal(narrow).report(Report("committed", True, 1, changes=(Change("é", "/é.py", "edited"),)))
    narrow.flush()
    assert b"\\xe9 edited" in narrow.buffer.getvalue()  # type: ignore[attr-defined]


def test_an_error_is_shown_without_our_frames() -> None:
    def ours() -> None:
        Program("not there.py")

    with pytest.raises(errors.ProgramNotFound) as caught:
        ours()
    text = error_text(caught.value)
    assert "in ours" in text
    assert "program.py" not in text
