"""CPython's tests of importlib on :data:`modcache.interpreter`: a third kind beside ``Frozen`` and ``Source``.

The classes that ``test_both`` splits get a third half, ``Ours``. Only those are run: the others
would test the interpreter.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
import unittest
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from cpython_facade import NAMES, bootstrap, bootstrap_external, verbs

import modcache

__all__ = ["suite"]

KIND = "Ours"


def suite(name: str) -> unittest.TestSuite:
    """The tests of one test module that are ours."""
    ours = _plug_in(importlib.import_module("test.test_importlib.util"))
    found = unittest.defaultTestLoader.loadTestsFromName(name)
    return unittest.TestSuite(test for test in _flat(found) if _is_ours(test, ours))


def _plug_in(util: Any) -> Any:
    """Teach the tests' helpers the third kind; returns our ``__import__`` as they hold it."""
    interpreter = modcache.interpreter
    core = bootstrap(interpreter)
    facade = (core, bootstrap_external(interpreter, core))
    import_both, split_both = util.import_importlib, util.split_frozen

    def import_importlib(name: str) -> dict[str, Any]:
        return {**import_both(name), KIND: _imported(util, name, facade)}

    def split_frozen(cls: type, base: Any = None, **named: Any) -> tuple[type, ...]:
        return (*split_both(cls, base, **named), util.specialize_class(cls, KIND, base, **named))

    def test_both(cls: type, base: Any = None, **named: Any) -> tuple[type, ...]:
        *both, third = split_frozen(cls, base, **named)
        # The caller takes a pair apart: the third goes to where unittest finds it.
        sys._getframe(1).f_globals[third.__name__] = third
        return tuple(both)

    util.import_importlib, util.split_frozen, util.test_both = import_importlib, split_frozen, test_both
    ours = staticmethod(vars(core)["__import__"])
    # Two classes are not split, but name the pure-Python import: they get ours.
    util.__import__ = {**util.__import__, "Source": ours, KIND: ours}
    return vars(core)["__import__"]


def _imported(util: Any, name: str, facade: tuple[ModuleType, ModuleType]) -> Any:
    """A copy of a module of ``importlib``, made over our system."""
    fresh = ("importlib",) if "." in name else ()
    with _in_cache(facade):
        found = util.import_helper.import_fresh_module(name, fresh=fresh)
    if found is not None and name in ("importlib", "importlib.util"):
        verbs(modcache.interpreter, found)
    return found


@contextlib.contextmanager
def _in_cache(facade: tuple[ModuleType, ModuleType]) -> Iterator[None]:
    real = {name: sys.modules[name] for name in NAMES}
    sys.modules.update(zip(NAMES, facade, strict=True))
    try:
        yield
    finally:
        sys.modules.update(real)


def _flat(tests: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    for test in tests:
        if isinstance(test, unittest.TestSuite):
            yield from _flat(test)
        else:
            yield test


def _is_ours(test: Any, ours: Any) -> bool:
    kind = getattr(test, "_KIND", None)
    # A module that could not be imported is a test, too, that fails: it must not go unseen.
    broken = type(test).__module__ == "unittest.loader"
    return kind == KIND or broken or (kind is None and getattr(type(test), "__import__", None) is ours)
