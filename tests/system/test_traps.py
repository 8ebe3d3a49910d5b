"""What a private import system has to get right although C code, and common idioms, know one cache only."""

from __future__ import annotations

import textwrap
from pathlib import Path

from tests.trees import run

START = """\
import sys, modcache
system = modcache.ImportSystem("mine", ["."])
"""


def play(folder: Path, tree: dict[str, str], script: str) -> str:
    return run(folder, tree, START + textwrap.dedent(script), session=False)


CIRCLE = {
    "pkg/__init__.py": "from . import first\n",
    "pkg/first.py": "import pkg.second\n",
    "pkg/second.py": """
        from pkg import first
        from . import first as again
        import pkg.first as dotted
        import sys
        seen = first is again is dotted is sys.modules["pkg.first"], hasattr(sys.modules["pkg"], "first")
    """,
}


def test_a_submodule_that_is_not_bound_yet_is_found_in_this_cache(tmp_path: Path) -> None:
    """Trap 1: IMPORT_FROM falls back to the interpreter's cache, also when that has another copy."""
    trace = play(
        tmp_path,
        CIRCLE,
        """
        say(system.import_module("pkg.second").seen, [name for name in sys.modules if name.startswith("pkg")])
        import pkg.second
        other = modcache.ImportSystem("other", ["."])
        module = other.import_module("pkg.second")
        say(module.seen, module.first is other.modules["pkg.first"], module.first is not pkg.first)
        """,
    )
    assert trace == "(True, False) [] | (True, False) True True"


def test_a_deep_submodule_that_is_not_bound_yet(tmp_path: Path) -> None:
    tree = {
        "a/__init__.py": "",
        "a/b/__init__.py": "import a.b.c\n",
        "a/b/c.py": "import a.b.c as m\nimport sys\nfound = m is sys.modules['a.b.c']\n",
    }
    assert play(tmp_path, tree, "say(system.import_module('a.b.c').found, 'a' in sys.modules)") == "True False"


def test_an_attribute_that_was_taken_away_is_found_in_this_cache(tmp_path: Path) -> None:
    tree = {
        "pkg/__init__.py": "",
        "pkg/sub.py": "",
        "use.py": """
            import pkg.sub
            sub = pkg.sub
            for again in range(3):
                del pkg.sub
                import pkg.sub as one
                from pkg import sub as two
                assert one is two is sub
                import pkg.sub
                pkg.sub = sub
        """,
    }
    script = """
        import pkg.sub  # the interpreter's
        say(system.import_module("use").sub is system.modules["pkg.sub"] is not sys.modules["pkg.sub"])
    """
    assert play(tmp_path, tree, script) == "True"


def test_a_missing_name_is_not_taken_from_the_interpreter(tmp_path: Path) -> None:
    tree = {"pkg/__init__.py": "", "pkg/sub.py": "", "other/pkg/__init__.py": "", "use.py": "from pkg import sub\n"}
    script = """
        import pkg.sub
        system.path[:] = ["other", "."]
        try:
            system.import_module("use")
        except ImportError as error:
            say(str(error).partition(" (")[0], "|", error.name, error.path.endswith("__init__.py"))
    """
    assert play(tmp_path, tree, script) == "cannot import name 'sub' from 'pkg' | pkg True"


def test_a_submodule_below_what_has_no_dict_to_bind_it_in(tmp_path: Path) -> None:
    """What stands under a package's name may be any object; the submodule is found in the cache."""
    tree = {
        "pkg/__init__.py": """
            import sys
            class Slotted:
                __slots__ = "__name__", "__path__", "__spec__"
            slotted = Slotted()
            slotted.__name__, slotted.__path__, slotted.__spec__ = __name__, __path__, __spec__
            sys.modules[__name__] = slotted
        """,
        "pkg/sub.py": "",
        "user.py": """
            import sys, warnings
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                from pkg import sub
            found = sub is sys.modules["pkg.sub"], [type(one.message).__name__ for one in caught]
        """,
    }
    assert play(tmp_path, tree, "say(system.import_module('user').found)") == "(True, ['ImportWarning'])"


def test_distributions_are_those_of_the_systems_own_metadata(tmp_path: Path) -> None:
    """Trap 4: a system may have a copy of importlib for itself, whose classes are others."""
    tree = {"feat-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: feat\nVersion: 1\n"}
    trace = play(
        tmp_path,
        tree,
        """
        import importlib.metadata
        shared = lambda name: system.shares(name) and "importlib" not in name
        own = modcache.ImportSystem("own", [".", *sys.path], share=shared)
        metadata = own.import_module("importlib.metadata")
        say(metadata is importlib.metadata, isinstance(metadata.distribution("feat"), metadata.Distribution))
        seen = metadata.FastPath.__new__.cache_info
        before = seen().currsize
        own.invalidate_caches()
        say(before > 0, seen().currsize)
        """,
    )
    assert trace == "False True | True 0"


def test_c_code_that_imports_finds_what_it_asked_for(tmp_path: Path) -> None:
    """Trap 2: PyImport_Import calls our ``__import__`` and then reads the interpreter's cache."""
    tree = {"use.py": "import time\nfound = time.strptime('2020', '%Y').tm_year\n"}
    script = """
        share = lambda name: name not in ("_strptime", "use")
        system = modcache.ImportSystem("bare", [".", *sys.path], share=share)
        say("_strptime" in sys.modules, system.import_module("use").found, "_strptime" in sys.modules)
        say(system.modules["_strptime"] is not sys.modules["_strptime"])
    """
    assert play(tmp_path, tree, script) == "False 2020 True | True"


def test_an_import_call_with_an_empty_list_is_no_import_of_c(tmp_path: Path) -> None:
    tree = {"mine.py": "", "use.py": "module = __import__('mine', globals(), globals(), [])\n"}
    script = """
        import mine
        say(system.import_module("use").module is system.modules["mine"] is not mine)
    """
    assert play(tmp_path, tree, script) == "True"


def test_the_type_of_sys_makes_modules(tmp_path: Path) -> None:
    """Trap 5."""
    tree = {
        "use.py": """
            import sys, types, json
            Module = type(sys)
            made = Module("made", "doc")
            class Mine(Module):
                def hello(self): return self.__name__
            facts = [
                type(made) is types.ModuleType, made.__doc__, hasattr(made, "argv"), Module == types.ModuleType,
                isinstance(json, Module), isinstance(sys, types.ModuleType), isinstance(Mine("m"), Module),
                Mine("m").hello(), hasattr(Mine("m"), "argv"), {types.ModuleType: 1}[Module], issubclass(Mine, Module),
                type(Module.__new__(Module)) is types.ModuleType, Module.__doc__ == types.ModuleType.__doc__,
            ]
        """
    }
    facts = "[True, 'doc', False, True, True, True, True, 'm', False, 1, True, True, True]"
    assert play(tmp_path, tree, "say(system.import_module('use').facts)") == facts


def test_sys_is_the_interpreters_but_for_the_state(tmp_path: Path) -> None:
    tree = {
        "use.py": """
            import io, sys
            kept, sys.stdout = sys.stdout, io.StringIO()
            print("in between")
            text, sys.stdout = sys.stdout.getvalue(), kept
            sys.extra = 1
            sys.path.append("/nowhere")
        """
    }
    script = """
        module = system.import_module("use")
        say(repr(module.text), sys.extra, "/nowhere" in sys.path, system.path[-1], module.sys is system.sys)
        say(module.sys.version is sys.version, "version" in dir(module.sys), module.sys.modules is system.modules)
        del module.sys.extra
        say(hasattr(sys, "extra"))
    """
    trace = "'in between\\n' 1 False /nowhere True | True True True | False"
    assert play(tmp_path, tree, script) == trace


def test_the_code_of_a_file_is_shared_and_never_stale(tmp_path: Path) -> None:
    """Trap 9."""
    tree = {"mine.py": "def f(): return 1\n"}
    script = """
        import os, time
        from types import SimpleNamespace
        import modcache._runtime.codes as codes
        systems = [modcache.ImportSystem(str(n), ["."]) for n in range(6)]
        load = lambda n: systems[n].import_module("mine").f
        say(load(0).__code__ is load(1).__code__)  # new files are not trusted
        old = time.time() - 60
        os.utime("mine.py", (old, old))
        codes.time = SimpleNamespace(time_ns=lambda: time.time_ns() + 60 * 10**9)  # a minute later
        first, second = load(2), load(3)
        say(first.__code__ is second.__code__, first is second, first.__globals__ is not second.__globals__)
        write("mine.py", "def f(): return 2\\n")
        os.utime("mine.py", (old + 1, old + 1))
        say(load(4)())
        codes.time = time
        write("mine.py", "def f(): return 3\\n")  # the clock of the file system may not have ticked since
        os.utime("mine.py", (old + 1, old + 1))
        say(load(5)())
    """
    assert play(tmp_path, tree, script) == "False | True False True | 2 | 3"
