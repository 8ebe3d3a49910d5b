"""Settled saves of real files: each source of events goes through the same table."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from modcache._watch import Watcher
from modcache._watch.inotify import Inotify
from modcache._watch.notify import Notify
from modcache._watch.polling import Polling
from modcache._watch.tree import ignored, is_source, walk
from modcache._watch.watcher import Source
from tests.trees import environment

LIMIT = 300.0
"""Seconds after which something is taken to never come: a guard, not a measure."""

SOURCES: dict[str, Callable[[tuple[str, ...]], Source]] = {"notify": Notify, "polling": Polling}
if sys.platform == "linux":
    SOURCES["inotify"] = Inotify


@pytest.fixture(params=SOURCES)
def make(request: pytest.FixtureRequest) -> Callable[[tuple[str, ...]], Source]:
    if request.param == "notify":
        pytest.importorskip("watchfiles", exc_type=ImportError)
    return SOURCES[request.param]


@pytest.fixture
def watching(tmp_path: Path, make: Callable[[tuple[str, ...]], Source]) -> Iterator[Watcher]:
    for folder in ("app/inner", ".hidden", "node_modules"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "app/known.py").write_text("x = 1\n")
    (tmp_path / "app/inner/deep.py").write_text("x = 1\n")
    folder = os.path.realpath(tmp_path)
    watcher = Watcher([folder], source=make((folder,)))
    yield watcher
    watcher.close()


def said(code: str, argument: str, **env: str) -> str:
    """What a process of its own prints that executes ``code``."""
    command = [sys.executable, "-c", code, argument]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(**env), timeout=LIMIT, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def seen(watcher: Watcher, folder: Path, *names: str) -> set[str]:
    """What is handed out until all of ``names`` were, as paths relative to the folder."""
    found: set[str] = set()
    wanted = set(names)
    while not wanted <= found:
        paths = watcher.wait(timeout=LIMIT)
        assert paths, f"only {found} of {wanted} in {LIMIT} s"
        found |= {os.path.relpath(path, os.path.realpath(folder)) for path in paths}
    return found


def rename(old: Path, new: Path) -> None:
    old.rename(new)


SAVES: dict[str, tuple[Callable[[Path], object], set[str]]] = {
    "written in place": (lambda d: (d / "app/known.py").write_text("x = 22\n"), {"app/known.py"}),
    "a new file": (lambda d: (d / "app/new.py").write_text("x = 22\n"), {"app/new.py"}),
    "deleted": (lambda d: (d / "app/inner/deep.py").unlink(), {"app/inner/deep.py"}),
    "renamed": (lambda d: rename(d / "app/known.py", d / "app/b.py"), {"app/known.py", "app/b.py"}),
    "a temporary file renamed over it": (
        lambda d: (
            (d / "app/known.py.tmp").write_text("x = 3\n"),
            rename(d / "app/known.py.tmp", d / "app/known.py"),
        ),
        {"app/known.py"},
    ),
    "renamed away and written anew": (
        lambda d: (rename(d / "app/known.py", d / "app/known.py~"), (d / "app/known.py").write_text("x = 3\n")),
        {"app/known.py"},
    ),
    "a folder renamed": (
        lambda d: rename(d / "app/inner", d / "app/outer"),
        {"app/inner/deep.py", "app/outer/deep.py"},
    ),
    "a folder that came from elsewhere": (
        lambda d: (
            (d / "app/.part/in").mkdir(parents=True),
            (d / "app/.part/in/m.py").write_text("x = 1\n"),
            rename(d / "app/.part", d / "app/whole"),
        ),
        {"app/whole/in/m.py"},
    ),
    "what is no source of the project is not told": (
        lambda d: [
            (d / name).write_text("x = 22\n") for name in (".hidden/a.py", "app/a.txt", "app/.#a.py", "app/z.py")
        ],
        {"app/z.py"},
    ),
}


@pytest.mark.parametrize("save", SAVES)
def test_saves_of_real_files(watching: Watcher, tmp_path: Path, save: str) -> None:
    act, expected = SAVES[save]
    act(tmp_path)
    assert seen(watching, tmp_path, *expected) == expected


def test_a_new_folder_is_watched_and_what_is_made_in_it_is_told(watching: Watcher, tmp_path: Path) -> None:
    (tmp_path / "fresh").mkdir()
    (tmp_path / "fresh/one.py").write_text("x = 1\n")
    seen(watching, tmp_path, "fresh/one.py")
    (tmp_path / "fresh/two.py").write_text("x = 1\n")
    assert seen(watching, tmp_path, "fresh/two.py") == {"fresh/two.py"}


def test_two_saves_within_one_second_are_both_told(watching: Watcher, tmp_path: Path) -> None:
    for text in ("x = 2\n", "x = 3\n", "x = 4\n"):
        (tmp_path / "app/known.py").write_text(text)
        assert seen(watching, tmp_path, "app/known.py") == {"app/known.py"}


def test_closing_ends_an_iteration_in_another_thread(watching: Watcher) -> None:
    told: list[frozenset[str]] = []
    thread = threading.Thread(target=lambda: told.extend(watching))
    thread.start()
    watching.close()
    thread.join(LIMIT)
    assert not thread.is_alive()
    assert told == []


def test_the_async_twin_tells_the_same_and_leaves_no_thread(watching: Watcher, tmp_path: Path) -> None:
    async def first() -> frozenset[str]:
        async for paths in watching:
            return paths
        raise AssertionError("closed")

    (tmp_path / "app/known.py").write_text("x = 22\n")
    paths = asyncio.run(asyncio.wait_for(first(), LIMIT))
    assert paths == {os.path.realpath(tmp_path / "app/known.py")}


@pytest.mark.skipif(sys.platform != "linux", reason="only the kernel's own events are exact")
def test_pending_and_take_know_at_once(tmp_path: Path) -> None:
    watcher = Watcher([str(tmp_path)])
    assert watcher.exact
    assert not watcher.pending()
    (tmp_path / "a.py").write_text("x = 1\n")
    assert watcher.pending()
    assert watcher.take() == {os.path.realpath(tmp_path / "a.py")}
    assert not watcher.pending()
    watcher.close()
    assert not watcher.pending()


@pytest.mark.skipif(sys.platform != "linux", reason="inotify")
def test_a_root_that_goes_and_comes_back_is_watched_again(tmp_path: Path) -> None:
    root, aside = tmp_path / "root", tmp_path / "aside"
    root.mkdir()
    (root / "a.py").write_text("x = 1\n")
    watcher = Watcher([str(root)])
    root.rename(aside)
    assert seen(watcher, tmp_path, "root/a.py") == {"root/a.py"}
    aside.rename(root)
    assert seen(watcher, tmp_path, "root/a.py") == {"root/a.py"}
    (root / "b.py").write_text("x = 1\n")
    assert seen(watcher, tmp_path, "root/b.py") == {"root/b.py"}
    watcher.close()


@pytest.mark.skipif(sys.platform != "linux", reason="inotify")
def test_when_the_kernels_queue_ran_over_everything_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    source = Inotify([str(tmp_path)])
    events = source._parse(b"\xff\xff\xff\xff\x00\x40\x00\x00" + b"\0" * 8)
    assert {event.path for event in events} == {str(tmp_path / "a.py")}
    (tmp_path / "a.py").write_text("x = 2\n")
    assert {event.path for event in source.drain()} == {str(tmp_path / "a.py")}
    source.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork")
def test_a_fork_leaves_its_parents_watcher_alone(tmp_path: Path) -> None:
    script = """
    import os, sys
    from modcache._watch import Watcher
    folder = os.path.realpath(sys.argv[1])
    watcher = Watcher([folder])
    open(folder + "/a.py", "w").write("x = 1")
    if os.fork() == 0:
        assert not watcher.pending()
        watcher.close()
        os._exit(0)
    os.wait()
    print([os.path.basename(path) for path in watcher.wait(300)])
    """
    lines = "\n".join(line[4:] for line in script.splitlines())
    assert said(lines, str(tmp_path)) == "['a.py']\n"


def test_what_is_watched(tmp_path: Path) -> None:
    for name in ("pkg/sub", "pkg/__pycache__", ".git", "env", "site-packages"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "env/pyvenv.cfg").touch()
    (tmp_path / "pkg/a.py").touch()
    (tmp_path / "pkg/sub/up").symlink_to(tmp_path / "pkg")
    entered: list[str] = []
    found = dict(walk(str(tmp_path), entered.append))
    assert found == {str(tmp_path): [], str(tmp_path / "pkg"): ["a.py"], str(tmp_path / "pkg/sub"): []}
    assert entered == list(found)
    assert ignored(str(tmp_path), "env")
    assert [is_source(name) for name in ("a.py", ".#a.py", "a.pyc", "a.py~")] == [True, False, False, False]


def test_watching_needs_nothing_installed_and_imports_nothing_that_is(tmp_path: Path) -> None:
    code = (
        "import sys; from modcache._watch import Watcher; Watcher([sys.argv[1]]).close();"
        "print([name for name in ('watchfiles', 'anyio', 'asyncio', 'click', 'rich') if name in sys.modules])"
    )
    assert said(code, str(tmp_path), MODCACHE_POLLING="1") == "[]\n"
