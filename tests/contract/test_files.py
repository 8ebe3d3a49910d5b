"""What files do to a refresh: saves in one second, deletions, renames, encodings, edits in the middle of it."""

from __future__ import annotations

import pytest

from tests.conftest import Runner


def test_c06_two_saves_within_one_second(run: Runner) -> None:
    script = """
        import os, lib
        seen = []
        for text in ("K = 2\\n", "K = 3\\n", "K = 4\\n"):
            write("lib.py", text)
            os.utime("lib.py", (1_000_000_000, 1_000_000_000))
            refresh()
            seen.append(lib.K)
        say(seen)
        """
    assert run({"lib.py": "K = 1\n"}, script) == "[2, 3, 4]"


def test_c06_a_stale_bytecode_file_is_never_read(run: Runner) -> None:
    script = """
        import os, py_compile, lib
        write("dep.py", "D = 1\\n")
        os.utime("dep.py", (1_000_000_000, 1_000_000_000))
        py_compile.compile("dep.py")
        write("dep.py", "D = 2\\n")
        os.utime("dep.py", (1_000_000_000, 1_000_000_000))
        write("lib.py", "import dep\\nK = dep.D\\n")
        say(refresh().outcome, lib.K)
        """
    assert run({"lib.py": "K = 1\n"}, script) == "committed 2"


def test_c06_a_touched_file_is_no_change(run: Runner) -> None:
    script = """
        import os, lib
        value = lib.T
        os.utime("lib.py", (2_000_000_000, 2_000_000_000))
        write("lib.py", "T = []\\n")
        say(refresh().outcome, lib.T is value)
        """
    assert run({"lib.py": "T = []\n"}, script) == "unchanged True"


def test_c10_a_deleted_module_is_gone_where_nobody_imports_it(run: Runner) -> None:
    script = """
        import sys, app, extra
        write("extra.py", None)
        report = refresh()
        say(report.outcome, "extra" in sys.modules, [c.kind for c in report.changes], app.K)
        """
    assert run({"app.py": "K = 1\n", "extra.py": "E = 1\n"}, script) == "committed False ['deleted'] 1"


def test_c10_a_deleted_module_that_is_imported_still_fails_the_plan(run: Runner) -> None:
    script = """
        import sys, app
        before = state()
        write("lib.py", None)
        report = refresh()
        say(report.outcome, type(report.error).__name__, "lib" in sys.modules, state() == before)
        """
    tree = {"app.py": "from lib import K\n", "lib.py": "K = 1\n"}
    assert run(tree, script) == "aborted ModuleNotFoundError True True"


def test_c10_a_deleted_submodule_leaves_its_parent(run: Runner) -> None:
    tree = {
        "pkg/__init__.py": "",
        "pkg/a.py": "A = 1\n",
        "pkg/b.py": "B = 1\n",
        "app.py": "import pkg.a\nimport pkg.b\n",
    }
    script = """
        import sys, app, pkg
        write("pkg/b.py", None)
        write("app.py", "import pkg.a\\n")
        report = refresh()
        say(report.outcome, "pkg.b" in sys.modules, hasattr(pkg, "b"), hasattr(pkg, "a"))
        """
    assert run(tree, script) == "committed False False True"


def test_c04_a_new_module_is_imported_by_a_changed_one(run: Runner) -> None:
    script = """
        import sys, app
        write("lib/__init__.py", "from .part import P\\n")
        write("lib/part.py", "P = 5\\n")
        write("app.py", "import lib.part\\nfrom lib import P\\n")
        report = refresh()
        say(report.outcome, report.complete, app.P, sys.modules["lib.part"] is app.lib.part, app.lib.__path__ != [])
        write("lib/part.py", "P = 6\\n")
        say(refresh().outcome, app.P)
        """
    assert run({"app.py": "X = 1\n"}, script) == "committed True 5 True True | committed 6"


def test_c06_a_new_file_that_nobody_imports_is_no_change(run: Runner) -> None:
    script = """
        import sys, app
        write("script.py", "raise SystemExit\\n")
        write("broken.py", "def (\\n")
        say(refresh().outcome, "script" in sys.modules)
        """
    assert run({"app.py": "X = 1\n"}, script) == "unchanged False"


def test_c10_a_renamed_module(run: Runner) -> None:
    script = """
        import os, sys, app
        held = app.f
        os.rename("old.py", "new.py")
        edit("new.py", "return 1", "return 2")
        write("app.py", "from new import f\\nV = f()\\n")
        report = refresh()
        say(report.outcome, app.V, "old" in sys.modules, "new" in sys.modules)
        say(app.f is sys.modules["new"].f, app.f.__module__)
        """
    tree = {"old.py": "def f():\n    return 1\n", "app.py": "from old import f\nV = f()\n"}
    assert run(tree, script) == "committed 2 False True | True new"


def test_c01_a_module_edited_during_a_refresh(run: Runner) -> None:
    script = """
        import threading, lib, other
        write("lib.py", "import gate\\nK = 2\\ngate.entered.set()\\ngate.release.wait(300)\\n")
        reports = []
        worker = threading.Thread(target=lambda: reports.append(refresh()))
        worker.start()
        gate.entered.wait(300)
        write("lib.py", "K = 3\\n")
        write("other.py", "K = 3\\n")
        gate.release.set()
        worker.join()
        between = (lib.K, other.K)
        report = refresh()
        later = reports[0].complete is not True or between[0] == 3 or report.outcome == "committed"
        say(between in {(1, 1), (2, 1), (3, 3), (2, 3), (3, 1)}, later)
        say(lib.K, other.K, refresh().outcome)
        """
    assert run({"lib.py": "K = 1\n", "other.py": "K = 1\n"}, script) == "True True | 3 3 unchanged"


def test_c17_init_with_re_exports(run: Runner) -> None:
    tree = {
        "pkg/__init__.py": "from .a import f, K\nfrom .b import *\n__all__ = ['f', 'K', 'G']\n",
        "pkg/a.py": "K = 1\ndef f():\n    return K\n",
        "pkg/b.py": "from . import a\nG = a.K + 1\n",
        "app.py": "import pkg\nfrom pkg import *\nV = (f(), K, G)\n",
    }
    script = """
        import app, pkg, pkg.a
        f = pkg.f
        edit("pkg/a.py", "K = 1", "K = 10")
        report = refresh()
        say(report.outcome, app.V, (pkg.K, pkg.G, app.K, app.G), pkg.f is f, report.complete is not False)
        edit("pkg/__init__.py", "from .a import f, K", "from .a import f, K\\nL = K * 2")
        report = refresh()
        say(report.outcome, pkg.L, hasattr(pkg, "a"), hasattr(pkg, "b"), pkg.f is f)
        """
    assert run(tree, script) == "committed (10, 10, 11) (10, 11, 10, 11) True True | committed 20 True True True"


def test_c04_relative_imports_of_every_level(run: Runner) -> None:
    tree = {
        "pkg/__init__.py": "from .deep.leaf import V\n",
        "pkg/base.py": "K = 1\n",
        "pkg/deep/__init__.py": "from .. import base\nfrom ..base import K as TOP\n",
        "pkg/deep/leaf.py": "from . import base, TOP\nfrom .near import N\nfrom .. import base as again\n"
        "V = (base.K, TOP, N, again.K)\n",
        "pkg/deep/near.py": "from ..base import K\nN = K\n",
    }
    script = """
        import pkg
        edit("pkg/base.py", "K = 1", "K = 2")
        report = refresh()
        say(report.outcome, report.complete, pkg.V)
        """
    assert run(tree, script) == "committed True (2, 2, 2, 2)"


ENCODINGS = {
    "utf-8": b"NAME = '\xc3\xa9'\ndef f():\n    return 1\n",
    "bom": b"\xef\xbb\xbfNAME = '\xc3\xa9'\ndef f():\n    return 1\n",
    "latin-1": b"# -*- coding: latin-1 -*-\nNAME = '\xe9'\ndef f():\n    return 1\n",
    "cp1252 on the second line": b"#!/usr/bin/env python\n# coding: cp1252\nNAME = '\xe9'\ndef f():\n    return 1\n",
    "crlf": b"NAME = '\xc3\xa9'\r\ndef f():\r\n    return 1\r\n",
    "no newline at the end": b"NAME = '\xc3\xa9'\ndef f():\n    return 1",
    "tabs and form feeds": b"NAME = '\xc3\xa9'\n\x0cdef f():\n\treturn 1\n",
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_c06_encodings_and_line_ends(run: Runner, name: str) -> None:
    data = ENCODINGS[name]
    script = f"""
        import lib, importlib
        f = None
        write("lib.py", {data!r})
        say(refresh().outcome, lib.NAME == chr(233))
        f = lib.f
        write("lib.py", {data.replace(b"return 1", b"return 2")!r})
        report = refresh()
        say(report.outcome, report.complete, report.statements, f(), lib.f is f, lib.NAME == chr(233))
        """
    assert run({"lib.py": "NAME = ''\n"}, script) == "committed True | committed True 0 2 True True"


def test_c06_a_changed_encoding_of_the_same_text_is_no_execution(run: Runner) -> None:
    script = """
        import lib
        write("lib.py", b"# coding: latin-1\\nNAME = ['\\xe9']\\n")
        refresh()
        name = lib.NAME
        write("lib.py", b"# coding: utf-8\\nNAME = ['\\xc3\\xa9']\\n")
        report = refresh()
        say(report.statements, lib.NAME is name)
        """
    assert run({"lib.py": "NAME = ''\n"}, script) == "0 True"


def test_c01_a_bad_encoding_aborts(run: Runner) -> None:
    script = """
        import lib
        write("lib.py", b"# coding: no-such-codec\\nK = 2\\n")
        report = refresh()
        say(report.outcome, isinstance(report.error, SyntaxError), lib.K)
        """
    assert run({"lib.py": "K = 1\n"}, script) == "aborted True 1"


def test_c06_only_the_files_that_are_named_are_looked_at(run: Runner) -> None:
    script = """
        import os, a, b
        write("a.py", "K = 2\\n"); write("b.py", "K = 2\\n")
        say(refresh(paths=[os.path.abspath("a.py")]).outcome, a.K, b.K)
        say(refresh(paths=[]).outcome, b.K)
        say(refresh().outcome, b.K)
        """
    assert run({"a.py": "K = 1\n", "b.py": "K = 1\n"}, script) == "committed 2 1 | unchanged 1 | committed 2"


def test_c17_a_namespace_package(run: Runner) -> None:
    tree = {"space/one.py": "K = 1\n", "app.py": "from space import one\nimport space.one\nV = space.one.K\n"}
    script = """
        import app
        edit("space/one.py", "K = 1", "K = 2")
        report = refresh()
        say(report.outcome, report.complete, app.V)
        """
    assert run(tree, script) == "committed True 2"


def test_c06_an_empty_file_and_back(run: Runner) -> None:
    script = """
        import lib
        write("lib.py", "")
        report = refresh()
        say(report.outcome, hasattr(lib, "K"), lib.__doc__)
        write("lib.py", "'''doc'''\\nK = 2\\n")
        say(refresh().outcome, lib.K, lib.__doc__)
        """
    assert run({"lib.py": "'first'\nK = 1\n"}, script) == "committed False None | committed 2 doc"


def test_c10_a_file_that_is_now_a_folder(run: Runner) -> None:
    script = """
        import app, lib
        write("lib.py", None)
        write("lib/__init__.py", "K = 2\\n")
        report = refresh()
        import sys
        right = app.V == 2 and sys.modules["lib"].K == 2 and hasattr(sys.modules["lib"], "__path__")
        say(right or report.complete is not True or report.outcome != "committed")
        """
    assert run({"lib.py": "K = 1\n", "app.py": "import lib\nV = lib.K\n"}, script) == "True"


def test_a_verification_does_not_take_an_old_mistake_for_state(run: Runner) -> None:
    tree = {
        "lib.py": "K = 1\n",
        "app.py": "import importlib\nV = getattr(importlib.import_module('l' + 'ib'), 'K')\n",
        "other.py": "X = 1\n",
    }
    script = """
        import lib, app, other
        edit("lib.py", "K = 1", "K = 2")
        first = refresh()
        edit("other.py", "X = 1", "X = 2")
        second = refresh(verify=True)
        session.verify()
        third = refresh()
        say(*(app.V == 2 or report.complete is not True for report in (first, second, third)), other.X)
        """
    assert run(tree, script) == "True True True 2"
