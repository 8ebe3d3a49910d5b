"""How the items of a random project are written: for each kind what it is good for, whom it needs, and its text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

__all__ = ["KINDS", "NEEDS", "TYPES", "text_of"]

_ANY = "data|func|class?"

# kind -> (the type of its name, whom it needs; ``?``: it can do without).
_TABLE: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "const": ("data", ()),
    "derived": ("data", ("data", "data")),
    "func": ("func", (_ANY, _ANY, "data?")),
    "call": ("data", ("func",)),
    "class": ("class", ("class?", _ANY, "data?")),
    "method": ("data", ("class",)),
    "wrapper": ("deco", ("data?",)),
    "decorated": ("func", ("deco", _ANY)),
    "maker": ("maker", (_ANY,)),
    "made": ("func", ("maker",)),
    "registry": ("registry", ()),
    "register": ("deco", ("registry",)),
    "effect": ("none", ("registry", "data")),
    "count": ("data", ("registry",)),
    "counter": ("counter", ()),
    "tick": ("data", ("counter",)),
    "box": ("box", ("func|class", "data")),
    "cond": ("data", ("data", "data?")),
    "augmented": ("data", ("data?",)),
    "deleted": ("data", ("data",)),
    "dataclass": ("class", ("data?",)),
}
TYPES = {kind: row[0] for kind, row in _TABLE.items()}
NEEDS = {kind: row[1] for kind, row in _TABLE.items()}
KINDS = (*_TABLE, "const", "derived", "derived", "func", "func", "call", "class", "decorated", "made")


def text_of(kind: str, name: str, n: int, form: int, words: Sequence[str]) -> list[str]:
    """The lines of one item; ``words`` are the expressions for whom it uses, in the order of its needs."""
    return _WRITERS[kind](name, n, form, list(words)).splitlines()


def _value(word: str) -> str:
    """An expression with a plain value for whatever a word names (its type shows in the unique name)."""
    last = word.rpartition(".")[2]
    if last.startswith(("fun", "dec", "mad")):
        return f"{word}()"
    return f"{word}().m()" if last.startswith(("cla", "dat")) else word


def _values(n: int, words: Sequence[str]) -> str:
    return "(" + ", ".join([str(n), *(_value(word) for word in words)]) + ",)"


def _const(name: str, n: int, form: int, words: list[str]) -> str:
    forms = (f"{n}", f"[{n}, {n + 1}]", f"{{'k': {n}}}", f"'s{n}'", f"({n}, 's')")
    return f"{name} = {forms[form % len(forms)]}"


def _derived(name: str, n: int, form: int, words: list[str]) -> str:
    a, b = (words * 2)[:2]
    forms = (
        f"({a}, {n})",
        f"[{a}, {b}]",
        f"repr({a})",
        f"{{'v': {a}, {n}: {b}}}",
        f"{a}",
        f"len(repr({a})) + {n}",
        f"[{a} for _ in range({n % 3})]",
        f"{a} if {n % 2} else {b}",
        f"f'{{{a}}}-{n}'",
    )
    return f"{name} = {forms[form % len(forms)]}"


def _func(name: str, n: int, form: int, words: list[str]) -> str:
    value = _values(n, words)
    default = words[-1] if words and _value(words[-1]) == words[-1] else str(n)
    forms = (
        f"def {name}(a={default}):\n    return {value}",
        f"def {name}(*a, k={default}):\n    return ({value}, k)",
        f"def {name}(a=None):\n    def inner():\n        return {value}\n    return inner()",
        f"def {name}(*a):\n    '''doc {n}'''\n    got = [x for x in {value}]\n    return got",
        f"{name} = lambda *a: {value}",
        f"if {n} % 2:\n    def {name}(*a):\n        return 'odd'\nelse:\n    def {name}(*a):\n        return {value}",
    )
    return forms[form % len(forms)]


def _call(name: str, n: int, form: int, words: list[str]) -> str:
    f = words[0]
    forms = (f"{f}()", f"[{f}() for _ in range(2)]", f"{f}({n})", f"list(map({f}, [{n}]))", f"({f}(), {n})")
    return f"{name} = {forms[form % len(forms)]}"


def _class(name: str, n: int, form: int, words: list[str]) -> str:
    bases = [word for word in words[:1] if word.rpartition(".")[2].startswith("cla")]
    rest = words[len(bases) :]
    head = f"class {name}({', '.join(bases)}):" if bases else f"class {name}:"
    value = f"{_values(n, rest)} + (self.attr,)" + (" + (super().m(),)" if bases and form % 2 else "")
    rows = [head, f"    attr = {rest[-1] if rest and _value(rest[-1]) == rest[-1] else n}"]
    rows += ["    def m(self):", f"        return {value}"]
    if form % 3 == 1:
        rows += ["    @property", "    def p(self):", f"        return {n + 1}"]
    if form % 3 == 2:
        rows += ["    @classmethod", "    def c(cls, k=3):", f"        return (cls.__name__, {n})"]
    if form % 5 == 1:
        rows += ["    @staticmethod", "    def s():", f"        return {n + 2}"]
    return "\n".join(rows)


def _dataclass(name: str, n: int, form: int, words: list[str]) -> str:
    default = f"len(repr({words[0]}))" if words else str(n)
    more = f"    other: int = {n}\n" if form % 2 else ""
    rows = f"import dataclasses\n@dataclasses.dataclass\nclass {name}:\n    x: int = {default}\n{more}"
    return rows + f"    def m(self):\n        return (self.x, {n})"


def _method(name: str, n: int, form: int, words: list[str]) -> str:
    return f"{name} = " + (f"{words[0]}().m()", f"({words[0]}().m(), {n})")[form % 2]


def _wrapper(name: str, n: int, form: int, words: list[str]) -> str:
    value = words[0] if words else str(n)
    if form % 3 == 2:
        return f"def {name}(f):\n    f.tag = {value}\n    return f"
    return f"def {name}(f):\n    def w(*a):\n        return ({n}, {value}, f(*a))\n    return w"


def _register(name: str, n: int, form: int, words: list[str]) -> str:
    key = ("f.__name__", f"f.__name__ + '{n}'")[form % 2]
    return f"def {name}(f):\n    {words[0]}[{key}] = f\n    return f"


def _decorated(name: str, n: int, form: int, words: list[str]) -> str:
    deco, *rest = words
    value = _values(n, rest)
    if form % 4 == 3:
        return f"def {name}(*a):\n    return {value}\n{name} = {deco}({name})"
    return f"@{deco}\ndef {name}(*a):\n    return {value}"


def _maker(name: str, n: int, form: int, words: list[str]) -> str:
    value = _values(n, words)
    if form % 2:
        return f"def {name}(k):\n    j = k + {n}\n    def inner(*a):\n        return (j, {value})\n    return inner"
    return f"def {name}(k):\n    def inner(*a):\n        return (k, {value})\n    return inner"


def _effect(name: str, n: int, form: int, words: list[str]) -> str:
    registry, value = words[0], words[-1]
    forms = (
        f"{registry}['{name}'] = {value}",
        f"{registry}.setdefault('e{n}', []).append({value})",
        f"for _k{name} in range({n % 3}):\n    {registry}['{name}', _k{name}] = {value}",
        f"_r{name} = {registry}\n_r{name}['{name}'] = {n}",
        f"{registry}.update({{'{name}': ({value}, {n})}})",
    )
    return forms[form % len(forms)]


def _count(name: str, n: int, form: int, words: list[str]) -> str:
    return f"{name} = " + (f"len({words[0]})", f"sorted(map(repr, {words[0]}))", f"(len({words[0]}), {n})")[form % 3]


def _counter(name: str, n: int, form: int, words: list[str]) -> str:
    return f"n_{name} = {n}\ndef {name}():\n    global n_{name}\n    n_{name} += 1\n    return n_{name}"


def _tick(name: str, n: int, form: int, words: list[str]) -> str:
    return f"{name} = " + (f"{words[0]}()", f"({words[0]}(), {n})")[form % 2]


def _box(name: str, n: int, form: int, words: list[str]) -> str:
    a, b = words
    return f"{name} = " + (f"[{a}, {b}]", f"{{'a': {a}, 'n': {n}}}", f"({a}, [{b}])", f"[lambda: {n}, {a}]")[form % 4]


def _cond(name: str, n: int, form: int, words: list[str]) -> str:
    a, b = (words * 2)[:2]
    return f"if len(repr({a})) % 2 == {form % 2}:\n    {name} = (1, {n})\nelse:\n    {name} = (2, {b})"


def _augmented(name: str, n: int, form: int, words: list[str]) -> str:
    more = f"\n{name} += [{words[0]}]" if words else ""
    return f"{name} = [{n}]\n{name}.append({form % 5}){more}"


def _deleted(name: str, n: int, form: int, words: list[str]) -> str:
    return f"_t{name} = ({words[0]}, {n})\n{name} = [_t{name}]\ndel _t{name}"


_WRITERS: Mapping[str, Callable[[str, int, int, list[str]], str]] = {
    "const": _const,
    "derived": _derived,
    "func": _func,
    "call": _call,
    "class": _class,
    "dataclass": _dataclass,
    "method": _method,
    "wrapper": _wrapper,
    "register": _register,
    "decorated": _decorated,
    "maker": _maker,
    "made": lambda name, n, form, words: f"{name} = {words[0]}({n})",
    "registry": lambda name, n, form, words: f"{name} = {{}}",
    "effect": _effect,
    "count": _count,
    "counter": _counter,
    "tick": _tick,
    "box": _box,
    "cond": _cond,
    "augmented": _augmented,
    "deleted": _deleted,
}
