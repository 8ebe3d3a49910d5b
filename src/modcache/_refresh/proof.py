"""What keeps a plan from being a proof: things that code does while it is imported and that no analysis can follow.

``complete=True`` is a claim, so it is made only where the modules concerned are plain enough. Everything that is looked
for here is looked for in the code that runs at import: the top level, and whatever functions that may call.
"""

from __future__ import annotations

from modcache._model.doubts import Doubt, DoubtKind
from modcache._model.unit import Unit
from modcache._model.uses import odd_uses
from modcache._refresh.reach import Reach

__all__ = ["READS_OUTSIDE", "suspicions"]

READS_OUTSIDE = frozenset({
    "open", "read_text", "read_bytes", "environ", "getenv", "get_data", "listdir", "glob", "rglob", "iterdir",
    "scandir", "find_spec", "iter_modules", "walk_packages",
})  # fmt: skip
_DYNAMIC = frozenset({
    "getattr", "setattr", "delattr", "hasattr", "vars", "globals", "locals", "dir", "exec", "eval", "compile",
    "__dict__", "__import__", "import_module", "modules", "iter_modules", "walk_packages", "resolve_name",
    "attrgetter", "methodcaller", "__subclasses__", "__bases__", "__mro__", "mro", "__globals__", "__closure__",
    "get_type_hints", "getmembers", "entry_points", "__getattr__", "reload", "__builtins__", "builtins",
    "__class__",
})  # fmt: skip
_TEXT = frozenset({
    "__doc__", "getdoc", "__code__", "getsource", "getsourcelines", "getsourcefile", "co_firstlineno", "f_lineno",
    "currentframe", "_getframe", "stack", "lineno", "findsource", "getframeinfo", "signature", "__file__",
    "__qualname__", "extract_stack", "format_exc", "print_exc", "tb_lineno", "__traceback__", "getline",
    "getlines",
})  # fmt: skip
_COMPANIONS = {
    "time": "time", "time_ns": "time", "monotonic": "time", "perf_counter": "time", "now": "datetime",
    "today": "datetime", "utcnow": "datetime", "random": "random", "randint": "random", "choice": "random",
    "shuffle": "random", "count": "itertools", "uuid4": "uuid", "uuid1": "uuid", "argv": "sys", "stdin": "sys",
    "warn": "warnings", "stack": "inspect", "signature": "inspect", "lineno": "inspect", "compile": "compile",
    "simplefilter": "catch_warnings", "filterwarnings": "catch_warnings",
    "modules": "sys", "builtins": "builtins", "glob": "glob", "open": "open",
}  # fmt: skip
"""Words that mean something only beside another one in the same module."""
_WORLD = frozenset({"urandom", "token_hex", "getpid", "input", "getcwd", "warn_explicit"})
_WORLD |= frozenset(_COMPANIONS)
_OFTEN_PLAIN = frozenset({"getattr", "hasattr", "compile", "warn", "environ", "getenv", "__class__"})
_ALL = READS_OUTSIDE | _DYNAMIC | _TEXT | _WORLD


def suspicions(reach: Reach) -> list[Doubt]:
    """Why code may depend, while it is imported, on something that its text does not show."""
    while reach.unseen:
        name = reach.unseen.pop()
        reach.suspicious.pop(name, None)
        if found := _suspicion(reach.every[name], reach):
            reach.suspicious[name] = found
    return [reach.suspicious[name] for name in sorted(reach.suspicious)]


def _suspicion(unit: Unit, reach: Reach) -> Doubt | None:
    known = unit.suspects(_ALL)
    words = known & reach.words_of(unit.name) if known else known
    found = {word for word in words if _COMPANIONS.get(word, word) in unit.words}
    if not found.isdisjoint(_OFTEN_PLAIN):
        found -= _OFTEN_PLAIN - _used_oddly(unit, reach)
    if not found:
        return None
    return Doubt(f"{unit.name} uses {', '.join(sorted(found))} while it is imported", DoubtKind.USES, found)


def _used_oddly(unit: Unit, reach: Reach) -> set[str]:
    """Which of the words that are plain in most uses are used otherwise in what may run while a module is imported.

    Remembered by what the closure has of the words of this module: that is all that counts, and is mostly the same.
    """
    if _may_be_brought(unit, reach):
        return set(_OFTEN_PLAIN)
    running = unit.words & reach.words
    known: dict[frozenset[str], set[str]] = unit.__dict__.setdefault("_used_oddly", {})
    if running not in known:
        known[running] = _looked_for(unit, reach)
    return known[running]


def _may_be_brought(unit: Unit, reach: Reach) -> bool:
    """May a star import bring something of its module's own by one of the words that are plain in most uses?"""
    todo, seen = [unit], {unit.name}
    while todo:
        for _, _, target in todo.pop().sites.get("*", ()):
            other = reach.every.get(target)
            if other is None or not _OFTEN_PLAIN.isdisjoint(other.binders):
                return True
            if target not in seen:
                seen.add(target)
                todo.append(other)
    return False


def _looked_for(unit: Unit, reach: Reach) -> set[str]:
    def runs(owner: str, name: str) -> bool:
        special = owner and name.startswith("__") and name.endswith("__")
        return (owner if special else name) in reach.words or name == "__getattr__"

    nodes = [statement.fragment.node for statement in unit.statements]
    return odd_uses(nodes, _OFTEN_PLAIN, runs)
