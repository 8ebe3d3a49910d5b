"""Contract lines 1 and 3: should an operation of a commit fail all the same, those before it are taken back."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from modcache._runtime.operations import Operations
from tests.conftest import Runner


class Meta(type):
    @property
    def guarded(cls) -> int:
        return 1


class Kind(metaclass=Meta):
    a = 1


def _operations(names: dict[str, object], kind: type, items: list[int]) -> Operations:
    operations = Operations()
    operations.put(names, "b", 20)
    operations.drop(names, "a")
    operations.put(names, "new", 1)
    operations.member(kind, "a", 2)
    operations.member(kind, "other", 3)
    operations.fill_list(items, [7, 8])
    operations.fill_dict(names, {"all": "new"})
    return operations


@pytest.mark.parametrize("index", range(9))
def test_c01_a_failure_before_any_operation_leaves_all_as_it_was_in_the_same_order(index: int) -> None:
    names: dict[str, object] = {"a": 1, "b": 2, "c": 3}
    kind, items = type("C", (), {"a": 1}), [1, 2, 3]
    operations = _operations(names, kind, items)
    assert len(operations) == 8
    with operations.failing(index, OSError("injected")), pytest.raises(OSError, match="injected"):
        operations.run()
    assert list(names.items()) == [("a", 1), ("b", 2), ("c", 3)]
    assert ("other" in vars(kind), vars(kind)["a"], items) == (False, 1, [1, 2, 3])
    operations.run()
    assert (names, items, vars(kind)["other"]) == ({"all": "new"}, [7, 8], 3)


def test_c09_taking_back_restores_the_order_and_what_came_since_follows() -> None:
    names: dict[str, object] = {"a": 1, "b": 2, "c": 3}
    operations = Operations()
    operations.drop(names, "a")
    operations.put(names, "made", 9)
    operations.run()
    names["b"], names["since"] = 5, 6  # the program's own
    operations.revert()
    assert list(names.items()) == [("a", 1), ("b", 5), ("c", 3), ("since", 6)]


def test_c03_a_signal_after_the_last_operation_takes_nothing_back(monkeypatch: pytest.MonkeyPatch) -> None:
    from modcache._runtime import operations as module

    def run_and_be_interrupted(steps: object) -> None:
        run(steps)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    run = module._run
    target = SimpleNamespace(a=1)
    operations = Operations()
    operations.attribute(target, "a", 2)
    monkeypatch.setattr(module, "_run", run_and_be_interrupted)
    with pytest.raises(KeyboardInterrupt):
        operations.run()
    assert (target.a, len(operations)) == (2, 0)


@pytest.mark.parametrize("name", ["__class__", "__name__", "guarded", "__doc__", "__module__", "a"])
def test_c03_what_a_metaclass_would_take_for_itself_is_set_in_the_class(name: str) -> None:
    kind = Meta("Other", (), {name: 1} if name != "__module__" else {})
    before, operations = dict(vars(kind)), Operations()
    operations.member(kind, name, 2)
    operations.run()
    assert (vars(kind)[name], type(kind), kind.__qualname__) == (2, Meta, "Other")
    operations.revert()
    operations = Operations()
    operations.drop_member(kind, name)
    operations.run()
    assert name not in vars(kind)
    operations.revert()
    assert vars(kind) == before


def test_c03_a_class_with_a_class_of_its_own_is_refreshed(run: Runner) -> None:
    """As werkzeug's LocalProxy: the commit failed half-way."""
    tree = {
        "proxy.py": """
            class Lookup:
                __slots__ = ("name",)
                def __init__(self, name):
                    self.name = name
                def __get__(self, instance, owner=None):
                    return self if instance is None else type(instance)
            class Proxy:
                __class__ = Lookup("class")
                def m(self):
                    return 1
            """,
    }
    script = """
        import proxy
        held = object.__new__(proxy.Proxy)
        edit("proxy.py", "self.name = name", "self.name = [name]")
        report = refresh()
        say(report.outcome, report.complete, list(report.remains))
        edit("proxy.py", "return 1", "return 2")
        report = refresh()
        say(report.outcome, held.m(), type(held) is proxy.Proxy)
        """
    assert run(tree, script) == "committed True [] | committed 2 True"
