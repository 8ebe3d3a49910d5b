"""Words that sound as if code looked beyond its text, in uses that do not: ``getattr(x, "name")`` is ``x.name``."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Mapping

__all__ = ["attribute_asked", "attributes_matched", "executed_uses", "odd_uses"]

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def attribute_asked(node: ast.Call) -> str | None:
    """The attribute that ``getattr(x, "name")`` or ``hasattr(x, "name")`` asks for; None for any other call."""
    match node:
        case ast.Call(func=ast.Name(id="getattr" | "hasattr"), args=[_, ast.Constant(value=str(name)), *_]):
            return name
    return None


def attributes_matched(node: ast.MatchClass) -> list[str]:
    """The attributes that a pattern asks for; which they are by position, a class's ``__match_args__`` says."""
    return [*node.kwd_attrs, "__match_args__"] if node.patterns else node.kwd_attrs


def odd_uses(nodes: list[ast.stmt], words: frozenset[str], runs: Callable[[str, str], bool]) -> set[str]:
    """Those of ``words`` that are used otherwise than plainly, in what is executed and in functions that may run.

    ``nodes``: the statements of a whole module. ``runs(class, function)``: may a function of that name run? What star
    imports bring is not known here.
    """
    bound = _bound([inner for node in nodes for inner in ast.walk(node)])
    look = _Look(words, bound, runs)
    for node in nodes:
        look.visit(node)
    return set(look.odd)


def executed_uses(nodes: list[ast.stmt], words: frozenset[str], ran: Callable[[str, int], bool]) -> dict[str, int]:
    """Those of ``words`` that are used otherwise than plainly in code that was seen to run -> the first line of that.

    ``nodes``: the statements of a whole module, at their lines. ``ran(name, line)``: did the function of that name run
    whose first line, decorators included, this is? What a star import may have brought stands at line 0.
    """
    bound = _bound([inner for node in nodes for inner in ast.walk(node)])
    look = _Seen(words, bound, ran)
    for node in nodes:
        look.visit(node)
    return dict.fromkeys(words, 0) if "*" in bound else look.odd


def _bound(nodes: list[ast.AST]) -> dict[str, set[str]]:
    """Every name that is bound anywhere in a module -> the modules that it holds (an empty name: anything else)."""
    found: dict[str, set[str]] = defaultdict(set)
    for node in nodes:
        match node:
            case ast.Import(names=aliases):
                for alias in aliases:
                    whole = alias.name if alias.asname else alias.name.partition(".")[0]
                    found[alias.asname or whole].add(whole)
            case ast.ImportFrom(names=aliases):
                for alias in aliases:
                    found[alias.asname or alias.name].add("")
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                found[name].add("")
            case ast.arg(arg=name):
                found[name].add("")
            case (
                ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.ClassDef(name=name)
                | ast.ExceptHandler(name=str(name))
            ):
                found[name].add("")
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                found[name].add("")
    return found


class _Look(ast.NodeVisitor):
    def __init__(
        self,
        words: frozenset[str],
        bound: Mapping[str, set[str]],
        runs: Callable[[str, str], bool],
    ) -> None:
        self.words = words
        self.bound = bound
        self.runs = runs
        self.odd: dict[str, int] = {}
        """Words -> the first line on which they are used so."""
        self.owner = ""
        self.inside = False

    def visit_Name(self, node: ast.Name) -> None:
        if node.id in self.words:
            self.odd.setdefault(node.id, node.lineno)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        # an object's class is what type() says that it is; to *set* it is another matter
        if node.attr in self.words and not (node.attr == "__class__" and isinstance(node.ctx, ast.Load)):
            self.odd.setdefault(node.attr, node.lineno)
        self.visit(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        if not self._is_plain(node):
            self.visit(node.func)
        for argument in [*node.args, *node.keywords]:
            self.visit(argument)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if not (isinstance(node.ctx, ast.Load) and self._is_environ(node.value)):
            self.visit(node.value)
        self.visit(node.slice)

    def visit_Compare(self, node: ast.Compare) -> None:
        self.visit(node.left)
        for operator, other in zip(node.ops, node.comparators, strict=True):
            if not (isinstance(operator, ast.In | ast.NotIn) and self._is_environ(other)):
                self.visit(other)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        before, self.owner = self.owner, node.name
        self.generic_visit(node)
        self.owner = before

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if self._is_run(node):
            before, self.inside = self.inside, True
            self.generic_visit(node)
            self.inside = before
            return
        for part in [*node.decorator_list, node.args, *([node.returns] if node.returns else [])]:
            self.visit(part)

    visit_AsyncFunctionDef = visit_FunctionDef

    def _is_run(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        return self.inside or self.runs(self.owner, node.name)

    def _is_plain(self, node: ast.Call) -> bool:
        if attribute_asked(node) is not None:
            return isinstance(node.func, ast.Name) and node.func.id not in self.bound
        match node.func:
            case ast.Attribute(value=ast.Name(id=name), attr=attribute):
                return any(self.bound.get(name) == {module} for module, known in _PLAIN if known == attribute)
            case ast.Attribute(value=value, attr="get"):
                return self._is_environ(value)
        return False

    def _is_environ(self, node: ast.expr) -> bool:
        """Is it ``os.environ``? What a process was started with does not change by an edit."""
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr="environ"):
                return self.bound.get(name) == {"os"}
        return False


class _Seen(_Look):
    """Looks into the functions that were seen to run, and only into those; at names in texts and imports, too."""

    def __init__(self, words: frozenset[str], bound: Mapping[str, set[str]], ran: Callable[[str, int], bool]) -> None:
        super().__init__(words, bound, lambda owner, name: False)
        self.ran = ran
        self.own: frozenset[str] = frozenset()
        """The parameters and variables of the functions around: these are not what the words mean."""

    def visit_Name(self, node: ast.Name) -> None:
        if node.id not in self.own:
            super().visit_Name(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        # an attribute that an object of the module's own classes is given, or asked for, is a value of theirs
        if self._is_of_self(node) and node.attr in self.words and not node.attr.startswith("__"):
            return
        super().visit_Attribute(node)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Attribute) and self._is_of_self(node.func) and node.func.attr in self.words:
            self.odd.setdefault(node.func.attr, node.lineno)  # it may be a method that is inherited from anywhere
        super().visit_Call(node)

    def _is_of_self(self, node: ast.Attribute) -> bool:
        return isinstance(node.value, ast.Name) and node.value.id == "self" and "self" in self.own

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        before, self.own = self.own, self.own | _own(node)
        super().visit_FunctionDef(node)
        self.own = before

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and node.value in self.words:
            self.odd.setdefault(node.value, node.lineno)

    def visit_MatchClass(self, node: ast.MatchClass) -> None:
        for name in self.words.intersection(attributes_matched(node)):
            self.odd.setdefault(name, node.lineno)
        self.generic_visit(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name in self.words and alias.asname not in (None, alias.name):
                self.odd.setdefault(alias.name, node.lineno)  # who uses it under that name is not looked for

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.visit(node.args)
        if self.ran("<lambda>", node.lineno):
            self.visit(node.body)

    def _is_run(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        return self.ran(node.name, min([node.lineno, *(one.lineno for one in node.decorator_list)]))


def _own(function: ast.FunctionDef | ast.AsyncFunctionDef) -> frozenset[str]:
    """The names that are a function's own; those of functions inside of it are theirs."""
    every = function.args
    arguments = [*every.posonlyargs, *every.args, *every.kwonlyargs, every.vararg, every.kwarg]
    found = {argument.arg for argument in arguments if argument is not None}
    others: set[str] = set()
    todo: list[ast.AST] = list(function.body)
    while todo:
        match todo.pop():
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Lambda():
                continue
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                others.update(names)
            case ast.Name(id=name, ctx=ast.Store()):
                found.add(name)
            case node:
                todo.extend(ast.iter_child_nodes(node))
    return frozenset(found - others)


_PLAIN = frozenset({("re", "compile"), ("warnings", "warn"), ("os", "getenv")})
"""Calls of the standard library that look at nothing but what they are given, and change nothing that code looks at."""
