"""A program is run here as `python` itself would: nothing in this file knows of refreshes.

The interpreter ends the program, not we: whatever it raises goes on to the top, so exit statuses, messages of
``sys.exit``, ``sys.excepthook``, death by SIGINT, waiting for threads and ``atexit`` are the interpreter's own.
"""

from __future__ import annotations

import builtins
import importlib.util
import os
import pkgutil
import sys
import warnings
from importlib.machinery import ModuleSpec, SourceFileLoader, SourcelessFileLoader
from types import CodeType, ModuleType, TracebackType
from typing import Any, NamedTuple

from modcache._runtime.main_module import no_main, set_main
from modcache._runtime.recorder import RecordingLoader
from modcache.errors import ProgramNotFound

__all__ = ["Loaded", "Program"]


class Loaded(NamedTuple):
    """The program, ready to be executed; ``path`` and ``source`` are None where there is no source file."""

    module: ModuleType
    code: CodeType
    path: str | None
    source: bytes | None


class Program:
    """What ``python FILE ARGUMENTS`` or ``python -m MODULE ARGUMENTS`` would run.

    Raises :class:`modcache.errors.ProgramNotFound` if FILE does not exist or can't be run.
    """

    def __init__(self, target: str, arguments: tuple[str, ...] = (), *, is_module: bool = False) -> None:
        self.target = target
        self._arguments = arguments
        self._is_module = is_module
        self._place = "" if is_module else os.path.join(os.getcwd(), target)
        self._is_archive = False
        if is_module and target.endswith(".py") and os.path.exists(target):
            raise ProgramNotFound(
                _no_module(target)
            )  # else `target` without .py would be imported, to look for its `py`
        if not is_module:
            if not os.path.exists(target):
                raise ProgramNotFound(_no_file(target))
            self._is_archive = pkgutil.get_importer(self._place) is not None
            if os.path.isdir(target) and not os.path.exists(os.path.join(target, "__main__.py")):
                raise ProgramNotFound(_no_main(target))

    def enter(self) -> ModuleType:
        """Make ``sys`` what the program shall find, with a new ``__main__`` in place, and return that."""
        sys.argv = ["-m" if self._is_module else self.target, *self._arguments]
        first = os.getcwd() if self._is_module else os.path.dirname(os.path.realpath(self._place))
        if self._is_archive:
            sys.path[: 0 if sys.flags.safe_path else 1] = [self._place]
        elif not sys.flags.safe_path:
            sys.path[0] = first
        main = ModuleType("__main__")
        if sys.version_info < (3, 14):
            main.__annotations__ = {}
        main.__dict__["__builtins__"] = builtins
        if not self._is_module:
            main.__file__ = os.path.join(self._place, "__main__.py") if self._is_archive else self._place
        set_main(main)
        return main

    def load(self) -> Loaded:
        """Find, read and compile what is to be executed. The packages around a module are imported by this.

        Raises ``ProgramNotFound`` for a module that does not exist, and whatever a package's body or the compiler
        raises; such an exception ends the program as one of its own.
        """
        main = sys.modules["__main__"]
        try:
            if not (self._is_module or self._is_archive):
                return self._load_script(main)
            name, spec = _find_main(self._place) if self._is_archive else _find(self.target)
            if self._is_module:
                sys.argv[0] = str(spec.origin)
            return _load_spec(main, name, spec)
        except ProgramNotFound:
            raise
        except BaseException as error:
            _show_from(error, _foreign(error.__traceback__))
            raise

    def _load_script(self, main: ModuleType) -> Loaded:
        if self.target.endswith(".pyc"):
            loader: Any = SourcelessFileLoader("__main__", self._place)
            source, path, code = None, None, loader.get_code("__main__")
        else:
            loader = SourceFileLoader("__main__", self._place)
            with open(self._place, "rb") as stream:
                source, path = stream.read(), self._place
            code = compile(source, path, "exec", dont_inherit=True)
        main.__dict__.update(__loader__=loader, __file__=self._place, __cached__=None)
        return Loaded(main, code, path, source)

    @staticmethod
    def execute(loaded: Loaded) -> None:
        """Execute the program; what it raises goes on, and is shown without the frames that lead here."""
        try:
            exec(loaded.code, loaded.module.__dict__)
        except BaseException as error:
            _show_from(error, error.__traceback__ and error.__traceback__.tb_next)
            raise


def _load_spec(main: ModuleType, name: str, spec: ModuleSpec) -> Loaded:
    loader: Any = spec.loader
    path = source = None
    if isinstance(loader, RecordingLoader):  # that is for modules that get imported; this one's source is told by us
        spec.loader = loader = SourceFileLoader(name, loader.path)
    if isinstance(loader, SourceFileLoader):
        path = loader.get_filename(name)
        source = loader.get_data(path)
        code = loader.source_to_code(source, path)
    else:
        code = loader.get_code(name)
    if code is None:
        raise ProgramNotFound(f"there is no code for the module {name!r} ({spec.origin}); is it an extension module?")
    main.__dict__.update(
        __package__=spec.parent, __loader__=loader, __spec__=spec, __file__=spec.origin, __cached__=spec.cached
    )
    return Loaded(main, code, path, source)


def _find(name: str) -> tuple[str, ModuleSpec]:
    """The module that ``-m name`` means: itself, or a package's ``__main__``."""
    if name.startswith("."):
        raise ProgramNotFound(f"-m {name}: a relative name means nothing here; give the whole one: -m package.module")
    _import_parent(name)
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise ProgramNotFound(_no_module(name, error)) from error
    if spec is None:
        raise ProgramNotFound(_no_module(name))
    if spec.submodule_search_locations is not None:
        if name.endswith("__main__"):
            raise ProgramNotFound(f"{name} is a package and can not be run itself")
        return _find_inner(name)
    return name, spec


def _find_inner(package: str) -> tuple[str, ModuleSpec]:
    inner = f"{package}.__main__"
    _import_parent(inner)
    spec = importlib.util.find_spec(inner)
    if spec is None:
        raise ProgramNotFound(
            f"the package {package!r} has no module __main__ to run; run one of its modules (-m {package}.something) "
            f"or a file (modcache run FILE)"
        )
    return inner, spec


def _import_parent(name: str) -> None:
    """As ``python -m`` does: a package that does not exist is told later, whatever its own code raises is raised."""
    parent = name.rpartition(".")[0]
    if not parent:
        return
    try:
        __import__(parent)
    except ImportError as error:
        if error.name is None or (error.name != parent and not parent.startswith(error.name + ".")):
            raise
    if name in sys.modules and not hasattr(sys.modules[name], "__path__"):
        warnings.warn_explicit(
            f"{name!r} found in sys.modules after import of package {parent!r}, but prior to execution of {name!r}; "
            "this may result in unpredictable behaviour",
            RuntimeWarning,
            "<frozen runpy>",  # whose words these are
            1,
        )


def _find_main(place: str) -> tuple[str, ModuleSpec]:
    """The ``__main__`` of a folder or zip file, which is the first entry of ``sys.path`` now."""
    with no_main():  # else its own spec would be what is found
        spec = importlib.util.find_spec("__main__")
    if spec is None:
        raise ProgramNotFound(_no_main(place))
    return "__main__", spec


def _show_from(error: BaseException, trace: TracebackType | None) -> None:
    """Have the interpreter's report of ``error`` begin at ``trace``, by the hook that the program has set, if any."""
    hook = sys.excepthook

    def show(kind: type[BaseException], value: BaseException, whole: TracebackType | None) -> None:
        sys.excepthook = hook
        if value is error:
            whole = sys.last_traceback = trace
            value.__traceback__ = trace
        hook(kind, value, whole)

    sys.excepthook = show


def _foreign(trace: TracebackType | None) -> TracebackType | None:
    """The first part of the traceback that is neither ours nor the import system's."""
    ours = (os.path.dirname(os.path.dirname(__file__)), "<frozen importlib")
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(ours):
        trace = trace.tb_next
    return trace


def _no_file(target: str) -> str:
    if target.startswith("-"):
        return f"there is no option {target}; see `modcache run --help`"
    way = f"; for the module of that name: modcache run -m {target}" if target.isidentifier() else ""
    return f"there is no file {target!r} in {os.getcwd()!r}: check the path{way}"


def _no_main(target: str) -> str:
    return f"{target!r} has no __main__.py to run: add one, or name the file in it (modcache run {target}/FILE.py)"


def _no_module(name: str, error: Exception | None = None) -> str:
    detail = f" ({error})" if error is not None and not isinstance(error, ModuleNotFoundError) else ""
    if name.endswith(".py"):
        return f"there is no module {name!r}: it looks like a file, so leave out -m, or leave out .py"
    return (
        f"there is no module {name!r}{detail}, looking from {os.getcwd()!r}: run it from the folder that holds it, "
        "set PYTHONPATH, or give the file (modcache run FILE)"
    )
