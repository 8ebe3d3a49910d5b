"""Random alterations, entered and left in a random order, with imports in between: all is as before."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import modcache
from tests.alter.state import TREE, state
from tests.trees import lay

EXAMPLES = 3000 if os.environ.get("MODCACHE_THOROUGH") else 60
NAMES = [
    *("one", "pkg", "pkg.mod", "pkg.sub", "pkg.sub.deep", "shadow", "shadow.run", "space", "space.part", "app"),
    *("new", "new.below", "pkg.new"),
]
NAME = st.sampled_from(NAMES)
KINDS = ["replaced", "rebound", "virtual", "package", "blocked", "isolated", "fake"]
STEP = st.one_of(
    st.tuples(st.just("enter"), st.sampled_from(KINDS), NAME),
    st.tuples(st.just("leave"), st.integers(0, 9)),
    st.tuples(st.just("import"), NAME),
    st.tuples(st.just("from"), NAME),
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The tree on the interpreter's path; nothing of it is loaded."""
    folder = tmp_path_factory.mktemp("tree")
    lay(folder, TREE)
    with modcache.snapshot():
        sys.path.insert(0, str(folder))
        # what alterations themselves need is loaded now, and not in the middle
        for kind in KINDS:
            with altered(kind, "warm.up", modcache.interpreter), contextlib.suppress(ImportError):
                importlib.import_module("warm.up")
        yield folder


@pytest.fixture(scope="module", params=["interpreter", "private"])
def system(request: pytest.FixtureRequest, tree: Path) -> modcache.ImportSystem:
    """An import system with the tree on its path."""
    return modcache.interpreter if request.param == "interpreter" else modcache.ImportSystem("mine", [str(tree)])


def altered(kind: str, name: str, system: modcache.ImportSystem) -> Any:
    """An alteration of the kind."""
    match kind:
        case "replaced" | "rebound":
            substitute = SimpleNamespace(f=len, made=name)
            return modcache.replaced(name, substitute, rebind=kind == "rebound", system=system)
        case "virtual":
            return modcache.virtual({name: "X = 1\ndef f(): pass\n"}, system=system)
        case "package":
            return modcache.virtual({name: "X = 1\n", f"{name}.inner": {"X": 2}}, system=system)
        case "fake":
            return modcache.fake(name, {"f": len, "inner.X": 1} if len(name) % 2 else None, system=system)
        case "blocked":
            return modcache.blocked(name, system=system)
    return modcache.isolated(name, system=system)


def play(system: modcache.ImportSystem, steps: Sequence[tuple[Any, ...]], active: list[Any]) -> None:
    """Take the steps; ``active`` has the handles that were not left. What is imported outside of a scope would stay."""
    for step in steps:
        match step:
            case ("enter", kind, name):
                active.append(altered(kind, name, system).enter())
            case ("leave", number) if active:
                active.pop(number % len(active)).leave()
            case ("import", name) if active:
                with contextlib.suppress(ImportError):
                    system.import_module(name)
            case ("from", name) if active:
                with contextlib.suppress(ImportError):
                    system.import_(name.rpartition(".")[0] or name, {}, {}, (name.rpartition(".")[2],), 0)


def only(known: dict[str, Any], names: set[str]) -> dict[str, Any]:
    """Of a state, what it says of modules that were loaded before."""
    attributes = {
        name: {key: value for key, value in found.items() if key not in CHILDREN or f"{name}.{key}" in names}
        for name, found in known["attributes"].items()
        if name in names
    }
    return {**known, "entries": [entry for entry in known["entries"] if entry[0] in names], "attributes": attributes}


CHILDREN = {name.rpartition(".")[2] for name in NAMES if "." in name}


@given(st.lists(NAME, max_size=5), st.lists(STEP, max_size=14), st.lists(st.integers(0, 9), min_size=14, max_size=14))
@example(["pkg.mod"], [("enter", "isolated", "pkg"), ("import", "pkg.mod"), ("enter", "isolated", "pkg.mod")], [0] * 14)
@example(["app"], [("enter", "rebound", "pkg.mod"), ("enter", "rebound", "pkg.mod")], [0] * 14)
@example([], [("enter", "replaced", "pkg.mod"), ("import", "pkg.mod"), ("enter", "virtual", "pkg.mod")], [0] * 14)
@example([], [("enter", "virtual", "new.below"), ("enter", "virtual", "new.below"), ("import", "new.below")], [0] * 14)
@example(["shadow"], [("enter", "virtual", "shadow.run"), ("import", "shadow.run")], [0] * 14)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_c25_everything_is_as_before(
    system: modcache.ImportSystem, loaded: list[str], steps: list[tuple[Any, ...]], order: list[int]
) -> None:
    with modcache.snapshot(system=system):
        for name in loaded:
            with contextlib.suppress(ImportError):
                system.import_module(name)
        names = set(system.modules)
        before = only(state(system), names)
        active: list[Any] = []
        try:
            play(system, steps, active)
        finally:
            for number in order:
                if active:
                    active.pop(number % len(active)).leave()
        after = only(state(system), names)
        for part, value in before.items():
            assert after[part] == value, part
        assert [name for name in system.modules.keys() - names if not is_real(system.modules[name])] == []


def is_real(module: object) -> bool:
    """Was it made by an import from a file, or is it a namespace package?"""
    spec = getattr(module, "__spec__", None)
    return isinstance(module, ModuleType) and spec is not None and "modcache._alter" not in repr(spec.loader)
