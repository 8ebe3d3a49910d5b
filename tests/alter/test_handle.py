"""The scope itself: entered and left, nested, decorating, from threads; and who still holds what it had put in."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

import modcache
from modcache import errors
from tests.alter.state import TREE
from tests.conftest import Runner

NAME = "modcache_alter_none"


def here() -> Any:
    """What stands under the name now."""
    return sys.modules.get(NAME)


def test_nothing_happens_until_it_is_entered() -> None:
    handle = modcache.replaced(NAME, 1)
    assert (here(), handle.active) == (None, False)
    assert handle.enter() is handle
    assert (here(), handle.active) == (1, True)
    handle.leave()
    assert (here(), handle.active) == (None, False)
    with handle:
        assert here() == 1
    assert repr(handle) == f"<modcache.replaced({NAME!r}), not active>"


def test_entering_twice_and_leaving_twice_are_errors() -> None:
    handle = modcache.replaced(NAME, 1)
    with handle, pytest.raises(errors.AlterationMisused, match="entered already"):
        handle.enter()
    assert here() is None
    with pytest.raises(errors.AlterationMisused, match="not been entered"):
        handle.leave()


def test_an_exception_leaves_the_scope() -> None:
    with pytest.raises(ZeroDivisionError), modcache.replaced(NAME, 1):
        1 / 0  # noqa: B018 - it is to raise
    assert here() is None


def test_c25_scopes_are_left_in_any_order() -> None:
    one, two, three = (modcache.replaced(NAME, number).enter() for number in (1, 2, 3))
    seen = [here()]
    for handle in (two, three, one):
        handle.leave()
        seen.append(here())
    assert seen == [3, 3, 1, None]


def test_decorator_of_a_function_that_calls_itself() -> None:
    @modcache.replaced(NAME, 1)
    def count(n: int) -> int:
        return here() + (count(n - 1) if n else 0)

    assert count(3) == 4
    assert (here(), count.__name__) == (None, "count")


def test_decorator_of_a_coroutine_function() -> None:
    @modcache.replaced(NAME, 1)
    async def look() -> Any:
        await asyncio.sleep(0)
        return here()

    async def both() -> list[Any]:
        return [*await asyncio.gather(look(), look()), here()]

    assert asyncio.run(both()) == [1, 1, None]


def test_decorator_of_a_generator_function_lasts_until_it_is_done() -> None:
    @modcache.replaced(NAME, 1)
    def look() -> Iterator[Any]:
        yield here()
        yield here()

    steps = look()
    assert here() is None
    assert (next(steps), here()) == (1, 1)
    assert list(steps) == [1]
    assert here() is None


def test_decorator_of_a_class_of_tests() -> None:
    @modcache.replaced(NAME, 1)
    class Tests:
        def test_it(self) -> Any:
            return here()

        def helper(self) -> Any:
            return here()

    assert (Tests().test_it(), Tests().helper()) == (1, None)


def test_decorator_of_what_it_can_not_decorate() -> None:
    async def numbers() -> AsyncIterator[int]:
        yield 1

    for target in (numbers, SimpleNamespace, 3):
        with pytest.raises(TypeError, match=r"modcache\.replaced"):
            modcache.replaced(NAME, 1)(target)  # type: ignore[type-var]


@pytest.mark.parametrize(
    ("name", "error"), [(3, TypeError), (None, TypeError), ("", ValueError), (".x", ValueError), ("a..b", ValueError)]
)
def test_what_is_no_name(name: Any, error: type[Exception]) -> None:
    calls: list[Any] = [
        lambda: modcache.replaced(name, 1),
        lambda: modcache.blocked(name),
        lambda: modcache.isolated(name),
        lambda: modcache.virtual({name: ""}),
        lambda: modcache.provide(name),
    ]
    for call in calls:
        with pytest.raises(error):
            call()


def test_what_is_no_import_system() -> None:
    for call in (lambda: modcache.replaced(NAME, 1, system=sys), lambda: modcache.snapshot(system=3)):  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="takes an import system"):
            call()


@pytest.mark.parametrize(
    "name", ["sys", "builtins", "importlib", "importlib._bootstrap", "encodings.utf_8", "modcache", "modcache._session"]
)
def test_what_everything_stands_on_is_refused(name: str) -> None:
    for call in (modcache.blocked, modcache.isolated, lambda name: modcache.replaced(name, 1)):
        with pytest.raises(errors.AlterationRefused, match="can't alter"):
            call(name)


def test_c25_threads_enter_and_leave_at_once() -> None:
    errors_: list[BaseException] = []
    assert callable(modcache.replaced)  # fetched now, so that nothing of modcache is imported in the middle
    assert callable(modcache.blocked)
    before = (list(sys.meta_path), sys.modules.keys() - {NAME})

    def work(number: int) -> None:
        try:
            for _ in range(50):
                with modcache.replaced(NAME, number), modcache.blocked(f"{NAME}_{number}"):
                    assert here() in range(8)
        except BaseException as error:
            errors_.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors_ == []
    assert (list(sys.meta_path), sys.modules.keys()) == before


def test_c25_imports_of_other_threads_are_not_lost(run: Runner) -> None:
    tree = {f"many/m{number}.py": f"X = {number}\n" for number in range(300)}
    script = """
        import importlib, modcache, sys, threading, json, wave
        names = [f"many.m{number}" for number in range(300)]
        modcache.blocked, modcache.isolated, sys.setswitchinterval(1e-6)
        done, wrong = threading.Event(), []
        def load(part):
            for name in part:
                if importlib.import_module(name) is not sys.modules.get(name):
                    wrong.append(name)
        def look():
            while not done.is_set():
                if sys.modules.get("wave") is not wave or importlib.import_module("wave") is not wave:
                    wrong.append("wave")
        threads = [threading.Thread(target=load, args=(names[part::3],)) for part in range(3)]
        watcher = threading.Thread(target=look)
        for thread in (*threads, watcher):
            thread.start()
        while any(thread.is_alive() for thread in threads):
            with modcache.blocked("json"), modcache.replaced("csv", 1):
                pass
        done.set()
        for thread in (*threads, watcher):
            thread.join()
        say(wrong, [name for name in names if name not in sys.modules], sys.modules["json"] is json)
        """
    assert run(tree, script, session=False) == "[] [] True"


def test_holders_are_named(run: Runner) -> None:
    script = """
        import modcache, types
        handle = modcache.virtual({"lib": "class C: pass\\ndef f(): pass\\nc = C()\\n"})
        with handle:
            import user
        say(*handle.holders())
        del user.lib, user.f, user.registry["f"]
        user.Sub = user.default.__defaults__ = user.inner = None
        user.Holder.held = user.instance.held = None
        say(handle.holders())
        """
    tree = {
        "user.py": """
            import lib
            from lib import f, C
            registry = {"f": f}
            class Sub(C): pass
            class Holder:
                held = lib
            instance = Holder()
            instance.held = lib.c
            def default(x=C): pass
            def outer(x):
                return lambda: x
            inner = outer(f)
            del C
            """
    }
    first, second = run(tree, script, session=False).split(" | ")
    for name in ("user:lib", "user:f", "user:registry", "user:Sub", "user:Holder", "user:default()", "user:outer.<loc"):
        assert name in first
    assert second == "()"


def test_no_holder_where_nothing_is_held(run: Runner) -> None:
    script = """
        import modcache
        with modcache.virtual({"lib": "def f(): pass"}) as handle:
            import lib
            say(handle.holders())
        del lib
        say(handle.holders())
        """
    assert run(TREE, script, session=False) == "('__main__:lib',) | ()"
