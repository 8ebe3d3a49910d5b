"""Two versions of one class statement: which of its members differ, and which of its functions."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Sequence

from modcache._model.facts import Facts
from modcache._model.scan import facts_of
from modcache._model.source import Fragment, Statement, first_line
from modcache._model.trees import nodes, same_tree

__all__ = ["affected_members", "body_names", "changed_functions", "changed_members", "has_lambda", "inner_classes"]

Part = tuple[str, ast.AST]
"""(text, syntax) of a member."""
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def changed_members(before: Statement, after: Statement) -> set[str] | None:
    """The names in a class's body that differ; None where the class as such does (bases, decorators, keywords)."""
    if before.fragment is after.fragment:
        return set()
    olds, news = before.fragment.node, after.fragment.node
    if not isinstance(olds, ast.ClassDef) or not isinstance(news, ast.ClassDef):
        return None
    if not _same_trees(_head(olds), _head(news)):
        return None
    one, other = _by_name(before), _by_name(after)
    common = [name for name in one if name in other]
    if common != [name for name in other if name in one] and _ordered(olds):
        return None
    return {name for name in one.keys() | other.keys() if not _alike(one.get(name), other.get(name))}


def _alike(one: list[Part] | None, other: list[Part] | None) -> bool:
    """Are these the same? Equal text is equal syntax, and much cheaper to compare."""
    if one is None or other is None or len(one) != len(other):
        return False
    return all(a[0] == b[0] or same_tree(a[1], b[1]) for a, b in zip(one, other, strict=True))


def affected_members(
    changed: set[str], whole: Statement, tainted: Callable[[set[str]], bool], strings: bool
) -> set[str] | None:
    """The names in a class's body that will be other than they are: they changed, or use something that does.

    ``changed``: what :func:`changed_members` said; ``tainted``: is one of these identifiers other than it was?
    ``strings``: annotations are not executed. None: anything may, since a base, a decorator or the like does.
    """
    node = whole.fragment.node
    if not isinstance(node, ast.ClassDef):
        return None
    if tainted({n.id for part in _head(node) for n in _names(part)}):
        return None
    inner = inner_facts(whole.fragment, strings)
    found = changed.union(*(_bound(*one) for one in inner if tainted(_used(one[1]))))
    while True:
        known = len(found)
        for statement, facts in inner:
            if not found.isdisjoint(facts.reads - facts.binds):
                found |= _bound(statement, facts)
        if len(found) == known:
            return _mangled(node, found)


def _bound(statement: ast.stmt, facts: Facts) -> set[str]:
    return facts.binds | ({"__annotations__"} if isinstance(statement, ast.AnnAssign) else set())


def _used(facts: Facts) -> set[str]:
    """What a statement in the body of a class loads or imports."""
    return facts.loads.union(ref.name for ref in facts.imports if ref.name is not None)


def inner_facts(fragment: Fragment, strings: bool) -> list[tuple[ast.stmt, Facts]]:
    """The statements in the body of a class with their facts; kept with the fragment."""
    known: dict[bool, list[tuple[ast.stmt, Facts]]] = fragment.__dict__.setdefault("inner_facts", {})
    if strings not in known:
        body: list[ast.stmt] = getattr(fragment.node, "body", [])
        known[strings] = [(inner, facts_of(inner, string_annotations=strings)) for inner in body]
    return known[strings]


def _names(node: ast.AST) -> list[ast.Name]:
    return [inner for inner in nodes([node]) if isinstance(inner, ast.Name)]


def _ordered(node: ast.ClassDef) -> bool:
    """Does the order of a class's body mean something? It may, if it holds more than functions."""
    return any(not isinstance(statement, _Function | ast.Expr | ast.Pass) for statement in node.body)


def _head(node: ast.ClassDef) -> list[ast.AST]:
    # type parameters (PEP 695) are of the class as such: who subscripts it asks them
    return [*node.bases, *node.keywords, *node.decorator_list, *getattr(node, "type_params", ())]


def _same_trees(one: Sequence[ast.AST], other: Sequence[ast.AST]) -> bool:
    return len(one) == len(other) and all(map(same_tree, one, other))


def _by_name(whole: Statement) -> dict[str, list[Part]]:
    found: dict[str, list[Part]] = defaultdict(list)
    node = whole.fragment.node
    assert isinstance(node, ast.ClassDef)
    lines, start = whole.fragment.text.split("\n"), first_line(node)
    for index, statement in enumerate(node.body):
        if index == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            found["__doc__"].append(("", statement))
            continue
        names = facts_of(statement, string_annotations=False).binds or {"__body__"}
        text = "\n".join(_lines(statement, lines, start))
        for name in names:
            found[name].append((text, statement))
        if isinstance(statement, ast.AnnAssign):
            found["__annotations__"].append(("", statement.annotation))
    return found


def inner_classes(node: ast.stmt, path: Sequence[str]) -> list[ast.stmt]:
    """The class statements that a path of names leads to, from a class statement on."""
    if not path:
        return [node]
    if not isinstance(node, ast.ClassDef):
        return []
    inner = [child for child in node.body if isinstance(child, ast.ClassDef) and child.name == path[0]]
    return [found for child in inner for found in inner_classes(child, path[1:])]


def body_names(node: ast.stmt) -> set[str]:
    """The names that the body of a class statement binds."""
    if not isinstance(node, ast.ClassDef):
        return set()
    return _mangled(node, {n for statement in node.body for n in facts_of(statement, string_annotations=True).binds})


def _mangled(node: ast.ClassDef, names: set[str]) -> set[str]:
    """Private names too, as the class's dict has them."""
    private = {name for name in names if name.startswith("__") and not name.endswith("__")}
    return names | {f"_{node.name.lstrip('_')}{name}" for name in private}


def changed_functions(before: Statement, after: Statement) -> dict[str, bool]:
    """The functions of a statement that differ from those of its predecessor, or are new.

    By their qualified names; true for those whose docstring does, too: that is seen without running them.
    """
    olds, news = _functions(before.fragment.node), _functions(after.fragment.node)
    old_lines, new_lines = before.fragment.text.split("\n"), after.fragment.text.split("\n")
    starts = first_line(before.fragment.node), first_line(after.fragment.node)
    changed = {}
    for name, functions in news.items():
        others = olds.get(name, [])
        texts = [_lines(f, new_lines, starts[1]) for f in functions]
        # equal text is equal syntax, and much cheaper to compare
        if texts != [_lines(f, old_lines, starts[0]) for f in others] and not _same_trees(functions, others):
            changed[name] = [*map(_docstring, functions)] != [*map(_docstring, others)]
    return changed


def _docstring(node: ast.stmt) -> str | None:
    return ast.get_docstring(node, clean=False) if isinstance(node, _Function) else None


def _lines(node: ast.stmt, lines: list[str], start: int) -> list[str]:
    return lines[first_line(node) - start : (node.end_lineno or node.lineno) - start + 1]


def _functions(node: ast.AST, prefix: str = "") -> dict[str, list[ast.stmt]]:
    """qualified name -> the functions of that name in a statement."""
    found: dict[str, list[ast.stmt]] = {}
    if isinstance(node, _Function):
        return {f"{prefix}{node.name}": [node]}
    if isinstance(node, ast.ClassDef):
        prefix = f"{prefix}{node.name}."
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            for name, functions in _functions(child, prefix).items():
                found.setdefault(name, []).extend(functions)
    return found


def has_lambda(node: ast.AST) -> bool:
    """Does a statement make functions without a name?"""
    return any(isinstance(inner, ast.Lambda) for inner in nodes([node]))
