"""Releases of a package, unpacked, and how one is laid over another."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["CACHE", "Change", "Release", "beginning", "dependencies", "installed", "lay", "module_names", "releases"]

CACHE = Path(os.environ.get("MODCACHE_REPLAY", "~/.cache/modcache-replay")).expanduser()
_PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input")
# What much of a package can not be imported without, though its newest release does not ask for it.
_ALSO = {
    "django": ("jinja2", "pyyaml"),
    "httpx": ("sniffio", "click", "rich"),
    "pydantic": ("hypothesis", "email-validator", "python-dotenv"),
    "sqlalchemy": ("greenlet",),
    "structlog": ("greenlet", "twisted", "rich"),
}
# What a program does before it can import all of a package, as the text of a module that is imported first.
_BEGIN = {
    "django": """\
import django
from django.conf import settings

APPS = "admin admindocs auth contenttypes flatpages humanize messages redirects sessions sitemaps sites staticfiles"
settings.configure(INSTALLED_APPS=[f"django.contrib.{name}" for name in APPS.split()], SECRET_KEY="-", SITE_ID=1)
django.setup()
""",
}
_BELOW = {"pydantic": 2}  # from there on its heart is native
_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


@dataclass(frozen=True)
class Release:
    """One release: its package, its version, and the folder with its files."""

    package: str
    version: str
    folder: Path


@dataclass(frozen=True)
class Change:
    """What laying a release over another did: the files written (changed or new) and those deleted."""

    written: tuple[str, ...]
    deleted: tuple[str, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """The Python files among them."""
        return tuple(path for path in (*self.written, *self.deleted) if path.endswith(".py"))


def releases(package: str, count: int, *, renew: bool = False) -> list[Release]:
    """The last ``count`` releases of a package that have a pure wheel, oldest first; downloaded once.

    ``renew``: ask the index again which there are. Raises ``SystemExit`` if there are fewer than two.
    """
    found: list[Release] = []
    for version in _versions(package, renew):
        folder = _unpacked(package, version)
        if folder is not None:
            found.append(Release(package, version, folder))
        if len(found) == count:
            break
    if len(found) < 2:
        raise SystemExit(f"replay: {package} has not two releases with a wheel in pure Python; name another package")
    return found[::-1]


def dependencies(package: str, newest: str) -> Path:
    """A folder with what the newest release needs, without the package itself."""
    also = _ALSO.get(package, ())
    folder = CACHE / "deps" / "+".join([f"{package}-{newest}-{_PYTHON}", *also])
    if not folder.is_dir():
        partial = folder.with_name(f"{folder.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        _pip("install", "--quiet", "--target", str(partial), f"{package}=={newest}", *also)
        own = _unpacked(package, newest)
        for name in {path.name for path in own.iterdir()} if own is not None else ():
            shutil.rmtree(partial / name, ignore_errors=True)
            (partial / name).unlink(missing_ok=True)
        shutil.rmtree(partial / "bin", ignore_errors=True)
        partial.rename(folder)
    return folder


def beginning(package: str, folder: Path) -> tuple[str, ...]:
    """The modules to import before those of a package, if any; they are written into ``folder``."""
    if package not in _BEGIN:
        return ()
    folder.mkdir(exist_ok=True)
    (folder / "replay_begin.py").write_text(_BEGIN[package], encoding="utf-8")
    return ("replay_begin",)


def installed(*names: str, place: str = "peers") -> Path:
    """A folder with other tools, installed once; ``place`` is its name."""
    folder = CACHE / place / _PYTHON
    if not folder.is_dir():
        _pip("install", "--quiet", "--target", str(folder), *names)
    return folder


def lay(new: Release, site: Path, stamp: float) -> Change:
    """Make ``site`` hold just the files of a release; files of equal content are not touched.

    ``stamp``: the time that is set on what is written, so that no tool misses a change made within one second.
    """
    wanted = {path.relative_to(new.folder).as_posix(): path for path in _files(new.folder)}
    there = {path.relative_to(site).as_posix() for path in _files(site)}
    written, deleted = [], []
    for name, source in sorted(wanted.items()):
        target, content = site / name, source.read_bytes()
        if name in there and target.read_bytes() == content:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        os.utime(target, (stamp, stamp))
        written.append(str(target))
    for name in sorted(there - wanted.keys()):
        (site / name).unlink()
        deleted.append(str(site / name))
        _prune((site / name).parent, site)
    return Change(tuple(written), tuple(deleted))


def module_names(site: Path) -> Iterator[str]:
    """The modules whose files lie there, packages before what is in them; no ``__main__`` and no tests."""
    for path in sorted(site.rglob("*.py"), key=lambda p: (p.parent.parts, p.name != "__init__.py", p.name)):
        parts = path.relative_to(site).with_suffix("").parts
        if parts[-1] == "__init__":
            parts = parts[:-1]
        if parts and all(part.isidentifier() for part in parts) and not {"__main__", "tests", "test"} & set(parts):
            yield ".".join(parts)


def _versions(package: str, renew: bool) -> list[str]:
    kept = CACHE / "versions" / f"{package}.json"
    if renew or not kept.is_file():
        listed = re.search(r"Available versions: (.*)", _pip("index", "versions", package))
        versions = listed[1].split(", ") if listed else []
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(versions), encoding="utf-8")
    found: list[str] = json.loads(kept.read_text(encoding="utf-8"))
    below = _BELOW.get(package)
    return [version for version in found if below is None or int(version.partition(".")[0]) < below]


def _unpacked(package: str, version: str) -> Path | None:
    folder = CACHE / "releases" / f"{package}-{version}"
    if folder.is_dir():
        return folder if any(folder.iterdir()) else None
    wheels = CACHE / "wheels" / f"{package}-{version}"
    pure = ("--platform", "any", "--implementation", "py", "--abi", "none", "--python-version", _PYTHON)
    where = ("--no-deps", "--only-binary=:all:", *pure, "-d", str(wheels))
    try:
        _pip("download", "--quiet", *where, f"{package}=={version}")
    except subprocess.CalledProcessError:
        folder.mkdir(parents=True)  # remembered as one that has none
        return None
    partial = folder.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    with zipfile.ZipFile(next(wheels.glob("*.whl"))) as wheel:
        wheel.extractall(partial, [name for name in wheel.namelist() if ".data/" not in name])
    partial.rename(folder)
    return folder


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]


def _prune(folder: Path, top: Path) -> None:
    """Remove folders that are empty now: one that is left would still be found as a namespace package."""
    while folder != top and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _pip(*arguments: str) -> str:
    done = subprocess.run([*_PIP, *arguments], check=False, capture_output=True, text=True, encoding="utf-8")
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, " ".join(arguments), done.stdout, done.stderr)
    return done.stdout
