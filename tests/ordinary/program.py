"""Ordinary programs as values: modules and packages of definitions, and how their files are written.

A definition names what it uses by serial; how a module gets at what another one has is its style towards it. The
modules stand in the order of their dependencies, a package after what is in it, and ``app`` is the last.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tests.ordinary.derive import Node, NotPossible, Source, derived, uses, written
from tests.ordinary.grammar import types

__all__ = ["APP", "STYLES", "Definition", "Program", "files", "new_program", "source_for", "with_new"]

APP = "app"
STYLES = ("from", "from", "from", "module", "alias", "star", "submodule", "package")
NAMES = {
    "constant": "LIMIT RATE WEIGHT DEFAULT SIZE",
    "text": "TITLE LABEL PREFIX",
    "data": "RESULT SUMMARY TABLE",
    "function": "size total rate label build amount hook compute item",
    "state": "bump remember following",
    "decorator": "traced checked plain",
    "factory": "adding marked times",
    "class": "Item Box Shape Event Task Plan Order",
    "visitor": "measure render price",
    "instance": "default current item shape main",
    "mixin": "Loud Named",
    "generator": "walk numbers",
    "context": "opened session",
    "exception": "Problem Missing",
    "enumeration": "Color State",
    "record": "Point Entry",
}
USUAL = (
    *["constant", "function", "class"] * 5,
    *["data", "instance"] * 5,
    *["visitor", "record", "effect", "text"] * 2,
)
"""Kinds of definitions that are more frequent than the others."""
PLAIN = ("util", "base", "tools", "service", "views")
PACKAGES = ("pkg", "models")


@dataclass(frozen=True)
class Definition:
    """One definition: its type (of `grammar.types`), the name that it binds, how it is written, comments above it."""

    serial: int
    type: str
    name: str
    node: Node
    comments: int = 0

    @property
    def uses(self) -> frozenset[int]:
        """The serials of the definitions that it uses."""
        return frozenset(serial for serial, _ in uses(self.node))


@dataclass(frozen=True)
class Program:
    """Modules with their definitions; ``styles`` of importing by (importer, imported), ``options`` of a module."""

    modules: Mapping[str, tuple[Definition, ...]]
    packages: frozenset[str] = frozenset()
    styles: Mapping[tuple[str, str], str] = field(default_factory=dict)
    options: Mapping[str, frozenset[str]] = field(default_factory=dict)
    ends: Mapping[str, str] = field(default_factory=dict)

    def all(self) -> list[tuple[str, Definition]]:
        """Every definition with its module, in order."""
        return [(module, one) for module, definitions in self.modules.items() for one in definitions]

    def homes(self) -> dict[int, tuple[str, Definition]]:
        """Where each definition stands, by serial."""
        return {one.serial: (module, one) for module, one in self.all()}

    def having(self, module: str, definitions: Sequence[Definition]) -> Program:
        """The program with other definitions in one module."""
        return replace(self, modules={**self.modules, module: tuple(definitions)})


def new_program(chance: random.Random, serials: Iterator[int], numbers: Iterator[int]) -> Program:
    """A random program of three to six modules."""
    names = sorted(chance.sample(PLAIN, chance.randint(1, 3)), key=PLAIN.index)
    packages = frozenset(chance.sample(PACKAGES, chance.choice((0, 1, 1))))
    inner = [f"{package}.{name}" for package in packages for name in chance.sample(("core", "kinds", "extra"), 2)]
    place = chance.randint(0, len(names))
    modules = [*names[:place], *inner, *packages, *names[place:], APP]
    styles = {(one, other): chance.choice(STYLES) for one in modules for other in modules}
    able = ("all", "future", "exports", "exports", "star exports")
    options = {module: frozenset(chance.sample(able, chance.randint(0, 2))) for module in modules}
    program = Program(dict.fromkeys(modules, ()), packages, styles, options)
    for module in modules:
        for _ in range(chance.randint(3, 7) if module not in packages else 1):
            program = with_new(program, module, chance, serials, numbers)
    return program


def with_new(
    program: Program,
    module: str,
    chance: random.Random,
    serials: Iterator[int],
    numbers: Iterator[int],
    place: int = -1,
) -> Program:
    """The program with one more definition in a module: its last, or before another."""
    definitions = program.modules[module]
    place = len(definitions) if place < 0 else place
    source = source_for(program, module, place, chance, numbers)
    for _ in range(20):
        kind = chance.choice((*types(), *USUAL))
        try:
            node = derived(f"@{kind}", source)
        except NotPossible:
            continue
        name = "" if kind == "effect" else _name(chance, kind, {one.name for one in definitions})
        new = Definition(next(serials), kind, name, node)
        return program.having(module, [*definitions[:place], new, *definitions[place:]])
    return program


def _name(chance: random.Random, kind: str, taken: set[str]) -> str:
    name = word = chance.choice(NAMES.get(kind, kind).split())
    while name in taken:
        name = f"{word}{chance.randint(2, 99)}"
    return name


def source_for(program: Program, module: str, place: int, chance: random.Random, numbers: Iterator[int]) -> Source:
    """What a definition that stands at a place of a module can be made of: what is above it, there and in others."""
    visible: dict[str, list[int]] = {}
    for name, definitions in program.modules.items():
        for one in definitions[: place if name == module else None]:
            visible.setdefault(one.type, []).append(one.serial)
        if name == module:
            break
    names = {serial: one.name for serial, (_, one) in program.homes().items()}
    return Source(chance, visible, names, numbers)


# -- writing out -----------------------------------------------------------------------------------------------------


def files(program: Program) -> dict[str, str]:
    """The program's files."""
    found = {}
    for module in program.modules:
        path = module.replace(".", "/") + ("/__init__.py" if module in program.packages else ".py")
        found[path] = _Writer(program, module).text() + program.ends.get(module, "")
    return found


class _Writer:
    """Writes one module: its definitions first, since they say what has to be imported, and how."""

    def __init__(self, program: Program, module: str) -> None:
        self._program, self._module = program, module
        self._options = program.options.get(module, frozenset())
        self._homes = program.homes()
        self._words = {one.serial: one.name for one in program.modules[module]}
        self._taken = {one.name for one in program.modules[module]}
        self._imports: dict[str, list[str]] = {}
        self._typing: dict[int, str] = {}
        self._star = ""

    def text(self) -> str:
        """The module's text."""
        rows = []
        for one in self._program.modules[self._module]:
            rows += ["", *["# a remark"] * one.comments]
            rows.append(written(one.node, one.name, self._word, self._late))
        body = "\n".join(rows)
        head = ["from __future__ import annotations"] if "future" in self._options else []
        head += [f"import {name}" for name in _standard(body)]
        head += [*self._exported(), *self._imported()]
        return "\n".join([*head, *self._all(), body]) + "\n"

    def _word(self, serial: int, mark: str) -> str:
        if serial in self._words:
            return self._words[serial]
        home, one = self._homes[serial]
        if mark == "!":
            return one.name
        if mark == "?":
            return self._typing.setdefault(serial, one.name)
        style = self._program.styles.get((self._module, home), "from")
        word = self._words[serial] = _WRITERS[style](self, home, one.name)
        return word

    def _late(self, serial: int) -> str:
        home, one = self._homes[serial]
        return "" if home == self._module else f"from {self._path(home)} import {one.name}"

    def _from(self, home: str, name: str) -> str:
        shown = name if name not in self._taken else f"{name}_{len(self._taken)}"
        self._taken.add(shown)
        as_ = f" as {shown}" if shown != name else ""
        self._imports.setdefault(f"from {self._path(home)} import", []).append(name + as_)
        return shown

    def _by_module(self, home: str, name: str) -> str:
        self._imports.setdefault(f"import {home}", [])
        return f"{home}.{name}"

    def _by_alias(self, home: str, name: str) -> str:
        word = home.replace(".", "_") + "_"
        self._imports.setdefault(f"import {home} as {word}", [])
        return f"{word}.{name}"

    def _by_submodule(self, home: str, name: str) -> str:
        package, _, last = home.rpartition(".")
        if not package:
            return self._by_module(home, name)
        inside = self._module.startswith(f"{package}.") or self._module == package
        self._imports.setdefault(f"from {'.' if inside else package} import {last}", [])
        return f"{last}.{name}"

    def _by_package(self, home: str, name: str) -> str:
        """From the package that exports it, for those outside of that."""
        package = home.rpartition(".")[0]
        exported = package in self._program.packages and "exports" in self._program.options[package]
        unique = sum(one.name == name and module.startswith(f"{package}") for module, one in self._program.all()) == 1
        inside = self._module == package or self._module.startswith(f"{package}.")
        return self._from(package if exported and unique and not inside else home, name)

    def _by_star(self, home: str, name: str) -> str:
        """By the only star import of the module, which stands above its other imports."""
        if self._star not in ("", home) or name in self._taken:
            return self._from(home, name)
        self._star = home
        self._taken.add(name)
        return name

    def _path(self, home: str) -> str:
        package = self._module if self._module in self._program.packages else self._module.rpartition(".")[0]
        if package and home.startswith(f"{package}."):
            return home[len(package) :]
        return home

    def _exported(self) -> list[str]:
        """What a package has of its modules."""
        if self._module not in self._program.packages:
            return []
        rows = []
        for name, definitions in self._program.modules.items():
            if not name.startswith(f"{self._module}."):
                continue
            names = [one.name for one in definitions if one.name]
            if "star exports" in self._options:
                rows.append(f"from .{name.rpartition('.')[2]} import *")
            elif "exports" in self._options and names:
                rows.append(f"from .{name.rpartition('.')[2]} import {', '.join(names)}")
        return rows

    def _imported(self) -> list[str]:
        rows = [f"from {self._path(self._star)} import *"] if self._star else []
        rows += [f"{head} {', '.join(names)}".rstrip() for head, names in self._imports.items()]
        if self._module == APP:
            shown = "\n".join(rows)
            rows += [f"import {name}" for name in self._program.modules if name != APP and f" {name} " not in shown]
        typing = {serial: word for serial, word in self._typing.items() if serial not in self._words}
        if typing:
            rows += ["from typing import TYPE_CHECKING", "if TYPE_CHECKING:"]
            rows += [f"    from {self._path(self._homes[serial][0])} import {word}" for serial, word in typing.items()]
        return rows

    def _all(self) -> list[str]:
        names = [one.name for one in self._program.modules[self._module] if one.name]
        return [f"__all__ = {names}"] if "all" in self._options else []


_WRITERS: Mapping[str, Callable[[_Writer, str, str], str]] = {
    "from": _Writer._from,
    "module": _Writer._by_module,
    "alias": _Writer._by_alias,
    "star": _Writer._by_star,
    "submodule": _Writer._by_submodule,
    "package": _Writer._by_package,
}


def _standard(text: str) -> list[str]:
    """The modules of the standard library that a text names."""
    able = ("abc", "contextlib", "dataclasses", "enum", "functools", "typing")
    return [name for name in able if re.search(rf"(?<![\w.]){name}\.", text)]
