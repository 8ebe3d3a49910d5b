"""Random little projects and random edits of them, as values: what the property test lays over a running process.

A project is modules of *items*; an item is one definition that binds one name, unique in the whole project. An item
names what it uses; how a module gets at what another one has is their import style. A project is built from
seeds and edited by seeds: tuples of small numbers, taken modulo what there is to choose from, so that any of them can
be left out or made smaller and the rest still means something (hypothesis shrinks them so).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tests.project_items import KINDS, NEEDS, TYPES, text_of

__all__ = ["EDITS", "Item", "Project", "Seed", "build", "edited", "held", "rendered"]

Seed = tuple[str, int, int, int, int]
STYLES = ("from", "import", "star", "alias")
MAIN = "main"


@dataclass(frozen=True)
class Item:
    """One definition: ``kind`` and ``form`` say how it is written, ``n`` is a number in it; it needs ``uses``."""

    name: str
    kind: str
    n: int
    form: int
    uses: tuple[str, ...] = ()
    pad: int = 0

    @property
    def type(self) -> str:
        """What the name is good for: data, func, class, …"""
        return TYPES[self.kind]


@dataclass(frozen=True)
class Project:
    """Modules in the order of their dependencies, with their items; the last is ``main``, which imports them all."""

    modules: Mapping[str, tuple[Item, ...]]
    styles: Mapping[tuple[str, str], str] = field(default_factory=dict)
    cycles: frozenset[tuple[str, str]] = frozenset()
    broken: Mapping[str, str] = field(default_factory=dict)
    serial: int = 0

    def home(self, name: str) -> str | None:
        """The module that an item stands in."""
        return next((module for module, item in self.items() if item.name == name), None)

    def items(self) -> list[tuple[str, Item]]:
        """Every item with its module, in order."""
        return [(module, item) for module, items in self.modules.items() for item in items]

    def users(self, name: str) -> list[tuple[str, Item]]:
        """The items that use a name."""
        return [(module, item) for module, item in self.items() if name in item.uses]

    def having(self, module: str, items: Sequence[Item]) -> Project:
        """The project with other items in one module."""
        return replace(self, modules={**self.modules, module: tuple(items)})


# -- building --------------------------------------------------------------------------------------------------------


def build(count: int, seeds: Sequence[Seed]) -> Project:
    """A project of ``count`` modules beside ``main``, with an item for each seed."""
    modules: dict[str, tuple[Item, ...]] = {f"m{n}": () for n in range(count)}
    project = Project({**modules, MAIN: ()})
    for number, kind in enumerate(("const", "registry", "func", "class")):
        project = _with_new(project, (kind, number % count, number, 0, 0))
    for seed in seeds:
        project = _with_new(project, seed)
    return project


def _with_new(project: Project, seed: Seed) -> Project:
    kind, where, n, x, y = seed
    names = list(project.modules)
    module = names[where % len(names)]
    visible = [i for name in names[: names.index(module) + 1] for i in project.modules[name]]
    uses = _uses(kind, visible, (x, y, x + y))
    if uses is None:
        kind, uses = "const", ()
    serial = project.serial + 1
    item = Item(f"{kind[:3]}{serial}", kind, n % 50, x + y, uses)
    return replace(project.having(module, [*project.modules[module], item]), serial=serial)


def _uses(kind: str, visible: Sequence[Item], choices: Sequence[int]) -> tuple[str, ...] | None:
    """Whom an item of that kind uses, of those it can see; None if somebody it needs is not there."""
    found = []
    for need, choice in zip(NEEDS[kind], choices, strict=False):
        wanted = need.rstrip("?").split("|")
        able = [item.name for item in visible if item.type in wanted]
        if need.endswith("?") and (not able or choice % 3 == 0):
            continue
        if not able:
            return None
        found.append(able[-1 - choice % len(able)])
    return tuple(found)


# -- writing out -----------------------------------------------------------------------------------------------------


def rendered(project: Project) -> dict[str, str]:
    """The project's files."""
    files = {f"{module}.py": _module_text(project, module) for module in project.modules}
    return {**files, **{f"{module}.py": text for module, text in project.broken.items()}}


def _module_text(project: Project, module: str) -> str:
    items = project.modules[module]
    homes = {name: project.home(name) for item in items for name in item.uses}
    words = {name: _word(project, module, name, home) for name, home in homes.items()}
    rows = _imports(project, module, homes)
    for item in items:
        rows += ["", "# moved"][: item.pad % 3]
        rows += text_of(item.kind, item.name, item.n, item.form, [words[name] for name in item.uses])
    rows += [f"def late_{module}_{other}():\n    return {other}.__name__" for one, other in _cycles(project, module)]
    return "\n".join(rows) + "\n"


def _word(project: Project, module: str, name: str, home: str | None) -> str:
    style = project.styles.get((module, home or ""), "from")
    if home in (None, module) or style in ("from", "star"):
        return name
    return f"{home}.{name}" if style == "import" else f"z_{home}.{name}"


def _imports(project: Project, module: str, homes: Mapping[str, str | None]) -> list[str]:
    rows = [f"import {other}" for _, other in _cycles(project, module)]
    others = [other for other in project.modules if other != module]
    for other in others:
        names = sorted({name for name, home in homes.items() if home == other})
        style = project.styles.get((module, other), "from")
        if names and style == "from":
            rows.append(f"from {other} import {', '.join(names)}")
        elif names and style == "star":
            rows.append(f"from {other} import *")
        elif names and style == "alias":
            rows.append(f"import {other} as z_{other}")
        elif names or module == MAIN:
            rows.append(f"import {other}")
    return rows


def _cycles(project: Project, module: str) -> list[tuple[str, str]]:
    return sorted(pair for pair in project.cycles if pair[0] == module and pair[1] in project.modules)


def held(project: Project) -> dict[str, str]:
    """What to hold of a project from its start, each with the probe of it (calls without effect).

    Not what carries data that old code made (an instance's own attributes, a captured value): that is state.
    """
    found = {}
    for module, item in project.items():
        place = f"{module}.{item.name}"
        if item.type == "func":
            found[place] = "it()"
        elif item.type == "class":
            found[place] = "it().m()"
            if item.kind == "class":
                found |= {f"{place}()": "it.m()", f"{place}().m": "it()"}
        elif item.type == "maker":
            found[place] = "it(1)()"
            if item.form % 2 == 0:
                found[f"{place}(2)"] = "it()"
    return found


# -- edits -----------------------------------------------------------------------------------------------------------


def edited(project: Project, history: Sequence[Project], seed: Seed) -> Project:
    """The project after one random edit; ``history`` are its earlier states, for an edit that goes back to one."""
    word, a, b, n, _ = seed
    if project.broken:
        return replace(project, broken={})
    if word == "revert":
        return replace(history[a % len(history)], serial=project.serial)
    if not project.items():  # nothing is left that could be edited
        return project
    module, item = project.items()[a % len(project.items())]
    return EDITS[word](project, module, item, (a, b, n))


def _swapped(project: Project, module: str, item: Item, new: Item) -> Project:
    return project.having(module, [new if other.name == item.name else other for other in project.modules[module]])


def _number(project: Project, module: str, item: Item, seed: tuple[int, ...]) -> Project:
    return _swapped(project, module, item, replace(item, n=seed[2] % 50))


def _form(project: Project, module: str, item: Item, seed: tuple[int, ...]) -> Project:
    return _swapped(project, module, item, replace(item, form=seed[1]))


def _pad(project: Project, module: str, item: Item, seed: tuple[int, ...]) -> Project:
    return _swapped(project, module, item, replace(item, pad=item.pad + 1 + seed[1] % 2))


def _reuse(project: Project, module: str, item: Item, seed: tuple[int, ...]) -> Project:
    """Other inputs: another base, decorator, constant."""
    names = list(project.modules)
    items = project.modules[module]
    above = items[: items.index(item)]
    visible = [i for name in names[: names.index(module)] for i in project.modules[name]]
    uses = _uses(item.kind, [*visible, *above], (seed[1], seed[2], seed[1] + seed[2]))
    return project if uses is None else _swapped(project, module, item, replace(item, uses=uses))


def _add(project: Project, module: str, item: Item, seed: tuple[int, ...]) -> Project:
    kinds = list(KINDS)
    place = list(project.modules).index(module)
    return _with_new(project, (kinds[seed[1] % len(kinds)], place, seed[2], seed[1], seed[2]))


def _remove(project: Project, module: str, item: Item, seed: tuple[int, ...]) -> Project:
    """Without whoever uses it, to any depth; now and then the users stay, and the project does not import."""
    gone = {item.name}
    while seed[1] % 8 and (more := {i.name for name in gone for _, i in project.users(name)} - gone):
        gone |= more
    modules = {name: tuple(i for i in items if i.name not in gone) for name, items in project.modules.items()}
    return replace(project, modules=modules) if any(modules.values()) else project


def _rename(project: Project, module: str, item: Item, seed: tuple[int, ...]) -> Project:
    serial = project.serial + 1
    new = f"{item.name.rstrip('0123456789')}{serial}"
    modules = {
        name: tuple(
            replace(
                i,
                name=new if i.name == item.name else i.name,
                uses=tuple(new if use == item.name else use for use in i.uses),
            )
            for i in items
        )
        for name, items in project.modules.items()
    }
    return replace(project, modules=modules, serial=serial)


def _reorder(project: Project, module: str, item: Item, seed: tuple[int, ...]) -> Project:
    items = list(project.modules[module])
    place = items.index(item)
    other = (place + 1 + seed[1] % 2) % len(items)
    items[place], items[other] = items[other], items[place]
    return project.having(module, items)


def _move(project: Project, module: str, item: Item, seed: tuple[int, ...]) -> Project:
    """To another module, strictly between whom it uses and who uses it: then it can stand anywhere in it."""
    names = list(project.modules)
    low = max((names.index(project.home(name) or MAIN) for name in item.uses), default=-1)
    high = min((names.index(name) for name, _ in project.users(item.name)), default=len(names))
    able = [name for name in names[low + 1 : high] if name != module]
    if not able:
        return project
    target = able[seed[1] % len(able)]
    left = project.having(module, [i for i in project.modules[module] if i.name != item.name])
    return left.having(target, [*left.modules[target], item])


def _style(project: Project, module: str, item: Item, seed: tuple[int, ...]) -> Project:
    homes = sorted({project.home(name) or module for i in project.modules[module] for name in i.uses} - {module})
    if not homes:
        return project
    pair = (module, homes[seed[1] % len(homes)])
    return replace(project, styles={**project.styles, pair: STYLES[seed[2] % len(STYLES)]})


def _add_module(project: Project, module: str, item: Item, seed: tuple[int, ...]) -> Project:
    name = f"m{project.serial + 100}"
    rest = {other: items for other, items in project.modules.items() if other != MAIN}
    larger = replace(project, modules={**rest, name: (), MAIN: project.modules[MAIN]}, serial=project.serial + 1)
    place = len(rest)
    return _with_new(_with_new(larger, ("const", place, seed[1], 0, 0)), ("derived", place + 1, seed[2], 0, 1))


def _remove_module(project: Project, module: str, item: Item, seed: tuple[int, ...]) -> Project:
    if module == MAIN or len(project.modules) < 3:
        return project
    for other in project.modules[module]:
        project = _remove(project, module, other, (0, 1, 0)) if project.home(other.name) else project
    return replace(project, modules={name: items for name, items in project.modules.items() if name != module})


def _cycle(project: Project, module: str, item: Item, seed: tuple[int, ...]) -> Project:
    names = [name for name in project.modules if name != MAIN]
    if len(names) < 2:
        return project
    low, high = sorted((seed[1] % len(names), seed[2] % len(names)))
    pair = (names[low], names[high])
    return project if low == high else replace(project, cycles=project.cycles ^ {pair})


def _break(project: Project, module: str, item: Item, seed: tuple[int, ...]) -> Project:
    ends = ("def broken(:\n", "raise ValueError('broken')\n", "import not_there_at_all\n", "not_defined\n")
    return replace(project, broken={module: _module_text(project, module) + ends[seed[1] % len(ends)]})


EDITS: Mapping[str, Callable[[Project, str, Item, tuple[int, ...]], Project]] = {
    "number": _number,
    "form": _form,
    "pad": _pad,
    "reuse": _reuse,
    "add": _add,
    "remove": _remove,
    "rename": _rename,
    "reorder": _reorder,
    "move": _move,
    "style": _style,
    "add module": _add_module,
    "remove module": _remove_module,
    "cycle": _cycle,
    "break": _break,
}
