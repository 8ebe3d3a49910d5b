"""Which loaded modules differ from what is on disk: in this process, in one that left a manifest, in a program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Runner
from tests.trees import LIMIT, environment, lay

TREE = {"app/__init__.py": "", "app/config.py": "PORT = 1\n", "app/gone.py": "X = 1\n", "app/late.py": "X = 1\n"}


def test_what_was_edited_and_what_is_gone(run: Runner) -> None:
    script = """
        import modcache, app.config, app.gone
        from hashlib import sha256
        digest = lambda: sha256(open("app/config.py", "rb").read()).hexdigest()[:16]
        first = digest()
        say(modcache.check())
        edit("app/config.py", "PORT = 1", "PORT = 2")
        write("app/gone.py", None)
        config, gone = modcache.check()
        say(config.module, config.loaded == first, config.on_disk == digest(), gone.module, gone.on_disk)
        say(str(config) == f"app.config: loaded {first}, on disk {digest()} ({config.path})", str(gone)[:16])
        import app.late
        edit("app/config.py", "PORT = 2", "PORT = 1")
        say([row.module for row in modcache.check()])
        """
    assert run(TREE, script, session=False) == (
        "() | app.config True True app.gone None | True app.gone: loaded | ['app.gone']"
    )


def test_nothing_was_looked_at_before(run: Runner) -> None:
    script = """
        import modcache, app.config, app.late
        edit("app/config.py", "PORT = 1", "PORT = 2")
        (row,) = modcache.check()
        say(row.module, row.loaded, str(row).startswith("app.config: loaded something else, on disk "))
        """
    assert run(TREE, script, session=False) == "app.config None True"


def test_a_refresh_is_what_was_loaded(run: Runner) -> None:
    script = """
        import modcache, app.config
        edit("app/config.py", "PORT = 1", "PORT = 2")
        say([row.module for row in modcache.check()], [row.module for row in modcache.manifest().outdated()])
        session.refresh()
        say(modcache.check(), modcache.manifest().outdated())
        """
    assert run(TREE, script) == "['app.config'] ['app.config'] | () ()"


def test_a_private_system(run: Runner) -> None:
    script = """
        import modcache
        system = modcache.ImportSystem("mine", ["."])
        system.import_module("app.config")
        modcache.check(system=system)
        edit("app/config.py", "PORT = 1", "PORT = 2")
        say([row.module for row in modcache.check(system=system)], modcache.check())
        """
    assert run(TREE, script, session=False) == "['app.config'] ()"


def test_a_manifest_is_kept_and_compared(run: Runner, tmp_path: Path) -> None:
    script = """
        import modcache, os, app.config, app.gone
        modcache.manifest().save("kept.json")
        kept = modcache.Manifest.load("kept.json")
        say(kept == modcache.Manifest.from_dict(kept.to_dict()), kept.process == os.getpid(), kept.outdated())
        edit("app/config.py", "PORT = 1", "PORT = 2")
        write("app/gone.py", None)
        say([(row.module, row.on_disk is None) for row in kept.outdated()], os.listdir(".").count("kept.json.new"))
        """
    assert run(TREE, script, session=False) == "True True () | [('app.config', False), ('app.gone', True)] 0"
    done = check(tmp_path, "--manifest", "kept.json")
    lines = done.stdout.splitlines()
    assert (done.returncode, [line.partition(":")[0] for line in lines[1:3]]) == (1, ["app.config", "app.gone"])
    assert lines[2].endswith("its file is gone  (app/gone.py)".replace("/", os.sep))
    assert lines[3].startswith("2 of ")
    told = json.loads(check(tmp_path, "--manifest", "kept.json", "--json").stdout)
    assert [row["module"] for row in told["outdated"]] == ["app.config", "app.gone"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says which file is mapped")
def test_a_native_module_that_was_replaced(run: Runner) -> None:
    script = """
        import importlib.util, modcache, os, shutil, _testmultiphase
        shutil.copy(_testmultiphase.__spec__.origin, "_testmultiphase.so")
        spec = importlib.util.spec_from_file_location("_testmultiphase", "_testmultiphase.so")
        module = importlib.util.module_from_spec(spec)
        sys.modules["_testmultiphase"] = module
        say(modcache.check())
        shutil.copy("_testmultiphase.so", "new")
        os.replace("_testmultiphase.so", "away")
        os.replace("new", "_testmultiphase.so")
        os.remove("away")
        say([(row.module, row.loaded) for row in modcache.check()])
        """
    assert run({}, "import sys\n" + _dedented(script), session=False) == "() | [('_testmultiphase', None)]"


def _dedented(text: str) -> str:
    import textwrap

    return textwrap.dedent(text)


# -- the command


def check(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "modcache", "check", *words]
    return subprocess.run(
        line,
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=LIMIT,
        check=False,
    )


def test_a_program_whose_modules_are_written_while_it_runs(tmp_path: Path) -> None:
    lay(tmp_path, {**TREE, "main.py": "import app.config\nopen('app/config.py', 'w').write('PORT = 3')\n"})
    done = check(tmp_path, "--save", "kept.json", "--", "main.py")
    lines = done.stdout.splitlines()
    assert (done.returncode, len(lines), lines[1].partition(" ")[0]) == (1, 3, "app.config:"), done.stderr
    assert check(tmp_path, "--manifest", "kept.json").returncode == 1
    assert check(tmp_path, "app.late").stdout.splitlines()[-1].endswith("modules are what is on disk")


def test_mistakes_have_status_2(tmp_path: Path) -> None:
    lay(tmp_path, {"main.py": "", "other.json": '{"kind": "modcache manifest", "format": 0}', "half.json": "{"})
    for words, told in [
        ((), "which program?"),
        (("--manifest", "absent.json"), "can not be read"),
        (("--manifest", "other.json"), "no manifest of this version"),
        (("--manifest", "half.json"), "no manifest of this version"),
        (("--save", "no/such/folder", "--", "main.py"), "can not be written"),
    ]:
        done = check(tmp_path, *words)
        assert (done.returncode, told in done.stderr) == (2, True), (words, done.stderr)


@pytest.mark.skipif(hasattr(sys, "remote_exec"), reason="this interpreter can")
def test_another_process_where_it_can_not_be_reached(tmp_path: Path) -> None:
    done = check(tmp_path, "--pid", str(os.getpid()))
    assert done.returncode == 2
    assert "Python 3.14" in done.stderr
    assert "manifest" in done.stderr
