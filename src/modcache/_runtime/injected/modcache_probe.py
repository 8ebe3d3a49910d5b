"""The probe: what watches the imports of a program, in its own process.

Every import that is not answered from the cache comes by ``_frozen_importlib._find_and_load``: C looks it up anew each
time (``import_find_and_load`` in ``Python/import.c``), and ``importlib`` finds it among its globals. What stands there
instead notes when each begins and ends. It is made to look like a frame of importlib's own, so that tracebacks are
trimmed as always (``remove_importlib_frames``).

What is seen is written every few milliseconds while modules are imported, and when none is any more: whatever ends the
process, a kill too, it is in the file. No thread runs for it, the program's files get the numbers that they always get,
and in the child of a fork the probe is silent. It imports nothing that is not built in, and any Python from 3.8 on can
read it. What it may cost is measured by `./dev bench watch`: hence the few calls, and one record for each event.
"""

from __future__ import annotations

import _frozen_importlib
import atexit
import builtins
import marshal
import os
import sys
from _thread import allocate_lock, get_ident
from itertools import count
from time import perf_counter_ns, time_ns

TYPE_CHECKING = False  # `typing` takes longer to import than all of this
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType
    from typing import Any

_importlib: Any = _frozen_importlib
_MACHINERY = ("<frozen importlib._bootstrap", "<frozen zipimport>")
_IMPORTLIB = ("importlib/__init__.py", "importlib\\__init__.py")
_FORMAT = 4  # of marshal: every Python from 3.4 on reads it
_LENGTH = 4  # bytes before each piece that is written, which say how long it is: who reads need not find its end
_FRAMES = 3  # ours for each import that is under way: `_find_and_load`, `__import__`, and what they call
_FUNCTION = 0x1  # inspect.CO_OPTIMIZED
_STATM = "/proc/self/statm"
_FLUSH = 5_000_000
"""Nanoseconds after which what has been seen is written while an import is under way."""
_SAMPLE = 300_000
"""Nanoseconds for which the figure of the memory is good: to look at it takes as long as a small module."""


class _Probe:
    """Writes down what begins and what ends. No method raises, whatever state the program is in."""

    def __init__(self, path: str, memory: Callable[[], int]) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self._file = _out_of_the_way(os.open(path, flags, 0o600))
        self._memory = memory
        self._bytes = memory()
        self._sampled = self._written = perf_counter_ns()
        self._open = 0
        # A signal handler or a finaliser may come in between and import: it must never wait for itself.
        self._busy = allocate_lock()
        self.records: list[tuple[object, ...]] = []
        self.quiet = False

    def begun(self, number: int, name: str, frame: FrameType | None) -> None:
        """An import begins; who asked is the first frame that is no part of the machinery."""
        try:
            while frame is not None and _is_machinery(frame.f_code.co_filename):
                frame = frame.f_back
            asked = frame and _place(frame)
            body = _body(frame) if asked and asked[3] != "<module>" else None
            self._open += 1
            now = perf_counter_ns()
            if now - self._sampled > _SAMPLE:
                self._bytes, self._sampled = self._memory(), now
            self.records.append(("b", number, get_ident(), name, asked, body, self._bytes, now))
            if now - self._written > _FLUSH:
                self.write()
        except Exception:
            pass

    def ended(self, number: int, module: object, error: BaseException | None) -> None:
        """That import is over."""
        try:
            now = perf_counter_ns()
            if now - self._sampled > _SAMPLE:
                self._bytes, self._sampled = self._memory(), now
            origin, is_package = _origin(module)
            failed = "" if error is None else type(error).__name__ + ": " + str(error)
            self.records.append(("e", number, now, self._bytes, origin, is_package, failed))
            self._open -= 1
            if not self._open:
                self.write()
        except Exception:
            pass

    def write(self) -> None:
        """Write what has been seen since the last time."""
        if self._busy.acquire(False):
            try:
                count = len(self.records)
                data = _packed(self.records[:count])
                os.write(self._file, len(data).to_bytes(_LENGTH, "little") + data)
                del self.records[:count]
                self._written = perf_counter_ns()
            finally:
                self._busy.release()

    def close(self) -> None:
        """Write no more."""
        os.close(self._file)


def begin(folder: str, loaded: list[str]) -> None:
    """Watch the imports of this process from now on, as the order in ``folder`` says."""
    with open(os.path.join(folder, "order"), "rb") as file:
        order = marshal.load(file)
    memory = _memory() if order["memory"] else int
    probe = _Probe(os.path.join(folder, f"{os.getpid()}-{time_ns()}.seen"), memory)
    probe.records.append(_start(loaded, memory()))
    probe.write()
    _watch_loading(probe)
    if order["statements"]:
        _watch_statements(probe)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=lambda: setattr(probe, "quiet", True))
    atexit.register(_finish, probe, order, folder)


def look(folder: str) -> None:
    """Tell what is in this process now, once, and watch nothing."""
    with open(os.path.join(folder, "order"), "rb") as file:
        order = marshal.load(file)
    told = ""
    try:
        probe = _Probe(os.path.join(folder, f"{os.getpid()}-{time_ns()}.seen"), int)
        probe.records.append(_start(list(sys.modules), 0))
        _finish(probe, order, folder)
        probe.close()
    except Exception as error:
        told = f"{type(error).__name__}: {error}"
    with open(os.path.join(folder, f"{os.getpid()}.looked"), "w", encoding="utf-8") as file:
        file.write(told)


def refuse(folder: str, error: Exception) -> None:
    """Leave word why nothing could be watched."""
    try:
        with open(os.path.join(folder, f"{os.getpid()}-{time_ns()}.refused"), "w", encoding="utf-8") as file:
            file.write(f"{type(error).__name__}: {error}")
    except OSError:
        pass


def _start(loaded: list[str], size: int) -> tuple[object, ...]:
    """The record that is first."""
    version = ".".join(map(str, sys.version_info[:3]))
    return ("p", os.getpid(), version, sys.executable, sys.argv, loaded, perf_counter_ns(), size)


def _finish(probe: _Probe, order: dict[str, str], folder: str) -> None:
    """The last thing at exit: it was registered first."""
    if probe.quiet:
        return
    names = [name for name in list(sys.modules) if type(name) is str]
    probe.records.append(("z", perf_counter_ns(), names))
    probe.write()
    if order["examine"]:
        probe.quiet = True
        _examine(order, os.path.join(folder, f"{os.getpid()}.examined"))


def _examine(order: dict[str, str], path: str) -> None:
    """Have a function of ours look at the process, as it is when we have been loaded."""
    home, _, name = order["examine"].partition(":")
    function = _loaded(order["package"], home, name)
    text = function(order["argument"])
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def _loaded(place: str, home: str, name: str) -> Any:
    """A function of ours. What we import meanwhile is the standard library's, whatever the program has in its place."""
    from importlib.util import module_from_spec, spec_from_file_location

    standard = os.path.dirname(os.__file__)
    aside = {each: sys.modules[each] for each in list(sys.modules) if _hides(each, standard)}
    paths = list(sys.path)
    sys.path[:0] = [standard, os.path.join(standard, "lib-dynload")]
    for each in aside:
        del sys.modules[each]
    try:
        if "modcache" not in sys.modules:
            file = os.path.join(place, "__init__.py")
            spec = spec_from_file_location("modcache", file, submodule_search_locations=[place])
            if spec is None or spec.loader is None:
                raise ImportError(f"{file} can not be loaded")
            sys.modules["modcache"] = module_from_spec(spec)
            spec.loader.exec_module(sys.modules["modcache"])
        return getattr(__import__(home, fromlist=[name]), name)
    finally:
        sys.path[:] = paths
        sys.modules.update(aside)


def _hides(name: object, standard: str) -> bool:
    """Is it a module from elsewhere under a name of the standard library's?"""
    module = sys.modules.get(name)  # type: ignore[call-overload]
    if type(name) is not str or name.partition(".")[0] not in sys.stdlib_module_names or type(module) is not type(sys):
        return False
    file = vars(module).get("__file__")
    return type(file) is str and not file.startswith(standard + os.sep)


def _watch_loading(probe: _Probe) -> None:
    original = _importlib._find_and_load
    frame_of = sys._getframe
    numbers = count()

    def _find_and_load(name: str, import_: Any) -> Any:
        if probe.quiet or name in sys.modules:
            return original(name, import_)
        number = next(numbers)
        probe.begun(number, name, frame_of().f_back)  # C may import where there is no frame yet
        _allow(_FRAMES)
        try:
            module = original(name, import_)
        except BaseException as error:
            _allow(-_FRAMES)
            probe.ended(number, None, error)
            raise
        _allow(-_FRAMES)
        probe.ended(number, module, None)
        return module

    _importlib._find_and_load = _disguised(_find_and_load)


def _watch_statements(probe: _Probe) -> None:
    original = builtins.__import__
    frame_of = sys._getframe
    records = probe.records
    seen: set[int] = set()
    places: dict[int, tuple[int, CodeType]] = {}  # holds the code, so that no other gets its id

    def __import__(  # noqa: A001, N807 - as the one in whose place it stands
        name: str,
        globals: Any = None,  # noqa: A002 - code may give it by this name
        locals: Any = None,  # noqa: A002 - the same
        fromlist: Any = (),
        level: int = 0,
    ) -> Any:
        frame = frame_of().f_back
        if frame is not None:
            code = frame.f_code
            key = id(code) << 32 | frame.f_lasti  # a number is nothing that the collector has to look at
            if key not in seen and not probe.quiet:
                seen.add(key)  # each statement once; here, and not in a function, as there are very many
                place = places.get(id(code))
                if place is None:
                    place = places[id(code)] = len(places), code
                    records.append(("c", place[0], *_module_and_function(frame, globals)))
                records.append(("s", place[0], frame.f_lineno or 0, name, fromlist, level))
        try:
            return original(name, globals, locals, fromlist, level)
        except BaseException as error:
            if error.__traceback__ is not None:
                error.__traceback__ = error.__traceback__.tb_next  # without this frame, as if it were not here
            raise

    builtins.__import__ = _disguised(__import__)


def _allow(frames: int) -> None:
    """Let the program nest as deeply as without us: what stands in the way of an import are frames too."""
    try:
        sys.setrecursionlimit(sys.getrecursionlimit() + frames)
    except (RecursionError, ValueError):
        pass


def _disguised(function: Any) -> Any:
    """The function, looking as one of importlib's own."""
    function.__code__ = function.__code__.replace(co_filename="<frozen importlib._bootstrap>")
    return function


def _module_and_function(frame: FrameType, names: Any) -> tuple[object, ...]:
    """Of code that imports: its module, file and function, and what its relative imports begin at."""
    module, file, _, function = _place(frame)
    return module, file, function, names.get("__package__") if type(names) is dict else None


def _place(frame: FrameType) -> tuple[object, ...]:
    """Module, file, line and function of the code that a frame executes."""
    code = frame.f_code
    function = code.co_name if code.co_flags & _FUNCTION else "<module>"  # a class's body is executed where it stands
    return frame.f_globals.get("__name__"), code.co_filename, frame.f_lineno or 0, function


def _body(frame: FrameType | None) -> tuple[object, ...] | None:
    """The module whose body is being executed while a function imports."""
    while frame is not None:
        if frame.f_code.co_name == "<module>":
            return _place(frame)
        frame = frame.f_back
    return None


def _is_machinery(path: str) -> bool:
    return path.startswith(_MACHINERY) or path.endswith(_IMPORTLIB)


def _origin(module: object) -> tuple[str | None, bool]:
    """Where a module is from, and whether it is a package; never by an attribute that runs code of a lazy module."""
    if module is None:
        return None, False
    try:
        spec = object.__getattribute__(module, "__dict__")["__spec__"]
        return spec.origin, spec.submodule_search_locations is not None
    except (AttributeError, KeyError, TypeError):
        return None, False


def _packed(records: list[tuple[object, ...]]) -> bytes:
    try:
        return marshal.dumps(records, _FORMAT)
    except ValueError:  # a name of a class derived from str, say
        return marshal.dumps(_plain(records), _FORMAT)


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return value if type(value) in (str, int, bool, type(None)) else "".join(map(chr, map(ord, str(value))))


def _memory() -> Callable[[], int]:
    """What gives the memory of this process that is in use, in bytes; where nothing cheap does, 0."""
    try:
        file = _out_of_the_way(os.open(_STATM, os.O_RDONLY))
    except OSError:
        return int
    read, page = os.pread, os.sysconf("SC_PAGE_SIZE")

    def memory() -> int:
        try:
            return int(read(file, 64, 0).split()[1]) * page
        except (OSError, ValueError, IndexError):  # the program has closed it
            return 0

    return memory


def _out_of_the_way(file: int) -> int:
    """The same open file under a high number: the program's own get the numbers that they always get."""
    for number in range(250, 200, -1):
        try:
            os.fstat(number)
        except OSError:
            os.dup2(file, number, inheritable=False)
            os.close(file)
            return number
    return file
