"""What is written into a node: functions, classes, containers and instances, field by field."""

from __future__ import annotations

import abc
import types
from collections import OrderedDict, deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from modcache._runtime.peek import Kinds
from modcache._verify.atoms import OPAQUE, is_lru_cache, short
from modcache._verify.raw import (
    bases_of,
    full_name,
    instance_dict,
    is_class,
    is_module,
    module_of,
    mro_of,
    names_of,
    qualname_of,
    slot_values,
    subclasses_of,
)

if TYPE_CHECKING:
    from modcache._verify.describe import Walk

__all__ = ["Writer"]

_MAX_ITEMS = 20_000
_SIMPLE = Kinds(str, int, bool)
_LAYOUT = ("__basicsize__", "__itemsize__", "__dictoffset__", "__weakrefoffset__")
_SKIPPED = frozenset(("__annotations_cache__", "__slotnames__", "_abc_impl", "__abstractmethods__"))
_PLAIN_BASES = (bool, int, float, complex, str, bytes)
_SEQUENCES = (list, tuple, deque)
_SETS = (set, frozenset)

Fields = dict[str, Any]


class Writer:
    """Fills the nodes of a walk."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk

    def write(self, node: dict[str, Any], thing: Any, hops: int) -> None:
        """Write kind, home and fields of ``thing`` into its node."""
        fields: Fields = node["f"]
        if is_class(thing):
            node["k"] = "class"
            self._homed(node, thing, qualname_of(thing))
            self._class(fields, thing)
        elif type(thing) is types.FunctionType:
            node["k"] = "function"
            self._homed(node, thing, thing.__qualname__)
            self._function(fields, thing)
        elif type(thing) is types.CellType:
            node["k"] = "cell"
            self._cell(fields, thing)
        else:
            node["k"] = full_name(type(thing))
            self._instance(fields, thing, hops)

    def _homed(self, node: dict[str, Any], thing: Any, qualname: str) -> None:
        home = self._walk.home(thing, module_of(thing), qualname)
        if home is not None:
            node["h"] = home

    def _function(self, fields: Fields, thing: types.FunctionType) -> None:
        walk = self._walk
        fields["qualname"] = f"{module_of(thing)}:{thing.__qualname__}"
        fields["code"], fields["lines"] = walk.codes.of(thing.__code__)
        # a name in angle brackets is no file: what makes code at run time numbers such names as it goes
        fields["file"] = name if not (name := thing.__code__.co_filename).startswith("<") else "<generated>"
        fields["globals"] = walk.space(thing.__globals__)
        if thing.__builtins__ is not _builtins_of(thing.__globals__):
            fields["builtins"] = "a dict of its own"
        if thing.__doc__ is not None:
            fields["doc"] = short(repr(thing.__doc__))
        for position, value in enumerate(thing.__defaults__ or ()):
            fields[f"default {position}"] = walk.value(value)
        for name, value in (thing.__kwdefaults__ or {}).items():
            fields[f"default {name}"] = walk.value(value)
        for name, cell in zip(thing.__code__.co_freevars, thing.__closure__ or (), strict=False):
            if name == "__class__":  # methods share this cell, but nobody can see it: what is in it counts
                self._cell(fields, cell, "cell __class__")
            elif name == "cache_token" and module_of(thing) == "functools":
                continue  # of `singledispatch`: how many ABCs the process has registered so far
            else:
                fields[f"cell {name}"] = walk.node(cell)
        self._annotations(fields, thing)
        self._attributes(fields, thing.__dict__, 0)

    def _annotations(self, fields: Fields, thing: Any) -> None:
        """Annotations; where they are computed on demand (3.14) the function that does it, so that nothing runs."""
        lazy = getattr(thing, "__annotate__", None)
        if lazy is not None:
            fields["annotate"] = self._walk.value(lazy)
            return
        for name, value in list(thing.__annotations__.items()):
            fields[f"annotation {name}"] = self._walk.value(value)

    def _cell(self, fields: Fields, thing: types.CellType, step: str = "contents") -> None:
        try:
            fields[step] = self._walk.value(thing.cell_contents)
        except ValueError:
            fields[step] = "<empty>"

    def _class(self, fields: Fields, cls: type) -> None:
        walk = self._walk
        fields["qualname"] = f"{module_of(cls)}:{qualname_of(cls)}"
        fields["metaclass"] = walk.value(type(cls))
        for position, base in enumerate(bases_of(cls)):
            fields[f"base {position}"] = walk.value(base)
        fields["mro"] = ["tuple", *walk.values(mro_of(cls)[1:], 0)]
        fields["layout"] = str([vars(type)[name].__get__(cls) for name in _LAYOUT])
        names = dict(names_of(cls))
        if "_abc_impl" in names:
            fields["abstract"] = str(sorted(names.get("__abstractmethods__", ())))
            _counted(fields, "registered", [(full_name(c), walk.value(c)) for c in _registered(cls)])
        for name, value in names.items():
            self._member(fields, name, value)
        ours = [(full_name(sub), walk.value(sub)) for sub in subclasses_of(cls)]
        _counted(fields, "subclass", [(name, value) for name, value in ours if type(value) is int])

    def _member(self, fields: Fields, name: str, value: Any) -> None:
        if name == "__firstlineno__":
            fields["lines"] = repr(value)
        elif name == "__static_attributes__":  # its order is that of a set
            fields[f".{name}"] = str(sorted(value))
        elif name in ("__dict__", "__weakref__") and type(value) is types.GetSetDescriptorType:
            return
        elif name not in _SKIPPED:
            fields[f".{name}"] = self._walk.value(value)

    def _instance(self, fields: Fields, thing: Any, hops: int) -> None:
        cls = type(thing)
        if module_of(cls).partition(".")[0] in OPAQUE:
            return
        if not any(cls is plain for plain in (dict, list, set)):  # `in` would ask the metaclass
            fields["type"] = self._walk.value(cls)
            self._attributes(fields, dict(slot_values(thing)), hops)
            self._attributes(fields, instance_dict(thing) or {}, hops)
            if is_lru_cache(thing):
                self._cached(fields, thing)
        for base in mro_of(cls):
            if self._contents(fields, base, thing, hops):
                break

    def _cached(self, fields: Fields, thing: Any) -> None:
        """How full a cache is, told with what fills it: a full cache is state only as long as its function stays."""
        wrapped = vars(thing).get("__wrapped__")
        code = self._walk.codes.of(wrapped.__code__)[0] if type(wrapped) is types.FunctionType else ""
        fields["parameters"] = str(thing.cache_parameters())
        fields["cached"] = f"{thing.cache_info().currsize} of {code}" if thing.cache_info().currsize else "nothing"

    def _attributes(self, fields: Fields, held: dict[str, Any], hops: int) -> None:
        for name, value in list(dict.items(held)):
            fields[f".{name}" if type(name) is str else f".{type(name).__name__} key"] = self._walk.value(value, hops)

    def _contents(self, fields: Fields, base: type, thing: Any, hops: int) -> bool:
        if any(base is plain for plain in _PLAIN_BASES):
            fields["value"] = short(vars(base)["__repr__"](thing))
        elif any(base is one for one in _SEQUENCES):
            self._sequence(fields, list(base.__iter__(thing)), hops)  # type: ignore[attr-defined]
        elif any(base is one for one in _SETS):
            self._set(fields, list(base.__iter__(thing)), hops)  # type: ignore[attr-defined]
        elif base is dict or (base is OrderedDict and type(thing) is OrderedDict):
            self._mapping(fields, list(base.items(thing)), hops)
        elif base is BaseException:
            fields["args"] = self._walk.value(vars(BaseException)["args"].__get__(thing), hops)
        else:
            return False
        return True

    def _sequence(self, fields: Fields, items: list[Any], hops: int) -> None:
        fields["length"] = str(len(items))
        for position, item in enumerate(items[:_MAX_ITEMS]):
            fields[f"[{position}]"] = self._walk.value(item, hops)

    def _set(self, fields: Fields, items: list[Any], hops: int) -> None:
        pairs = [(self._label(item, value), value) for item in items for value in [self._walk.value(item, hops)]]
        _counted(fields, "item", sorted(pairs, key=lambda pair: pair[0]))

    def _mapping(self, fields: Fields, items: list[tuple[Any, Any]], hops: int) -> None:
        for key, held in items[:_MAX_ITEMS]:
            if key == "__builtins__" if type(key) is str else False:
                continue
            name = self._walk.value(key, hops)
            step = f"[{name if type(name) is str else self._label(key, name)}]"
            while step in fields:
                step += "'"
            fields[step] = self._walk.value(held, hops)
            if type(name) is not str:
                fields[f"key {step}"] = name

    def _label(self, thing: Any, value: Any) -> str:
        """A text for what is no constant, the same in both processes, to find its place among others."""
        if type(value) is str:
            return value
        if is_class(thing):
            return full_name(thing)
        if type(thing) is types.FunctionType:
            return f"{module_of(thing)}.{thing.__qualname__}"
        if type(thing) is tuple:
            return f"({', '.join(self._label(item, self._walk.value(item)) for item in thing)})"
        held = instance_dict(thing) or {}
        simple = [f"{k}={v!r}" for k, v in dict.items(held) if type(v) in _SIMPLE and type(k) is str]
        return short(f"{full_name(type(thing))}({', '.join(sorted(simple))})")


def _counted(fields: Fields, word: str, pairs: list[tuple[str, Any]]) -> None:
    for name, value in pairs:
        step, number = f"{word} {name}", 1
        while step in fields:
            number += 1
            step = f"{word} {name} ({number})"
        fields[step] = value


def _registered(cls: type) -> Iterator[type]:
    """The classes registered with an abstract one; C is asked, since asking the class may run code of its own."""
    dump = vars(abc).get("_get_dump")
    if dump is None or type(names_of(cls).get("_abc_impl")).__module__ != "_abc":
        return
    for reference in list(dump(cls)[0]):
        found = reference()
        if found is not None:
            yield found


def _builtins_of(names: dict[str, Any]) -> Any:
    found = names.get("__builtins__")
    return vars(found) if is_module(found) else found
