"""The house holds: budgets, floors, documentation, and the front door that costs nothing until used."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import check_house
import pytest

ROOT = Path(check_house.__file__).resolve().parent.parent


@pytest.mark.parametrize("check", check_house.CHECKS, ids=lambda check: check.__name__)
def test_house(check: Callable[[], list[str]]) -> None:
    # in a process of its own: hundreds of tests before this one have left their marks in ours
    code = f"import sys; sys.path.insert(0, 'tools'); import check_house; print(check_house.{check.__name__}())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_floors() -> None:
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(cache_dir=None))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


# -- the checks themselves find what they are there for --------------------------------------------------------------


def test_budgets_are_counted_like_this(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "def long(a, *, b: int):\n" + "    a\n" * 41 + "\n" * 400
    (tmp_path / "src" / "modcache").mkdir(parents=True)
    (tmp_path / "dev").write_text("'''The runner.'''\n")
    (tmp_path / "src" / "modcache" / "front.py").write_text(text)
    monkeypatch.setattr(check_house, "ROOT", tmp_path)
    monkeypatch.setattr(check_house, "undocumented_front_door", list)
    assert check_house.long_files() == ["src/modcache/front.py: 442 lines, the budget is 400"]
    assert check_house.long_bodies() == ["src/modcache/front.py:1 long: a body of 41 lines, the budget is 40"]
    assert check_house.unannotated() == ["src/modcache/front.py:1 long: no annotation for a, return"]
    assert check_house.too_few_short_bodies()[1:] == ["  src/modcache/front.py:1 long (41)"]
    assert check_house.undocumented() == [
        "src/modcache/front.py: no docstring",
        "src/modcache/front.py:1 long: no docstring",
    ]


@pytest.mark.parametrize(
    ("path", "public"),
    [
        ("src/modcache/__init__.py", True),
        ("src/modcache/errors.py", True),
        ("src/modcache/_model/report.py", False),
        ("src/modcache/_watch.py", False),
    ],
)
def test_public_modules(path: str, public: bool) -> None:
    assert check_house.is_public(path) is public


# -- contract line 27 ------------------------------------------------------------------------------------------------

WATCHED = """
import builtins, gc, importlib, sys, threading

def state():
    return {
        "finders": list(sys.meta_path), "path": list(sys.path), "hooks": list(sys.path_hooks),
        "import": builtins.__import__, "builtins": dict(vars(builtins)), "importlib": dict(vars(importlib)),
        "module": sys.modules["sys"].__class__, "gc": (list(gc.callbacks), gc.get_threshold(), gc.isenabled()),
        "trace": (sys.gettrace(), sys.getprofile(), threading.gettrace()), "hook": (sys.excepthook, sys.displayhook),
        "threads": threading.active_count(),
    }

before, loaded = state(), set(sys.modules)
"""


def outside(code: str) -> str:
    """What code prints in a bare process (`-S`: no site-packages, so no start-up file of a third party)."""
    line = [
        sys.executable,
        "-S",
        "-E",
        "-c",
        f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r})\n{WATCHED}{code}",
    ]
    done = subprocess.run(line, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_c27_importing_patches_nothing() -> None:
    assert outside("import modcache; print([k for k, v in state().items() if v != before[k]])").strip() == "[]"


def test_c27_importing_loads_little_and_nothing_foreign() -> None:
    code = "import modcache; print(*sorted(set(sys.modules) - loaded))"
    loaded = outside(code).split()
    assert "modcache" in loaded
    foreign = {name.partition(".")[0] for name in loaded} - set(sys.stdlib_module_names) - {"modcache"}
    assert not foreign
    assert len(loaded) <= 12, loaded


def test_c27_core_needs_no_third_party_module() -> None:
    """With no site-packages at all, every public name can be had."""
    code = """
import modcache
for name in getattr(modcache, "__all__", ()): getattr(modcache, name)
foreign = {name.partition(".")[0] for name in sys.modules} - set(sys.stdlib_module_names) - {"modcache", "__main__"}
print(sorted(foreign))
"""
    assert outside(code).strip() == "[]"
