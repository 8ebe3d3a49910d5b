"""Contract lines 11 and 12 on what has type parameters of its own (PEP 695): classes, functions and aliases."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.fresh import live_and_fresh

pytestmark = pytest.mark.skipif(sys.version_info < (3, 12), reason="the syntax is new in 3.12")

LIB = """\
class Box[T]:
    kind = "box"
    def __init__(self, item: T) -> None: self.item = item
    def get(self) -> T: return self.item
    def made[U](self, other: U) -> tuple[T, U]: return self.item, other
    @classmethod
    def of(cls, item: T) -> "Box[T]": return cls(item)
def first[T: int](items: list[T]) -> T: return items[0]
type Pair[T] = tuple[T, T]
type Name = str
"""
APP = """\
from lib import Box, Name, Pair, first
class Small[T](Box[T]):
    def get(self) -> T: return super().get()
    def limit(self): return __class__, T
ONE, TWO = Box(1), Small(2)
HELD = [first, Box.made, Box[int]]
def hints(): return Pair[Name].__value__, Name.__value__
"""
HOLD = {
    "app.ONE": "it.get(), it.made(5), isinstance(it, __import__('lib').Box), it.kind",
    "app.TWO": "it.get(), it.made(5), isinstance(it, __import__('app').Small), it.limit()[0] is type(it)",
    "app.Small": "[str(t) for t in it.__type_params__], it.limit(it)[1] is it.__type_params__[0], str(it[int])",
    "app.HELD": "it[0]([4, 5]), it[2].__origin__ is __import__('lib').Box, it[2](3).get()",
    "app.first": "it([4, 5]), str(it.__type_params__), str(it.__annotations__)",
    "app.hints": "str(it())",
}
EDITS = {
    "a method's body": ("return self.item\n", "return [self.item]\n"),
    "a class attribute": ('kind = "box"', 'kind = "case"'),
    "a method with parameters of its own": ("return self.item, other", "return other, self.item"),
    "a class method": ("return cls(item)", "return cls([item])"),
    "a bound": ("class Box[T]:", "class Box[T: int]:"),
    "another name": ("class Box[T]:", "class Box[T, *Ts]:"),
    "a function that is generic no more": (
        "def first[T: int](items: list[T]) -> T: return items[0]",
        "def first(items: list) -> int: return items[0]",
    ),
    "a function's body": ("return items[0]", "return items[-1]"),
    "a function's bound": ("first[T: int]", "first[T: float]"),
    "a function's parameter": ("def first[T: int](items: list[T]) -> T", "def first[T, U](items: list[U]) -> T"),
    "an alias": ("type Pair[T] = tuple[T, T]", "type Pair[T] = list[T]"),
    "an alias that others use": ("type Name = str", "type Name = bytes"),
    "a method comes": ("    @classmethod\n", "    def more[V: int](self, v: V): return v\n    @classmethod\n"),
}


@pytest.mark.parametrize("name", EDITS)
def test_c11_what_has_type_parameters_is_what_a_fresh_process_has(tmp_path: Path, name: str) -> None:
    old, new = EDITS[name]
    assert LIB.count(old) == 1
    before, after = {"lib.py": LIB, "app.py": APP}, {"lib.py": LIB.replace(old, new)}
    result = live_and_fresh(tmp_path, before=before, after=after, modules=["app"], hold=HOLD)
    assert (result.outcome, result.differences) == ("committed", ()), result


def test_c11_a_class_that_becomes_generic_keeps_its_instances(tmp_path: Path) -> None:
    before = {"lib.py": "class C:\n    def m(self): return 1\n", "app.py": "from lib import C\nONE = C()\n"}
    after = {"lib.py": "class C[T]:\n    def m(self): return 2\n"}
    hold = {"app.ONE": "it.m(), isinstance(it, __import__('lib').C)", "app.C": "it().m(), it is __import__('lib').C"}
    result = live_and_fresh(tmp_path, before=before, after=after, modules=["app"], hold=hold)
    assert result.right, result


def test_c11_another_number_of_parameters_is_seen_by_who_subscripts_the_class(tmp_path: Path) -> None:
    before, after = {"lib.py": LIB, "app.py": APP}, {"lib.py": LIB.replace("class Box[T]:", "class Box[S, T]:")}
    result = live_and_fresh(tmp_path, before=before, after=after, modules=["app"])
    assert "Too few arguments" in str(result.failed), result
    assert (result.outcome, result.untouched) == ("aborted", True), result
