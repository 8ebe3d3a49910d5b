"""What the instances of each class go through: the changes of the class itself and of its bases, put together."""

from __future__ import annotations

import ast
import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import FunctionType, MemberDescriptorType
from typing import TYPE_CHECKING, Any

from modcache._model.making import classes_of, making_of
from modcache._refresh.docs import find_class
from modcache._refresh.shape import HOOK, Default, Lack, Provided, Reshaped, member_of, reshaped, slots_of
from modcache._runtime.functions import instance_dict, raw_dict
from modcache._runtime.many import ABSENT
from modcache._runtime.peek import field_of, home, is_a, mro_of, qualname_of

if TYPE_CHECKING:
    from modcache._refresh.engine import Attempt
    from modcache._refresh.planner import Planner
    from modcache._runtime.stage import Stage

__all__ = ["Pairs", "Turn", "edited_classes", "line", "may_set", "owns", "stage_for_hooks", "turns_of"]

Pairs = Mapping[str, tuple[type, type]]
"""By name, a live class and the staged one that stands for it."""
Texts = Mapping[str, tuple[ast.ClassDef, ast.ClassDef]]
_HEAP = 1 << 9


@dataclass(slots=True)
class Turn:
    """What the instances of one class go through; the fields are those of :class:`Reshaped`.

    ``kind``: the live class; ``final``: the class that tells what they may have: the staged one, if there is one.
    """

    kind: type
    final: type
    added: dict[str, Provided] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    caches: set[str] = field(default_factory=set)
    hook: bool = False
    fixed: bool = False
    plain: bool = True
    """Can its instances be written to as those of ``object`` can?"""

    @property
    def where(self) -> str:
        """The name of the class."""
        return f"{home(self.kind)}:{qualname_of(self.kind)}"

    @property
    def by_hook(self) -> bool:
        """Is the class itself asked about its instances?"""
        return self.hook and bool(self.added or self.removed or self.left)

    @property
    def is_needed(self) -> bool:
        """Does it take the instances, to know what to do or to say?"""
        comes = any(way is not Lack.EMPTY for way in self.added.values())
        return comes or self.by_hook or bool(self.removed or self.caches or self.fixed)

    @property
    def runs(self) -> bool:
        """Is code run for them?"""
        return self.by_hook or any(isinstance(way, Default) and way.make for way in self.added.values())

    def take(self, one: Reshaped) -> None:
        """Add what changes in a class of the line."""
        self.added.update({name: way for name, way in one.added.items() if name not in self.added})
        self.removed |= one.removed
        self.left |= one.left
        self.caches |= {name for name in one.caches if member_of(self.kind, name) is raw_dict(one.old).get(name)}
        self.hook = self.hook or one.hook
        self.fixed = self.fixed or one.fixed

    def may_hold(self, name: str) -> bool:
        """Can an instance be given an attribute past its class, without running anybody's code?"""
        if not self.plain:
            return False
        if name in slots_of(self.final):
            return True
        return field_of(self.final, "__dictoffset__") != 0 and not hasattr(type(member_of(self.final, name)), "__set__")

    def settle(self) -> None:
        """What one class of the line gives up and another one has now is not given up."""
        self.removed -= self.added.keys()
        self.left -= self.added.keys() | self.removed


def turns_of(attempt: Attempt, stage: Stage, pairs: Pairs) -> tuple[list[Reshaped], dict[type, Turn]]:
    """The classes whose instances change, and what the instances of each class go through, subclasses too."""
    changes = [change for change in _changes(attempt, stage, pairs) if change]
    staged, news = {id(new) for _, new in pairs.values()}, {id(old): new for old, new in pairs.values()}
    turns: dict[type, Turn] = {}
    for change in changes:
        for kind in line(change.old):
            if id(kind) not in staged and _makes(kind, change.old) and not issubclass(kind, type):
                turns.setdefault(kind, Turn(kind, news.get(id(kind), kind))).take(change)
    for turn in turns.values():
        turn.settle()
    return changes, turns


def _changes(attempt: Attempt, stage: Stage, pairs: Pairs) -> Iterator[Reshaped]:
    texts, world = edited_classes(attempt), attempt.world
    for where in {**pairs, **texts}:
        module, _, qualname = where.partition(":")
        live = world.namespace(module) if module in world else {}
        old, new = pairs.get(where) or (find_class(live, qualname, module), None)
        if old is not None and not is_a(old, enum.EnumMeta):  # what members have is seen to with them
            names = stage.modules[module].__dict__ if module in stage.modules else live
            yield reshaped(where, old, new, texts.get(where), names)


def edited_classes(attempt: Attempt) -> Texts:
    """The statements of classes that were edited, before and after, by the names of the classes."""
    found: dict[str, tuple[ast.ClassDef, ast.ClassDef]] = {}
    for module, alignment in attempt.alignments.items():
        before, after = attempt.world.entry(module).unit.statements, attempt.world.unit(module).statements
        edited = [match for match in alignment.matches if match.verdict != "same"]
        indexes = [*alignment.gone, *(match.old for match in edited if match.old is not None)]
        olds = {name: node for index in indexes for name, node in classes_of(before[index].fragment.node)}
        for match in edited:
            for name, node in classes_of(after[match.new].fragment.node):
                if name in olds:
                    found[f"{module}:{name}"] = (olds[name], node)
    return found


def line(kind: type) -> Iterator[type]:
    """A class and all its subclasses."""
    seen, todo = {id(kind)}, [kind]
    while todo:
        one = todo.pop()
        yield one
        subclasses: list[type] = type.__subclasses__(one)
        for sub in subclasses:
            if id(sub) not in seen:
                seen.add(id(sub))
                todo.append(sub)


def _makes(kind: type, base: type) -> bool:
    """Does making an instance of a class run the ``__init__`` that its base has, or inherits?"""
    for one in mro_of(kind):
        if one is base:
            return True
        own = raw_dict(one).get("__init__")
        if own is not None and not (type(own) is FunctionType and "__init__" in own.__code__.co_names):
            return False
    return True


def stage_for_hooks(attempt: Attempt, planner: Planner) -> None:
    """Have the classes be executed whose instances will be asked how they migrate: on the stage they need all of it."""
    world = attempt.world
    for module, alignment in attempt.alignments.items():
        before, after = world.entry(module).unit.statements, world.unit(module).statements
        for match in alignment.matches:
            if match.verdict == "same" or match.old is None:
                continue
            olds = dict(classes_of(before[match.old].fragment.node))
            for name, node in classes_of(after[match.new].fragment.node):
                kind = find_class(world.namespace(module), name, module)
                if kind is None or name not in olds or _attributes(olds[name]) == _attributes(node):
                    continue
                if member_of(kind, HOOK) is not None or any(getattr(one, "name", "") == HOOK for one in node.body):
                    for one in line(kind):
                        _stage(planner, one, f"{module}:{name}")


def _stage(planner: Planner, kind: type, where: str) -> None:
    module, qualname = home(kind), qualname_of(kind)
    if module in planner.world and find_class(planner.world.namespace(module), qualname, module) is kind:
        for index in planner.world.unit(module).binders.get(qualname.partition(".")[0], ()):
            planner.step(module, index, "its instances migrate", (where,))


def _attributes(node: ast.ClassDef) -> set[str]:
    """By what the text of a class says what its instances have."""
    found = set(making_of(node).settings)
    for inner in node.body:
        if isinstance(inner, ast.AnnAssign | ast.Assign):
            targets = inner.targets if isinstance(inner, ast.Assign) else [inner.target]
            names = {target.id for target in targets if isinstance(target, ast.Name)}
            found |= {ast.unparse(inner)} if "__slots__" in names else names
    return found


# -- what instances have


def owns(kind: type, name: str, instances: Iterable[Any]) -> list[Any]:
    """What each of some instances of a class has of its own under a name, or ABSENT. Runs nobody's code."""
    slot = slots_of(kind).get(name)
    lookups = ("__getattr__", "__getattribute__")
    plain = not any(
        field_of(base, "__flags__") & _HEAP and one in raw_dict(base) for base in mro_of(kind) for one in lookups
    )
    if plain and (slot is not None or member_of(kind, name) is None):
        return [getattr(one, name, ABSENT) for one in instances]  # asking for __dict__ would make one for each
    if slot is not None:
        return [_held(slot, one) for one in instances]
    return [(instance_dict(one) or {}).get(name, ABSENT) for one in instances]


def _held(slot: MemberDescriptorType, value: object) -> Any:
    try:
        return slot.__get__(value)
    except AttributeError:
        return ABSENT


def may_set(instance: object) -> bool:
    """Does ``object.__setattr__`` do for an instance? CPython refuses it where a type in C has ways of its own."""
    try:
        object.__delattr__(instance, "no such attribute")
    except AttributeError:
        return True
    except TypeError:
        return False
    return True
