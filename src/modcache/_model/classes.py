"""What a module says of its classes, and of what is made of classes."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

from modcache._model.bodies import Body
from modcache._model.facts import Facts
from modcache._model.source import Statement

__all__ = ["Classes"]


class Classes:
    """The classes of one module, by its ``statements``; ``facts`` and ``bodies`` give those of one of them."""

    def __init__(
        self, statements: Sequence[Statement], facts: Callable[[int], Facts], bodies: Callable[[int], list[Body]]
    ) -> None:
        self._statements = statements
        self._facts = facts
        self._bodies = bodies

    @cached_property
    def heirs(self) -> dict[str, dict[str, set[str]]]:
        """The classes at the top level that have bases, or a metaclass -> their methods -> what those load."""
        found: dict[str, dict[str, set[str]]] = {}
        for index, statement in enumerate(self._statements):
            node = statement.fragment.node
            for body in self._bodies(index) if isinstance(node, ast.ClassDef) and (node.bases or node.keywords) else ():
                owner, _, method = body.qualname.partition(".")
                found.setdefault(owner, {})[method] = body.words
        return found

    @cached_property
    def made_by_name(self) -> dict[str, set[str]]:
        """What is called to make what a name holds, or derived from: whose special methods that may have."""
        return self.made_of(range(len(self._statements)))

    def made_of(self, indexes: Iterable[int]) -> dict[str, set[str]]:
        """The same of some statements only."""
        found: dict[str, set[str]] = defaultdict(set)
        for facts in map(self._facts, indexes):
            chains = facts.bases if facts.kind == "class" else [call.callee for call in facts.calls]
            words = {chain[-1] for chain in chains if chain}
            for name in facts.binds if words else ():
                found[name] |= words
        return found

    @cached_property
    def names(self) -> set[str]:
        """The names of its classes."""
        return set().union(
            *(facts.binds for facts in map(self._facts, range(len(self._statements))) if facts.kind == "class")
        )
