"""Contract lines 1, 2 and 21: what staged code does to `sys.modules` itself waits for the commit."""

from __future__ import annotations

import pytest

from tests.conftest import Runner

_PUT = "import sys, types\nmade = sys.modules['made'] = types.ModuleType('made')\nmade.K = 2\nfrom made import K\n"


def test_c02_what_staged_code_puts_into_sys_modules_is_there_for_it_alone_until_the_commit(run: Runner) -> None:
    script = f"""
        import sys, threading, gate, app
        def look():
            gate.entered.wait()
            say("made" in sys.modules)
            gate.release.set()
        thread = threading.Thread(target=look)
        thread.start()
        rest = "import gate\\ngate.entered.set()\\ngate.release.wait()\\nL = 'made' in sys.modules\\n"
        write("app.py", {_PUT!r} + rest)
        report = refresh()
        thread.join()
        say(report.outcome, app.K, app.L, sys.modules["made"] is app.made)
        session.undo()
        say("made" in sys.modules)
        """
    assert run({"app.py": "K = 1\n"}, script) == "False | committed 2 True True | False"


@pytest.mark.parametrize("way", ["setdefault('made', one)", "update(made=one)", "__setitem__('made', one)"])
def test_c02_by_every_way(run: Runner, way: str) -> None:
    text = f"import sys, types\none = types.ModuleType('made')\nsys.modules.{way}\nimport made\nK = made is one\n"
    script = f"""
        import sys, app
        write("app.py", {text!r} + "raise ValueError\\n")
        say(refresh().outcome, "made" in sys.modules)
        write("app.py", {text!r})
        say(refresh().outcome, sys.modules["made"] is app.one, app.K)
        """
    assert run({"app.py": "K = 1\n"}, script) == "aborted False | committed True True"


def test_c01_an_entry_that_staged_code_takes_away_stays_until_the_commit(run: Runner) -> None:
    script = """
        import sys, app, lib
        taken = "import sys\\nK = sys.modules.pop('lib').__name__, 'lib' in sys.modules\\n"
        edit("app.py", "K = 1", taken + "raise ValueError")
        say(refresh().outcome, sys.modules["lib"] is lib)
        edit("app.py", "raise ValueError", "")
        say(refresh().outcome, "lib" in sys.modules, app.K)
        """
    tree = {"app.py": "import lib\nK = 1\n", "lib.py": ""}
    assert run(tree, script) == "aborted True | committed False ('lib', False)"


def test_c21_a_module_whose_new_version_puts_something_in_its_place_is_refused(run: Runner) -> None:
    script = """
        import sys, app, lib
        edit("lib.py", "K = 1", "import sys, types\\nsys.modules[__name__] = types.SimpleNamespace(K=2)")
        report = refresh()
        say(report.outcome, report.refusals[0].kind, report.refusals[0].module, sys.modules["lib"] is lib, app.K)
        """
    tree = {"app.py": "from lib import K\n", "lib.py": "K = 1\n"}
    assert run(tree, script) == "refused replaced-itself lib True 1"


def test_c04_a_new_module_that_puts_something_in_its_place_is_that_for_its_importers(run: Runner) -> None:
    facade = "import sys\nclass Facade: K = 2\nsys.modules[__name__] = Facade()\n"
    tree = {"app.py": "K = 1\n", "pack/__init__.py": "", "pack/facade.py": facade}
    script = """
        import sys, app
        write("app.py", "import pack.facade\\nfrom pack import facade\\nK = facade.K\\n")
        report = refresh()
        say(report.outcome, report.complete, app.K, app.facade is sys.modules["pack.facade"] is app.pack.facade)
        say(bool(session.verify()))
        """
    assert run(tree, script) == "committed True 2 True | True"


def test_c01_a_module_that_takes_itself_away_fails_as_its_import_would(run: Runner) -> None:
    script = """
        import sys, app
        edit("app.py", "K = 1", "import sys\\ndel sys.modules[__name__]")
        report = refresh()
        say(report.outcome, repr(report.error), sys.modules["app"] is app, app.K)
        """
    assert run({"app.py": "K = 1\n"}, script) == "aborted KeyError('app') True 1"


def test_c18_an_entry_that_was_replaced_by_a_statement_that_is_gone_is_in_doubt(run: Runner) -> None:
    script = """
        import json, sys, app
        edit("app.py", "sys.modules['json'] = types.ModuleType('fake')", "")
        report = refresh()
        say(report.complete, "sys.modules" in str(report.doubts), sys.modules["json"].__name__)
        """
    tree = {"app.py": "import json, sys, types\nsys.modules['json'] = types.ModuleType('fake')\n"}
    assert run(tree, script) == "None True fake"
