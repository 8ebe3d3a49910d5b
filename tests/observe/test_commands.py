"""What the commands say of small programs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.observe.watching import modcache
from tests.trees import lay

APP = {
    "prog.py": "import app.main\n\n\ndef later():\n    import app.late\n\n\nlater()\n",
    "app/__init__.py": "",
    "app/main.py": "from app import models, views\n",
    "app/models.py": "from app.views import show\n\n\ndef model():\n    return show()\n",
    "app/views.py": "import app.models\nfrom app.deep import x\n\n\ndef show():\n    return app.models\n",
    "app/deep.py": "x = 1\n",
    "app/late.py": "from app import deep\n",
}
TIME = re.compile(r"\d+\.\d|\d+(?= ms)")


def said(folder: Path, *arguments: str) -> tuple[int, list[str]]:
    """Our command's status, and what stands on stdout, figures as ``0``."""
    done = modcache(folder, *arguments)
    assert done.stderr.count("Traceback") == 0, done.stderr
    lines = [re.sub(r"\s+", " ", TIME.sub("0", line)).strip() for line in done.stdout.splitlines()]
    return done.returncode, lines


def test_why_tells_the_chains_the_shortest_first(tmp_path: Path) -> None:
    lay(tmp_path, APP)
    status, lines = said(tmp_path, "why", "app.deep", "--", "prog.py")
    assert status == 0
    assert lines == [
        "prog.py: ended with status 0",
        "app.deep: 0 ms; 2 modules import it",
        "first imported by app/views.py:2",
        "",
        "__main__ prog.py:5 import app.late (inside a function)",
        "app.late app/late.py:1 from app import deep",
        "",
        "__main__ prog.py:1 import app.main",
        "app.main app/main.py:1 from app import models, views",
        "app.views app/views.py:2 from app.deep import x",
    ]


@pytest.mark.parametrize(
    ("name", "status", "line"),
    [
        ("app.dep", 1, "Did you mean app.deep or app"),
        ("os", 0, "os was loaded before the program began, by the interpreter itself or a .pth file"),
        ("nowhere", 1, "nowhere could not be imported: ModuleNotFoundError: No module named 'nowhere'"),
        ("made", 0, "made is in the cache, but was not imported: the program has put it there"),
    ],
)
def test_why_of_what_was_not_imported(tmp_path: Path, name: str, status: int, line: str) -> None:
    more = "\nimport sys\nsys.modules['made'] = sys\ntry:\n    import nowhere\nexcept ImportError:\n    pass\n"
    lay(tmp_path, {**APP, "prog.py": APP["prog.py"] + (more if name in ("nowhere", "made") else "")})
    found, lines = said(tmp_path, "why", name, "--", "prog.py")
    assert (found, line in lines[1]) == (status, True), lines


def test_cycles_names_the_statements_and_the_one_that_breaks_it(tmp_path: Path) -> None:
    lay(tmp_path, APP)
    status, lines = said(tmp_path, "cycles", "--", "prog.py")
    assert status == 1
    assert lines == [
        "prog.py: ended with status 0",
        "",
        "2 modules import one another by 2 statements: app.models, app.views",
        "the circle:",
        "app.models app/models.py:1 from app.views import show",
        "app.views app/views.py:1 import app.models",
        "breaks it most cheaply:",
        (
            "app/views.py:1 import app.models: it is used as `module.name`, inside functions only: "
            "move the statement into them"
        ),
        "",
        "1 cycle",
    ]


def test_no_cycles(tmp_path: Path) -> None:
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import b\n"
    lay(tmp_path, {"prog.py": "import b\n", "a.py": text, "b.py": "import a\n"})
    assert said(tmp_path, "cycles", "--in", "a", "--in", "b", "--", "prog.py") == (
        0,
        ["prog.py: ended with status 0", "no cycles"],
    )


def test_tree_shows_each_module_where_it_was_imported_first(tmp_path: Path) -> None:
    lay(tmp_path, APP)
    status, lines = said(tmp_path, "tree", "--", "prog.py")
    assert status == 0
    assert [line.split(" ", 2)[2] for line in lines[4:]] == [
        "app.main prog.py:1",
        "app prog.py:1",
        "app.models app/main.py:1",
        "app.views app/models.py:1",
        "app.deep app/views.py:2",
        "app.late prog.py:5 in later()",
    ]
    _, cut = said(tmp_path, "tree", "--depth", "1", "--", "prog.py")
    assert [line.split(" ", 1)[1] for line in cut[4:]] == [
        "0 app.main prog.py:1",
        "… 2 more",
        "0 app.late prog.py:5 in later()",
    ]


def test_top_lists_what_was_imported_and_the_programs_own_status(tmp_path: Path) -> None:
    lay(tmp_path, {**APP, "prog.py": "import app.main\nprint('hello')\nraise SystemExit(3)\n"})
    done = modcache(tmp_path, "top", "--", "prog.py")
    assert done.returncode == 0
    assert done.stderr == "hello\n"
    lines = done.stdout.splitlines()
    assert lines[0].startswith("prog.py: ended with status 3 (Python 3.")
    assert re.match(r"[56] modules in [\d.]+ ms of \d+ ms in all.*; its start had loaded \d+ before", lines[1])
    rows = [line for line in lines[4:] if "apport_python_hook" not in line]  # Debian's own Python tries that first
    assert sorted(line.split()[-2] for line in rows) == ["app", "app.deep", "app.main", "app.models", "app.views"]


@pytest.mark.parametrize("command", ["top", "why app.deep", "tree", "cycles"])
def test_json_is_one_object_on_stdout(tmp_path: Path, command: str) -> None:
    lay(tmp_path, {**APP, "prog.py": APP["prog.py"] + "print('{')\n"})
    done = modcache(tmp_path, *command.split(), "--json", "--", "prog.py")
    said = json.loads(done.stdout)
    assert said["command"] == ["prog.py"]
    assert said["ending"] == "ended with status 0"


def test_two_runs_are_compared(tmp_path: Path) -> None:
    lay(tmp_path, APP)
    assert modcache(tmp_path, "top", "--save", "old.json", "--", "prog.py").returncode == 0
    lay(tmp_path, {"app/late.py": "from app import other\n", "app/other.py": "", "app/views.py": "def show(): pass\n"})
    _, lines = said(tmp_path, "top", "--against", "old.json", "--", "prog.py")
    assert "now 1 came, 1 went" in lines[2]
    rows = {line.split()[-1]: line.split()[:2] for line in lines[5:]}
    assert rows["app.other"][0] == "-"
    assert rows["app.deep"][1] == "-"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "can not be read (No such file or directory)"),
        ("x", "is no saved run: it is not JSON"),
        ("[]", "is no saved run of a program"),
        ('{"modcache_observation": 0}', "was saved by another version of modcache (of format 0)"),
    ],
)
def test_a_file_that_is_no_saved_run(tmp_path: Path, text: str | None, message: str) -> None:
    lay(tmp_path, APP if text is None else {**APP, "old.json": text})
    done = modcache(tmp_path, "top", "--against", "old.json", "--", "prog.py")
    assert done.returncode == 2
    assert message in done.stderr
    assert "save the run again, with this version" in done.stderr


def test_a_picture_is_one_file_that_needs_nothing(tmp_path: Path) -> None:
    lay(
        tmp_path, {**APP, "prog.py": "__import__('app.main')\ntry: __import__('</script>')\nexcept ImportError: pass\n"}
    )
    assert modcache(tmp_path, "top", "--flame", "out.html", "--", "prog.py").returncode == 0
    page = (tmp_path / "out.html").read_text("utf-8")
    assert not re.search(r"https?://|src=|@import|url\(", page)
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert data is not None
    names = [row[0] for row in json.loads(data.group(1))["imports"]]
    names = [name for name in names if name != "apport_python_hook"]  # as Debian's own Python tries first of all
    assert names == ["app.main", "app", "app.models", "app.views", "app.deep", "</script>"]
    done = modcache(tmp_path, "top", "--flame", "no/out.html", "--", "prog.py")
    assert (done.returncode, "can not be written" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("top", "which program? Give one of: PACKAGE (it is imported), -- COMMAND…, or --pid"),
        ("top json -- prog.py", "which program?"),
        ("top -- no-such-command", "there is no command or file 'no-such-command' here"),
        ("top -- git --version", "no Python was seen in it"),
        ("top no-name", "is no name that can be imported; a program goes after --"),
        ("top --pid 1", "what process 1 has imported is over, and nobody took times or statements"),
        ("why", "Missing argument 'NAME'"),
        ("nothing", "No such command 'nothing'"),
    ],
)
def test_mistakes_on_the_command_line(tmp_path: Path, arguments: str, message: str) -> None:
    done = modcache(tmp_path, *arguments.split())
    assert (done.returncode, message in done.stderr) == (2, True), done.stderr


def test_a_package_that_is_not_there_fails_in_its_own_words(tmp_path: Path) -> None:
    done = modcache(tmp_path, "top", "no_such_package")
    assert done.returncode == 0
    assert "ModuleNotFoundError: No module named 'no_such_package'" in done.stderr
    assert done.stdout.startswith("no_such_package: ended with status 1")
