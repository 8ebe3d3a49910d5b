"""What people do to programs, as functions from a program to the next: most keep it sound, a few do not."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tests.ordinary.derive import Node, changed, derived, places
from tests.ordinary.program import APP, STYLES, Definition, Program, source_for, with_new

__all__ = ["EDITS", "Hand"]


@dataclass(frozen=True)
class Hand:
    """Who edits: chance, the serials and numbers that nobody has used yet, the earlier states of the program."""

    chance: random.Random
    serials: Iterator[int]
    numbers: Iterator[int]
    history: Sequence[Program]

    def picked(self, program: Program) -> tuple[str, int, Definition]:
        """Some definition: its module, its place in it, itself."""
        module, one = self.chance.choice(program.all())
        return module, program.modules[module].index(one), one


def _swapped(program: Program, module: str, place: int, new: Definition) -> Program:
    definitions = program.modules[module]
    return program.having(module, [*definitions[:place], new, *definitions[place + 1 :]])


def _refilled(program: Program, hand: Hand, kinds: Sequence[str]) -> Program:
    """Another content for one hole of one definition."""
    module, place, one = hand.picked(program)
    able = [path for path in places(one.node) if _kind(one.node, path) in kinds]
    if not able:
        return program
    source = source_for(program, module, place, hand.chance, hand.numbers)
    return _swapped(program, module, place, replace(one, node=changed(one.node, hand.chance.choice(able), source)))


def _kind(node: Node, path: Sequence[int]) -> str:
    hole, part = list(node.pairs())[path[0]]
    if len(path) == 1:
        return "members" if hole.mark in ("*", "+", "?") and hole.kind == "symbol" else hole.kind
    assert isinstance(part, tuple)
    return _kind(part[path[1]], path[2:])


def number(program: Program, hand: Hand) -> Program:
    """Another number somewhere: in a constant, in a body, in a default."""
    return _refilled(program, hand, ["number"])


def expression(program: Program, hand: Hand) -> Program:
    """Another expression, body, decorator, base."""
    return _refilled(program, hand, ["symbol"])


def use(program: Program, hand: Hand) -> Program:
    """Another function, class or constant in the place of one."""
    return _refilled(program, hand, ["use"])


def members(program: Program, hand: Hand) -> Program:
    """A member more or less in a class, or in another order; a decorator that comes or goes."""
    able = [
        place for place in program.all() if any(_kind(place[1].node, p) == "members" for p in places(place[1].node))
    ]
    if not able:
        return program
    module, one = hand.chance.choice(able)
    source = source_for(program, module, program.modules[module].index(one), hand.chance, hand.numbers)
    paths = [path for path in places(one.node) if _kind(one.node, path) == "members"]
    node = changed(one.node, hand.chance.choice(paths), source)
    return _swapped(program, module, program.modules[module].index(one), replace(one, node=node))


def form(program: Program, hand: Hand) -> Program:
    """The same name defined in quite another way: a function becomes a lambda, a class an alias."""
    module, place, one = hand.picked(program)
    source = source_for(program, module, place, hand.chance, hand.numbers)
    return _swapped(program, module, place, replace(one, node=derived(f"@{one.type}", source)))


def add(program: Program, hand: Hand) -> Program:
    """One more definition, somewhere in a module."""
    module = hand.chance.choice(list(program.modules))
    place = hand.chance.randint(0, len(program.modules[module]))
    return with_new(program, module, hand.chance, hand.serials, hand.numbers, place)


def remove(program: Program, hand: Hand) -> Program:
    """A definition goes, with all that use it, to any depth."""
    gone = {hand.picked(program)[2].serial}
    while more := {one.serial for _, one in program.all() if one.uses & gone} - gone:
        gone |= more
    if len(gone) > len(program.all()) // 2:
        return program
    return _without(program, gone)


def _without(program: Program, gone: set[int]) -> Program:
    modules = {name: tuple(one for one in ones if one.serial not in gone) for name, ones in program.modules.items()}
    return replace(program, modules=modules)


def rename(program: Program, hand: Hand) -> Program:
    """Another name for a definition, here and wherever it is used."""
    module, place, one = hand.picked(program)
    if not one.name:
        return program
    others = [name.name for _, name in program.all() if name.type == one.type]
    name = hand.chance.choice([f"{one.name}_new", *others])
    taken = {other.name for other in program.modules[module]}
    return program if name in taken else _swapped(program, module, place, replace(one, name=name))


def move(program: Program, hand: Hand) -> Program:
    """To another module, strictly between those that it uses and those that use it: there it can stand anywhere."""
    module, _, one = hand.picked(program)
    target = hand.chance.choice(_able(program, module, one) or [module])
    if target == module:
        return program
    left = _without(program, {one.serial})
    return left.having(target, [*left.modules[target], one])


def _able(program: Program, module: str, one: Definition) -> list[str]:
    names = list(program.modules)
    homes = {serial: names.index(home) for serial, (home, _) in program.homes().items()}
    low = max((homes[serial] for serial in one.uses if serial in homes), default=-1)
    high = min((names.index(home) for home, other in program.all() if one.serial in other.uses), default=len(names))
    taken = [name for name in names if any(other.name == one.name for other in program.modules[name])]
    return [name for name in names[low + 1 : high] if name not in taken]


def reorder(program: Program, hand: Hand) -> Program:
    """A definition goes up or down in its module, as far as it may."""
    module, _, one = hand.picked(program)
    rest = [other for other in program.modules[module] if other is not one]
    low = max((number + 1 for number, other in enumerate(rest) if other.serial in one.uses), default=0)
    high = min((number for number, other in enumerate(rest) if one.serial in other.uses), default=len(rest))
    if low > high:
        return program
    target = hand.chance.randint(low, high)
    return program.having(module, [*rest[:target], one, *rest[target:]])


def style(program: Program, hand: Hand) -> Program:
    """Another way to import one module from another, or another set of options of a module."""
    modules = list(program.modules)
    one = hand.chance.choice(modules)
    if hand.chance.random() < 0.3:
        able = hand.chance.choice(("all", "future", "exports", "star exports"))
        return replace(program, options={**program.options, one: program.options.get(one, frozenset()) ^ {able}})
    styles = {(one, other): hand.chance.choice(STYLES) for other in modules}
    return replace(program, styles={**program.styles, **styles})


def split(program: Program, hand: Hand) -> Program:
    """A new module, with the first half of what another one has."""
    module = hand.chance.choice(list(program.modules))
    ones = program.modules[module]
    name = f"part{next(hand.serials)}"
    if len(ones) < 2 or module in program.packages:
        return program
    if "." in module:
        name = f"{module.rpartition('.')[0]}.{name}"
    place = list(program.modules).index(module)
    rows = list(program.modules.items())
    half = len(ones) // 2
    rows[place : place + 1] = [(name, ones[:half]), (module, ones[half:])]
    return replace(program, modules=dict(rows))


def merge(program: Program, hand: Hand) -> Program:
    """A module goes; what it has stands in the next one."""
    names = [name for name in program.modules if name != APP and name not in program.packages]
    if len(names) < 2:
        return program
    gone = hand.chance.choice(names)
    order = list(program.modules)
    target = order[order.index(gone) + 1]
    ones = [*program.modules[gone], *program.modules[target]]
    if len({one.name for one in ones if one.name}) < sum(bool(one.name) for one in ones):
        return program
    left = {name: tuple(ones) if name == target else have for name, have in program.modules.items() if name != gone}
    return replace(program, modules=left)


def comment(program: Program, hand: Hand) -> Program:
    """A line more above something: only the numbers of lines change."""
    module, place, one = hand.picked(program)
    return _swapped(program, module, place, replace(one, comments=one.comments + 1))


def revert(program: Program, hand: Hand) -> Program:
    """Back to an earlier state."""
    return hand.chance.choice(hand.history)


def several(program: Program, hand: Hand) -> Program:
    """A few edits before anybody refreshes."""
    for _ in range(hand.chance.randint(2, 4)):
        program = hand.chance.choice((number, expression, use, members, form, add, remove, rename, move))(program, hand)
    return program


def fail(program: Program, hand: Hand) -> Program:
    """A mistake: the next edit is likely to mend it."""
    module = hand.chance.choice(list(program.modules))
    end = hand.chance.choice(
        ("def broken(:\n", "raise ValueError('a mistake')\n", "not_defined\n", "import not_there\n")
    )
    return replace(program, ends={module: end})


EDITS: Mapping[str, Callable[[Program, Hand], Program]] = {
    edit.__name__: edit
    for edit in (
        *(number, expression, use, members, form, add, remove, rename),
        *(move, reorder, style, split, merge, comment, revert, several, fail),
    )
}
"""The edits by name."""
