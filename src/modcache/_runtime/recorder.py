"""Modules of the roots are recorded with the very source that they are made of.

A bytecode file is never trusted: two saves within one second leave a stale one (python/cpython#75953). So the loader
that stands in here reads the source once, compiles just that, and tells what it was.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType
from typing import Any

from modcache._model.source import digest_of
from modcache._runtime.codes import SharedSourceLoader
from modcache._runtime.finder import SystemPathFinder
from modcache._runtime.marks import Marks, marked
from modcache._runtime.screens import bare
from modcache._runtime.system import ImportSystem

__all__ = ["Recorder", "RecordingLoader"]

Note = Callable[[str, str, bytes], None]
Made = Callable[[ModuleType], None]


class RecordingLoader(SourceFileLoader):
    """The stock loader of source files, that says what it read: ``note(name, path, data)``, and ``made(module)``.

    ``marks`` hears of the statements that may register something.
    """

    def __init__(self, name: str, path: str, note: Note, made: Made, marks: Marks | None = None) -> None:
        super().__init__(name, path)
        self._note = note
        self._made = made
        self._marks = marks
        self.digest = ""
        """The hash of what it last read."""

    def get_code(self, fullname: str) -> CodeType | None:
        """Compile the source as it is now, whatever bytecode lies beside it. Raises ``SyntaxError``, ``OSError``."""
        path = self.get_filename(fullname)
        data = self.get_data(path)
        code = marked(fullname, data, path, self._marks) if self._marks is not None else None
        if code is None:
            code = self.source_to_code(data, path)
        self.digest = digest_of(data)
        self._note(fullname, path, data)
        return code

    def exec_module(self, module: ModuleType) -> None:
        """Execute the module. Raises what its body raises."""
        try:
            super().exec_module(module)
        finally:
            if self._marks is not None:
                self._marks.leave(module.__dict__)
        self._made(module)


# The interpreter takes the frames of its own import machinery out of tracebacks, by their file name. A syntax error
# should look the same under a session; so the methods of ours that stand in between bear that name too.
for _method in (RecordingLoader.get_code, RecordingLoader.exec_module):
    _method.__code__ = _method.__code__.replace(co_filename="<frozen importlib._bootstrap_external>")


class Recorder:
    """A finder that lets those behind it find, and has the modules of the roots loaded by :class:`RecordingLoader`.

    ``owns(path)`` says whether a file is a source of the roots.
    """

    def __init__(
        self,
        system: ImportSystem,
        owns: Callable[[str], bool],
        note: Note,
        made: Made,
        marks: Marks | None = None,
    ) -> None:
        self._system = system
        self._owns = owns
        self._note = note
        self._made = made
        self._marks = marks

    def install(self) -> None:
        """Stand before the finder of files, behind those who rewrite what they load (as test runners do)."""
        path = self._system.meta_path
        where = next((i for i, finder in enumerate(path) if _finds_files(bare(finder))), len(path))
        path.insert(where, self)

    def remove(self) -> None:
        """Leave the finders as they were."""
        if self in self._system.meta_path:
            self._system.meta_path.remove(self)

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """What the finders behind this one find; see :meth:`importlib.abc.MetaPathFinder.find_spec`."""
        rest = list(self._system.meta_path)
        rest = rest[rest.index(self) + 1 :] if self in rest else []
        # other sessions' recorders find nothing by themselves: to ask each of them for all that are behind it would
        # double with every session how often a name is looked for that is not there
        others = [one for one in map(bare, rest) if isinstance(one, Recorder)]
        for finder in rest:
            find = None if bare(finder) in others else getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find(name, path, target) if find is not None else None
            if spec is not None:
                for recorder in reversed([self, *others]):
                    spec = recorder._recorded(name, spec)
                return spec
        return None

    def _recorded(self, name: str, spec: ModuleSpec) -> ModuleSpec:
        loader: Any = spec.loader
        if type(loader) in (SourceFileLoader, SharedSourceLoader) and spec.origin and self._owns(spec.origin):
            spec.loader = RecordingLoader(name, loader.path, self._note, self._made, self._marks)
        return spec


def _finds_files(finder: object) -> bool:
    return finder is PathFinder or isinstance(finder, SystemPathFinder)
