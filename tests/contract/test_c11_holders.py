"""Contract line 11: whoever holds a class that could not survive holds its successor, in whatever way."""

from __future__ import annotations

import pytest

from tests.conftest import Runner

HOLDERS = {
    "a deque": ("collections.deque([C])", "it[0]"),
    "an ordered dict's value": ("collections.OrderedDict(c=C)", "it['c']"),
    "an ordered dict's key": ("collections.OrderedDict({C: 1, int: 2})", "next(iter(it))"),
    "a default dict's factory": ("collections.defaultdict(C)", "it.default_factory"),
    "a counter's key": ("collections.Counter([C])", "list(it)[0]"),
    "a key made of a frozen set": ("{frozenset([(C, 1)]): 1}", "list(list(it)[0])[0][0]"),
    "a tuple in a closure's default": ("(lambda k=(1, (C,)): lambda: k)()", "it()[1][0]"),
    "a weak reference": ("weakref.ref(C)", "it()"),
    "weak references in a list": ("[weakref.ref(C, print)]", "it[0]()"),
    "a weak dict's key": ("weakref.WeakKeyDictionary({C: 1})", "list(it)[0]"),
    "a weak dict's value": ("weakref.WeakValueDictionary(c=C)", "it['c']"),
    "a weak set": ("weakref.WeakSet([C])", "list(it)[0]"),
    "an alias": ("list[C]", "it.__args__[0]"),
    "an alias of collections.abc": ("collections.abc.Callable[[C], int]", "it.__args__[0]"),
    "an unpacked alias": ("[*tuple[C, ...]]", "it[0].__args__[0]"),
    "an alias of typing": ("typing.Optional[C]", "it.__args__[0]"),
    "a partial": ("functools.partial(print, C, k=C)", "it.args[0] if it.keywords['k'] is it.args[0] else None"),
    "a class method": ("C.make", "it.__self__"),
    "a class's attribute": ("type('K', (), {'c': C})", "it.c"),
    "an attribute": ("types.SimpleNamespace(c=C)", "it.c"),
}


@pytest.mark.parametrize("how", HOLDERS)
def test_c11_who_holds_a_replaced_class_is_led_to_its_successor(run: Runner, how: str) -> None:
    made, probe = HOLDERS[how]
    slots = "    __slots__ = ('a', '__weakref__')\n"
    tree = {"lib.py": f"class C:\n{slots}    @classmethod\n    def make(cls): return cls()\n"}
    script = f"""
        import collections, collections.abc, functools, types, typing, weakref, lib
        def hold(C): return [{made}]
        it, old = hold(lib.C)[0], id(lib.C)
        edit("lib.py", "('a',", "('a', 'b',")
        report = refresh()
        say(report.outcome, report.remains, id(lib.C) == old, ({probe}) is lib.C)
        session.undo()
        say(id(lib.C) == old, ({probe}) is lib.C)
        """
    assert run(tree, script) == "committed () False True | True True"


def test_c11_what_was_said_of_a_class_is_asked_again(run: Runner) -> None:
    tree = {
        "lib.py": "class A: pass\nclass B: pass\nclass C(A):\n    def __len__(self): return 1\n",
        "app.py": """
            import collections.abc, functools
            from lib import A, B, C
            @functools.singledispatch
            def show(x): return "any"
            show.register(A)(lambda x: "A")
            show.register(B)(lambda x: "B")
            def told(): return show(C()), isinstance(C(), collections.abc.Sized)
            """,
    }
    script = """
        import app
        say(*app.told())
        edit("lib.py", "class C(A):\\n    def __len__", "class C(B):\\n    def length")
        say(refresh().complete, *app.told())
        session.undo()
        say(*app.told())
        """
    assert run(tree, script) == "A True | True B False | A True"


def test_c11_a_subclass_that_no_statement_makes_anew_and_no_layout_lets_follow_is_named(run: Runner) -> None:
    script = """
        import lib
        class K(lib.C): pass
        edit("lib.py", "('a',", "('a', 'b',")
        report = refresh()
        say(report.complete, [row for row in report.remains if "its subclass __main__:K" in row] != [], K().a is None)
        """
    tree = {"lib.py": "class C:\n    __slots__ = ('a',)\n    def __init__(self): self.a = None\n"}
    assert run(tree, script) == "False True True"


_SLOTS = {"model.py": "class M:\n    __slots__ = ('a',)\n    def __init__(self):\n        self.a = 1\n"}


@pytest.mark.parametrize(("held", "what"), [("model.M()", "an instance of the old one"), ("model.M", "the old one")])
def test_c11_what_a_running_function_has_of_a_class_that_could_not_survive_is_said(
    run: Runner, held: str, what: str
) -> None:
    script = f"""
        import model
        def work():
            mine = {held}
            edit("model.py", "('a',)", "('a', 'b')")
            report = refresh()
            say(report.complete, [row.partition("C, ")[2] for row in report.remains], mine in (model.M, type(mine)))
        work()
        """
    assert run(_SLOTS, script) == f"False ['still holds {what}'] False"


def test_c11_what_a_running_function_has_in_a_container_is_led(run: Runner) -> None:
    script = """
        import model
        def work():
            mine = [model.M(), model.M]
            edit("model.py", "('a',)", "('a', 'b')")
            report = refresh()
            say(report.complete, type(mine[0]) is model.M is mine[1], mine[0].a)
        work()
        """
    assert run(_SLOTS, script) == "True True 1"
