"""The way back of a commit, tried one operation at a time: a wrong inverse is found, whatever stands around it."""

from __future__ import annotations

from modcache._runtime.operations import Operations, Step
from modcache._stress.fingerprint import Fingerprint
from modcache._stress.rollback import FailingEverywhere


def _namespaces(count: int) -> dict[str, dict[str, object]]:
    return {f"m{number}": {"first": object(), "last": object()} for number in range(count)}


def _commit(modules: dict[str, dict[str, object]]) -> Operations:
    operations = Operations()
    for namespace in modules.values():
        operations.put(namespace, "first", object())
        operations.put(namespace, "new", object())
        operations.drop(namespace, "last")
        operations.put(namespace, "first", object())  # its inverse knows what was there at the very first
    return operations


def _broken(modules: dict[str, dict[str, object]], operations: Operations) -> dict[str, str]:
    failing = FailingEverywhere(Fingerprint(modules, {}))
    failing("operations", operations)
    return failing.broken


def test_c01_each_operation_of_a_small_and_a_large_commit_is_taken_back() -> None:
    for count in (3, 100):
        modules = _namespaces(count)
        before = {name: list(namespace.items()) for name, namespace in modules.items()}
        assert _broken(modules, _commit(modules)) == {}
        assert {name: list(namespace.items()) for name, namespace in modules.items()} == before


def test_c01_a_wrong_inverse_is_found_in_the_midst_of_a_large_commit() -> None:
    modules = _namespaces(100)
    operations = _commit(modules)
    wrong = {"name": 1}
    modules["odd"] = wrong
    operations.add(Step(dict.__setitem__, wrong, "name", 2), Step(dict.__setitem__, wrong, "name", 3))
    for namespace in _namespaces(100).values():
        operations.put(namespace, "first", object())
    assert list(_broken(modules, operations)) == ["odd"]


def test_c01_a_fingerprint_tells_what_is_other_by_its_name_until_it_is_mended() -> None:
    inner = [1, 2]
    modules: dict[str, dict[str, object]] = {"lib": {"table": {"rows": inner}}}
    before = Fingerprint(modules, {})
    inner.append(3)
    assert before.differences() == ["lib:table (in it: a builtins.list)"]
    inner.pop()
    assert before.differences() == []
