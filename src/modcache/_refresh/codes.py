"""Which new code object a live function of a changed module is to run."""

from __future__ import annotations

import sys
import weakref
from collections import Counter
from collections.abc import Iterable, Mapping
from types import CodeType, FunctionType

from modcache._model.diff import Alignment, Match
from modcache._model.literals import same_but_lines
from modcache._model.pieces import imported_names, nested_codes
from modcache._model.unit import Codes, Unit

__all__ = ["CodeMap", "Holders", "NameMap", "escaped", "holders"]

Holders = Mapping[int, set[int]]
"""``id(code)`` -> the ids of objects that hold one reference to it each."""

_OPTIMIZED = 0x1  # inspect.CO_OPTIMIZED: of functions, not of the bodies of classes
_LINES_IN_CODE = sys.version_info >= (3, 13)  # the code of a class's body has its line as a constant


class CodeMap:
    """From code of the old version to code of the new one, by statement, qualified name and order."""

    def __init__(self, old: Unit, new: Unit, alignment: Alignment) -> None:
        self.old = old
        self.new = new
        self._match = {match.old: match for match in alignment.matches if match.old is not None}
        self._moved: dict[int, tuple[weakref.ref[CodeType], CodeType]] = {}
        self._imported = imported_names(old.source).keys() ^ imported_names(new.source).keys()
        """What only one of the versions imports."""

    def compiles_otherwise(self, match: Match) -> bool:
        """Does a statement of the same text have other code in the new version, for what stands elsewhere in it?"""
        return bool(self._imported) and self.new.says(match.new, self._imported)

    def of(self, code: CodeType) -> CodeType | None:
        """The new code for a live one; the same one if nothing about it changed; None if it has no successor."""
        index = self.old.source.statement_at(code.co_firstlineno)
        match = self._match.get(index) if index is not None else None
        if match is None or index is None:
            return None
        before, after = self.old.statements[index], self.new.statements[match.new]
        # the same syntax may stand on other lines: comments are none of it
        same = match.verdict == "same" and before.fragment.text == after.fragment.text
        if not same or self.compiles_otherwise(match):
            return self._by_name(code, index, match.new)
        return self._on_line(code, code.co_firstlineno + after.lineno - before.lineno, match.new)

    def left(self, code: CodeType) -> bool:
        """Is it of a version that was left before the old one? Then its function has had its successor already."""
        index = self.old.source.statement_at(code.co_firstlineno)
        return index is None or code not in self.old.codes_of(index).get((code.co_qualname, code.co_firstlineno), [])

    def _on_line(self, code: CodeType, line: int, index: int) -> CodeType | None:
        """The code of a statement that only moved: made of the live one, which is much cheaper than compiling it."""
        if line == code.co_firstlineno:
            return code
        if _LINES_IN_CODE and any(not inner.co_flags & _OPTIMIZED for inner in nested_codes([code])):
            return _alike(code, self.new.codes_of(index).get((code.co_qualname, line), []))
        return self._shifted(code, line - code.co_firstlineno)

    def _shifted(self, code: CodeType, shift: int) -> CodeType:
        known = self._moved.get(id(code))
        if known is not None and known[0]() is code:
            return known[1]
        constants = tuple(self._shifted(c, shift) if isinstance(c, CodeType) else c for c in code.co_consts)
        # a code's table of lines counts from its first one
        found = code.replace(co_firstlineno=code.co_firstlineno + shift, co_consts=constants)
        self._moved[id(code)] = (weakref.ref(code), found)  # held firmly, it would count as held by a function
        return found

    def _by_name(self, code: CodeType, old: int, new: int) -> CodeType | None:
        """The function of the same qualified name in the statement's new text; by order, if there are several."""
        news = _named(self.new.codes_of(new), code.co_qualname)
        if len(news) == 1 and "<locals>" not in code.co_qualname and "<lambda>" not in code.co_qualname:
            return news[0]
        olds = _named(self.old.codes_of(old), code.co_qualname)
        if len(olds) != len(news):
            return _alike(code, [new for new in news if new.co_code == code.co_code])
        position = next((i for i, old in enumerate(olds) if old == code), None)
        return news[position] if position is not None else None


class NameMap:
    """From code of a version whose lines are not known to the code of the same content and qualified name."""

    def __init__(self, new: Unit) -> None:
        self.new = new

    def of(self, code: CodeType) -> CodeType | None:
        """The code in the new version that differs from this in its lines only; None if there is none."""
        found = [c for (name, _), codes in self.new.codes.items() if name == code.co_qualname for c in codes]
        return next((candidate for candidate in found if same_but_lines(code, candidate)), None)

    def left(self, code: CodeType) -> bool:
        """Nothing is known of the versions that were left."""
        return False


def _named(codes: Codes, qualname: str) -> list[CodeType]:
    rows = sorted((line, found) for (name, line), found in codes.items() if name == qualname)
    return [code for _, found in rows for code in found]


def _alike(code: CodeType, candidates: list[CodeType]) -> CodeType | None:
    if len(candidates) == 1:
        return candidates[0]
    for candidate in candidates:
        if candidate.co_code == code.co_code and candidate.co_names == code.co_names:
            return candidate
    return None


def escaped(functions: Iterable[FunctionType], staged: Holders) -> bool:
    """Do functions of this code live that were not found?

    A code object is held by its functions, and by the code around it; so its reference count tells how many functions
    there are, without a walk over the heap. ``staged``: those of the stage, see :func:`holders`. (A running frame, a
    tracer or a debugger holds it too: then the walk is made for nothing.) Where reference counts are not exact
    (free-threaded builds) the answer is always yes.
    """
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        return True
    known: dict[int, set[int]] = {}
    codes: dict[int, CodeType] = {}
    for function in functions:
        known.setdefault(id(function.__code__), set()).add(id(function))
        codes[id(function.__code__)] = function.__code__
    counts: Counter[int] = Counter()
    _add_inner(codes, counts)
    for key in codes:
        counts[key] += len(known.get(key, set()) | staged.get(key, set()))
    # two references are ours: the dict's and the argument's
    return any(sys.getrefcount(codes[key]) - 2 > counts[key] for key in codes)


def holders(functions: Iterable[FunctionType], codes: Mapping[CodeType, object]) -> Holders:
    """What holds code: the ids of these functions, and that of the mapping for its keys; by the id of the code."""
    found: dict[int, set[int]] = {}
    for function in functions:
        found.setdefault(id(function.__code__), set()).add(id(function))
    for code in codes:
        found.setdefault(id(code), set()).add(id(codes))
    return found


def _add_inner(codes: dict[int, CodeType], counts: Counter[int]) -> None:
    """Add the code nested in these: it is held once by the code around it."""
    todo = list(codes)
    while todo:
        for constant in codes[todo.pop()].co_consts:
            if isinstance(constant, CodeType):
                if id(constant) not in codes:
                    codes[id(constant)] = constant
                    todo.append(id(constant))
                counts[id(constant)] += 1
