"""Programs of every kind with the probe in them: they run as they would without, and what was seen is told."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from modcache._model.observation import Observation
from modcache._see.command import command_of, import_of
from modcache._see.launch import Order, observe
from modcache.errors import NotObserved, ProgramNotFound
from tests.observe.watching import watch
from tests.trees import lay

SHOW = """
import sys, os
import a
print(__name__, sys.argv, sys.path, sys.flags, os.environ.get("PYTHONPATH"), [n for n in os.environ if "MODCACHE" in n])
print([name for name in sys.modules if name in ("sitecustomize", "modcache_probe", "modcache", "__future__", "typing")])
print(sorted(sys.path_importer_cache), sys.orig_argv, os.open(os.devnull, os.O_RDONLY))
back = sys._getframe().f_back
print(list(vars(sys.modules["__main__"])), back and back.f_code.co_filename, len(sys.meta_path), len(sys.path_hooks))
"""
TREE = {"a.py": "import b\n", "b.py": ""}


def seen_names(seen: Observation) -> str:
    """The modules in order of their end in the tree: with one letter they are ours."""
    return " ".join(each.name for each in seen.imports if len(each.name) == 1)


@pytest.mark.parametrize(
    "words",
    [
        ["prog.py", "x", "--", "-m"],
        ["-m", "prog", "x"],
        [sys.executable, "-E", "-s", "prog.py"],
        [sys.executable, "-Wdefault", "-X", "dev", "-c", "import runpy; runpy.run_path('prog.py')"],
        [sys.executable, "-P", "-c", "import sys; sys.path.insert(0, '.'); import prog"],
    ],
    ids=" ".join,
)
def test_a_program_sees_what_it_would_see_without(
    tmp_path: Path, words: list[str], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    seen = watch(tmp_path, {**TREE, "prog.py": SHOW}, *words, order=Order())
    watched = capfd.readouterr().err
    plain = words if words[0] == sys.executable else [sys.executable, *words]
    bare = subprocess.run(plain, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    # -E is said in another way
    assert watched == bare.replace("ignore_environment=1", "ignore_environment=0").replace("'-E', ", "")
    assert seen_names(seen) == "a b"
    assert seen.status == 0


def test_who_asked_first_is_told_with_file_and_line(tmp_path: Path) -> None:
    tree = {
        "prog.py": "import os\nimport pkg.part\n\n\ndef later():\n    import b\n\n\nlater()\n",
        "pkg/__init__.py": "",
        "pkg/part.py": "x = 1\nfrom . import c\n",
        "pkg/c.py": "import importlib\n\nimportlib.import_module('a')\n",
        **TREE,
    }
    seen = watch(tmp_path, tree)
    found = {
        each.name: (each.asked.module, os.path.basename(each.asked.file), each.asked.line, each.asked.function)
        for each in seen.imports
        if each.asked
    }
    assert found["pkg"] == found["pkg.part"] == ("__main__", "prog.py", 2, "<module>")
    assert found["pkg.c"] == ("pkg.part", "part.py", 2, "<module>")
    assert found["a"] == ("pkg.c", "c.py", 3, "<module>")
    assert found["b"] == ("a", "a.py", 1, "<module>")


def test_an_import_in_a_function_tells_which_body_was_executed(tmp_path: Path) -> None:
    tree = {"prog.py": "import a\n", "a.py": "from b import later\nlater()\n", "b.py": "def later():\n    import c\n"}
    seen = watch(tmp_path, {**tree, "c.py": ""})
    (found,) = seen.named("c")
    assert found.asked is not None
    assert found.during is not None
    assert (found.asked.module, found.asked.line, found.asked.is_lazy) == ("b", 2, True)
    assert (found.during.module, found.during.line) == ("a", 2)
    assert found.within is not None
    assert seen.imports[found.within].name == "a"


def test_times_are_nested(tmp_path: Path) -> None:
    seen = watch(tmp_path, {**TREE, "prog.py": "import a\n"})
    a, b = (next(seen.named(name)) for name in "ab")
    assert a.own + b.total == pytest.approx(a.total)
    assert min(a.own, b.total) > 0
    assert b.within == seen.imports.index(a)
    assert seen.total == pytest.approx(a.total)


@pytest.mark.parametrize(
    ("text", "status", "ending"),
    [
        ("import a\nraise ValueError('no')\n", 1, "ended with status 1"),
        ("import a\nimport sys\nsys.exit(7)\n", 7, "ended with status 7"),
        ("import a\nimport os\nos._exit(4)\n", 4, "ended with status 4, past Python's own exit"),
        ("import a\nimport os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n", -9, "killed by SIGKILL"),
        ("import a\nimport os, signal\nos.kill(os.getpid(), signal.SIGTERM)\n", -15, "killed by SIGTERM"),
        ("import a\nimport os, sys\nos.execv(sys.executable, [sys.executable, '-c', 'x = 1'])\n", 0, "past Python's"),
        ("import a\nimport sys\nsys.modules = {}\n", 0, "ended with status 0"),
        ("import a\nimport sys\nsys.modules.clear()\n", 0, "ended with status 0"),
        ("import a\nimport sys, builtins\nsys.path[:] = []\nbuiltins.__import__ = None\n", 0, "ended with status 0"),
        ("import a\nimport os\nos.closerange(3, 1024)\n", 0, "ended with status 0"),
        ("import a\nimport sys\nsys.stdout.write('x' * 3_000_000)\n", 0, "ended with status 0"),
        ("import a\nimport atexit\natexit.register(lambda: 1 / 0)\n", 0, "ended with status 0"),
        ("import a\nx = (\n", 1, "ended with status 1"),
    ],
)
def test_whatever_becomes_of_a_program_what_was_seen_is_told(
    tmp_path: Path, text: str, status: int, ending: str
) -> None:
    if os.name == "nt" and ("signal" in text or "execv" in text):
        pytest.skip("Windows has neither these signals nor this exec")
    seen = watch(tmp_path, {**TREE, "prog.py": text})
    if "(\n" in text:
        assert seen_names(seen) == ""
    else:
        assert seen_names(seen) == "a b"
    assert (seen.status, ending in seen.ending) == (status, True), seen.ending


def test_a_program_that_never_ends_is_ended_and_told(tmp_path: Path) -> None:
    text = "import a\nimport d\n"
    tree = {**TREE, "prog.py": text, "d.py": "while True:\n    pass\n"}
    seen = watch(tmp_path, tree, order=Order(timeout=1.0, quiet=True))
    assert seen.ending.startswith("ended by us after 1 s")
    assert seen_names(seen) == "a b d"


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_one_that_will_not_end_is_killed_and_the_import_that_it_hangs_in_is_told(tmp_path: Path) -> None:
    stubborn = "import signal\nfor n in (signal.SIGINT, signal.SIGTERM):\n    signal.signal(n, signal.SIG_IGN)\n"
    tree = {
        **TREE,
        "prog.py": "import a\nimport d\n",
        "d.py": f"{stubborn}import e\nwhile True:\n    pass\n",
        "e.py": "",
    }
    seen = watch(tmp_path, tree, order=Order(timeout=10.0, quiet=True))
    assert seen.ending == "ended by us after 10 s, killed"
    assert seen_names(seen)[:5] == "a b d"
    assert [each.name for each in seen.imports if not each.ended][:1] == ["d"]


def test_a_failed_import_is_seen_with_what_was_raised(tmp_path: Path) -> None:
    text = "try:\n    import nowhere\nexcept ImportError:\n    import a\n"
    seen = watch(
        tmp_path, {"prog.py": text, "a.py": "try:\n    import b\nexcept ValueError: pass\n", "b.py": "int('')"}
    )
    imports = [each for each in seen.imports if each.name != "apport_python_hook"]  # Debian's own Python tries that
    assert [(each.name, each.error.partition(":")[0]) for each in imports] == [
        ("nowhere", "ModuleNotFoundError"),
        ("a", ""),
        ("b", "ValueError"),
    ]


@pytest.mark.parametrize("failing", ["import nowhere_at_all", "import b", "import pkg.inner", "__import__('b')"])
@pytest.mark.parametrize("statements", [False, True])
def test_a_traceback_is_the_same_as_without(
    tmp_path: Path, failing: str, statements: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    tree = {"prog.py": "import a\n", "a.py": f"{failing}\n", "b.py": "1 / 0\n", "pkg/__init__.py": "import nowhere\n"}
    watch(tmp_path, tree, order=Order(statements=statements))
    watched = capfd.readouterr().err
    bare = subprocess.run([sys.executable, "prog.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert watched == bare.stderr


@pytest.mark.parametrize("statements", [False, True])
def test_imports_can_be_nested_as_deeply_as_without(tmp_path: Path, statements: bool) -> None:
    note = "open('deep', 'w').write('{}')\nimport m{}\n"
    text = "import sys\ntry:\n    import m0\nexcept RecursionError:\n    pass\n"
    text += "open('limit', 'w').write(str(sys.getrecursionlimit()))\n"
    lay(tmp_path, {"prog.py": text, **{f"m{n}.py": note.format(n, n + 1) for n in range(400)}})
    subprocess.run([sys.executable, "prog.py"], cwd=tmp_path, capture_output=True, check=True)
    bare, limit = int((tmp_path / "deep").read_text()), (tmp_path / "limit").read_text()
    watch(tmp_path, {}, order=Order(statements=statements, quiet=True))
    assert int((tmp_path / "deep").read_text()) >= bare > 50
    assert (tmp_path / "limit").read_text() == limit


def test_threads_that_import_at_once_are_told_apart(tmp_path: Path) -> None:
    text = """
    import threading
    def work(name):
        gate.wait()
        __import__(name)
    gate = threading.Barrier(4)
    threads = [threading.Thread(target=work, args=(name,)) for name in ("a", "c", "e", "g")]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    """
    pairs = {f"{one}.py": f"import {other}\n" for one, other in ("ab", "cd", "ef", "gh")}
    seen = watch(tmp_path, {"prog.py": text, **pairs, **{f"{name}.py": "" for name in "bdfh"}})
    assert sorted(seen_names(seen).split()) == list("abcdefgh")
    for one, other in ("ab", "cd", "ef", "gh"):
        (inner,) = seen.named(other)
        assert inner.within is not None
        assert seen.imports[inner.within].name == one
    assert len({each.thread for each in seen.imports if each.name in "aceg"}) == 4


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.parametrize("leave", ["os._exit(0)", "sys.exit(0)"])
def test_a_fork_writes_nothing(tmp_path: Path, leave: str) -> None:
    text = f"import os, sys\nimport a\nif not os.fork():\n    import c\n    {leave}\nos.wait()\nimport d\n"
    seen = watch(tmp_path, {**TREE, "prog.py": text, "c.py": "", "d.py": ""})
    assert seen_names(seen) == "a b d"
    assert seen.ending == "ended with status 0"


def test_a_python_that_the_program_starts_is_not_watched(tmp_path: Path) -> None:
    text = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'import a'], check=True)\nimport b\n"
    seen = watch(tmp_path, {**TREE, "prog.py": text})
    assert seen_names(seen) == "b"
    assert seen.notes == ()


def test_the_environments_own_sitecustomize_is_executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(tmp_path, {"site/sitecustomize.py": "import c\nprint('hello')\n", "site/c.py": ""})
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    show = "import sys\nprint(sys.modules['sitecustomize'].__file__)\nassert sys.modules['sitecustomize'].c\n"
    seen = watch(tmp_path, {"prog.py": show})
    assert seen.status == 0
    assert seen_names(seen) == "c"


@pytest.mark.skipif(os.name == "nt", reason="scripts have no first line there")
@pytest.mark.parametrize("options", ["", " -I", " -E", " -sE"])
def test_an_installed_script_is_run_by_the_interpreter_of_its_first_line(tmp_path: Path, options: str) -> None:
    base = str(tmp_path / "python")
    os.symlink(os.path.realpath(sys.executable), base)
    script = tmp_path / "bin" / "tool"
    text = "import sys\nsys.path.insert(0, sys.argv[1])\nimport a\nprint(sys.argv, sys.path)\n"
    lay(tmp_path, {"bin/tool": f"#!{base}{options}\n{text}", **TREE})
    script.chmod(0o755)
    seen = observe(command_of([str(script), str(tmp_path)]), Order(quiet=True))
    assert seen.executable == base
    assert seen_names(seen) == "a b"
    assert seen.command == (str(script), str(tmp_path))


@pytest.mark.skipif(os.name == "nt", reason="a shell")
def test_a_shell_that_starts_python_is_seen_through(tmp_path: Path) -> None:
    line = f"{sys.executable} -c 'import a' && {sys.executable} -c 'import b'"
    seen = watch(tmp_path, TREE, "sh", "-c", line)
    assert seen_names(seen) == "a b"
    assert seen.notes == ("2 Python processes were started by the command itself; this is the first",)


def test_what_is_no_python_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotObserved, match=r"no Python was seen in it\. Is it a Python program\?"):
        watch(tmp_path, {}, "git", "--version")
    with pytest.raises(NotObserved, match="no Python was seen"):
        watch(tmp_path, {}, sys.executable, "--version")


def test_mistakes_are_told_with_the_way_out() -> None:
    for words, message in [
        (["no-such-command"], "there is no command or file 'no-such-command' here: check the spelling"),
        (["json"], "a module or package is given without --"),
        ([sys.executable, "-S", "x.py"], "without `site` nothing can be put into the program; leave out the S"),
    ]:
        with pytest.raises(ProgramNotFound, match=message):
            command_of(words)
    with pytest.raises(ProgramNotFound, match="no name that can be imported"):
        import_of("a-b")
    with pytest.raises(ProgramNotFound, match="there is no interpreter"):
        import_of("json", "no-such-python")


def test_every_statement_is_seen_if_asked_for(tmp_path: Path) -> None:
    tree = {
        "prog.py": "import pkg.b\nimport pkg.b as again\nfrom pkg import a, b\n",
        "pkg/__init__.py": "from . import a\n",
        "pkg/a.py": "from .b import (\n    x as y,\n    z,\n)\n",
        "pkg/b.py": "x = z = 1\ndef never():\n    import pkg.a\n",
    }
    seen = watch(tmp_path, tree, order=Order(statements=True, quiet=True))
    rows = [(each.place.module, each.place.line, each.name, " ".join(each.names)) for each in seen.statements]
    assert rows == [
        ("__main__", 1, "pkg.b", ""),
        ("pkg", 1, "pkg", "a"),
        ("pkg.a", 1, "pkg.b", "x z"),
        ("__main__", 2, "pkg.b", ""),
        ("__main__", 3, "pkg", "a b"),
    ]


def test_an_observation_is_saved_and_read_back(tmp_path: Path) -> None:
    import json

    seen = watch(tmp_path, {**TREE, "prog.py": "import a\n"}, order=Order(statements=True, quiet=True))
    again = Observation.from_dict(json.loads(json.dumps(seen.to_dict())))
    assert again == seen
    with pytest.raises(ValueError, match="of format 0"):
        Observation.from_dict({**seen.to_dict(), "modcache_observation": 0})


def test_a_function_of_ours_looks_at_the_process_at_its_end(tmp_path: Path) -> None:
    text = textwrap.dedent("""
    import a, sys, atexit
    def last():
        import c
    atexit.register(last)
    """)
    seen = watch(tmp_path, {**TREE, "prog.py": text, "c.py": ""}, order=Order(quiet=True, examine="json:dumps"))
    assert seen.examined == '""'
    assert seen_names(seen) == "a b c"
