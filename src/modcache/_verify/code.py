"""Code objects as digests: one for what they do, one for the lines they stand on.

Both include nested code. They are apart because a function that only moved is right in all but its tracebacks.
"""

from __future__ import annotations

from hashlib import blake2b
from types import CodeType

__all__ = ["CodeDigests", "digest"]


def digest(text: str) -> str:
    """A short, stable name for a text: the same in every process."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


class CodeDigests:
    """Digests of code objects; ``seen`` has those of every code object met so far, nested ones too."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self._known: dict[int, tuple[CodeType, str, str]] = {}

    def of(self, code: CodeType) -> tuple[str, str]:
        """The digest of what ``code`` does, and that of its lines."""
        known = self._known.get(id(code))
        if known is None:
            known = self._known[id(code)] = (code, *self._made(code))
            self.seen.add(known[1])
        return known[1], known[2]

    def _made(self, code: CodeType) -> tuple[str, str]:
        lines: list[object] = [code.co_firstlineno, code.co_linetable]
        constants = [self._constant(value, lines) for value in code.co_consts]
        shape = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
        names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars, code.co_name, code.co_qualname)
        does = (code.co_code, code.co_exceptiontable, constants, shape, names)
        return digest(repr(does)), digest(repr(lines))

    def _constant(self, value: object, lines: list[object]) -> object:
        if type(value) is CodeType:
            does, stands = self.of(value)
            lines.append(stands)
            return does
        if type(value) is frozenset:  # its order is that of the hashes, which differ from process to process
            return sorted(repr(item) for item in value)
        return repr(value)
