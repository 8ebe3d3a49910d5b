"""Modules that stand in no file."""

from __future__ import annotations

from tests.alter.state import TREE
from tests.conftest import Runner


def test_c25_source_is_executed_once_and_gone_afterwards(run: Runner) -> None:
    script = """
        import modcache, sys
        modcache.virtual
        from tests.alter.state import state
        import pkg
        before = state()
        with modcache.virtual({"pkg.new": "print('executed')\\nX = 1\\n"}) as handle:
            say("pkg.new" in sys.modules)
            import pkg.new
            from pkg.new import X
            from pkg import new
            import pkg.new as again
            say(X, new is again is sys.modules["pkg.new"] is pkg.new, new.__spec__.parent, new.__package__)
        del new, again
        after = state()
        say([part for part in before if after[part] != before[part]], hasattr(pkg, "new"))
        """
    assert run(TREE, script, session=False) == "False | executed | 1 True pkg pkg | [] False"


def test_c25_in_the_place_of_a_real_one(run: Runner) -> None:
    script = """
        import modcache, app, one, pkg, sys
        old = pkg.mod
        with modcache.virtual({"pkg.mod": "X = 'virtual'"}):
            from pkg import mod
            import pkg.mod
            say(mod.X, pkg.mod.X, app.mod is old)
        from pkg import mod
        say(mod is old, sys.modules["pkg.mod"] is old)
        """
    assert run(TREE, script, session=False) == "virtual virtual True | True True"


def test_tracebacks_and_inspect_have_the_lines(run: Runner) -> None:
    script = """
        import importlib, inspect, linecache, modcache, pickle, traceback
        source = "def f():\\n    return 1 / 0  # here\\n\\nclass C:\\n    pass\\n"
        for text in (source, source.replace("here", "there").encode()):
            with modcache.virtual({"lib": text}):
                import lib
                try:
                    lib.f()
                except ZeroDivisionError:
                    say([line.strip() for line in traceback.format_exc().splitlines() if "return" in line])
                say(inspect.getsource(lib.C).splitlines(), inspect.getsource(lib) == source.replace("here", "there")
                    if isinstance(text, bytes) else inspect.getsource(lib) == source)
                say(lib.__loader__.get_source("lib") is not None, pickle.loads(pickle.dumps(lib.f)) is lib.f)
        say("# there" in inspect.getsource(lib.f))
        """
    found = run(TREE, script, session=False).split(" | ")
    assert found == [
        "['return 1 / 0  # here']",
        "['class C:', '    pass'] True",
        "True True",
        "['return 1 / 0  # there']",
        "['class C:', '    pass'] True",
        "True True",
        "True",
    ]


def test_reload_executes_it_again_in_place(run: Runner) -> None:
    script = """
        import importlib, modcache
        with modcache.virtual({"lib": "print('executed')\\nX = []\\n", "made": lambda: {"X": []}}):
            import lib, made
            kept, lib.X, made.X = lib, 1, 1
            say(importlib.reload(lib) is lib is kept, lib.X, importlib.reload(made) is made, made.X)
        """
    assert run(TREE, script, session=False) == "executed | executed | True [] True []"


def test_packages_submodules_and_missing_parents(run: Runner) -> None:
    script = """
        import modcache, sys
        tree = {
            "top.pkg.mod": "from . import other\\nfrom ..pkg.other import Y\\n", "top.pkg.other": {"Y": 2},
            "space.made": "X = 3",
        }
        with modcache.virtual(tree):
            import top.pkg.mod, space.made, space.part
            say(top.pkg.mod.Y, top.pkg.mod.other is top.pkg.other, top.__path__, space.made.X, space.part.X)
            try:
                import top.nothing
            except ModuleNotFoundError as error:
                say(error)
        say([name for name in sys.modules if name.startswith("top")])
        say("space.part" in sys.modules, hasattr(space, "made"))
        """
    expected = "2 True [] 3 1 | No module named 'top.nothing' | [] | True False"
    assert run(TREE, script, session=False) == expected


def test_every_kind_of_content(run: Runner) -> None:
    script = """
        import modcache, sys, types
        class Adder(types.ModuleType):
            def addition(self, a, b):
                return a + b
        class Settings:
            DEBUG = True
        given = types.ModuleType("given")
        tree = {
            "mapping": {"X": 1}, "given": given, "real": sys.modules["json"] if "json" in sys.modules else types,
            "kind": Adder, "instance": Settings, "source": lambda: "X = 5", "names": lambda: {"X": 6}, "any": lambda: 7,
        }
        spec = tree["real"].__spec__
        with modcache.virtual(tree):
            import mapping, given as g, real, kind, instance, source, names, any
            from kind import addition
            from instance import DEBUG
            say(mapping.X, g is given, real is tree["real"], real.__spec__ is spec, addition(1, 2), kind.__name__)
            say(DEBUG, source.X, names.X, any, g.__spec__.name)
        """
    assert run(TREE, script, session=False) == "1 True True True 3 kind | True 5 6 7 given"


def test_what_can_not_be_one(run: Runner) -> None:
    script = """
        import modcache
        for tree in ({}, None, {"x": 3}, {"x/": "text"}, {"x/y": 3}, {"x": None}):
            try:
                modcache.virtual(tree)
            except TypeError as error:
                say(type(error).__name__)
        with modcache.virtual({"x": lambda: None, "y": "1 +", "z": "raise OSError"}):
            for name in "xyz":
                try:
                    __import__(name)
                except (modcache.errors.AlterationRefused, SyntaxError, OSError) as error:
                    say(type(error).__name__)
        """
    assert run(TREE, script, session=False) == " | ".join(
        ["TypeError"] * 6 + ["AlterationRefused", "SyntaxError", "OSError"]
    )


def test_files_of_a_package(run: Runner) -> None:
    script = """
        import importlib.resources as resources, modcache, pkgutil
        tree = {"data.pkg": "", "data.pkg/words.txt": "a b", "data.pkg/in/raw.bin": b"\\0\\1"}
        with modcache.virtual(tree):
            import data.pkg
            folder = resources.files("data.pkg")
            say(folder.joinpath("words.txt").read_text(), (folder / "in" / "raw.bin").read_bytes())
            say(sorted(entry.name for entry in folder.iterdir()), folder.joinpath("no.txt").is_file())
            with resources.as_file(folder / "words.txt") as path:
                say(path.read_text())
            say(pkgutil.get_data("data.pkg", "in/raw.bin"))
        """
    expected = r"a b b'\x00\x01' | ['in', 'words.txt'] False | a b | b'\x00\x01'"
    assert run(TREE, script, session=False) == expected


def test_provide(run: Runner) -> None:
    script = """
        import modcache, sys, types
        @modcache.provide("pkg.settings")
        def settings():
            say("made")
            return {"DEBUG": True}
        with settings:
            from pkg.settings import DEBUG
            import pkg.settings
            say(DEBUG)
        say("pkg.settings" in sys.modules, settings.active)
        try:
            modcache.provide("x")(3)
        except TypeError as error:
            say(error)
        """
    expected = "made | True | False False | modcache.provide decorates what makes a module, not int"
    assert run(TREE, script, session=False) == expected
