"""Contract lines 24 and 27: sticky modules are never refreshed, and nothing costs until it is used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import trees
from tests.conftest import Runner


def test_c24_site_packages_within_the_root_are_left_alone(run: Runner) -> None:
    tree = {
        "app.py": "import dep\nV = dep.K\n",
        ".venv/lib/python3.12/site-packages/dep.py": "K = 1\n",
    }
    script = """
        import sys
        site = ".venv/lib/python3.12/site-packages"
        sys.path.insert(0, session.folders[0] + "/" + site)
        import app, dep
        write(site + "/dep.py", "K = 2\\n")
        say(refresh().outcome, dep.K, app.V)
        """
    assert run(tree, script) == "unchanged 1 1"


def test_c24_the_standard_library_is_no_source_of_the_roots(run: Runner) -> None:
    script = """
        import json, os, modcache, app
        say(*[session.owns(module.__file__) for module in (json, os, modcache, app)])
        """
    assert run({"app.py": ""}, script) == "False False False True"


def test_c24_modcache_itself_is_not_refreshed_even_as_a_root(run: Runner) -> None:
    script = """
        import modcache, os
        own = modcache.Session(["modcache"])
        say(own.refresh().outcome, own.plan().changes)
        """
    assert run({}, script) == "unchanged ()"


@pytest.mark.parametrize("name", ["sys", "builtins", "itertools", "modcache", "modcache.errors"])
def test_c24_reload_refuses_what_is_sticky(run: Runner, name: str) -> None:
    script = f"""
        import sys, modcache, importlib
        module = importlib.import_module({name!r})
        modcache.reload, modcache.errors
        before = dict(vars(module))
        try:
            modcache.reload(module)
            say("reloaded")
        except modcache.errors.ModcacheError as error:
            say("refused", len(str(error)) > 20)
        say(dict(vars(module)) == before)
        """
    assert run({}, script) == "refused True | True"


COST = """
import sys, builtins, threading
before = set(sys.modules)
hooks = (list(sys.meta_path), list(sys.path_hooks), builtins.__import__, sys.getprofile(), sys.gettrace())
threads = threading.active_count()
classes = {n: type(m) for n, m in sys.modules.items()}
import modcache
after = (list(sys.meta_path), list(sys.path_hooks), builtins.__import__, sys.getprofile(), sys.gettrace())
print(hooks == after, threads == threading.active_count(), all(type(sys.modules[n]) is c for n, c in classes.items()))
new = {name.partition(".")[0] for name in set(sys.modules) - before}
print(sorted(new - set(sys.stdlib_module_names) - {"modcache"}))
"""


def test_c27_importing_patches_nothing_and_loads_no_third_party_module() -> None:
    done = subprocess.run(
        [sys.executable, "-c", COST], env=trees.environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["True True True", "[]"]


def test_c27_a_session_and_a_refresh_load_no_third_party_module(run: Runner) -> None:
    script = """
        import sys, app
        write("app.py", "K = 2\\n")
        refresh()
        new = {name.partition(".")[0] for name in sys.modules}
        say(sorted(new - set(sys.stdlib_module_names) - {"modcache", "app", "tests", "gate", "sitecustomize"}
                   - {n for n in new if n.startswith(("_", "coverage", "a1_coverage", "distutils"))}))
        """
    assert run({"app.py": "K = 1\n"}, script, alone=True) == "[]"


def test_c27_a_closed_session_leaves_nothing_behind(run: Runner) -> None:
    script = """
        import sys, builtins, threading
        before = (list(sys.meta_path), list(sys.path_hooks), builtins.__import__, threading.active_count())
        import modcache
        session = modcache.Session(["."])
        import app
        write("app.py", "K = 2\\n")
        say(session.refresh().outcome)
        session.close()
        say((list(sys.meta_path), list(sys.path_hooks), builtins.__import__, threading.active_count()) == before)
        """
    assert run({"app.py": "K = 1\n"}, script, session=False, alone=True) == "committed | True"


def test_c27_modules_of_a_session_are_plain_modules(run: Runner) -> None:
    script = """
        import types, app
        write("app.py", "K = 2\\n")
        refresh()
        say(type(app) is types.ModuleType, type(vars(app)) is dict)
        from importlib.machinery import ModuleSpec, SourceFileLoader
        say(isinstance(app.__loader__, SourceFileLoader), type(app.__spec__) is ModuleSpec)
        """
    assert run({"app.py": "K = 1\n"}, script) == "True True | True True"


def test_c27_the_front_door_names_what_it_has(tmp_path: Path) -> None:
    code = "import modcache as m; print([n for n in m.__all__ if not hasattr(m, n)], 'Session' in dir(m))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=trees.environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[] True"
