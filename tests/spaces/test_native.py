"""Trap 6: native modules: an image for each space, a copy of the file for the second, nothing is left elsewhere."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

from tests.spaces.play import play


def lay_native(folder: Path, name: str, *places: str) -> str:
    """Copy one of the interpreter's own test modules, which are not of the standard library; its file's name."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None or not Path(spec.origin).is_file():
        pytest.skip(f"this interpreter has no {name}")
    for place in places:
        target = folder / "place" / place
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(spec.origin, target)
    return Path(spec.origin).name


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("name", ["_testsinglephase", "_testmultiphase", "_testbuffer"])
def test_c26_each_space_has_an_image_of_its_own(tmp_path: Path, name: str, deep: bool) -> None:
    """Of one file in two spaces, and of another file of that name in a third."""
    file = lay_native(tmp_path, name, "one", "two")
    script = f"""
        import ctypes
        sys.path[:] = [place for place in sys.path if "lib-dynload" not in place]
        spaces = [Space(n, path, deep={deep}) for n, path in (("a", "one"), ("b", "one"), ("c", "two"))]
        made = [space.import_module({name!r}) for space in spaces]
        say(len(set(map(id, made))), {name!r} in REAL, [space.modules[{name!r}] is m for space, m in zip(spaces, made)])
        say([os.path.relpath(module.__file__) for module in made] == ["one/{file}", "one/{file}", "two/{file}"])
        for one in made:
            one.mark = id(one)
        say([one.mark == id(one) for one in made], [one.__spec__.name for one in made] == [{name!r}] * 3)
        [space.close() for space in spaces]
        say(as_it_was(), {name!r} in REAL)
    """
    trace = "3 False [True, True, True] | True | [True, True, True] True | True False"
    assert play(tmp_path, {}, script) == trace


def test_classes_of_two_images_are_two(tmp_path: Path) -> None:
    lay_native(tmp_path, "_testsinglephase", "one")
    script = """
        spaces = [Space(n, "one") for n in "ab"]
        first, second = (space.import_module("_testsinglephase") for space in spaces)
        say(first.error is second.error, first.initialized_count(), second.initialized_count())
    """
    tree = {"x": ""}
    import _testsinglephase

    if not hasattr(_testsinglephase, "initialized_count"):
        pytest.skip("this interpreter's _testsinglephase does not count")
    assert play(tmp_path, tree, script) == "False 1 1"


def test_the_interpreters_own_entry_stays(tmp_path: Path) -> None:
    lay_native(tmp_path, "_testsinglephase", "one")
    script = """
        import _testsinglephase
        with Space("a", "one") as space:
            made = space.import_module("_testsinglephase")
            say(made is _testsinglephase, REAL["_testsinglephase"] is _testsinglephase)
    """
    assert play(tmp_path, {}, script) == "False True"


def test_one_that_imports_past_the_space_is_refused_with_the_reason(tmp_path: Path) -> None:
    """Its file says so; the interpreter has another version of what it would import."""
    import sysconfig

    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    tree = {f"one/past{suffix}": "\0PyImport_ImportModuleLevelObject\0lib\0", "one/lib.py": "", "two/lib.py": ""}
    script = """
        sys.path.insert(0, "two")
        for when in ("before", "after"):
            with Space("a", "one") as space:
                try:
                    space.import_module("past")
                except errors.NativeModule as error:
                    say(when, *(word in str(error) for word in ("Share", "'lib'", "deep=True")))
                except ImportError as error:
                    say(when, "is no shared library")
                say("past" in space.modules, "past" in REAL)
            import lib
    """
    trace = "before is no shared library | False False | after True True True | False False"
    assert play(tmp_path, tree, script) == trace


def test_c_code_that_imports_gets_what_is_in_its_space(tmp_path: Path) -> None:
    """`PyImport_Import` reads the interpreter's cache: that is lent the module, for just as long."""
    tree = {f"{word}/lib/{name}.py": f"WORD = {word!r}\n" for word in "012" for name in ("__init__", "part")}
    code = """
        import _pickle
        def work():
            __import__("lib", globals(), globals(), [])  # looks just like what C does
            return _pickle.loads(b"clib.part\\nWORD\\n.")
    """
    tree |= {f"{word}/use.py": code for word in "012"}
    script = """
        import threading
        sys.path.insert(0, "0")
        with Space("a", "1") as a, Space("b", "2") as b:
            works = [space.import_module("use").work for space in (a, b)]
            say(*(work() for work in works), "lib" in REAL, "lib.part" in REAL)
            import use, lib.part
            say(*(work() for work in works), use.work(), REAL["lib.part"] is lib.part, sys.modules["lib.part"].WORD)
            seen = set()
            def watch():
                while not done:
                    seen.add(REAL["lib.part"].WORD)
            done = []
            thread = threading.Thread(target=watch)
            thread.start()
            results = {work() for work in works for _ in range(5000)}
            done.append(1)
            thread.join()
            say(sorted(results), seen)
    """
    assert play(tmp_path, tree, script) == "1 2 False False | 1 2 0 True 0 | ['1', '2'] {'0'}"
