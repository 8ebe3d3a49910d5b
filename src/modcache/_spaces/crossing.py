"""Objects of a space that leave the process: a pickle says (space, module, name), and who reads it makes the space."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from modcache import errors
from modcache._runtime.while_open import Change, change_while_open

if TYPE_CHECKING:
    from modcache._spaces.space import Space

__all__ = ["Bound", "Recipe", "dumps", "found", "prepare"]

Owner = Callable[[object], "Space | None"]


@dataclass(frozen=True, eq=False)
class Recipe:
    """What a space was made of, so that another process can make it too."""

    kind: type[Space]
    name: str
    path: tuple[str, ...]
    share: tuple[str, ...]
    provide: Mapping[str, object] = field(repr=False)
    deep: bool

    def space(self) -> Space:
        """The open space of that name, or a new one. Raises ``SpaceMismatch`` if the open one is another."""
        with self.kind._lock:
            space = self.kind._open.get(self.name)
            if space is None:
                return self.kind(self.name, self.path, share=self.share, provide=self.provide, deep=self.deep)
        if (space.path, space._recipe.share) != (self.path, self.share):
            raise errors.SpaceMismatch(
                f"a pickle is from a space {self.name!r} of {', '.join(self.path)}; the open space of that name here "
                f"is {space!r}. Close it, or give one of them another name"
            )
        return space

    def __reduce__(self) -> Any:
        given = self.provide.items()
        provide = {name: _Named(value) if isinstance(value, ModuleType) else value for name, value in given}
        return _recipe, (self.kind, self.name, self.path, self.share, provide, self.deep)


class _Named:
    """A module that a space was given, by its name in the interpreter: modules can't be pickled."""

    def __init__(self, module: ModuleType) -> None:
        self.name = module.__name__


def _recipe(kind: type[Space], name: str, path: Any, share: Any, provide: dict[str, object], deep: bool) -> Recipe:
    import importlib

    for key, value in provide.items():
        if isinstance(value, _Named):
            provide[key] = importlib.import_module(value.name)
    return Recipe(kind, name, path, share, provide, deep)


def fetch(recipe: Recipe, module: str, qualname: str) -> Any:
    """What a pickle named; the space is made if there is none."""
    return found(recipe.space().import_module(module), qualname)


def found(value: Any, qualname: str) -> Any:
    """What stands under a dotted name in a module; None if nothing does."""
    for part in qualname.split("."):
        value = getattr(value, part, None)
    return value


def reduced(value: object, owner: Owner) -> Any:
    """How a function, class or module of a space is pickled; ``NotImplemented`` for everything else."""
    if not isinstance(value, (type, FunctionType, ModuleType)) or (space := owner(value)) is None:
        return NotImplemented
    if isinstance(value, ModuleType):
        return _module, (space._recipe, value.__name__)
    module, qualname = value.__module__, value.__qualname__
    if found(space.modules.get(module), qualname) is not value:
        import pickle

        raise pickle.PicklingError(f"can't pickle {value!r}: it is not found as {module}.{qualname} in {space!r}")
    return fetch, (space._recipe, module, qualname)


def _module(recipe: Recipe, name: str) -> Any:
    return recipe.space().import_module(name)


def dumps(value: object, protocol: int | None, owner: Owner) -> bytes:
    """Pickle by space, module and name."""
    import pickle

    class Pickler(pickle.Pickler):
        def reducer_override(self, value: object) -> Any:
            return reduced(value, owner)

    out = io.BytesIO()
    Pickler(out, protocol).dump(value)
    return out.getvalue()


class Bound:
    """A callable that runs on behalf of a space; see :meth:`modcache.Space.bind`."""

    def __init__(self, recipe: Recipe, function: Callable[..., Any], inside: Callable[..., Any]) -> None:
        self._recipe = recipe
        self._inside = inside
        self.__wrapped__ = function

    def __call__(self, /, *arguments: Any, **named: Any) -> Any:
        return self._inside(self.__wrapped__, *arguments, **named)

    def __reduce__(self) -> Any:
        return _bound, (self._recipe, self.__wrapped__)

    def __repr__(self) -> str:
        return f"<{self.__wrapped__!r} on behalf of the space {self._recipe.name!r}>"


def _bound(recipe: Recipe, function: Callable[..., Any]) -> Any:
    return recipe.space().bind(function)


# -- multiprocessing -------------------------------------------------------------------------------------------------


def prepare(owner: Owner) -> None:
    """Have `multiprocessing` pickle objects of spaces while one is open."""

    def do(module: Any) -> None:
        def reducer_override(self: object, value: object) -> Any:
            return reduced(value, owner)

        if not hasattr(module.ForkingPickler, "reducer_override"):
            module.ForkingPickler.reducer_override = reducer_override

    def undo(module: Any) -> None:
        ours = vars(module.ForkingPickler).get("reducer_override")
        if getattr(ours, "__module__", None) == __name__:
            del module.ForkingPickler.reducer_override

    change_while_open("multiprocessing.reduction", Change(do, undo))
