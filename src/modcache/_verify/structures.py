"""Values without an identity that matters: tuples, bound methods, typing's aliases, weak references."""

from __future__ import annotations

import types
import weakref
from typing import TYPE_CHECKING, Any

from modcache._verify.atoms import short
from modcache._verify.raw import instance_dict, is_module, module_of, mro_of, slot_values

if TYPE_CHECKING:
    from modcache._verify.describe import Walk

__all__ = ["structure"]

_UNION = type(int | str)


def structure(walk: Walk, thing: Any, hops: int) -> Any:
    """The value of a structure, or None for what is an object with an identity."""
    kind = type(thing)
    if kind is tuple:
        return _tuple(walk, thing, hops)
    if kind is frozenset:
        return _frozenset(walk, thing, hops)
    maker = _MAKERS.get(id(kind))
    if maker is not None:
        return maker(walk, thing, hops)
    if module_of(kind) == "typing" and kind.__name__ not in ("TypeVar", "ParamSpec", "TypeVarTuple", "NewType"):
        return _typing(walk, thing, hops)
    return None


def _tuple(walk: Walk, thing: tuple[Any, ...], hops: int) -> Any:
    items = [walk.value(item, hops) for item in thing]
    if all(type(item) is str for item in items):
        return short(f"({', '.join(items)})")
    return ["tuple", *items]


def _frozenset(walk: Walk, thing: frozenset[Any], hops: int) -> Any:
    items = [walk.value(item, hops) for item in list(thing)]
    if all(type(item) is str for item in items):
        return short(f"frozenset({', '.join(sorted(items))})")
    return None


def _method(walk: Walk, thing: types.MethodType, hops: int) -> Any:
    return ["bound method", walk.value(thing.__func__, hops), walk.value(thing.__self__, hops)]


def _builtin(walk: Walk, thing: types.BuiltinFunctionType, hops: int) -> Any:
    owner = thing.__self__
    if owner is None or is_module(owner):
        return f"<built-in {thing.__module__}.{thing.__qualname__}>"
    return ["built-in method", repr(thing.__name__), walk.value(owner, hops)]


def _proxy(walk: Walk, thing: Any, hops: int) -> Any:
    return ["mappingproxy", *[["item", walk.value(k, hops), walk.value(v, hops)] for k, v in list(thing.items())]]


def _weak(walk: Walk, thing: Any, hops: int) -> Any:
    target = weakref.ref.__call__(thing)
    return ["weak reference", "<dead>" if target is None else walk.value(target, hops)]


def _weak_method(walk: Walk, thing: Any, hops: int) -> Any:
    method = weakref.WeakMethod.__call__(thing)
    return ["weak reference", "<dead>" if method is None else walk.value(method, hops)]


def _alias(walk: Walk, thing: Any, hops: int) -> Any:
    return ["alias", walk.value(thing.__origin__, hops), *walk.values(thing.__args__, hops)]


def _union(walk: Walk, thing: Any, hops: int) -> Any:
    return ["union", *walk.values(thing.__args__, hops)]


def _slice(walk: Walk, thing: slice, hops: int) -> Any:
    return ["slice", *walk.values((thing.start, thing.stop, thing.step), hops)]


def _code(walk: Walk, thing: types.CodeType, hops: int) -> Any:
    does, stands = walk.codes.of(thing)
    return f"<code {thing.co_qualname} {does} {stands}>"


def _running(walk: Walk, thing: Any, hops: int) -> Any:
    code = next(getattr(thing, name) for name in ("gi_code", "cr_code", "ag_code") if hasattr(thing, name))
    return ["running", type(thing).__name__, *walk.codes.of(code)]


def _typing(walk: Walk, thing: Any, hops: int) -> Any:
    """An alias or a special form of ``typing``: what it was made of (not what it has cached)."""
    if any(cls.__name__ == "ForwardRef" for cls in mro_of(type(thing))):
        return short(f"ForwardRef({dict(slot_values(thing)).get('__forward_arg__')!r})")
    held = instance_dict(thing) or dict(slot_values(thing))
    if "__origin__" not in held:
        return f"typing.{held.get('_name') or held.get('__name__') or type(thing).__name__}"
    parts = [held["__origin__"], *(held.get("__args__") or ()), *(held.get("__metadata__") or ())]
    return ["alias", repr(held.get("_name")), *walk.values(parts, hops)]


_MAKERS: dict[int, Any] = {
    id(types.MethodType): _method,
    id(types.BuiltinFunctionType): _builtin,
    id(types.MappingProxyType): _proxy,
    id(weakref.ref): _weak,
    id(weakref.WeakMethod): _weak_method,
    id(types.GenericAlias): _alias,
    id(_UNION): _union,
    id(slice): _slice,
    id(types.CodeType): _code,
    id(types.GeneratorType): _running,
    id(types.CoroutineType): _running,
    id(types.AsyncGeneratorType): _running,
    id(types.MethodWrapperType): lambda walk, thing, hops: [
        "built-in method",
        repr(thing.__name__),
        walk.value(thing.__self__, hops),
    ],
}
