"""Contract line 21: every refusal is data, of a closed list; each kind is given by something, and documented."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

import modcache
from tests.conftest import Runner

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "refusals.md"
LIMITS = ROOT / "docs" / "explanation" / "limits.md"
ROW = re.compile(r"^\| `([\w-]+)` \| `([A-Z_]+)` \|(.+)\|(.+)\|$", re.MULTILINE)
KINDS = list(modcache.RefusalKind)


def test_c21_the_page_has_each_kind_once_and_no_other() -> None:
    rows = [(word, member) for word, member, *_ in ROW.findall(PAGE.read_text(encoding="utf-8"))]
    assert rows == [(str(kind), kind.name) for kind in KINDS]


@pytest.mark.parametrize("kind", KINDS)
def test_c21_each_kind_has_an_example_and_a_remedy(kind: modcache.RefusalKind) -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert f"### `{kind}`" in text
    assert f"`{kind}`" in LIMITS.read_text(encoding="utf-8")
    remedies = {word: remedy.strip() for word, _, _, remedy in ROW.findall(text)}
    assert remedies[str(kind)]


@pytest.mark.parametrize("kind", KINDS)
def test_c21_each_kind_is_given_by_something(kind: modcache.RefusalKind) -> None:
    sources = (ROOT / "src" / "modcache").rglob("*.py")
    texts = [path.read_text(encoding="utf-8") for path in sources if path.name != "report.py"]
    assert any(f"RefusalKind.{kind.name}" in text for text in texts)


def test_c21_a_refusal_is_data() -> None:
    refusal = modcache.Refusal(modcache.RefusalKind.DECLINED, "lib", "C", "no", "restart", ("lib:1 was edited",))
    assert str(refusal) == "lib:C: no (declined) [lib:1 was edited]; restart"
    assert refusal.to_dict() == {
        "kind": "declined",
        "module": "lib",
        "object": "C",
        "detail": "no",
        "remedy": "restart",
        "chain": ["lib:1 was edited"],
    }


WHO = {
    "sys.modules['__main__']": "__main__",
    "modcache": "sticky",
    "modcache.errors": "sticky",
    "json": "sticky",
    "sys": "native",
    "_json": "native",
    "made": "no-source",
}


@pytest.mark.parametrize("who", WHO)
def test_c21_what_can_not_be_reloaded_at_all_says_why(run: Runner, who: str) -> None:
    script = f"""
        import _json, json, sys, types, modcache
        made = sys.modules["made"] = types.ModuleType("made")
        module = {who}
        for call in (session.reload, modcache.reload):
            try:
                call(module)
            except modcache.errors.RestartRequired as error:
                refusal = error.refusals[0]
                say(refusal.kind, refusal.module == module.__name__ == error.name, isinstance(error, ImportError))
        """
    assert run({}, script) == " | ".join([f"{WHO[who]} True True"] * 2)


def test_c21_a_root_that_names_it_makes_a_module_of_the_standard_library_reloadable(run: Runner) -> None:
    script = """
        import colorsys, modcache
        with modcache.Session(["colorsys"]) as session:
            say(session.reload(colorsys) is colorsys)
        """
    assert run({}, script) == "True"


def test_c21_a_native_module_that_was_built_anew_is_refused(run: Runner) -> None:
    script = """
        import importlib.machinery, importlib.util, pathlib, shutil, sys, sysconfig, _json
        name = "_json" + importlib.machinery.EXTENSION_SUFFIXES[0]
        origin = getattr(_json, "__file__", None)
        if origin is None:
            import _ctypes
            origin = _ctypes.__file__
            name = pathlib.Path(origin).name
        here = pathlib.Path(session.folders[0], name)
        shutil.copy(origin, here)
        module = pathlib.Path(name).name.partition(".")[0]
        del sys.modules[module]
        sys.path.insert(0, session.folders[0])
        spec = importlib.util.spec_from_file_location(module, here)
        sys.modules[module] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[module])
        import lib
        say(refresh().outcome)
        here.touch()
        say(refresh().outcome)
        fresh = here.with_name("built")
        fresh.write_bytes(here.read_bytes() + b"more")
        fresh.replace(here)
        edit("lib.py", "K = 1", "K = 2")
        report = refresh()
        say(report.outcome, report.refusals[0].kind, report.refusals[0].module == module, lib.K)
        say(session.plan().refusals == report.refusals, refresh().outcome)
        """
    assert run({"lib.py": "K = 1\n"}, script, alone=True) == (
        "unchanged | unchanged | refused native True 1 | True refused"
    )


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc for a file that can't be read")
def test_c21_a_source_that_can_not_be_read_is_no_deleted_module(run: Runner) -> None:
    script = """
        import os, sys, modcache, lib
        os.unlink("lib.py")
        os.symlink("/proc/self/mem", "lib.py")
        report = refresh()
        say(report.outcome, report.refusals[0].kind, sys.modules["lib"] is lib)
        say("no-source" in str(session.plan()))
        try:
            session.reload(lib)
        except modcache.errors.RestartRequired as error:
            say(error.refusals[0].kind)
        os.unlink("lib.py")
        write("lib.py", "K = 2\\n")
        say(refresh().outcome, lib.K)
        """
    assert run({"lib.py": "K = 1\n"}, script) == "refused no-source True | True | no-source | committed 2"


def test_c21_a_file_that_never_stands_still_is_not_read_in_halves(run: Runner) -> None:
    script = """
        import itertools, lib
        from modcache._refresh import know
        from modcache._runtime import files
        real, counter = files.stat_of, itertools.count()
        edit("lib.py", "K = 1", "K = 2")
        files.stat_of = lambda path: (next(counter), 0, 0, 0)
        report = refresh()
        say(report.outcome, report.refusals[0].kind, lib.K)
        files.stat_of = real
        say(refresh().outcome, lib.K)
        """
    assert run({"lib.py": "K = 1\n"}, script) == "refused unstable 1 | committed 2"


def test_c21_a_build_without_the_lock_is_refused(run: Runner) -> None:
    script = """
        import sys, lib
        sys._is_gil_enabled = lambda: False
        edit("lib.py", "K = 1", "K = 2")
        report = refresh()
        say(report.outcome, report.refusals[0].kind, lib.K, session.plan().refusals == report.refusals)
        """
    assert run({"lib.py": "K = 1\n"}, script) == "refused free-threaded 1 True"
