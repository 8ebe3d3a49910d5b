"""Files of virtual packages, as ``importlib.resources`` reads them."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from importlib.resources.abc import Traversable, TraversableResources
from os import PathLike
from typing import Any

__all__ = ["File", "Folder", "Reader", "tree_of"]


class _Node(Traversable):
    def read_bytes(self) -> bytes:
        with self.open("rb") as stream:
            data: bytes = stream.read()
        return data

    def read_text(self, encoding: str | None = None, errors: str | None = None) -> str:
        with self.open(encoding=encoding or "utf-8", errors=errors) as stream:
            text: str = stream.read()
        return text


class File(_Node):
    """A file that is kept in memory."""

    def __init__(self, name: str, data: bytes) -> None:
        self._name = name
        self._data = data

    @property
    def name(self) -> str:
        """Its name, without the folders that it is in."""
        return self._name

    def iterdir(self) -> Iterator[Traversable]:
        """Raises ``NotADirectoryError``."""
        raise NotADirectoryError(self._name)

    def is_dir(self) -> bool:
        """No."""
        return False

    def is_file(self) -> bool:
        """Yes."""
        return True

    def joinpath(self, *parts: str | PathLike[str]) -> Traversable:
        """Nothing is below a file: what is named so raises ``FileNotFoundError`` when it is read."""
        return _Absent(str(parts[-1])) if parts else self

    def open(self, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        """A new stream of its text, or with ``"rb"`` of its bytes."""
        data = io.BytesIO(self._data)
        return data if "b" in mode else io.TextIOWrapper(data, *args, **{"encoding": "utf-8", **kwargs})


class Folder(_Node):
    """A folder that is kept in memory."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.held: dict[str, Traversable] = {}

    @property
    def name(self) -> str:
        """Its name, without the folders that it is in."""
        return self._name

    def iterdir(self) -> Iterator[Traversable]:
        """What is in it."""
        return iter(list(self.held.values()))

    def is_dir(self) -> bool:
        """Yes."""
        return True

    def is_file(self) -> bool:
        """No."""
        return False

    def open(self, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        """Raises ``IsADirectoryError``."""
        raise IsADirectoryError(self._name)

    def joinpath(self, *parts: str | PathLike[str]) -> Traversable:
        """What is below it; a file that is not there can be named, and raises ``FileNotFoundError`` when it is read."""
        found: Traversable = self
        for part in (step for given in parts for step in str(given).split("/") if step):
            found = found.held.get(part) or _Absent(part) if isinstance(found, Folder) else _Absent(part)
        return found


class _Absent(File):
    def __init__(self, name: str) -> None:
        super().__init__(name, b"")

    def is_file(self) -> bool:
        return False

    def open(self, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        raise FileNotFoundError(self._name)


class Reader(TraversableResources):
    """What ``importlib.resources`` asks of a loader."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def files(self) -> Traversable:
        """The package's folder."""
        return self._folder


def tree_of(name: str, files: Mapping[str, bytes]) -> Folder:
    """A folder with the files in it, whose names may lead through folders."""
    root = Folder(name.rpartition(".")[2])
    for path, data in files.items():
        *folders, last = path.split("/")
        where = root
        for part in folders:
            inner = where.held.setdefault(part, Folder(part))
            assert isinstance(inner, Folder)
            where = inner
        where.held[last] = File(last, data)
    return root
