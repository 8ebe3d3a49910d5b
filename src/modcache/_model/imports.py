"""The import statements of a module, read off its code objects: what it imports, on which line, and how it uses that.

Code objects, and not the text: they are what was executed, and a bytecode file is read in a fraction of the time that
parsing takes. What an import is compiled to is in CPython's ``compile.c`` (``codegen.c`` since 3.14): two constants
(level and names), ``IMPORT_NAME``, then a store, or an ``IMPORT_FROM`` and a store for each of the names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from opcode import opmap
from types import CodeType
from typing import Any, Literal, NamedTuple

from modcache._model.pieces import constants_of

__all__ = ["EdgeKind", "ImportSite", "imports_of"]

EdgeKind = Literal["exec", "bind", "attribute", "lazy"]
"""How an importer uses what it imports; RULES.md says what each of them means."""

_IMPORT_NAME = opmap["IMPORT_NAME"]
_IMPORT_FROM = opmap["IMPORT_FROM"]
_EXTENDED_ARG = opmap["EXTENDED_ARG"]
_CACHE = opmap["CACHE"]
_CONSTANT = opmap["LOAD_CONST"]
_SMALL_INT = opmap.get("LOAD_SMALL_INT", -1)  # 3.14
_TO_BOOL = opmap.get("TO_BOOL", -1)  # 3.13
_COMPARE = opmap["COMPARE_OP"]
_ATTRIBUTE = opmap["LOAD_ATTR"]
_GLOBAL = opmap["LOAD_GLOBAL"]
_POP = opmap["POP_TOP"]
_NAMES = frozenset(opmap[name] for name in ("LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS") if name in opmap)
_STORES = frozenset(opmap[f"STORE_{kind}"] for kind in ("NAME", "GLOBAL", "FAST", "DEREF"))
_NAME_STORES = frozenset({opmap["STORE_NAME"], opmap["STORE_GLOBAL"]})
_UNLESS = frozenset(opmap[name] for name in ("POP_JUMP_FORWARD_IF_FALSE", "POP_JUMP_IF_FALSE") if name in opmap)
_SHIFTED = {_GLOBAL: 1, _ATTRIBUTE: 1 if "CALL_INTRINSIC_1" in opmap else 0}  # 3.12; the lowest bit is a flag there
_FUNCTION = 0x1  # inspect.CO_OPTIMIZED: not of the bodies of modules and classes
_AT_ONCE = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>", "<lambda>", "<generic parameters of")
"""Functions that may run where they stand."""


class ImportSite(NamedTuple):
    """One name that an import statement brings: a statement with three names is three of them."""

    line: int
    """Where the statement begins (1-based; 0 if the code does not say)."""
    level: int
    """Leading dots."""
    module: str
    """The module as it is written, without the dots."""
    name: str | None
    """What is taken from it: None for ``import module``, ``"*"`` for all."""
    kind: EdgeKind
    """How it is used."""

    @property
    def text(self) -> str:
        """The statement, as far as it brings this name."""
        if self.name is None:
            return f"import {self.module}"
        return f"from {'.' * self.level}{self.module} import {self.name}"


def imports_of(code: CodeType, *, is_main: bool = False) -> tuple[ImportSite, ...]:
    """Every import in the code of a module: those that its execution comes by, in order, and those in functions.

    Left out is what is never executed: what stands under ``if TYPE_CHECKING:``, and under
    ``if __name__ == "__main__":`` unless ``is_main``. An import in a branch that was not taken counts.
    """
    found: list[tuple[_Found, bool]] = []
    read: set[str] = set()
    todo = [(code, True)]
    for one, at_once in todo:
        todo += [(inner, at_once and _runs_at_once(inner)) for inner in constants_of(one)]
        if at_once or _IMPORT_NAME in one.co_code[::2]:
            walk = _Walk(one, is_main)
            walk.over()
            found += [(each, at_once) for each in walk.found]
            read |= walk.read if at_once else set()
    found.sort(key=lambda row: (not row[1], row[0].line))
    return tuple(each.site(_kind(each, read) if at_once else "lazy") for each, at_once in found)


def _runs_at_once(code: CodeType) -> bool:
    return not code.co_flags & _FUNCTION or code.co_name.startswith(_AT_ONCE)


def _kind(found: _Found, read: set[str]) -> EdgeKind:
    if found.name == "*" or found.bound in read:
        return "exec"
    return "attribute" if found.name is None else "bind"


class _Found(NamedTuple):
    """An import, and the name that it is bound to (empty for a star, whose names the code does not say)."""

    line: int
    level: int
    module: str
    name: str | None
    bound: str

    def site(self, kind: EdgeKind) -> ImportSite:
        return ImportSite(self.line, self.level, self.module, self.name, kind)


class _Walk:
    """One walk over the instructions of a code object: the imports in it, and the names that it reads."""

    def __init__(self, code: CodeType, is_main: bool) -> None:
        self.found: list[_Found] = []
        self.read: set[str] = set()
        self._code = code
        self._is_main = is_main
        self._lines = iter(code.co_lines())
        self._line = (0, 0)
        self._constants: tuple[Any, Any] = (None, None)  # the last two that were loaded
        self._opened: _Found | None = None  # an import whose names are being stored
        self._test = ""  # how much of a test that is never true has been met
        self._until = 0

    def over(self) -> None:
        """Walk over it."""
        do = _DO.get
        for offset, operation, argument in _instructions(self._code.co_code):
            if offset >= self._until:
                method = do(operation)
                if method is not None:
                    method(self, offset, argument, operation)
                else:
                    self._test = ""

    def _load(self, offset: int, argument: int, operation: int) -> None:
        name = self._code.co_names[argument >> _SHIFTED.get(operation, 0)]
        if operation != _ATTRIBUTE:
            self.read.add(name)
        self._test = {"TYPE_CHECKING": "never", "__name__": "name"}.get(name, "")

    def _constant(self, offset: int, argument: int, operation: int) -> None:
        value = self._code.co_consts[argument] if operation == _CONSTANT else argument
        self._constants = (self._constants[1], value)
        self._test = "main" if self._test == "name" and value == "__main__" else ""

    def _compare(self, offset: int, argument: int, operation: int) -> None:
        self._test = "never" if self._test == "main" and not self._is_main else ""

    def _to_bool(self, offset: int, argument: int, operation: int) -> None:
        """It stands between the test and the jump."""

    def _unless(self, offset: int, argument: int, operation: int) -> None:
        if self._test == "never":
            after = offset + 2
            while self._code.co_code[after] == _CACHE:
                after += 2
            self._until = after + 2 * argument
        self._test = ""

    def _import(self, offset: int, argument: int, operation: int) -> None:
        level, taken = self._constants
        name = None if taken is None else taken[0]
        self._opened = _Found(self._line_at(offset), level, self._code.co_names[argument], name, "")
        if name == "*":
            self.found.append(self._opened)
            self._opened = None

    def _take(self, offset: int, argument: int, operation: int) -> None:
        if self._opened is not None and self._opened.name is not None:
            self._opened = self._opened._replace(name=self._code.co_names[argument])

    def _store(self, offset: int, argument: int, operation: int) -> None:
        if self._opened is not None:
            bound = self._code.co_names[argument] if operation in _NAME_STORES else ""
            self.found.append(self._opened._replace(bound=bound))
            if self._opened.name is None:
                self._opened = None
        self._test = ""

    def _pop(self, offset: int, argument: int, operation: int) -> None:
        if self._opened is not None and self._opened.name is not None:
            self._opened = None
        self._test = ""

    def _line_at(self, offset: int) -> int:
        """The line of an instruction; offsets are asked for in rising order."""
        while self._line[0] <= offset:
            _, end, line = next(self._lines, (0, offset + 1, None))
            self._line = (end, line or 0)
        return self._line[1]


_DO: dict[int, Callable[[_Walk, int, int, int], None]] = {
    **dict.fromkeys([*_NAMES, _ATTRIBUTE], _Walk._load),
    **dict.fromkeys([_CONSTANT, _SMALL_INT], _Walk._constant),
    **dict.fromkeys(_STORES, _Walk._store),
    **dict.fromkeys(_UNLESS, _Walk._unless),
    _COMPARE: _Walk._compare,
    _TO_BOOL: _Walk._to_bool,
    _IMPORT_NAME: _Walk._import,
    _IMPORT_FROM: _Walk._take,
    _POP: _Walk._pop,
}


def _instructions(code: bytes) -> Iterator[tuple[int, int, int]]:
    """(offset, operation, argument) of each instruction, without the caches behind it."""
    more = 0
    for offset in range(0, len(code), 2):
        operation = code[offset]
        if operation == _CACHE:
            continue
        argument = code[offset + 1] | more
        more = argument << 8 if operation == _EXTENDED_ARG else 0
        if operation != _EXTENDED_ARG:
            yield offset, operation, argument
