"""A scope around each call of a function, of whatever kind the function is."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from typing import Any

__all__ = ["decorated"]

Scope = Callable[[], AbstractContextManager[Any]]


def decorated(scope: Scope, target: Any, title: str) -> Any:
    """The function, each call of which happens in a new scope; see :meth:`Alteration.__call__`."""
    if isinstance(target, type):
        return _class(scope, target, title)
    if inspect.isasyncgenfunction(target):
        raise TypeError(f"{title} can't decorate an asynchronous generator: use it in a `with` inside of it")
    if not callable(target):
        raise TypeError(f"{title} decorates functions and classes of tests, not {type(target).__name__}")
    if inspect.iscoroutinefunction(target):
        return _coroutine(scope, target)
    return _generator(scope, target) if inspect.isgeneratorfunction(target) else _plain(scope, target)


def _plain(scope: Scope, target: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(target)
    def call(*args: Any, **kwargs: Any) -> Any:
        with scope():
            return target(*args, **kwargs)

    return call


def _coroutine(scope: Scope, target: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(target)
    async def call(*args: Any, **kwargs: Any) -> Any:
        with scope():
            return await target(*args, **kwargs)

    return call


def _generator(scope: Scope, target: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(target)
    def call(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        with scope():
            return (yield from target(*args, **kwargs))

    return call


def _class(scope: Scope, target: type, title: str) -> type:
    tests = [name for name, value in vars(target).items() if name.startswith("test") and inspect.isfunction(value)]
    if not tests:
        raise TypeError(
            f"{title} decorates the methods of a class whose names begin with 'test'; {target.__name__} has none. "
            "Decorate its methods, or enter the handle in one and leave it in another"
        )
    for name in tests:
        setattr(target, name, decorated(scope, vars(target)[name], title))
    return target
