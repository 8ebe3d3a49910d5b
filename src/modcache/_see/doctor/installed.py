"""Installations whose files point nowhere: ``.pth`` files, and the maps that editable installs leave."""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Iterator

from modcache._model.diagnosis import Diagnosis
from modcache._runtime.files import read
from modcache._see.doctor.places import path_entries, real

__all__ = ["found"]

_MAP = re.compile(r"^MAPPING\b[^=]*= *(\{.*?\})$", re.MULTILINE | re.DOTALL)
_NOT_SHIPPED = frozenset({"test", "tests", "docs", "doc", "examples", "build", "dist", "tools", "scripts"})


def found() -> Iterator[Diagnosis]:
    """A diagnosis for each file or folder that an installation counts on, and that is not there (any more)."""
    for folder in filter(os.path.isdir, path_entries(sys.path)):
        for name in sorted(os.listdir(folder)):
            path = os.path.join(folder, name)
            if name.endswith(".pth"):
                yield from _of_path_file(path)
            elif name.startswith("__editable__") and name.endswith("_finder.py"):
                yield from _of_map(path)


def _of_path_file(path: str) -> Iterator[Diagnosis]:
    text = (read(path) or b"").decode("utf-8", "replace")
    for line in map(str.strip, text.splitlines()):
        # as `site` reads them: lines of code, comments, and folders, relative ones from where the file lies
        if not line or line.startswith(("#", "import ", "import\t")):
            continue
        target = os.path.join(os.path.dirname(path), line)
        if not os.path.exists(target):
            yield _gone(_distribution(path), path, target)


def _of_map(path: str) -> Iterator[Diagnosis]:
    match = _MAP.search((read(path) or b"").decode("utf-8", "replace"))
    try:
        mapping = ast.literal_eval(match[1]) if match else {}
    except (ValueError, SyntaxError):
        return
    places = {str(name): str(target) for name, target in mapping.items()}
    for name, target in places.items():
        if not (os.path.exists(target) or os.path.exists(target + ".py")):
            yield _gone(name, path, target)
    for parent in dict.fromkeys(os.path.dirname(target) for name, target in places.items() if "." not in name):
        yield from _unmapped(path, parent, places)


def _unmapped(path: str, parent: str, places: dict[str, str]) -> Iterator[Diagnosis]:
    """Packages beside those of the map, which came after the installation."""
    if not os.path.isdir(parent) or real(parent) in path_entries(sys.path):
        return
    for name in sorted(os.listdir(parent)):
        inside = os.path.join(parent, name, "__init__.py")
        if name.isidentifier() and name not in places and name not in _NOT_SHIPPED and os.path.isfile(inside):
            yield Diagnosis(
                "editable", "warning", name,
                f"the package {name} lies beside what is installed editable, and is not in its map",
                (path, inside),
                f"`import {name}` fails, or works only from the project's folder: the map was made when the project "
                "was installed, and the package came later",
                "install the project again: pip install -e .",
            )  # fmt: skip


def _gone(name: str, path: str, target: str) -> Diagnosis:
    return Diagnosis(
        "editable", "warning", name,
        f"{os.path.basename(path)} points to what is not there",
        (path, target),
        f"what it should make importable ({name}) is not; the folder was moved, renamed or deleted after the "
        "installation",
        f"install it again from where it is now (pip install -e FOLDER), or remove it: pip uninstall {name}",
    )  # fmt: skip


def _distribution(path: str) -> str:
    """The name of what a ``.pth`` file was installed by, as far as the file's own name tells."""
    stem = os.path.basename(path)[: -len(".pth")]
    return stem.removeprefix("__editable__.").removeprefix("_editable_impl_").partition("-")[0] or stem
