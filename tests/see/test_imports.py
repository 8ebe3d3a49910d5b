"""Import statements are read off code objects: what they bring, where they stand, how it is used."""

from __future__ import annotations

import textwrap

import pytest

from modcache._model.imports import imports_of


def shown(source: str, *, is_main: bool = False) -> str:
    code = compile(textwrap.dedent(source), "f.py", "exec", dont_inherit=True)
    return " ".join(f"{s.line}:{s.text.replace(' ', '_')}:{s.kind}" for s in imports_of(code, is_main=is_main))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import a", "1:import_a:attribute"),
        ("import a\na.f()", "1:import_a:exec"),
        ("import a.b.c", "1:import_a.b.c:attribute"),
        ("import a.b.c as d\nx = d.y", "1:import_a.b.c:exec"),
        ("import a, b.c\nb.c.f()", "1:import_a:attribute 1:import_b.c:exec"),
        ("from a import b", "1:from_a_import_b:bind"),
        ("from a import b as c, d\nd()", "1:from_a_import_b:bind 1:from_a_import_d:exec"),
        ("from . import b", "1:from_._import_b:bind"),
        ("from ..a import b", "1:from_..a_import_b:bind"),
        ("from a import *", "1:from_a_import_*:exec"),
        ("def f():\n    import a", "2:import_a:lazy"),
        ("def f():\n    def g():\n        from .a import b as c\n", "3:from_.a_import_b:lazy"),
        ("class C:\n    import a\n    a.f()", "2:import_a:exec"),
        ("import a\nclass C(a.B): pass", "1:import_a:exec"),
        ("import a\ndef f(x=a.b): pass", "1:import_a:exec"),
        ("import a\ndef f(): return a.b", "1:import_a:attribute"),
        ("import a\n@a.b\ndef f(): pass", "1:import_a:exec"),
        ("import a\nx = [a.b for i in ()]", "1:import_a:exec"),
        ("import a\nx = list(a.b for i in ())", "1:import_a:exec"),
        ("import a\nx = lambda: a.b", "1:import_a:exec"),
        ("import a\nclass C:\n    def f(self): return a.b", "1:import_a:attribute"),
        ("import a\na = 1", "1:import_a:attribute"),
        ("x = 1\nfrom a import (\n    b,\n    c,\n)\ny = c", "2:from_a_import_b:bind 2:from_a_import_c:exec"),
        ("import a\nb = 2\n", "1:import_a:attribute"),
        ("from a import b\nc = 2\n", "1:from_a_import_b:bind"),
    ],
)
def test_how_an_import_is_used(source: str, expected: str) -> None:
    assert shown(source) == expected


@pytest.mark.parametrize(
    "test",
    ["TYPE_CHECKING", "typing.TYPE_CHECKING", "t.x.TYPE_CHECKING", "__name__ == '__main__'"],
)
def test_what_is_never_executed_is_left_out(test: str) -> None:
    source = f"if {test}:\n    import a\nelse:\n    import b\nimport c"
    assert shown(source) == "4:import_b:attribute 5:import_c:attribute"


def test_the_main_script_comes_by_its_guard() -> None:
    assert shown("if __name__ == '__main__':\n    import a\n", is_main=True) == "2:import_a:attribute"


@pytest.mark.parametrize("test", ["not TYPE_CHECKING", "x or TYPE_CHECKING", "__name__ != '__main__'", "TYPE_CHECKED"])
def test_what_may_be_executed_counts(test: str) -> None:
    assert shown(f"if {test}:\n    import a\n") == "2:import_a:attribute"


def test_names_and_constants_beyond_a_byte() -> None:
    many = "".join(f"x{n} = 'constant {n}'\n" for n in range(700))
    never = "if TYPE_CHECKING:\n" + "    z = 'z'\n" * 300 + "    import g\n"
    source = f"{many}from a import b, c\nimport d.e\ny = c\n{never}"
    assert shown(source) == "701:from_a_import_b:bind 701:from_a_import_c:exec 702:import_d.e:attribute"
