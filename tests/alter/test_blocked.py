"""Blocked: as if it were not installed."""

from __future__ import annotations

import pytest

from tests.alter.state import TREE
from tests.conftest import Runner

LAZY = {
    **TREE,
    "lazy/__init__.py": """
        def __getattr__(name):
            import importlib
            if name == "part":
                return importlib.import_module("lazy.part")
            raise AttributeError(name)
        """,
    "lazy/part.py": "X = 1\n",
    "maybe.py": """
        def have():
            try:
                import pkg.mod
            except ImportError:
                return False
            return True
        """,
}


@pytest.mark.parametrize("name", ["one", "pkg", "pkg.mod", "no_such"])
@pytest.mark.parametrize("loaded", [True, False])
def test_c25_the_error_is_that_of_what_is_not_installed(run: Runner, name: str, loaded: bool) -> None:
    script = f"""
        import importlib.util, modcache, sys
        from tests.alter.state import state
        modcache.blocked
        import pkg
        if {loaded}:
            import app, one
        before = state()
        with modcache.blocked({name!r}):
            try:
                importlib.import_module({name!r})
            except ModuleNotFoundError as error:
                say(error, error.name, error.path)
            say(importlib.util.find_spec({name!r}), {name!r} in sys.modules)
        after = state()
        say([part for part in before if after[part] != before[part]])
        """
    assert run(TREE, script, session=False) == f"No module named {name!r} {name} None | None False | []"


def test_c25_submodules_and_attributes_of_parents_are_out_of_reach(run: Runner) -> None:
    script = """
        import modcache, pkg.mod, pkg.sub.deep, maybe
        with modcache.blocked("pkg.mod", "pkg.sub"):
            for line in ("import pkg.sub.deep", "from pkg import mod", "from pkg.mod import f", "import pkg.mod as m"):
                try:
                    exec(line)
                except ImportError as error:
                    say(type(error).__name__, str(error).partition(" (")[0])
            say(maybe.have())
        say(maybe.have(), pkg.mod.f(), pkg.sub.deep.X)
        """
    expected = [
        "ModuleNotFoundError No module named 'pkg.sub'",
        "ImportError cannot import name 'mod' from 'pkg'",
        "ModuleNotFoundError No module named 'pkg.mod'",
        "ModuleNotFoundError No module named 'pkg.mod'",
        "False",
        "True real 1",
    ]
    assert run(LAZY, script, session=False) == " | ".join(expected)


def test_c25_lazily_imported_names(run: Runner) -> None:
    script = """
        import modcache, lazy
        with modcache.blocked("lazy.part"):
            for line in ("lazy.part", "__import__('lazy', fromlist=['part']).part"):
                try:
                    eval(line)
                except ModuleNotFoundError as error:
                    say(error)
        say(lazy.part.X)
        """
    found = "No module named 'lazy.part'"
    assert run(LAZY, script, session=False) == f"{found} | {found} | 1"


def test_the_finders_are_still_those_that_they_were_for_who_looks(run: Runner) -> None:
    script = """
        import importlib.machinery as machinery, importlib.metadata as metadata, modcache, sys
        before = list(sys.meta_path)
        class Finder:
            @staticmethod
            def find_spec(name, path, target=None): return None
        with modcache.blocked("pytest"):
            say(machinery.PathFinder in sys.meta_path, sys.meta_path == before)
            say("PathFinder" in repr(sys.meta_path), "modcache.blocked('pytest')" in repr(sys.meta_path))
            sys.meta_path.insert(0, Finder)
            sys.meta_path.remove(machinery.FrozenImporter)
            try:
                metadata.version("pytest")
            except metadata.PackageNotFoundError as error:
                say(error.name)
            say(bool(metadata.version("hypothesis")))
        say(sys.meta_path[0] is Finder, [id(finder) for finder in sys.meta_path[1:]] ==
            [id(finder) for finder in before if finder is not machinery.FrozenImporter])
        """
    assert run(TREE, script, session=False) == "True True | True True | pytest | True | True True"


def test_c25_a_fake_inside_of_a_block_and_a_block_inside_of_a_fake(run: Runner) -> None:
    script = """
        import modcache
        with modcache.blocked("pkg"), modcache.replaced("pkg", 1):
            import pkg
            say(pkg)
        with modcache.replaced("pkg", 1):
            with modcache.blocked("pkg"):
                try:
                    import pkg
                except ModuleNotFoundError as error:
                    say(error)
            import pkg
            say(pkg)
        """
    assert run(TREE, script, session=False) == "1 | No module named 'pkg' | 1"
