"""Know: which source each module of the roots was made of, and which of them differ from their file by now."""

from __future__ import annotations

import operator
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType

from modcache._model.source import Source
from modcache._model.unit import Unit
from modcache._refresh.altered import Altered
from modcache._refresh.appeared import Appeared
from modcache._refresh.elsewhere import forget_elsewhere
from modcache._refresh.entry import Entry, Found
from modcache._refresh.extras import Extras
from modcache._refresh.index import ImportIndex
from modcache._refresh.natives import Natives
from modcache._refresh.proof import READS_OUTSIDE
from modcache._refresh.registrations.first import FirstImports
from modcache._refresh.roots import Roots
from modcache._refresh.shadows import Shadows
from modcache._runtime.files import is_settled, look, read, source_path, stat_of
from modcache._runtime.operations import Operations
from modcache._runtime.origin import Origin, origin_of
from modcache._runtime.peek import is_a, namespace_of
from modcache._runtime.recorder import Recorder
from modcache._runtime.system import ImportSystem
from modcache._runtime.versions import Version

__all__ = ["Knowledge"]

LAZY_ANNOTATIONS = sys.version_info >= (3, 14)
_KNOWN: Origin = "known"


class Knowledge:
    """The entries of the roots' modules, by name.

    Not thread-safe but for the notes of the recorder: one refresh at a time.
    """

    def __init__(self, system: ImportSystem, roots: Roots) -> None:
        self.system = system
        self.roots = roots
        self.altered = Altered(system)
        self.natives = Natives(roots.owns)
        self.shadows = Shadows(system, roots)
        self._appeared = Appeared(system, roots, self.altered.claims)
        self.entries: dict[str, Entry] = {}
        self.generation = 0
        self.watches: Callable[[str], bool] = _nobody
        """Is somebody told of changes to the file?"""
        self._unsettled: dict[str, None] = {}
        """Entries whose file is to be looked at even if nobody says that it changed."""
        self._failing: dict[str, None] = {}
        self._plausible: dict[str, None] = {}
        self._awaited = False
        """Something can be imported by now that a commit has not brought in yet."""
        self._edition = 0
        """Rises whenever entries come, go, or are proved."""
        self._assumed: tuple[tuple[int, int], tuple[str, ...]] | None = None
        self._notes: dict[str, tuple[str, bytes]] = {}
        self.replaced: dict[str, tuple[str, bytes]] = {}  # sources of modules in whose place something else stands
        self._first: dict[str, tuple[str, bytes]] = {}
        self._begun: dict[str, None] = {}
        self._met: dict[str, object] = {}  # the cache as it was when it was last looked through
        self.index = ImportIndex()
        self._lock = threading.Lock()
        self._adopted: set[str] = set()
        self._by_path: dict[str, list[str]] = {}
        self.extras = Extras()
        self.registrations = FirstImports(system, roots.owns)
        self._recorder = Recorder(system, roots.owns, self.note, self.extras.note, self.registrations.watch)
        self._recorder.install()
        self.meet()

    def close(self) -> None:
        """Stop recording."""
        self._recorder.remove()

    def note(self, name: str, path: str, data: bytes) -> None:
        """A module is being made of this source (called by the loader, in whatever thread imports)."""
        if self.altered.claims(name):
            return  # a copy that goes again with the scope
        self.shadows.note(name, path)
        with self._lock:
            self._notes[name] = (path, data)
            self._begun.pop(name, None)
            self._begun[name] = None

    def after_fork(self) -> None:
        """The lock may be held by a thread that is not in this child of a fork."""
        self._lock = threading.Lock()

    def adopt(self, module: ModuleType, path: str, data: bytes) -> None:
        """Record a module that was made outside the import system."""
        unit = self.unit(module.__name__, path, data, is_package=False)
        entry = Entry(module.__name__, path, module, unit, stat_of(path), origin="known", generation=self.generation)
        self._adopted.add(module.__name__)
        self._enter(entry)

    def unit(self, name: str, path: str, data: bytes, *, is_package: bool, previous: Unit | None = None) -> Unit:
        """A unit of the given source; unchanged parts are shared with the previous one."""
        source = Source(data, path, previous.source if previous else None)
        return Unit(
            name,
            source,
            is_package=is_package,
            lazy_annotations=LAZY_ANNOTATIONS,
            previous=previous,
            homes=self.index.homes,
        )

    # -- meeting modules

    def meet(self) -> None:
        """Make entries for modules of the roots that were imported since the last look."""
        modules = dict(self.system.modules)
        if not self._notes and self._is_met(modules):
            return
        self._met = modules
        for entry in self.altered.give_back(modules):
            self.entries[entry.name] = entry
            self._unsettled[entry.name] = None
        real = self.altered.real(modules)
        for name, module in real.items():
            known = self.entries.get(name)
            if known is not None and (known.module is module or name in self._adopted):
                if name in self._notes:
                    self._made_anew(known)
            elif name != "__main__" and is_a(module, ModuleType):
                self._meet(name, module)
            elif name in self._notes:
                self.replaced[name] = self._taken(name) or ("", b"")
        for name in [n for n in self.entries if n not in real and n not in self._adopted]:
            self._forget(name)
        if self.altered.take(self.entries):
            self._edition += 1
        for name in [n for n in list(self._notes) if n not in self.system.modules and n not in real]:
            self._taken(name)  # its import failed

    def _is_met(self, modules: dict[str, object]) -> bool:
        same = len(modules) == len(self._met) and all(map(operator.is_, modules.values(), self._met.values()))
        return same and list(modules) == list(self._met)

    def _taken(self, name: str) -> tuple[str, bytes] | None:
        with self._lock:
            return self._notes.pop(name, None)

    def _made_anew(self, entry: Entry) -> None:
        """Somebody had the source of a known module compiled, as ``importlib.reload`` does: its code will tell."""
        noted = self._taken(entry.name)
        forget_elsewhere(entry.unit)
        entry.registered = self.registrations.twice(entry.name)
        if noted is not None and noted[1] != entry.unit.source.data:
            entry.origin = None
            self.doubt_file(entry)

    def meet_one(self, name: str, module: ModuleType) -> Entry | None:
        """Make an entry for a module wherever its source lies; None if it has none."""
        path = source_path(module)
        if path is None:
            return None
        self._learn(name, module, path)
        return self.entries.get(name)

    def _meet(self, name: str, module: ModuleType) -> None:
        path, own = source_path(module), namespace_of(module).get("__name__")
        self.index.homes.pop(name, None)
        if own not in (name, "__main__") and isinstance(own, str) and self.system.modules.get(own) is module:
            self.index.homes[name] = own  # the very module, which another one has put there a second time
        elif path is None:
            self.natives.meet(name, module)
        elif self.roots.owns(path):
            self._learn(name, module, path)

    def _learn(self, name: str, module: ModuleType, path: str) -> None:
        self.replaced.pop(name, None)
        noted = self._taken(name)
        if noted is not None and noted[0] == path:
            data, origin, stat = noted[1], _KNOWN, None
        else:
            stat = stat_of(path)
            held = read(path)
            if held is None:
                return
            data, origin = held, None
        unit = self.unit(name, path, data, is_package=hasattr(module, "__path__"))
        self.shadows.note(name, path)
        unit.compiles = origin == _KNOWN  # it was imported
        registered = self.registrations.take(name)
        self._enter(Entry(name, path, module, unit, stat, origin, self.generation, registered=registered))

    def _enter(self, entry: Entry) -> None:
        self.entries[entry.name] = entry
        self._unsettled[entry.name] = None
        self._edition += 1
        self._first.setdefault(entry.name, (entry.path, entry.unit.source.data))
        names = self._by_path.setdefault(os.path.realpath(entry.path), [])
        if entry.name not in names:
            names.append(entry.name)

    def _forget(self, name: str) -> None:
        entry = self.entries.pop(name)
        self._edition += 1
        self._settle(name)
        self._by_path[os.path.realpath(entry.path)].remove(name)

    def first_sources(self) -> dict[str, tuple[str, bytes]]:
        """The sources with which the session met its modules, by name, in the order of their import."""
        return {name: self._first[name] for name in self.import_order() if name in self._first}

    def first_source(self, name: str) -> Source:
        """The source with which the session met a module that it knows."""
        path, data = self._first[name]
        return Source(data, path)

    def changed_replaced(self) -> list[tuple[str, str]]:
        """(name, path) of modules that put something else in their place in the cache, and whose file changed."""
        return [(name, path) for name, (path, data) in self.replaced.items() if read(path) != data]

    def import_order(self) -> list[str]:
        """The modules in the order in which their first execution began, as far as that is known."""
        with self._lock:
            begun = [name for name in self._begun if name in self.entries]
        earlier = [name for name in self.entries if name not in self._begun and name != "__main__"]
        cached = {name: position for position, name in enumerate(list(self.system.modules))}
        return sorted(earlier, key=lambda name: cached.get(name, 0)) + begun

    def entered_at(self, circle: Iterable[str]) -> str:
        """Which of some modules that import each other was the first: of them all it was begun first, and done last."""
        order = {name: position for position, name in enumerate(self.import_order())}
        done = [name for name in circle if name not in self._begun and name in order]
        return max(done, key=order.__getitem__) if done else min(circle, key=lambda name: order.get(name, len(order)))

    # -- finding changes

    @property
    def quiet(self) -> bool:
        """Has nothing changed, if no file has since all of them were looked at?"""
        return not (self._unsettled or self.replaced or self.altered or self.natives or self._awaited)

    def changed(self, paths: Iterable[str] | None = None, *, watched: bool = False) -> list[Found]:
        """The modules whose file's content differs.

        ``paths``: only these files may have changed. ``watched``: others only if they were not settled yet.
        """
        names: Iterable[str] = self.entries
        if paths is not None:
            told = [name for path in paths for name in self._by_path.get(os.path.realpath(path), ())]
            names = [*told, *self._failing, *(self._unsettled if watched else ())]
        found = []
        for name in list(dict.fromkeys(names)):
            entry = self.entries.get(name)
            if entry is None:
                self._settle(name)
            elif (one := self._look(entry)) is not None:
                found.append(one)
        return found

    def _settle(self, name: str) -> None:
        self._unsettled.pop(name, None)
        self._failing.pop(name, None)

    def failed(self, found: Found) -> None:
        """A refresh failed with this: it is tried again with the next one."""
        found.entry.failed = found.unit.source.digest if found.unit is not None else "gone"
        self._failing[found.entry.name] = self._unsettled[found.entry.name] = None

    def doubt_file(self, entry: Entry) -> None:
        """The file may differ from the unit, whatever it looks like from outside."""
        entry.stat = None
        self._unsettled[entry.name] = None

    def appeared(self) -> list[tuple[str, int, str]]:
        """Modules that an import in a ``try`` did not find, and would find now: (module, statement, target)."""
        found = self._appeared.look([entry.unit for entry in self.entries.values()])
        self._awaited = bool(found)
        return found

    def _look(self, entry: Entry) -> Found | None:
        found = self._look_at_file(entry)
        if found is None and self.prove(entry) in ("moved", "unknown"):
            # loaded before the session, from something else than what the file held then
            unit = self.unit(entry.name, entry.path, entry.unit.source.data, is_package=entry.unit.is_package)
            found = Found(entry, unit, entry.stat)
        if found is not None:
            self._unsettled[entry.name] = None
            return found
        entry.failed = ""
        self._failing.pop(entry.name, None)
        if entry.name in self._unsettled and entry.stat is not None and self.watches(entry.path):
            self._settle(entry.name)
        return None

    def _look_at_file(self, entry: Entry) -> Found | None:
        if entry.stat is not None and stat_of(entry.path) == entry.stat:
            return None
        data, stat, trouble = look(entry.path)
        if data is None:
            return Found(entry, None, None, trouble)
        if data == entry.unit.source.data:
            entry.stat = stat if is_settled(stat) else None  # None: look again next time
            return None
        unit = self.unit(entry.name, entry.path, data, is_package=entry.unit.is_package, previous=entry.unit)
        return Found(entry, unit, stat)

    def add_commit(self, operations: Operations, found: Found, generation: int) -> None:
        """What is known changes with the objects themselves, in the one list of operations."""
        entry = found.entry
        if found.unit is None:
            names = self._by_path[os.path.realpath(entry.path)]
            operations.drop(self.entries, entry.name)
            operations.drop(self.system.versions, entry.name)
            operations.fill_list(names, [name for name in names if name != entry.name])
            return
        stat = found.stat if is_settled(found.stat) else None
        news = {"unit": found.unit, "generation": generation, "failed": "", "origin": "known", "stat": stat}
        for name, value in news.items():
            operations.attribute(entry, name, value)
        version = Version(found.unit.source.digest, generation, vars(entry.module).get("__spec__"))
        operations.put(self.system.versions, entry.name, version)

    # -- what is assumed

    def prove(self, entry: Entry) -> Origin:
        """Is the source that was found beside a module what it was made of? By its code objects, and its age."""
        if entry.origin is None:
            entry.origin = origin_of(entry.unit, entry.module, entry.stat)
            self._edition += 1
            if entry.origin == "plausible":
                self._plausible[entry.name] = None
        return entry.origin

    def trust(self) -> None:
        """The process was compared with a fresh one: it is of what the files held."""
        self._edition += 1
        self._plausible.clear()
        for entry in self.entries.values():
            entry.origin = "known"

    def standing_doubts(self) -> Iterator[str]:
        """Why the process may not be what a fresh one would be, whatever a refresh does."""
        yield from self._origin_doubts()
        yield from self.shadows()

    def _origin_doubts(self) -> Iterator[str]:
        """Why the process may not have been what a fresh one is when the session began."""
        for name in self._plausible:
            if name in self.entries and self.entries[name].origin == "plausible":
                yield f"{name} was loaded before the session: its functions agree with its file, all else is assumed"

    def assumptions(self) -> tuple[str, ...]:
        """Why the process may not be what a fresh one would be though no source changed."""
        state = (self.generation, self._edition)
        if self._assumed is None or self._assumed[0] != state:
            self._assumed = (state, (*self._outside_doubts(), *self._origin_doubts()))
        return self._assumed[1] + self.shadows()

    def _outside_doubts(self) -> Iterator[str]:
        """Modules that read files or the environment while they are imported: that may have changed unseen."""
        for entry in self.entries.values():
            if entry.unit.suspects(READS_OUTSIDE):
                if any(not READS_OUTSIDE.isdisjoint(facts.loads) for facts in entry.unit.all_facts):
                    yield f"{entry.name} reads files or the environment while it is imported"


def _nobody(path: str) -> bool:
    return False
