"""Who may use a member of a class: the functions that load its name."""

from __future__ import annotations

from dataclasses import dataclass, field

from modcache._refresh.effects import Name
from modcache._runtime.peek import is_a, mro_of

__all__ = ["Users", "related"]


@dataclass(slots=True)
class Users:
    """The functions that load an attribute; methods by their class, as the names of members."""

    functions: dict[Name, None] = field(default_factory=dict)
    methods: dict[Name, set[str]] = field(default_factory=dict)
    own: dict[Name, set[str]] = field(default_factory=dict)
    """Methods that load it off their own first parameter only."""
    reached: bool = False

    def add(self, module: str, qualname: str, *, on_self: bool) -> None:
        top, _, inner = qualname.partition(".")
        if not inner:
            self.functions[module, top] = None
        else:
            (self.own if on_self else self.methods).setdefault((module, top), set()).add(inner.partition(".")[0])


def related(one: object, other: object) -> bool:
    """May an instance of one class be one of the other?"""
    if not is_a(one, type) or not is_a(other, type):
        return True
    return one in mro_of(other) or other in mro_of(one)
