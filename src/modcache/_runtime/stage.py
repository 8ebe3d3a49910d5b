"""The stage: copies of modules that the process can not see, in which new code is executed.

Each staged module has a dict of its own and a ``__builtins__`` whose ``__import__`` looks at the stage first; so
staged modules see each other's new versions, through relative, lazy and circular imports too. Functions of a module
that is not executed anew come along as *twins* over the staged dict: so what is executed runs new code throughout.
"""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from types import CodeType, FunctionType, ModuleType
from typing import Any

from modcache._runtime.functions import docstring_of
from modcache._runtime.peek import Kinds, home, is_a, namespace_of, qualname_of
from modcache._runtime.system import ImportSystem
from modcache._runtime.while_open import staging

__all__ = ["Body", "Stage", "copy_function"]

Body = Callable[["Stage", ModuleType], None]
_ATOMIC = Kinds(int, str, bytes, float, bool, type(None), complex, tuple, frozenset, ModuleType)


class Stage:
    """The staged modules of one refresh.

    ``bodies``: name -> what executes the module's planned statements. ``new(name, path)`` gives the spec and the body
    of a module of the roots that is not loaded yet, or None. ``owned(name)`` says whether a live module belongs to
    the roots. ``gone``: modules whose file is gone, which can't be imported any more.
    """

    def __init__(
        self,
        system: ImportSystem,
        bodies: Mapping[str, Body],
        *,
        new: Callable[[str, Any], tuple[Any, Body] | None],
        owned: Callable[[str], bool],
        gone: frozenset[str] = frozenset(),
    ) -> None:
        self.system = system
        self.bodies = dict(bodies)
        self.modules: dict[str, ModuleType] = {}
        self.fresh: dict[str, ModuleType] = {}
        """Staged modules that have no live counterpart."""
        self.entries: dict[str, Any] = {}
        """What staged code has put into ``sys.modules`` by itself."""
        self.left: set[str] = set()
        """The names that it has taken out."""
        self.started: list[str] = []
        self.first = False
        """Is a statement being executed that runs the first time only, of a module that is not new?"""
        self.twins: dict[int, FunctionType] = {}
        """``id(live function)`` -> its twin."""
        self.originals: dict[int, object] = {}
        """``id(twin or staged module)`` -> the live object."""
        self.codes: dict[CodeType, CodeType] = {}
        """Live code -> the new code its twin is to run."""
        self.builtins = dict(system.builtins)
        self.builtins["__import__"] = self.import_
        self.initial: dict[str, dict[str, Any]] = {}
        """name -> what a staged module held before anything was executed."""
        self.caches: tuple[object, object] = (None, None)
        """What staged code found in ``sys.modules``, and what others do: if it kept that, it is to keep this."""
        self._holders: dict[int, list[tuple[dict[str, Any], str]]] = {}
        self._new = new
        self._owned = owned
        self.gone = gone
        self._alive: list[object] = []
        self._hidden: dict[int, dict[str, Any]] = {}
        self._blank: set[str] = set()
        self._attached: set[str] = set()

    # -- making staged modules

    def blank(self, name: str, live: ModuleType) -> ModuleType:
        """An empty copy of a live module, to be executed whole."""
        self._blank.add(name)
        staged = ModuleType(name)
        for attribute in ("__file__", "__cached__", "__path__", "__package__", "__loader__", "__spec__"):
            if attribute in live.__dict__:
                staged.__dict__[attribute] = live.__dict__[attribute]
        return self._enter(name, staged, live)

    def copy(self, name: str, live: ModuleType, without: frozenset[str] = frozenset()) -> ModuleType:
        """A copy of a live module as it is, less some names; its functions are twins."""
        staged = self._enter(name, ModuleType(name), live)
        namespace = staged.__dict__
        namespace.clear()
        namespace.update((key, value) for key, value in live.__dict__.items() if key not in without)
        if type(namespace.get("__annotations__")) is dict:
            namespace["__annotations__"] = dict(namespace["__annotations__"])
        namespace["__builtins__"] = self.builtins
        for key, value in live.__dict__.items():
            if type(value) is FunctionType and value.__globals__ is live.__dict__ and key in namespace:
                self._twin(value, namespace)
        return staged

    def connect(self) -> None:
        """Make the copies refer to each other's twins and modules, once all of them are there."""
        for name, staged in list(self.modules.items()):
            self._connect(name, staged)
        for live in self._alive:
            if is_a(live, FunctionType) and live.__defaults__:
                twin = self.twins[id(live)]
                twin.__defaults__ = tuple(self._staged(value) for value in live.__defaults__)

    def _staged(self, value: Any) -> Any:
        if type(value) is ModuleType:
            return self.staged_for(value)
        return self.twins.get(id(value), value)

    def _connect(self, name: str, staged: ModuleType) -> None:
        namespace = staged.__dict__
        for key, value in list(namespace.items()):
            if type(value) is FunctionType:
                namespace[key] = self.twins.get(id(value), value)
            elif type(value) is ModuleType:
                namespace[key] = self.staged_for(value)
        self.initial[name] = dict(namespace)
        for key, value in self.system.modules[name].__dict__.items():
            if type(value) not in _ATOMIC and key in namespace:
                self._holders.setdefault(id(value), []).append((namespace, key))

    def spread(self, live: object, staged: object, name: str) -> None:
        """A statement made ``staged`` in the place of ``live``: who in the stage holds the live one holds it now.

        ``name``: what it is called. Under another name an alias of :mod:`typing` is somebody else's, who asked alike.
        """
        if live is staged or type(live) in _ATOMIC or id(staged) in self.originals or id(staged) in self._holders:
            return
        if is_a(live, type) and is_a(staged, type) and _home(live) != _home(staged):
            return  # it is another class that the name stands for now
        if type(live) is type(staged) is FunctionType and live.__module__ != staged.__module__:
            return  # and so with functions: others may have the other module's by this name
        twin = self.twins.get(id(live))
        for namespace, key in self._holders.get(id(live), ()):
            if key != name and type(live).__module__ in {"typing", "types"}:
                continue
            held = namespace if key in namespace else self._hidden.get(id(namespace), namespace)
            value = held.get(key)
            if value is live or (twin is not None and value is twin):
                held[key] = staged

    def hide(self, name: str, names: Iterable[str]) -> None:
        """Take names out of a staged module until they are shown: a first import has not come to them yet."""
        namespace = self.modules[name].__dict__
        self._hidden[id(namespace)] = {key: namespace.pop(key) for key in names if key in namespace}

    def show(self, name: str, names: Iterable[str]) -> None:
        """The first import would have come to these names by now."""
        namespace = self.modules[name].__dict__
        hidden = self._hidden.get(id(namespace), {})
        namespace.update((key, hidden.pop(key)) for key in names if key in hidden)

    def staged_for(self, live: ModuleType) -> ModuleType:
        """The staged module that stands for a live one, or the live one itself."""
        name = live.__dict__.get("__name__")
        if isinstance(name, str) and self.system.modules.get(name) is live:
            staged: ModuleType = self.modules.get(name, live)
            return staged
        return live

    def _enter(self, name: str, staged: ModuleType, live: ModuleType | None) -> ModuleType:
        staged.__dict__["__builtins__"] = self.builtins
        self.modules[name] = staged
        if live is None:
            self.fresh[name] = staged
        else:
            self.originals[id(staged)] = live
        return staged

    def _twin(self, live: FunctionType, namespace: dict[str, Any]) -> None:
        if id(live) in self.twins:
            return  # it has two names; a twin that nobody holds would leave its id to whatever is made next
        code = self.codes.get(live.__code__, live.__code__)
        if code.co_freevars != live.__code__.co_freevars:
            return
        twin = copy_function(live, code, namespace)
        self.twins[id(live)] = twin
        self.originals[id(twin)] = live
        self._alive.append(live)

    def own(self) -> set[int]:
        """The ids of what the stage itself has made: the names of its modules, the twins."""
        found = {id(staged.__dict__) for name, staged in self.modules.items() if name not in self.fresh}
        found |= {id(namespace) for namespace in self.initial.values()}
        for twin in self.twins.values():
            found |= {id(twin), id(twin.__dict__), id(twin.__kwdefaults__)}
        return found

    # -- executing

    @contextlib.contextmanager
    def opened(self) -> Iterator[None]:
        """While staged code is executed: what it looks up by name in `sys.modules` are the staged modules."""
        with staging(self.system, self) as self.caches:
            yield

    def run(self, name: str) -> None:
        """Execute what is planned of a staged module, unless that has begun already."""
        if name in self.started:
            return
        self.started.append(name)
        body = self.bodies.get(name)
        if body is not None:
            body(self, self.modules[name])

    def close(self) -> None:
        """Nobody imports from it any more: what still runs of its code must not keep it."""
        self.builtins["__import__"] = self.system.builtins["__import__"]

    # -- importing

    def import_(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,  # noqa: A002 - code may give it by this name
        locals: Mapping[str, Any] | None = None,  # noqa: A002 - the same
        fromlist: tuple[str, ...] | list[str] | None = (),
        level: int = 0,
    ) -> Any:
        """The ``__import__`` of staged code; see :func:`builtins.__import__`."""
        full = name if level == 0 else importlib.util.resolve_name("." * level + name, _package_of(globals or {}))
        module = self.import_module(full)
        if fromlist:
            self._from(module, fromlist)
            return module
        beyond = len(name) - len(name.partition(".")[0])  # `import a.b.c` binds a
        return self.look(full[: len(full) - beyond])

    def look(self, name: str) -> Any:
        """What the stage, else the cache, holds under a name."""
        if name in self.entries:
            return self.entries[name]
        staged = self.modules.get(name)
        return staged if staged is not None else self.system.modules.get(name)

    def import_module(self, name: str) -> Any:
        """The module of a name that staged code sees, executed if that has not begun, after its parents."""
        parent, _, child = name.rpartition(".")
        if parent:
            self.import_module(parent)
        if name in self.entries:
            return self.entries[name]
        self.left.discard(name)
        if name in self.modules:
            self.run(name)
            self._attach(name, parent, child)
            return self.look(name)
        if name in self.gone:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        live = self.system.modules.get(name)
        own: Any = namespace_of(live).get("__name__") if is_a(live, ModuleType) else name
        if own != name and self._owned(own) and self.system.modules.get(own) is live:
            return self.import_module(own)  # somebody has put the very module there under a second name
        if is_a(live, ModuleType) and self._owned(name):
            self._connect(name, self.copy(name, live))
            self.started.append(name)
            self._attach(name, parent, child)
            return self.modules[name]
        if name in self.system.modules:
            return self.system.import_module(name)
        return self._import_new(name, parent, child)

    def _attach(self, name: str, parent: str, child: str) -> None:
        """Bind a module in its package where that begins anew, as the first import of it would."""
        if parent in self._blank and name not in self._attached:
            self._attached.add(name)
            self.modules[parent].__dict__[child] = self.modules[name]

    def attach_later(self, name: str, but: Container[str]) -> None:
        """Bind the modules in a package that are imported after its body: what a star import bound gave way to them.

        ``but``: the names that the body binds by itself.
        """
        namespace = self.modules[name].__dict__
        for key, live in self.originals[id(self.modules[name])].__dict__.items():
            inner = f"{name}.{key}"
            cached = self.system.modules.get(inner)
            if isinstance(cached, ModuleType) and live is cached:
                if key in namespace and key not in but and inner not in self._attached:
                    namespace[key] = self.staged_for(cached)

    def _import_new(self, name: str, parent: str, child: str) -> Any:
        path = None
        if parent:
            path = getattr(self.look(parent), "__path__", None)
            if path is None:
                message = f"No module named {name!r}; {parent!r} is not a package"
                raise ModuleNotFoundError(message, name=name)
        found = self._new(name, path)
        if found is None:
            return self.system.import_module(name)
        spec, body = found
        self._enter(name, importlib.util.module_from_spec(spec), None)
        self.bodies[name] = body
        try:
            self.run(name)
        except BaseException:
            self.modules.pop(name, None)
            self.fresh.pop(name, None)
            self.entries.pop(name, None)
            self.started.remove(name)
            raise
        entered = self.look(name)
        if parent and parent in self.modules:
            self.modules[parent].__dict__[child] = entered
        return entered

    def _from(self, module: Any, fromlist: tuple[str, ...] | list[str]) -> None:
        """Import the submodules that a ``from`` names, as the statement does."""
        if not is_a(module, ModuleType) or not hasattr(module, "__path__"):
            return
        for item in fromlist:
            if item == "*":
                exported = getattr(module, "__all__", ())
                self._from(module, [i for i in exported if isinstance(i, str) and i != "*"])
            elif item not in module.__dict__ and not hasattr(module, item):
                self._try_submodule(module, f"{module.__name__}.{item}")

    def _try_submodule(self, module: ModuleType, name: str) -> None:
        try:
            child = self.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
            return
        module.__dict__.setdefault(name.rpartition(".")[2], child)


def _home(kind: type) -> tuple[object, str]:
    return home(kind), qualname_of(kind)


def _package_of(namespace: Mapping[str, Any]) -> str:
    package = namespace.get("__package__")
    if package is None:
        name = namespace.get("__name__", "")
        package = name if "__path__" in namespace else name.rpartition(".")[0]
    return str(package)


def copy_function(function: FunctionType, code: CodeType, namespace: dict[str, Any]) -> FunctionType:
    """A function like another, with the given code, over another namespace; cells are shared."""
    made = FunctionType(code, namespace, function.__name__, function.__defaults__, function.__closure__)
    made.__kwdefaults__ = dict(function.__kwdefaults__) if function.__kwdefaults__ else None
    made.__qualname__ = function.__qualname__
    made.__module__ = function.__module__
    own = function.__doc__ == docstring_of(function.__code__)
    made.__doc__ = docstring_of(code) if own else function.__doc__
    annotate = getattr(function, "__annotate__", None)
    # of the running version's functions; ours are typed as those of the oldest that we support
    for name in ("__type_params__", "__annotations__" if annotate is None else "__annotate__"):
        if hasattr(function, name):
            setattr(made, name, getattr(function, name))
    made.__dict__.update(function.__dict__)
    return made
