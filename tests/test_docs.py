"""The documentation is run: each page in a folder and a process of its own, and what it prints is what it says."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

import modcache
from modcache import errors
from modcache._model import report
from modcache._verify.verification import Verification
from tests import docs_page
from tests.trees import LIMIT

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?://)([^)#]*)(#[^)]*)?\)")


def names(pages: list[Path]) -> list[str]:
    return [page.relative_to(ROOT).as_posix() for page in pages]


RUN = [page for page in PAGES if docs_page.blocks(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("page", RUN, ids=names(RUN))
def test_page(page: Path, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()  # the page's folder is a project
    program = (
        f"import sys; sys.path.append({str(ROOT / 'tests')!r}); import docs_page; "
        f"sys.exit(docs_page.main({str(page)!r}, vars(sys.modules['__main__'])))"
    )
    environment = {
        **os.environ,
        "COLUMNS": "80",
        "NO_COLOR": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    line = [sys.executable, "-c", program]
    done = subprocess.run(line, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_links(page: Path) -> None:
    targets = [target for target, _ in LINK.findall(page.read_text(encoding="utf-8")) if target]
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_no_page_is_unreachable() -> None:
    """Every page is linked from the index."""
    index = ROOT / "docs" / "index.md"
    linked = {(index.parent / target).resolve() for target, _ in LINK.findall(index.read_text(encoding="utf-8"))}
    assert [page for page in PAGES[1:] if page != index and page.resolve() not in linked] == []


# -- the reference is whole ------------------------------------------------------------------------------------------


def unnamed(page: str, words: Iterable[str]) -> list[str]:
    """The words that a page of the reference does not have in code type."""
    text = (ROOT / "docs" / "reference" / f"{page}.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`\n]+)`", text))))
    return sorted({word for word in words if not word.startswith("_")} - named)


def test_every_error_is_in_the_reference() -> None:
    assert unnamed("errors", errors.__all__) == []


@pytest.mark.parametrize("value", [report.Report, report.Plan, report.Change, report.PlannedModule, Verification])
def test_every_field_is_in_the_reference(value: type) -> None:
    assert unnamed("report", (field.name for field in dataclasses.fields(value))) == []


def test_every_refusal_is_in_the_reference() -> None:
    assert unnamed("refusals", (field.name for field in dataclasses.fields(report.Refusal))) == []
    text = (ROOT / "docs" / "reference" / "refusals.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `([\w-]+)` \| `(\w+)` \|", text, re.MULTILINE) == [
        (kind.value, kind.name) for kind in report.RefusalKind
    ]


def test_every_public_name_is_in_the_reference() -> None:
    assert unnamed("session", vars(modcache.Session)) == []
    assert unnamed("space", vars(modcache.Space)) == []
    assert unnamed("import-system", [name for each in modcache.ImportSystem.__mro__[:-1] for name in vars(each)]) == []
    assert unnamed("import-system", [*vars(modcache.Trace), *vars(modcache.TracedImport)]) == []
    pages = [path.stem for path in (ROOT / "docs" / "reference").glob("*.md")]
    missing = [set(unnamed(page, modcache.__all__)) for page in pages]
    assert set.intersection(*missing) == set()


# -- the way that pages are run --------------------------------------------------------------------------------------


def run(tmp_path: Path, text: str) -> list[str]:
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    found = docs_page.Page(page, {"__name__": "__main__"})
    found.run()
    return found.failures


def test_a_wrong_result_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(tmp_path, "```pycon\n>>> 1 + 1\n2\n```\n\n```console\n$ echo a b\na ...\n```\n") == []
    assert "Expected:\n    3" in run(tmp_path, "```pycon\n>>> 1 + 1\n3\n```\n")[0]
    assert run(tmp_path, "```console\n$ echo a\nb\n```\n") == ["page.md, line 1: should print\nb\n\nprints\na\n"]


def test_files_are_written_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    edit = '```python title="{0}"\nX = {1}\n```\n\n```console\n$ cat {0}\nX = {1}\n```\n'
    assert run(tmp_path, edit.format("a/b.py", 1) + edit.format("a/b.py", 2)) == []


def test_a_command_in_the_background_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = "```console background\n$ sh -c 'echo up; exec sleep 1000'\n```\n\n```output\nup\n```\n"
    assert run(tmp_path, text) == []
