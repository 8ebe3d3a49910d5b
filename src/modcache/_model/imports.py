"""The import statements of a module, read off its code objects: what it imports, on which line, and how it uses that.

Code objects, and not the text: they are what was executed, and a bytecode file is read in a fraction of the time that
parsing takes. What an import is compiled to is in CPython's ``compile.c`` (``codegen.c`` since 3.14): two constants
(level and names), ``IMPORT_NAME``, then a store, or an ``IMPORT_FROM`` and a store for each of the names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from opcode import cmp_op, opmap
from types import CodeType
from typing import Any, Literal, NamedTuple

__all__ = ["EdgeKind", "ImportSite", "imports_of"]

EdgeKind = Literal["exec", "bind", "attribute", "lazy"]
"""How an importer uses what it imports; RULES.md says what each of them means."""

_IMPORT_NAME, _IMPORT_FROM = opmap["IMPORT_NAME"], opmap["IMPORT_FROM"]
_EXTENDED_ARG, _CACHE, _POP, _SWAP = (opmap[name] for name in ("EXTENDED_ARG", "CACHE", "POP_TOP", "SWAP"))
_CONSTANT, _COMPARE = opmap["LOAD_CONST"], opmap["COMPARE_OP"]
_COMPARE_SHIFT = 5 if "TO_BOOL" in opmap else 4 if "CALL_INTRINSIC_1" in opmap else 0  # 3.13, 3.12: flags
_TO_BOOL = opmap.get("TO_BOOL", -1)  # 3.13
_STORES = frozenset(opmap[f"STORE_{kind}"] for kind in ("NAME", "GLOBAL", "FAST", "DEREF"))
_NAME_STORES = frozenset({opmap["STORE_NAME"], opmap["STORE_GLOBAL"]})
_UNLESS = frozenset(opmap[name] for name in ("POP_JUMP_FORWARD_IF_FALSE", "POP_JUMP_IF_FALSE") if name in opmap)
_IF = frozenset(opmap[name] for name in ("POP_JUMP_FORWARD_IF_TRUE", "POP_JUMP_IF_TRUE") if name in opmap)
_LOADS = {opmap[name]: 0 for name in ("LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS") if name in opmap}
_LOADS[opmap["LOAD_GLOBAL"]] = 1  # by how much the argument is shifted: the lowest bit is a flag
_ATTRIBUTES = {opmap["LOAD_ATTR"]: 1 if "CALL_INTRINSIC_1" in opmap else 0}  # a flag since 3.12
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
    bound: str = ""
    """The name of the module to which it is bound; empty if it is none, or the code does not say (a star)."""

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
    executed: list[ImportSite] = []
    lazy: list[ImportSite] = []
    at_once: list[CodeType] = []
    todo = [(code, True)]
    for one, is_executed in todo:
        # a process has a hundred thousand of these: what stands here is most of what a graph costs
        inner = [each for each in one.co_consts if type(each) is CodeType]
        todo += [(each, is_executed and _runs_at_once(each)) for each in inner]
        if is_executed:
            at_once.append(one)
        if one.co_names and _IMPORT_NAME in one.co_code:
            (executed if is_executed else lazy).extend(_sites(one, is_main))
    kinds = {name: _reads(name, at_once) for name in {site.bound for site in executed}}
    return (
        *(site._replace(kind="exec") if kinds[site.bound] else site for site in sorted(executed, key=_line)),
        *(site._replace(kind="lazy", bound="") for site in sorted(lazy, key=_line)),
    )


def _runs_at_once(code: CodeType) -> bool:
    return not code.co_flags & _FUNCTION or code.co_name.startswith(_AT_ONCE)


def _line(site: ImportSite) -> int:
    return site.line


def _reads(name: str, codes: Iterable[CodeType]) -> bool:
    """Does any of these load the name?"""
    for code in codes:
        if name in code.co_names:
            if next(_loading(code, name, _LOADS), None) is not None:
                return True
    return False


def _sites(code: CodeType, is_main: bool) -> Iterator[ImportSite]:
    """The imports in one code object, as if nothing of it were read by the module itself."""
    data = code.co_code
    never = list(_never(code, is_main))
    lines, until, line = iter(code.co_lines()), 0, 0
    for offset in _offsets(data, bytes((_IMPORT_NAME,))):
        if any(offset in span for span in never):
            continue
        while until <= offset:
            _, until, here = next(lines, (0, len(data), None))
            line = here or 0
        yield from _taken(code, offset, line)


def _taken(code: CodeType, offset: int, line: int) -> Iterator[ImportSite]:
    """What the import at an offset brings: a site for each name that is stored behind it."""
    data, names = code.co_code, code.co_names
    index, before = _argument(data, offset)
    taken, before = _constant(code, before)
    level, _ = _constant(code, before)
    module, name = names[index], None if taken is None else taken[0]
    if name == "*":
        yield ImportSite(line, level, module, name, "exec")
        return
    while True:
        offset = _next(data, offset)
        operation = data[offset]
        if operation == _IMPORT_FROM and name is not None:
            name = names[_argument(data, offset)[0]]
        elif operation in _STORES:
            bound = names[_argument(data, offset)[0]] if operation in _NAME_STORES else ""
            yield ImportSite(line, level, module, name, "attribute" if name is None else "bind", bound)
            if name is None:
                return
        elif operation not in (_IMPORT_FROM, _SWAP) and not (operation == _POP and name is None):
            return


def _constant(code: CodeType, offset: int) -> tuple[Any, int]:
    """The constant that is loaded at an offset, and where the instruction before it is."""
    argument, before = _argument(code.co_code, offset)
    # small integers are their own argument since 3.14
    return code.co_consts[argument] if code.co_code[offset] == _CONSTANT else argument, before


def _never(code: CodeType, is_main: bool) -> Iterator[range]:
    """The offsets of what stands under a test that is never true while a module is imported."""
    data = code.co_code
    for offset in _loading(code, "TYPE_CHECKING", _LOADS | _ATTRIBUTES):
        yield from _branch(data, _next(data, offset))
    if is_main:
        return
    for offset in _loading(code, "__name__", _LOADS):
        constant = _next(data, offset)
        compare = _next(data, constant)
        is_equal = data[compare] == _COMPARE and cmp_op[_argument(data, compare)[0] >> _COMPARE_SHIFT] == "=="
        if is_equal and _constant(code, constant)[0] == "__main__":
            yield from _branch(data, _next(data, compare))


def _branch(data: bytes, offset: int) -> Iterator[range]:
    """What is skipped if the test that ends here is false, and can be reached by this test only (not by an ``or``)."""
    if data[offset] == _TO_BOOL:
        offset = _next(data, offset)
    if data[offset] in _UNLESS:
        start = _after(data, offset)
        tests = (other for operation in _IF for other in _offsets(data, bytes((operation,))) if other < offset)
        if not any(_after(data, other) + 2 * _argument(data, other)[0] == start for other in tests):
            yield range(start, start + 2 * _argument(data, offset)[0])


def _after(data: bytes, offset: int) -> int:
    """Where a jump counts from: behind its caches."""
    offset += 2
    while offset < len(data) and data[offset] == _CACHE:
        offset += 2
    return offset


def _loading(code: CodeType, name: str, operations: Mapping[int, int]) -> Iterator[int]:
    """Where a code object loads a name by one of these instructions (-> by how much their argument is shifted)."""
    if name not in code.co_names:
        return
    index, data = code.co_names.index(name), code.co_code
    for operation, shift in operations.items():
        for low in range(index << shift, (index + 1) << shift):
            for offset in _offsets(data, bytes((operation, low & 0xFF))):
                if _argument(data, offset)[0] == low:
                    yield offset


def _offsets(data: bytes, start: bytes) -> Iterator[int]:
    """Where the instructions stand that begin with these bytes."""
    found = data.find(start)
    while found >= 0:
        if not found % 2:
            yield found
        found = data.find(start, found + 1)


def _next(data: bytes, offset: int) -> int:
    """The offset of the instruction behind one, past its caches and that one's prefixes."""
    offset += 2
    while offset < len(data) - 2 and data[offset] in (_CACHE, _EXTENDED_ARG):
        offset += 2
    return offset


def _argument(data: bytes, offset: int) -> tuple[int, int]:
    """The argument of an instruction, and the offset of what stands before it and the prefixes of its argument."""
    argument, shift, before = data[offset + 1], 8, offset - 2
    while before >= 0 and data[before] == _EXTENDED_ARG:
        argument |= data[before + 1] << shift
        shift, before = shift + 8, before - 2
    return argument, before
