"""What a source of events tells, and which folders and files below a root are worth watching."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

__all__ = ["Event", "ignored", "is_remote", "is_source", "walk"]

_NOT_OURS = frozenset({"__pycache__", "node_modules", "site-packages"})

# File systems whose files other hosts write too (or the host of a virtual machine): inotify tells of none of that.
_REMOTE = frozenset(
    "9p afs ceph cifs drvfs fakeowner fuse.glusterfs fuse.grpcfuse fuse.osxfs fuse.sshfs fuse.vmhgfs-fuse lustre nfs"
    " nfs4 prl_fs smb3 smbfs vboxsf virtiofs".split()
)


class Event(NamedTuple):
    """Something happened to the source file ``path``; ``writing`` if whoever writes it is known not to be done."""

    path: str
    writing: bool = False


def is_source(name: str) -> bool:
    """Whether a file of that name can be a source; editors' lock files (``.#x.py``) can not."""
    return name.endswith(".py") and not name.startswith(".")


def ignored(folder: str, name: str) -> bool:
    """Whether the folder ``name`` inside ``folder`` holds no source of a project: a cache, hidden, an environment."""
    if name in _NOT_OURS or name.startswith("."):
        return True
    return os.path.exists(os.path.join(folder, name, "pyvenv.cfg"))


def walk(root: str, enter: Callable[[str], object] = str) -> Iterator[tuple[str, list[str]]]:
    """Each folder at and below ``root`` as (real path, names of its source files), before those that it contains.

    ``enter`` is called with each folder before it is read: whoever watches it from then on misses nothing. Links to
    folders are followed, each real folder is given once, and one that can't be read or has gone has no files.
    """
    found = [os.path.realpath(root)]
    seen = set(found)
    for folder in found:
        enter(folder)
        names: list[str] = []
        for entry in _entries(folder):
            if not _is_folder(entry):
                names += [entry.name] if is_source(entry.name) else []
                continue
            inner = os.path.realpath(entry.path) if entry.is_symlink() else entry.path
            if inner not in seen and not ignored(folder, entry.name):
                seen.add(inner)
                found.append(inner)
        yield folder, names


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def is_remote(folder: str) -> bool:
    """Whether ``folder`` lies on a file system that somebody else may write to without this kernel knowing."""
    try:
        with open("/proc/self/mounts", encoding="utf-8", errors="surrogateescape") as stream:
            mounts = [line.split()[1:3] for line in stream]
    except OSError:
        return False
    best, remote = -1, False
    for place, kind in mounts:
        place = place.replace("\\040", " ")
        if len(place) >= best and (folder == place or folder.startswith(place.rstrip("/") + "/")):
            best, remote = len(place), kind in _REMOTE
    return remote
