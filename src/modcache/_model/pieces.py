"""A definition compiled alone, to the very code that compiling its whole module gives it.

Compiling is most of what a small edit costs, so only what differs is compiled. That is the same code if the compiler is
told what it asks the rest of a module for (CPython's ``compile.c``, 3.11 to 3.14), and it asks for three things:

- the future imports: they stand before the piece here too;
- which names the module imports (since 3.12 a method called on one is looked up otherwise): so does an import of them;
- whether the module's own level says ``super`` (since 3.12 a call of it is compiled otherwise if not): then there is no
  piece.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from types import CodeType
from typing import Any

from modcache._model.source import Fragment, Source

__all__ = ["DEFINITIONS", "compile_piece", "constants_of", "imported_names", "is_apart", "nested_codes"]

DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_SCOPES = DEFINITIONS | ast.Lambda
_ANYWHERE: Any = {"lineno": 1, "col_offset": 0, "end_lineno": 1, "end_col_offset": 0}


def is_apart(source: Source, index: int) -> bool:
    """Can this statement be compiled alone?"""
    statements = source.statements
    return isinstance(statements[index].fragment.node, DEFINITIONS) and not any(
        _says_super(statement.fragment) for statement in statements
    )


def compile_piece(source: Source, index: int) -> list[CodeType]:
    """The code of a statement that is apart: what is nested in the module's, as constants of it.

    Raises what compiling raises.
    """
    statement = source.statements[index]
    futures = [s.fragment.placed(s.lineno) for s in source.statements if _is_future(s.fragment.node)]
    names = imported_names(source)
    aliases = [ast.alias(name=name, **_ANYWHERE) for name in names]
    imports: list[ast.stmt] = [ast.Import(names=aliases, **_ANYWHERE)] if aliases else []
    tree = ast.Module(body=[*futures, *imports, statement.fragment.placed(statement.lineno)], type_ignores=[])
    return constants_of(compile(tree, source.filename, "exec", dont_inherit=True))


def imported_names(source: Source) -> dict[str, None]:
    """The names that a module imports on its own level: whoever calls a method of one is compiled otherwise for it."""
    return dict.fromkeys(name for s in source.statements for name in _imported(s.fragment))


def nested_codes(codes: Iterable[CodeType]) -> Iterator[CodeType]:
    """These, and all that is nested in them."""
    found = list(codes)
    for code in found:
        yield code
        found.extend(constants_of(code))


def constants_of(code: CodeType) -> list[CodeType]:
    """The code objects right inside of one."""
    return [constant for constant in code.co_consts if isinstance(constant, CodeType)]


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _imported(fragment: Fragment) -> tuple[str, ...]:
    """The names that a statement imports on the module's own level."""
    known: tuple[str, ...] | None = fragment.__dict__.get("imported")
    if known is None:
        aliases = (a for n in _own_level(fragment.node) if isinstance(n, ast.Import | ast.ImportFrom) for a in n.names)
        found = (alias.asname or alias.name.partition(".")[0] for alias in aliases if alias.name != "*")
        known = fragment.__dict__["imported"] = tuple(found)
    return known


def _says_super(fragment: Fragment) -> bool:
    """Does a statement make ``super`` a name of the module's own level?"""
    known: bool | None = fragment.__dict__.get("says_super")
    if known is None:
        known = "super" in fragment.text and (
            any(isinstance(node, ast.Name) and node.id == "super" for node in _own_level(fragment.node))
            or any(isinstance(node, ast.Global) and "super" in node.names for node in ast.walk(fragment.node))
            or "super" in _imported(fragment)
        )
        fragment.__dict__["says_super"] = known
    return known


def _own_level(node: ast.AST) -> Iterator[ast.AST]:
    """What a statement does on the module's own level, down to the scopes that it makes."""
    stack: list[ast.AST] = [node]
    while stack:
        found = stack.pop()
        yield found
        for name, value in ast.iter_fields(found):
            if name != "body" or not isinstance(found, _SCOPES):
                stack.extend(v for v in (value if isinstance(value, list) else [value]) if isinstance(v, ast.AST))
