"""The pairs, and how their versions are installed: each into a folder of its own, once."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

__all__ = ["CACHE", "PAIRS", "Installed", "Pair", "installed"]

CACHE = Path(os.environ.get("MODCACHE_PAIRS", "~/.cache/modcache-pairs")).expanduser()
_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
_PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet", "--no-compile")
_CONSTRAINT = "cython<3\n"
"""For building sources: PyYAML 5 can not be built with a Cython of today."""


@dataclass(frozen=True)
class Pair:
    """One library in two versions: what pip is asked for, with what each needs beside it."""

    name: str
    older: tuple[str, ...]
    newer: tuple[str, ...]

    @property
    def workload(self) -> str:
        """The module in ``pairs_work`` that lets it work."""
        return f"work_{self.name}"


@dataclass(frozen=True)
class Installed:
    """One version in its folder."""

    version: str
    folder: str


_NEW_PYTHON = sys.version_info >= (3, 13)
PAIRS = (
    Pair("attrs", ("attrs==22.2.0",), ("attrs==25.3.0",)),
    Pair("click", ("click==7.1.2",), ("click==8.1.8",)),
    Pair("jinja2", ("jinja2==2.11.3", "markupsafe<2.1", "setuptools<70"), ("jinja2==3.1.6",)),
    Pair("markupsafe", ("markupsafe<3",), ("markupsafe>=3",)),
    Pair("pyyaml", ("pyyaml==5.4.1",), ("pyyaml>=6.0.2",)),
    Pair("requests", ("requests==2.31.0", "urllib3==1.26.20"), ("requests==2.32.3", "urllib3>=2.2,<3")),
    Pair("pydantic", ("pydantic<2",), ("pydantic>=2.10,<3",)),
    Pair("sqlalchemy", ("sqlalchemy==1.4.54", "greenlet"), ("sqlalchemy>=2.0.36,<2.1", "greenlet")),
    # django 3.2 needs the module cgi, which 3.13 has no more
    Pair("django", ("django==4.2.20",) if _NEW_PYTHON else ("django==3.2.25",), ("django>=5,<6",)),
    Pair("sympy", ("sympy==1.11.1",), ("sympy==1.13.3",)),
    Pair("rich", ("rich==10.16.2",), ("rich>=13.9,<14",)),
    Pair("numpy", ("numpy==2.1.3",) if _NEW_PYTHON else ("numpy==1.26.4",), ("numpy==2.2.6",)),
)


def installed(pair: Pair) -> tuple[Installed, Installed]:
    """Both versions, installed if they are not yet. Raises ``SystemExit`` where pip can not."""
    return _one(pair.name, "old", pair.older), _one(pair.name, "new", pair.newer)


def _one(name: str, age: str, wanted: tuple[str, ...]) -> Installed:
    folder = CACHE / _PYTHON / f"{name}-{age}"
    if not folder.is_dir():
        print(f"pairs: installing {' '.join(wanted)} (once) …", file=sys.stderr, flush=True)
        _install(folder, wanted)
    (found,) = importlib.metadata.distributions(name=name, path=[str(folder)])
    return Installed(found.version, str(folder))


def _install(folder: Path, wanted: tuple[str, ...]) -> None:
    partial = folder.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    constraint = folder.parent / "constraint.txt"
    constraint.write_text(_CONSTRAINT, encoding="utf-8")
    line = [*_PIP, "--target", str(partial), *wanted]
    done = subprocess.run(line, env={**os.environ, "PIP_CONSTRAINT": str(constraint)}, check=False)
    if done.returncode:
        raise SystemExit(f"pairs: pip could not install {' '.join(wanted)} (its own words are above)")
    partial.rename(folder)
