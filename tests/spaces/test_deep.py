"""The deep switch: the interpreter's own dict is a dispatcher while it is on, and a dict again afterwards."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from modcache._runtime import deep
from tests.spaces.play import play

pytestmark = pytest.mark.skipif(deep.why_not() is not None, reason=f"no deep switch here: {deep.why_not()}")
USE = "import lib\ndef work(past):\n    return past('lib').WORD\n"
TREE = {f"{word}/lib.py": f"WORD = {word!r}\n" for word in "012"}


def test_c_code_that_imports_past_the_space_is_dispatched(tmp_path: Path) -> None:
    """`PyImport_ImportModuleLevelObject`, as Cython calls it: here by the built-in ``__import__`` itself."""
    tree = {**TREE, **{f"{word}/use.py": USE for word in "12"}}
    script = """
        import builtins
        sys.path.insert(0, "0")
        import lib
        with Space("a", "1", deep=True) as a, Space("b", "2", deep=True) as b:
            works = [space.import_module("use").work for space in (a, b)]
            say(type(REAL) is dict, *(work(builtins.__import__) for work in works), lib.WORD)
            import json, decimal, lib as again
            say(again is lib, "json" in REAL, "json" in a.modules, len(REAL) > 50, REAL.get("lib") is lib)
        say(as_it_was(), __import__("lib") is lib)
    """
    assert play(tmp_path, tree, script) == "False 1 2 0 | True True False True True | True True"


def test_it_nests_and_ends_with_the_last(tmp_path: Path) -> None:
    script = """
        import gc
        spaces = [Space(str(n), deep=n < 2) for n in range(3)]
        told = []
        for space in spaces:
            told.append(type(REAL) is dict)
            space.close()
        gc.collect()
        say(told, as_it_was(), sys.getrefcount(dict) > 0)
    """
    assert play(tmp_path, {}, script) == "[False, False, True] True True"


def test_a_process_that_ends_with_it_on_ends_well(tmp_path: Path) -> None:
    import subprocess

    from tests.trees import environment

    code = "import modcache; s = modcache.Space('a', deep=True); import decimal, threading; print('end')"
    done = subprocess.run([sys.executable, "-X", "dev", "-c", code], capture_output=True, text=True, env=environment())
    assert (done.returncode, done.stdout, done.stderr) == (0, "end\n", "")


def test_where_it_can_not_be_had_it_says_why(tmp_path: Path) -> None:
    script = """
        from modcache._runtime import deep
        deep._TRIED = ()
        try:
            Space("a", deep=True)
        except errors.DeepUnavailable as error:
            say(str(error).partition(":")[0])
        say(as_it_was(), Space("a").close().freed)
    """
    assert play(tmp_path, {}, script) == "the space 'a' can not be deep | True True"
