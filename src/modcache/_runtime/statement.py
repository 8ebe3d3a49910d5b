"""The ``import`` statement over an import system: what C's ``PyImport_ImportModuleLevelObject`` does, and says.

The statement is not ``importlib``: it looks in the cache before it takes a lock, accepts a module half done rather than
fail when two threads import in a circle, and its errors read otherwise. Code of a system gets the statement's way.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Mapping
from types import FrameType
from typing import TYPE_CHECKING, Any

from modcache._runtime.unbound import completed

if TYPE_CHECKING:
    from modcache._runtime.system import ImportSystem

__all__ = [
    "Import",
    "absolute_name",
    "handle_fromlist",
    "import_for",
    "import_function",
    "import_name",
    "relative_name",
]

Import = Callable[..., Any]
_HERE = os.path.dirname(__file__)
_NO_PARENT = "attempted relative import with no known parent package"
_MISMATCH = DeprecationWarning if sys.version_info >= (3, 12) else ImportWarning


# name -> 0, the level at which it is to be imported; of a dotted one: its topmost package, the child of that, and
# (package, child) of what is deeper, or None.
Settled = dict[str, Any]


# A module that is there and done costs one call in Python, which is most of its price: the cache, and the names that
# were imported whole before, are dicts in its closure. All else goes to `import_for`: also what is not bound yet, as
# the interpreter would look for it in its own cache, and a fromlist that can not be indexed: it may be read once only.
def import_function(system: ImportSystem) -> Import:
    """The ``__import__`` of a private system's code."""
    modules, settled, executing = system.modules, system.settled, system.executing

    def __import__(  # noqa: A001, N807 - tracebacks show this name
        name: str,
        globals: Any = None,  # noqa: A002 - code may give it by this name
        locals: Any = None,  # noqa: A002 - the same
        fromlist: Any = (),
        level: int = 0,
    ) -> Any:
        try:
            if fromlist is None and settled[name] is level:  # `import a`: no dot in the name, nor before it
                module = modules[name]
                if module is not None:
                    return module
            elif level:
                pass
            elif fromlist is None:  # `import a.b`
                known = settled[name]
                if modules[name] is not None and not (executing and known[0] in executing):
                    module = modules[known[0]]
                    if known[1] in module.__dict__ and (known[2] is None or _are_bound(modules, known[2])):
                        return module
            else:  # `from a import b`
                settled[name]
                module = modules[name]
                namespace = module.__dict__
                if fromlist[0] in namespace:
                    if len(fromlist) == 1:
                        return module
                    for item in fromlist:
                        if item not in namespace:
                            break
                    else:
                        return module
        except (KeyError, TypeError, AttributeError, IndexError):
            pass
        return import_for(system, sys._getframe(1), name, globals, locals, fromlist, level)

    return __import__


def _are_bound(modules: dict[str, Any], deeper: list[tuple[str, str]]) -> bool:
    for package, child in deeper:
        if child not in modules[package].__dict__:
            return False
    return True


def import_for(
    system: ImportSystem, frame: FrameType, name: str, namespace: Any, local: Any, fromlist: Any, level: int
) -> Any:
    """The long way of a private system's ``__import__``, for code that runs in ``frame``."""
    module = import_name(system, name, namespace, fromlist, level)
    if not level:
        if not fromlist and type(fromlist) is list and namespace is local is not None:
            # PyImport_Import looks like that; an `__import__` in Python that does lets go of its list as well
            system.bridge(name, fromlist)
            return module  # at once: see `lend`
        if name not in system.settled and name not in system.executing:
            _settle(system, name)
    return completed(system, module, name, fromlist, frame)


def _settle(system: ImportSystem, name: str) -> None:
    """Enter a name that has been imported, unless it is being executed."""
    first, *rest = name.split(".")
    if rest:
        packages = [".".join((first, *rest[:n])) for n in range(1, len(rest))]
        system.settled[name] = (first, rest[0], list(zip(packages, rest[1:], strict=True)) or None)
    else:
        system.settled[name] = 0
    if name in system.executing:  # looked at afterwards, as another thread may just have begun
        system.settled.pop(name, None)


def import_name(system: ImportSystem, name: str, namespace: Any, fromlist: Any, level: int) -> Any:
    """Import as :func:`builtins.__import__` does; return what it returns. Raises what it raises."""
    if not isinstance(name, str):
        raise TypeError("module name must be a string")
    if level < 0:
        raise ValueError("level must be >= 0")
    if level > 0:
        full = system.resolve(name, namespace, level)
    elif name:
        full = name
    else:
        raise ValueError("Empty module name")
    module = system.import_absolute(full)
    if not fromlist:
        return _front(system, module, name, full, level)
    if hasattr(module, "__path__"):
        handle_fromlist(system, module, fromlist)
    return module


def _front(system: ImportSystem, module: Any, name: str, full: str, level: int) -> Any:
    """What ``import a.b.c`` binds: the module up to the first dot of the name as it was given."""
    front, dot, rest = name.partition(".")
    if not dot:
        return module
    if not level:
        return import_name(system, front, None, None, 0)
    full = full[: -len(rest) - 1]
    try:
        return system.modules[full]
    except KeyError:
        raise KeyError(f"{full!r} not in sys.modules as expected") from None


def absolute_name(name: str, namespace: Any, level: int) -> str:
    """A relative name made absolute, by the globals of the code that has it (PEP 366).

    Raises ``ImportError`` outside of a package and beyond the topmost, ``TypeError`` and ``KeyError`` for globals that
    say nothing useful.
    """
    if namespace is None:
        raise KeyError("'__name__' not in globals")
    if not isinstance(namespace, dict):
        raise TypeError("globals must be a dict")
    package = _package(namespace)
    if not package:
        raise ImportError(_NO_PARENT)
    return relative_name(name, package, level)


def relative_name(name: str, package: str, level: int) -> str:
    """A name with ``level`` dots before it, seen from a package (``_resolve_name``). Raises ``ImportError``."""
    base = package.rsplit(".", level - 1)
    if len(base) < level:
        raise ImportError("attempted relative import beyond top-level package")
    return f"{base[0]}.{name}" if name else base[0]


def _package(namespace: Mapping[str, Any]) -> str:
    package = namespace.get("__package__")
    spec = namespace.get("__spec__")
    if package is not None:
        if not isinstance(package, str):
            raise TypeError("package must be a string")
        if spec is not None and package != spec.parent:
            _warn("__package__ != __spec__.parent", _MISMATCH)
        return package
    if spec is not None:
        if not isinstance(spec.parent, str):
            raise TypeError("__spec__.parent must be a string")
        return spec.parent
    return _package_of_name(namespace)


def _package_of_name(namespace: Mapping[str, Any]) -> str:
    _warn(
        "can't resolve package from __spec__ or __package__, falling back on __name__ and __path__",
        ImportWarning,
    )
    try:
        package = namespace["__name__"]
    except KeyError:
        raise KeyError("'__name__' not in globals") from None
    if not isinstance(package, str):
        raise TypeError("__name__ must be a string")
    return package if "__path__" in namespace else package.rpartition(".")[0]


def _warn(message: str, kind: type[Warning]) -> None:
    """Warn at the statement: the nearest frame that is not this package's."""
    depth = 2
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_HERE):
        frame = frame.f_back
        depth += 1
    warnings.warn(message, kind, stacklevel=depth)


def handle_fromlist(system: ImportSystem, module: Any, fromlist: Any, *, exported: bool = False) -> None:
    """Import the submodules that a ``from`` names and the package does not have yet; unknown names are left alone.

    ``exported``: the names are those of the package's ``__all__``. Raises ``TypeError`` for one that is no string.
    """
    for item in fromlist:
        if not isinstance(item, str):
            where = f"{module.__name__}.__all__" if exported else "``from list''"
            raise TypeError(f"Item in {where} must be str, not {type(item).__name__}")
        if item == "*":
            if not exported and hasattr(module, "__all__"):
                handle_fromlist(system, module, module.__all__, exported=True)
        elif not hasattr(module, item):
            _import_item(system, f"{module.__name__}.{item}")


def _import_item(system: ImportSystem, name: str) -> None:
    try:
        system.import_absolute(name)
    except ModuleNotFoundError as error:
        if error.name != name or system.modules.get(name, error) is None:
            raise
