from __future__ import annotations


def incremented(f):
    return lambda *args: f(*args) + 1


class Foo:
    @classmethod
    def foo(cls):
        return 42


foo = Foo.foo
