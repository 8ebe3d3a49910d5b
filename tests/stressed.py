"""A project with something of everything that a refresh has to keep: what the stress modes are tried on."""

from __future__ import annotations

__all__ = ["CALM", "UNSAFE"]

CALM = {
    "kinds.py": """
        import abc
        import dataclasses
        import enum
        import functools
        import typing

        class Colour(enum.Enum):
            RED = 1
            BLUE = 2
            AZURE = 2
            def lower(self):
                return self.name.lower()

        class Rights(enum.Flag):
            READ = 1
            WRITE = 2
            BOTH = READ | WRITE

        @dataclasses.dataclass(order=True)
        class Point:
            x: int
            y: int = 0
            colour: Colour = Colour.RED

        @dataclasses.dataclass(frozen=True, slots=True)
        class Fixed:
            name: str

        class Pair(typing.NamedTuple):
            left: int
            right: int = 0

        class Shape(abc.ABC):
            kinds = {}
            def __init_subclass__(cls, **options):
                super().__init_subclass__(**options)
                Shape.kinds[cls.__name__] = cls
            @abc.abstractmethod
            def area(self): ...
            @property
            def name(self):
                return type(self).__name__
            @staticmethod
            def unit():
                return 1
            @classmethod
            def made(cls):
                return cls()
            @functools.cached_property
            def cost(self):
                return self.area() * 2

        class Slotted:
            __slots__ = ("a", "b")
            def __init__(self):
                self.a = 1

        class Problem(Exception):
            pass
        """,
    "tools.py": """
        import functools

        REGISTRY = {}
        ORDER = []

        def register(name):
            def decorate(function):
                REGISTRY[name] = function
                ORDER.append(name)
                return function
            return decorate

        def counted(function):
            count = 0
            @functools.wraps(function)
            def wrapper(*args):
                nonlocal count
                count += 1
                return function(*args)
            return wrapper

        def maker(n):
            def inner():
                return n
            return inner

        @functools.lru_cache
        def square(n):
            return n * n

        @functools.singledispatch
        def show(value):
            return "?"

        @show.register
        def show_int(value: int):
            return "int"
        """,
    "app.py": """
        from kinds import Colour, Pair, Point, Problem, Shape
        from tools import REGISTRY, counted, maker, register, show
        import tools

        LIMIT = 3
        TABLE = [lambda: LIMIT, maker(LIMIT)]
        ORIGIN = Point(0, 0)
        PAIR = Pair(1)

        class Square(Shape):
            def __init__(self, side=LIMIT):
                super().__init__()
                self.side = side
            def area(self):
                return self.side ** 2

        @register("first")
        @counted
        def first(a=LIMIT):
            return tools.square(a)

        @register("second")
        def second():
            raise Problem(Colour.RED)

        @show.register
        def show_square(value: Square):
            return "square"

        UNIT = Square(1)
        """,
}
"""Nothing in it minds being executed again."""

UNSAFE = {
    "once.py": """
        import os
        import plugins

        NAME = "once"
        if plugins.known(NAME):
            raise RuntimeError(f"{NAME} is there already")
        getattr(plugins, "TABLE").append(NAME)  # what it registers so is not seen, and not taken back
        """,
    "grows.py": """
        import logging

        LOG = logging.getLogger("grows")
        LOG.addHandler(logging.StreamHandler())
        """,
    "counts.py": """
        import plugins

        NUMBER = plugins.number()
        """,
    "calm.py": """
        def f():
            return 1
        """,
}
"""Beside ``calm`` each module has its own reason; ``plugins`` is a library, outside of the roots."""
