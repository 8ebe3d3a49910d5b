"""The house's own check: budgets, annotations, documentation. `./dev check` and tests/test_house.py run it.

Files up to 400 lines; function bodies up to 40, nine in ten of the package's up to 20; every function annotated;
every public name documented. A body is counted from its first statement (its docstring counts) to its last line.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
TREES = ("src", "tests", "tools", "bench", "demo")
FILE_LINES = 400
BODY_LINES = 40
SHORT_LINES = 20
SHORT_SHARE = 0.9

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Source(NamedTuple):
    """One file of the checkout: its path below the root, its text, its tree."""

    path: str
    text: str
    tree: ast.Module


def sources(*trees: str) -> list[Source]:
    """Every Python file of the given folders (of all that are checked, without one), and the runner."""
    paths = [path for tree in trees or TREES for path in sorted((ROOT / tree).rglob("*.py"))]
    if not trees:
        paths.append(ROOT / "dev")
    found = []
    for path in paths:
        text = path.read_text(encoding="utf-8")
        found.append(Source(path.relative_to(ROOT).as_posix(), text, ast.parse(text, str(path))))
    return found


def functions(source: Source) -> list[Function]:
    """Every function of a file, nested ones and methods too."""
    return [node for node in ast.walk(source.tree) if isinstance(node, Function)]


def body_lines(function: Function) -> int:
    """How long a function's body is, in lines."""
    last = function.end_lineno
    assert last is not None
    return last - function.body[0].lineno + 1


def long_files() -> list[str]:
    """Files over the budget."""
    sizes = ((source.path, source.text.count("\n")) for source in sources())
    return [f"{path}: {lines} lines, the budget is {FILE_LINES}" for path, lines in sizes if lines > FILE_LINES]


def long_bodies() -> list[str]:
    """Function bodies over the budget."""
    return [
        f"{source.path}:{function.lineno} {function.name}: a body of {lines} lines, the budget is {BODY_LINES}"
        for source in sources()
        for function in functions(source)
        if (lines := body_lines(function)) > BODY_LINES
    ]


def too_few_short_bodies() -> list[str]:
    """Whether fewer than nine in ten bodies of the package are short; then the longest of those that are not."""
    sized = [
        (body_lines(node), f"{source.path}:{node.lineno} {node.name}")
        for source in sources("src")
        for node in functions(source)
    ]
    longer = sorted((row for row in sized if row[0] > SHORT_LINES), reverse=True)
    if len(longer) <= len(sized) * (1 - SHORT_SHARE):
        return []
    head = f"src: {len(longer)} of {len(sized)} bodies are over {SHORT_LINES} lines; one in ten may be. The longest:"
    return [head, *(f"  {where} ({lines})" for lines, where in longer[:20])]


def unannotated() -> list[str]:
    """Functions with a parameter or a result that has no annotation (`self` and `cls` need none)."""
    return [
        f"{source.path}:{function.lineno} {function.name}: no annotation for {', '.join(missing)}"
        for source in sources()
        for function in functions(source)
        if (missing := missing_annotations(function))
    ]


def missing_annotations(function: Function) -> list[str]:
    """The parameters of one function that lack an annotation, and `return`."""
    given = function.args
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs, *filter(None, (given.vararg, given.kwarg))]
    missing = [arg.arg for arg in every if arg.annotation is None and arg.arg not in ("self", "cls", "mcls")]
    return missing + (["return"] if function.returns is None else [])


def undocumented() -> list[str]:
    """Modules without a docstring, and public names without one: of public modules, and of `modcache.__all__`."""
    found = [
        f"{source.path}: no docstring"
        for source in sources()
        if source.text.strip() and not ast.get_docstring(source.tree)
    ]
    for source in sources("src"):
        if is_public(source.path):
            found += [f"{source.path}:{row}" for row in undocumented_in(source.tree, "")]
    return found + undocumented_front_door()


def is_public(path: str) -> bool:
    """Whether a file is a public module: no part of its name starts with an underscore."""
    parts = Path(path).with_suffix("").parts[2:]
    return all(not part.startswith("_") or part in ("__init__", "__main__") for part in parts)


def undocumented_in(tree: ast.Module | ast.ClassDef, prefix: str) -> list[str]:
    """Public functions, classes and methods of a tree that have no docstring."""
    found: list[str] = []
    for node in tree.body:
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) or node.name.startswith("_"):
            continue
        if not ast.get_docstring(node) and not is_overload(node):
            found.append(f"{node.lineno} {prefix}{node.name}: no docstring")
        if isinstance(node, ast.ClassDef):
            found += undocumented_in(node, f"{node.name}.")
    return found


def is_overload(node: ast.AST) -> bool:
    """Whether a definition is an `@overload` or a property's setter, which the first one documents."""
    decorators = [ast.unparse(decorator) for decorator in getattr(node, "decorator_list", [])]
    return any(name.split(".")[-1] in ("overload", "setter", "deleter") for name in decorators)


def undocumented_front_door() -> list[str]:
    """Names of `modcache.__all__`, and public methods of its classes, that have no docstring."""
    package = importlib.import_module("modcache")
    found: list[str] = []
    for name in getattr(package, "__all__", ()):
        value = getattr(package, name)
        if isinstance(value, type):
            found += undocumented_methods(name, value)
        if (callable(value) or isinstance(value, ModuleType)) and not has_docstring(value):
            found.append(f"modcache.{name}: no docstring")
    return found


def undocumented_methods(name: str, owner: type) -> list[str]:
    """Public methods and properties that a class itself defines without a docstring."""
    return [
        f"modcache.{name}.{member}: no docstring"
        for member, value in vars(owner).items()
        if not member.startswith("_")
        and (inspect.isroutine(value) or isinstance(value, (property, staticmethod, classmethod)))
        and not has_docstring(value)
    ]


def has_docstring(value: object) -> bool:
    """Whether somebody wrote one: a dataclass makes up its own, which is its signature."""
    text = value.__dict__.get("__doc__") if isinstance(value, type) else value.__doc__
    return bool(text) and not str(text).startswith(f"{getattr(value, '__name__', '')}(")


CHECKS = (long_files, long_bodies, too_few_short_bodies, unannotated, undocumented)


def main() -> int:
    """Print every finding; 1 if there is one."""
    found = [row for check in CHECKS for row in check()]
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
