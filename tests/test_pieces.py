"""What is found out about a version from the one before it, against what a version alone gives: on real sources."""

from __future__ import annotations

import argparse
import ast
import asyncio.tasks
import collections
import contextlib
import dataclasses
import enum
import functools
import os
import random
import typing
import unittest.mock
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, ModuleType

import pytest

from modcache._model.diff import align
from modcache._model.pieces import compile_piece, is_apart, nested_codes
from modcache._model.source import Source
from modcache._model.unit import Unit, facts_for
from modcache._refresh.codes import CodeMap

THOROUGH = bool(os.environ.get("MODCACHE_THOROUGH"))
MODULES: list[ModuleType] = [
    argparse, ast, asyncio.tasks, collections, contextlib, dataclasses, enum, functools, random, typing, unittest.mock,
]  # fmt: skip
SUPER = """\
from __future__ import annotations
import collections, os.path as path
if True:
    import queue

class C:
    def m(self):
        super().m()
        return collections.abc.x(), path.join(), queue.Queue(), os.path.y()
"""


def paths() -> list[Path]:
    own = [Path(str(module.__file__)) for module in MODULES]
    return sorted(Path(os.__file__).parent.rglob("*.py")) if THOROUGH else own


def sources() -> Iterator[bytes]:
    for path in paths():
        data = path.read_bytes()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                compile(data, "x", "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            continue
        yield data
    yield SUPER.encode()


def unit(data: bytes, previous: Unit | None = None) -> Unit:
    source = Source(data, "x.py", previous.source if previous else None)
    return Unit("x", source, is_package=False, lazy_annotations=False, previous=previous)


def placed(code: CodeType) -> tuple[object, ...]:
    return code, tuple(code.co_lines()), tuple(code.co_positions())


@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")
def test_a_definition_compiled_alone_is_what_it_is_in_its_module() -> None:
    compared = 0
    for data in sources():
        whole = unit(data)
        for index in range(len(whole.statements)):
            if is_apart(whole.source, index):
                for code in nested_codes(compile_piece(whole.source, index)):
                    candidates = whole.codes[code.co_qualname, code.co_firstlineno]
                    assert placed(code) in map(placed, candidates), code
                    compared += 1
    assert compared > 1000


def test_what_the_module_s_own_level_calls_super_is_compiled_with_it() -> None:
    apart = [
        is_apart(unit(f"{SUPER}{more}".encode()).source, 4)
        for more in (
            "",
            "safe = super\n",
            "def f(x=super): pass\n",
            "def f():\n    global super\n",
            "class D(super): ...\n",
        )
    ]
    assert apart == [True, False, False, False, False]


@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")
def test_c19_the_code_of_what_moved_is_what_compiling_gives() -> None:
    for data in sources():
        if not data.startswith((b'"""', b"'''", b"from __future__")):
            continue
        old, new = unit(data), unit(b"#\n" * 7 + data)
        alignment = align(old.source, new.source, lambda statement: facts_for(statement.fragment, False))
        codes = CodeMap(old, new, alignment)
        for before, after in zip(nested_codes([old.code]), nested_codes([new.code]), strict=True):
            if before.co_name != "<module>":
                found = codes.of(before)
                assert found is not None
                assert placed(found) == placed(after)


def dumped(source: Source) -> list[tuple[str, str, int, int]] | str:
    try:
        statements = source.statements
    except (SyntaxError, ValueError) as error:
        return type(error).__name__
    return [
        (ast.dump(s.fragment.placed(s.lineno), include_attributes=True), s.fragment.text, s.lineno, s.end_lineno)
        for s in statements
    ]


@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")
def test_a_version_parsed_where_it_differs_is_the_version_parsed_whole() -> None:
    chance = random.Random(7)
    for data in sources():
        lines = data.decode(errors="replace").split("\n")
        old = Source("\n".join(lines).encode(), "x.py")
        assert old.statements
        for _ in range(5):
            at, size = chance.randrange(len(lines)), chance.randrange(4)
            new = "\n".join([*lines[:at], *chance.sample(lines, chance.randrange(3)), *lines[at + size :]]).encode()
            assert dumped(Source(new, "x.py", old)) == dumped(Source(new, "x.py"))
