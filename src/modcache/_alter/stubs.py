"""What a stub says (`.pyi`), or any source: read, never executed."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterable, Iterator
from functools import partial
from inspect import Parameter, Signature
from typing import Any

from modcache._alter.described import Described

__all__ = ["read_path", "read_text"]

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_SUFFIXES = (".pyi", ".py")


def read_path(name: str, path: str) -> Described:
    """Describe the module of a file, or the package of a folder; files are read when they are first asked for.

    Raises ``FileNotFoundError``.
    """
    if not os.path.exists(path):
        raise FileNotFoundError(f"the specification of the fake {name!r} is not there: {path!r}")
    if os.path.isdir(path) or os.path.basename(path).startswith("__init__."):
        folder = path if os.path.isdir(path) else os.path.dirname(path)
        return Described("module", name, fill=lambda found: _fill_package(found, folder))
    return Described("module", name, fill=lambda found: _fill_file(found, path, is_package=False))


def read_text(name: str, text: str) -> Described:
    """Describe the module of a stub's text. Raises ``SyntaxError``."""
    found = Described("module", name)
    _Reader(found, reexports=False, is_package=True).read(ast.parse(text))
    return found


def _fill_package(found: Described, folder: str) -> None:
    for entry in sorted(os.listdir(folder), reverse=True):  # a stub stands before its source
        path = os.path.join(folder, entry)
        stem, suffix = os.path.splitext(entry)
        if stem.isidentifier() and (suffix in _SUFFIXES or (os.path.isdir(path) and stem != "__pycache__")):
            if stem not in ("__init__", "__main__") and stem not in found.members:
                found.members[stem] = read_path(f"{found.module}.{stem}", path)
    for suffix in _SUFFIXES:
        path = os.path.join(folder, f"__init__{suffix}")
        if os.path.exists(path):
            _fill_file(found, path, is_package=True)
            return


def _fill_file(found: Described, path: str, *, is_package: bool) -> None:
    with open(path, "rb") as file:
        tree = ast.parse(file.read(), path)
    _Reader(found, reexports=not path.endswith(".pyi"), is_package=is_package).read(tree)


class _Reader:
    """Reads one module. ``reexports``: whether a plain import makes a name of it (in a stub it does not, PEP 484)."""

    def __init__(self, found: Described, *, reexports: bool, is_package: bool) -> None:
        self._module = found
        self._reexports = reexports
        self._package = found.module if is_package else found.module.rpartition(".")[0]

    def read(self, tree: ast.Module) -> None:
        """Add what the module has at its top."""
        self._body(tree.body, self._module)

    def _body(self, body: Iterable[ast.stmt], owner: Described) -> None:
        for node in _flat(body):
            match node:
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    self._function(node, owner)
                case ast.ClassDef():
                    self._class(node, owner)
                case ast.Assign(targets=targets, value=value):
                    for target in targets:
                        self._names(target, value, owner)
                case ast.AnnAssign(target=target, value=value):
                    self._names(target, value, owner)
                case ast.Import() | ast.ImportFrom() if owner is self._module:
                    self._import(node)

    def _add(self, owner: Described, found: Described) -> None:
        key = found.name.rpartition(".")[2]
        known = owner.members.get(key)
        if known is None or known.kind != "module":
            owner.members[key] = found

    def _names(self, target: ast.expr, value: ast.expr | None, owner: Described) -> None:
        names = [node.id for node in ast.walk(target) if isinstance(node, ast.Name)]
        for name in names:
            try:
                given = ast.literal_eval(value) if value is not None and isinstance(target, ast.Name) else ...
            except (ValueError, TypeError):
                given = ...
            kind: Any = "unknown" if given is ... or isinstance(given, list | dict | set) else "given"
            self._add(owner, Described(kind, self._module.module, name, given=given))

    def _function(self, node: _Function, owner: Described) -> None:
        decorators = {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}
        if decorators & {"property", "cached_property", "setter", "deleter"}:
            self._add(owner, Described("unknown", self._module.module, node.name))
            return
        prefix = "" if owner is self._module else f"{owner.name}."
        found = Described("function", self._module.module, prefix + node.name)
        if "overload" not in decorators:
            found.signature = partial(_signature, node.args)
        found.binding = next((one for one in (staticmethod, classmethod) if one.__name__ in decorators), None)
        found.returns = ast.unparse(node.returns).partition("[")[0].strip("'") if node.returns is not None else ""
        self._add(owner, found)
        for attribute in ast.walk(node) if owner.kind == "class" else ():
            if isinstance(attribute, ast.Attribute) and isinstance(attribute.ctx, ast.Store):
                owner.members.setdefault(attribute.attr, Described("unknown", self._module.module, attribute.attr))

    def _class(self, node: ast.ClassDef, owner: Described) -> None:
        prefix = "" if owner is self._module else f"{owner.name}."
        found = Described("class", self._module.module, prefix + node.name)
        names = [base.id for base in node.bases if isinstance(base, ast.Name)]
        known = [self._module.members.get(name) for name in names]
        found.bases = tuple(base for base in known if base is not None and base.kind in ("class", "alias"))
        found.given = next((error for name in names if (error := _exception(name)) is not None), None)
        self._body(node.body, found)
        self._add(owner, found)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            bound = alias.asname or alias.name.partition(".")[0]
            if not (self._reexports or alias.asname == alias.name or alias.name == "*"):
                continue
            if isinstance(node, ast.Import):
                source = (alias.name if alias.asname else bound, "")
            else:
                source = (self._absolute(node), alias.name)
            self._add(self._module, Described("alias", self._module.module, bound, given=source))

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        base = self._package.rsplit(".", node.level - 1)[0] if node.level > 1 else self._package
        return f"{base}.{node.module}" if node.module else base


def _flat(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements with those inside of conditions, where it can't be told that these do not hold."""
    for node in body:
        if isinstance(node, ast.If):
            holds = _holds(node.test)
            yield from _flat(node.body if holds is not False else ())
            yield from _flat(node.orelse if holds is not True else ())
        elif isinstance(node, ast.Try | ast.With):
            yield from _flat([*node.body, *(getattr(node, "orelse", ()))])
        else:
            yield node


def _holds(test: ast.expr) -> bool | None:
    text = ast.unparse(test)
    if text.startswith(("sys.version_info", "sys.platform")):
        try:
            return bool(eval(text, {"__builtins__": {}, "sys": sys}))
        except Exception:
            return None
    return True if text.endswith("TYPE_CHECKING") else None


def _exception(name: str) -> type[BaseException] | None:
    import builtins

    found = getattr(builtins, name, None)
    return found if isinstance(found, type) and issubclass(found, BaseException) else None


def _signature(args: ast.arguments) -> Signature:
    plain = [*args.posonlyargs, *args.args]
    first_default = len(plain) - len(args.defaults)
    found = []
    for index, arg in enumerate(plain):
        kind = Parameter.POSITIONAL_ONLY if index < len(args.posonlyargs) else Parameter.POSITIONAL_OR_KEYWORD
        found.append(Parameter(arg.arg, kind, default=... if index >= first_default else Parameter.empty))
    if args.vararg:
        found.append(Parameter(args.vararg.arg, Parameter.VAR_POSITIONAL))
    for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        found.append(Parameter(arg.arg, Parameter.KEYWORD_ONLY, default=Parameter.empty if default is None else ...))
    if args.kwarg:
        found.append(Parameter(args.kwarg.arg, Parameter.VAR_KEYWORD))
    return Signature(found)
