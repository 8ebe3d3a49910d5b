"""The doctor finds each condition that it knows, in a program that has it; and nothing in a clean environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import venv
from pathlib import Path

import pytest

from tests.conftest import Runner
from tests.trees import LIMIT, environment, lay

FIND = """
import modcache, sys
def find(*kinds, error=None):
    found = [d for d in modcache.doctor(error) if d.severity != "note" and (not kinds or d.kind in kinds)]
    for d in found:
        say(d.severity, d.kind, d.module, [place.rpartition("/")[2] for place in d.where])
        assert d.what and d.why and d.remedy and str(d).count("\\n") >= 2
        assert modcache.Diagnosis.from_dict(d.to_dict()) == d
    if not found:
        say("nothing")
"""


def found(run: Runner, tree: dict[str, str | None], script: str) -> str:
    return run(tree, FIND + textwrap.dedent(script), session=False, alone=True)


_APP = "import src.pkg.mod\nimport pkg.mod\n"


def test_one_file_under_two_names(run: Runner) -> None:
    tree = {
        "src/__init__.py": "",
        "src/pkg/__init__.py": "",
        "src/pkg/mod.py": "X = 1\n",
        "app.py": "import src.pkg.mod\nimport pkg.mod\n",
    }
    script = "sys.path.append('src')\nimport app\nfind()"
    assert found(run, tree, script) == (
        "error doubled src.pkg ['__init__.py'] | error doubled src.pkg.mod ['mod.py', 'app.py:1: import src.pkg.mod', "
        "'app.py:2: import pkg.mod']"
    )


def test_the_program_imported_by_its_name(tmp_path: Path) -> None:
    lay(tmp_path, {"app.py": "import part\n", "part.py": "import app\n"})
    assert diagnosed(tmp_path, "app.py") == ["error doubled __main__"]


def test_an_alias_is_not_a_double(run: Runner) -> None:
    script = "import mod\nsys.modules['other'] = mod\nfind()"
    assert found(run, {"mod.py": ""}, script) == "nothing"


def test_a_file_that_hides_the_standard_library(run: Runner) -> None:
    assert found(run, {"colorsys.py": ""}, "import colorsys\nfind()") == (
        "error hidden colorsys ['colorsys.py', 'colorsys.py']"
    )


def test_a_file_that_hides_an_installed_package(run: Runner) -> None:
    script = """
        sys.path.append("site-packages")
        import attrs, other
        find()
        """
    tree = {"attrs.py": "", "site-packages/attrs/__init__.py": "", "site-packages/other.py": ""}
    assert found(run, tree, script) == "warning hidden attrs ['attrs.py', '__init__.py']"


def test_stale_entries(run: Runner) -> None:
    script = """
        import one, two, three
        edit("one.py", "1", "20")
        write("two.py", None)
        find()
        """
    assert found(run, {"one.py": "X = 1\n", "two.py": "", "three.py": ""}, script) == (
        "warning stale one ['one.py'] | warning stale two ['two.py']"
    )


def test_bytecode_of_the_same_second(run: Runner) -> None:
    script = """
        import os, py_compile
        stat = os.stat("mod.py")
        py_compile.compile("mod.py")
        edit("mod.py", "X = 1", "X = 2")
        os.utime("mod.py", ns=(stat.st_atime_ns, stat.st_mtime_ns // 10**9 * 10**9 + 500_000_000))
        cached = __import__("importlib.util").util.cache_from_source("mod.py")
        os.utime(cached, ns=(0, stat.st_mtime_ns // 10**9 * 10**9))
        import mod
        say(mod.X)
        find("stale-bytecode")
        """
    cached = f"mod.{sys.implementation.cache_tag}.pyc"
    assert found(run, {"mod.py": "X = 1\n"}, script) == f"1 | error stale-bytecode mod ['{cached}', 'mod.py']"


def test_bytecode_that_is_never_checked(run: Runner) -> None:
    script = """
        import py_compile
        py_compile.compile("mod.py", invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
        py_compile.compile("same.py", invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
        edit("mod.py", "X = 1", "X = 22")
        import mod, same
        say(mod.X)
        find("stale-bytecode")
        """
    cached = f"mod.{sys.implementation.cache_tag}.pyc"
    tree = {"mod.py": "X = 1\n", "same.py": "X = 1\n"}
    assert found(run, tree, script) == f"1 | error stale-bytecode mod ['{cached}', 'mod.py']"


def test_orphans(run: Runner) -> None:
    script = """
        import mod, fine, lazy
        old = sys.modules.pop("mod")
        find()
        import mod
        find()
        """
    tree = {
        "mod.py": "",
        "fine.py": "",
        "lazy.py": """\
            import sys, types
            class Lazy(types.ModuleType): pass
            new = Lazy(__name__)
            new.__dict__.update(vars(sys.modules[__name__]), old=sys.modules[__name__])
            sys.modules[__name__] = new
            """,
    }
    assert found(run, tree, script) == "warning orphan mod ['mod.py'] | warning orphan mod ['mod.py']"


def test_the_modules_of_a_space_are_where_they_belong(run: Runner) -> None:
    script = """
        with modcache.Space("mine", ["."]) as space:
            mod = space.import_module("mod")
            find()
            say(modcache.doctor(system=space.system))
            old = space.system.modules.pop("mod")
            space.import_module("mod")
            say([d.kind for d in modcache.doctor(system=space.system)])
        """
    assert found(run, {"mod.py": ""}, script) == "nothing | () | ['orphan']"


def test_a_namespace_package_in_parts(run: Runner) -> None:
    script = """
        sys.path += ["other", "site-packages", "more/site-packages"]
        import parts.a, parts.b, installed.c, installed.d
        find()
        """
    tree = {
        "parts/a.py": "",
        "other/parts/b.py": "",
        "site-packages/installed/c.py": "",
        "more/site-packages/installed/d.py": "",
    }
    assert found(run, tree, script) == "warning split parts ['parts', 'parts']"


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({"site-packages/__editable__.app-1.0.pth": "/nowhere/src\n"}, "warning editable app"),
        ({"site-packages/distutils.pth": "import os\n# /nowhere\n\n.\n"}, "nothing"),
        (
            {"site-packages/__editable___app_1_0_finder.py": "MAPPING: dict[str, str] = {'app': '/nowhere/app'}\n"},
            "warning editable app",
        ),
        (
            {
                "site-packages/__editable___app_1_0_finder.py": "MAPPING = {'app': '{here}/src/app'}\nNAMES = {}\n",
                "src/app/__init__.py": "",
                "src/late/__init__.py": "",
                "src/data/x.txt": "",
            },
            "warning editable late",
        ),
    ],
)
def test_editable_installs_that_point_nowhere(run: Runner, tmp_path: Path, tree: dict[str, str], expected: str) -> None:
    tree = {name: text.replace("{here}", str(tmp_path)) for name, text in tree.items()}
    script = "sys.path.append('site-packages')\nfind()"
    assert found(run, dict(tree), script).partition(" [")[0] == expected


def test_a_parent_without_the_attribute(run: Runner) -> None:
    script = """
        import pkg.mod, lazy.mod, shadow.mod
        find()
        """
    tree = {
        "pkg/__init__.py": "from . import mod\ndel mod\n",
        "pkg/mod.py": "",
        "lazy/__init__.py": "from . import mod\ndel mod\ndef __getattr__(name): raise RuntimeError\n",
        "lazy/mod.py": "",
        "shadow/__init__.py": "from .mod import mod\n",
        "shadow/mod.py": "def mod(): pass\n",
    }
    assert found(run, tree, script) == "warning unbound pkg.mod ['__init__.py']"


def test_a_package_that_failed_and_left_its_parts(run: Runner) -> None:
    script = """
        try: import pkg
        except ZeroDivisionError: pass
        find()
        """
    tree = {"pkg/__init__.py": "from . import mod\n1 / 0\n", "pkg/mod.py": ""}
    assert found(run, tree, script) == "warning half-made pkg.mod ['mod.py']"


def test_a_module_that_is_still_being_executed(run: Runner) -> None:
    script = """
        import threading
        thread = threading.Thread(target=__import__, args=("slow",), daemon=True)
        thread.start()
        gate.entered.wait()
        find("half-made")
        gate.release.set()
        thread.join()
        find("half-made")
        """
    tree = {"slow.py": "import gate\ngate.entered.set()\ngate.release.wait()\n"}
    assert found(run, tree, script) == "warning half-made slow ['slow.py'] | nothing"


def test_native_modules_that_are_there_once(run: Runner) -> None:
    script = """
        import importlib.machinery, importlib.util, _testsinglephase
        path = _testsinglephase.__spec__.origin
        spec = importlib.util.spec_from_file_location("third_party", path)
        import types
        module = types.ModuleType("third_party")
        module.__spec__ = spec
        sys.modules["third_party"] = module
        del sys.modules["_testsinglephase"]
        say([(d.kind, d.severity, d.module) for d in modcache.doctor() if d.module == "third_party"])
        """
    pytest.importorskip("_testsinglephase")
    assert found(run, {}, script) == "[('native-once', 'note', 'third_party')]"


CIRCLE = {
    "a.py": "import os\nfrom b import g\ndef f(): return g()\n",
    "b.py": "import json\nfrom c import h\nX = h()\ndef g(): return h()\n",
    "c.py": "from a import f\ndef h(): return f\n",
}


def test_a_circular_import_is_explained(run: Runner) -> None:
    script = """
        try: import a
        except ImportError as error:
            (found,) = [d for d in modcache.doctor(error) if d.severity != "note"]
            say(found.severity, found.kind, found.module, [place.rpartition("/")[2] for place in found.where])
            say("The circle is a -> b -> c -> a" in found.what, found.remedy.partition(" as nothing")[0])
        """
    assert found(run, CIRCLE, script) == (
        "error circular-import a ['a.py:2: from b import g', 'b.py:2: from c import h', 'c.py:1: from a import f'] | "
        "True in c (line 1) move `from a import f` into the functions that use it,"
    )


def test_a_circle_of_uses_can_only_be_taken_apart(run: Runner) -> None:
    tree = {"a.py": "import b\nclass A(b.B): pass\n", "b.py": "import a\nclass B(a.A): pass\n"}
    script = """
        try: import a
        except AttributeError as error:
            (found,) = modcache.doctor(error)
            say(found.module, [place.rpartition("/")[2] for place in found.where])
            say("take the circle apart" in found.remedy)
        """
    assert found(run, tree, script) == "a ['a.py:1: import b', 'b.py:2: class B(a.A): pass'] | True"


def test_any_other_error_is_not_explained(run: Runner) -> None:
    script = """
        for name in ("absent", "broken", "lacks", "selfish"):
            try: __import__(name)
            except Exception as error: find(error=error)
        """
    tree = {"broken.py": "1 / 0\n", "lacks.py": "from json import nothing\n", "selfish.py": "from selfish import x\n"}
    assert found(run, tree, script) == "nothing | nothing | nothing | nothing"


def test_a_process_in_which_everything_is_odd(run: Runner) -> None:
    script = """
        import os, pathlib
        sys.path[1:1] = [pathlib.Path("x"), None, 3, b"y", "", "/no/such"]
        sys.modules[7] = sys.modules[None] = 1
        import mod
        mod.__spec__ = mod.__loader__ = mod.__path__ = 5
        mod.__file__ = b"mod.py"
        sys.modules["other"] = type("T", (), {"__getattr__": lambda self, name: 1 / 0})()
        sys.modules["a.b.c"] = None
        class Own(dict): pass
        real, sys.modules = sys.modules, Own(sys.modules)
        os.mkdir("away"); os.chdir("away"); os.rmdir("../away")
        try:
            modcache.doctor(), modcache.check(), modcache.manifest(), modcache.cache.graph().cycles
            say("told")
        finally:
            sys.modules = real
        """
    assert found(run, {"mod.py": ""}, script) == "told"


def test_a_look_changes_nothing(run: Runner) -> None:
    script = """
        import app, copy
        modcache.doctor()
        before = list(sys.modules), list(sys.path), list(sys.meta_path), sorted(sys.path_importer_cache)
        modcache.doctor()
        say(before == (list(sys.modules), list(sys.path), list(sys.meta_path), sorted(sys.path_importer_cache)))
        """
    assert found(run, {"app.py": "import json\n"}, script) == "True"


# -- the command


def modcache(folder: Path, *words: str, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "modcache", "doctor", "--python", python, *words]
    to = subprocess.PIPE
    return subprocess.run(line, cwd=folder, env=environment(), stdout=to, stderr=to, encoding="utf-8", timeout=LIMIT)


def diagnosed(folder: Path, *words: str) -> list[str]:
    done = modcache(folder, "--json", "--", *words)
    assert done.stdout, done.stderr
    rows = [row for row in json.loads(done.stdout)["diagnoses"] if row["severity"] != "note"]
    assert done.returncode == int(bool(rows))
    return [f"{row['severity']} {row['kind']} {row['module']}" for row in rows]


def test_a_program_that_failed_is_told_with_its_status(tmp_path: Path) -> None:
    lay(tmp_path, {**CIRCLE, "main.py": "import a\n"})
    done = modcache(tmp_path, "-q", "--", "main.py")
    assert done.returncode == 1
    told = done.stdout.splitlines()
    assert told[0].startswith("main.py: ended with status 1")
    assert told[2].startswith("error: cannot import name 'f' from partially initialized module 'a'")
    assert told[3:6] == ["  a.py:2: from b import g", "  b.py:2: from c import h", "  c.py:1: from a import f"]
    assert told[-1] == "1 error"


def test_a_program_with_files_in_the_way_of_ours(tmp_path: Path) -> None:
    odd = {f"{name}.py": "X = 1\n" for name in ("random", "json", "ast", "tempfile", "dataclasses", "hashlib")}
    lay(tmp_path, {**odd, "main.py": "import random, json, ast, hashlib\nrandom.randint(1, 2)\n"})
    names = ["ast", "hashlib", "json", "random"]
    assert diagnosed(tmp_path, "main.py") == [f"error hidden {name}" for name in names]


def test_a_package_is_imported(tmp_path: Path) -> None:
    lay(tmp_path, {"pkg/__init__.py": "", "json.py": "loads = dumps = None\n"})
    assert modcache(tmp_path, "pkg").stdout.splitlines()[1:] == ["nothing is wrong"]


def test_an_executable_script_of_the_working_folder(tmp_path: Path) -> None:
    lay(tmp_path, {"manage.py": "#!/usr/bin/env no-such-python\nimport sys\nsys.exit(5)\n"})
    (tmp_path / "manage.py").chmod(0o755)
    assert modcache(tmp_path, "--", "manage.py", "check").stdout.startswith("manage.py check: ended with status 5")


def test_mistakes_have_status_2(tmp_path: Path) -> None:
    lay(tmp_path, {"hard.py": "import os\nos._exit(7)\n"})
    for words, told in [
        ((), "which program?"),
        (("--", "no-such-command"), "there is no command or file"),
        (("--", "hard.py"), "past Python's own exit"),
    ]:
        done = modcache(tmp_path, *words)
        assert (done.returncode, told in done.stderr, done.stdout) == (2, True, ""), done.stderr


def test_nothing_in_a_clean_environment(tmp_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    # whatever modules can be imported in it that do nothing when they are
    lay(tmp_path, {"main.py": "import pip._internal.cli.main, unittest, asyncio, xml.dom.minidom, sqlite3, ctypes\n"})
    assert diagnosed(tmp_path, str(python), "main.py") == []
