"""One version of a module with all that is known about its text: its statements, their facts, its functions."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from types import CodeType, MappingProxyType

from modcache._model.bodies import Body, bodies_of
from modcache._model.classes import Classes
from modcache._model.declared import Declared, declared_by
from modcache._model.facts import Facts, ImportRef, asks_first_time
from modcache._model.names import absolute_name
from modcache._model.pieces import compile_piece, constants_of, is_apart, nested_codes
from modcache._model.scan import facts_of
from modcache._model.source import Fragment, Source, Statement

__all__ = ["Codes", "Unit", "facts_for"]

_GUARDS = ("ImportError", "ModuleNotFoundError", "suppress")
_ONCE = ("first_time", "NameError", "globals")
_WORD = re.compile(r"[^\W\d]\w*")
_IMPORT = re.compile(
    r"(?:^|[;:])[ \t]*(?:from[ \t]+([.\w]+)[ \t]+import[ \t]*(\([^)]*\)|[^\n#;]*)|import[ \t]+([^\n#;]+))",
    re.MULTILINE,
)


Codes = dict[tuple[str, int], list[CodeType]]
"""(qualified name, first line) -> code objects."""


class Unit:
    """A source, analysed as far as somebody asked. What was found out about a fragment is kept with the fragment.

    ``lazy_annotations``: the running Python does not execute annotations while it imports (3.14 and later).
    ``previous``: the version after which the source was made (see :class:`modcache._model.source.Source`).
    ``homes``: second names of modules -> their own.
    """

    def __init__(
        self,
        name: str,
        source: Source,
        *,
        is_package: bool,
        lazy_annotations: bool,
        previous: Unit | None = None,
        homes: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.name = name
        self.source = source
        self.is_package = is_package
        self.lazy_annotations = lazy_annotations
        self.compiles = False
        """Is it known to compile?"""
        self._previous_compiles = previous is not None and previous.compiles
        self._homes = homes
        self._pieces: dict[int, Codes] = {}

    @property
    def package(self) -> str:
        """The package that relative imports of the module start from."""
        return self.name if self.is_package else self.name.rpartition(".")[0]

    def says(self, index: int, words: Collection[str]) -> bool:
        """Does one of these stand in a statement?"""
        return not _words(self.statements[index].fragment).isdisjoint(words)

    @property
    def statements(self) -> tuple[Statement, ...]:
        """The statements of the source."""
        return self.source.statements

    @cached_property
    def strings(self) -> bool:
        """Are annotations left unexecuted?"""
        return self.lazy_annotations or "annotations" in self.source.futures

    def facts(self, index: int) -> Facts:
        """The facts of a statement."""
        return facts_for(self.statements[index].fragment, self.strings)

    def bodies(self, index: int) -> list[Body]:
        """The functions that a statement defines."""
        return _bodies(self.statements[index].fragment)

    @cached_property
    def all_facts(self) -> list[Facts]:
        """The facts of every statement, in order."""
        return [self.facts(index) for index in range(len(self.statements))]

    @cached_property
    def annotated(self) -> frozenset[str]:
        """The names that statements annotate: with any, a module has ``__annotations__``."""
        return frozenset(name for facts in self.all_facts for name in facts.annotates)

    @cached_property
    def facts_by_fragment(self) -> dict[int, Facts]:
        """``id(fragment)`` -> facts."""
        return {id(s.fragment): self.facts(index) for index, s in enumerate(self.statements)}

    @cached_property
    def words(self) -> frozenset[str]:
        """Every identifier that stands in a statement (in a string, too)."""
        return frozenset().union(*(_words(statement.fragment) for statement in self.statements))

    def mentions(self, word: str) -> bool:
        """Does the identifier stand anywhere in a statement?"""
        return word in self.words

    def contains(self, text: str) -> bool:
        """Does this stand anywhere in the text?"""
        return text in self.source.text

    @cached_property
    def loaders(self) -> dict[str, list[tuple[str, Body]]]:
        """identifier -> (qualified name, body) of the functions that load it, or rebind it as a global."""
        found: dict[str, list[tuple[str, Body]]] = defaultdict(list)
        for qualname, bodies in self.functions.items():
            for _, body in bodies:
                for word in body.loads | body.binds:
                    found[word].append((qualname, body))
        return found

    @cached_property
    def executed_words(self) -> frozenset[str]:
        """Every identifier that is loaded while the module executes."""
        return frozenset().union(*map(self.executed_words_of, range(len(self.statements))))

    def executed_words_of(self, index: int) -> frozenset[str] | set[str]:
        """Those that one statement loads; what it imports under another name may be used by that from here on."""
        facts = self.facts(index)
        if self.name == "__main__" and not facts.calm:
            return frozenset()  # what a main script does besides defining is never executed again
        renamed = {ref.name for ref in facts.imports if ref.name is not None and ref.name != ref.bound}
        return facts.loads | facts.inner | renamed if renamed or facts.inner else facts.loads

    @cached_property
    def runs_by_name(self) -> dict[str, set[str]]:
        """What is loaded by the functions of a name; special methods run by the name of their class."""
        return self.runs_of(range(len(self.statements)))

    def runs_of(self, indexes: Iterable[int]) -> dict[str, set[str]]:
        """The same of some statements only."""
        found: dict[str, set[str]] = defaultdict(set)
        for index in indexes:
            for body in self.bodies(index):
                found[body.called_as] |= body.words
        return found

    @cached_property
    def classes(self) -> Classes:
        """What it says of its classes, and of what is made of classes."""
        return Classes(self.statements, self.facts, self.bodies)

    @cached_property
    def bodies_by_name(self) -> dict[str, list[Body]]:
        """The functions that run by a name: their own, or for special methods that of their class."""
        found: dict[str, list[Body]] = defaultdict(list)
        for bodies in self.functions.values():
            for _, body in bodies:
                found[body.called_as].append(body)
        return found

    @cached_property
    def users(self) -> dict[str, list[int]]:
        """identifier -> the statements that load it, or store into it, while the module executes."""
        found: dict[str, list[int]] = defaultdict(list)
        for index, facts in enumerate(self.all_facts):
            for word in facts.loads.union(*facts.stores):
                found[word].append(index)
        return found

    @cached_property
    def hinters(self) -> dict[str, list[int]]:
        """identifier -> the statements with annotations that name it, and are not executed."""
        found: dict[str, list[int]] = defaultdict(list)
        for index, facts in enumerate(self.all_facts):
            for word in facts.hints:
                found[word].append(index)
        return found

    @cached_property
    def sites(self) -> dict[str, list[tuple[int, ImportRef, str]]]:
        """identifier -> the imports of that name (``*``: of everything): statement, import, the module it is from."""
        found: dict[str, list[tuple[int, ImportRef, str]]] = defaultdict(list)
        for index, facts in enumerate(self.all_facts):
            for ref in facts.imports:
                if ref.name is not None:
                    found[ref.name].append((index, ref, self.absolute(ref.level, ref.module)))
        return found

    @cached_property
    def getters(self) -> dict[str, dict[int, list[str]]]:
        """attribute -> the statements that read it off plain names while the module executes, and those names."""
        found: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
        for index, facts in enumerate(self.all_facts):
            for base, attribute in facts.gets:
                found[attribute][index].append(base)
        return found

    @cached_property
    def guarded(self) -> tuple[tuple[int, str, str], ...]:
        """The imports in a ``try``: (statement, absolute name of the module, name taken from it or nothing)."""
        if not any(word in self.source.text for word in _GUARDS):
            return ()
        return tuple(
            (index, self.absolute(ref.level, ref.module), "" if ref.name in (None, "*") else str(ref.name))
            for index, facts in enumerate(self.all_facts)
            for ref in facts.imports
            if ref.guarded
        )

    def suspects(self, words: frozenset[str]) -> frozenset[str]:
        """Which of these identifiers stand in the text; remembered for the last set of words that was asked for."""
        known: tuple[frozenset[str], frozenset[str]] | None = self.__dict__.get("_suspects")
        if known is None or known[0] is not words:
            text = self.source.text
            parsed = self.source.is_parsed
            found = words & self.words if parsed else frozenset(word for word in words if word in text)
            known = self.__dict__["_suspects"] = (words, found)
        return known[1]

    @cached_property
    def targets(self) -> frozenset[str]:
        """Absolute names that import statements anywhere in the text may import; a superset, without parsing.

        Where the statements are known, they are asked: versions of a module share what was found.
        """
        if not self.source.is_parsed:
            return self._targets(self.source.text)
        found = []
        for statement in self.statements:
            attributes = statement.fragment.__dict__
            if "targets" not in attributes:
                attributes["targets"] = self._targets(statement.fragment.text)
            found.append(attributes["targets"])
        return frozenset().union(*found)

    def _targets(self, text: str) -> frozenset[str]:
        found: set[str] = set()
        for origin, names, plain in _IMPORT.findall(text):
            if plain:
                found.update(part.split()[0] for part in plain.split(",") if part.split())
                continue
            base = self.absolute(len(origin) - len(origin.lstrip(".")), origin.lstrip("."))
            found.add(base)
            for part in names.strip("() \t\r\n").replace("\\", " ").split(","):
                if words := part.split():
                    found.add(f"{base}.{words[0]}")
        return frozenset(found)

    def absolute(self, level: int, module: str) -> str:
        """The absolute name that an import of this module asks for (empty where it goes beyond the top)."""
        name = absolute_name(self.package, level, module)
        return self._homes.get(name, name)

    @cached_property
    def binders(self) -> dict[str, list[int]]:
        """name -> the statements that bind it."""
        found: dict[str, list[int]] = defaultdict(list)
        for index, facts in enumerate(self.all_facts):
            for name in facts.binds | facts.deletes:
                found[name].append(index)
        return found

    @cached_property
    def rebound(self) -> dict[str, list[int]]:
        """The names that several statements bind -> those statements."""
        return {name: indexes for name, indexes in self.binders.items() if len(indexes) > 1}

    def asks_for(self, name: str) -> bool:
        """Does one of its functions look a name up in the module?"""
        return any(name in body.names for _, body in self.loaders.get(name, ()))

    @cached_property
    def functions(self) -> dict[str, list[tuple[int, Body]]]:
        """qualified name -> (statement, body) of the functions outside of functions."""
        found: dict[str, list[tuple[int, Body]]] = defaultdict(list)
        for index in range(len(self.statements)):
            for body in self.bodies(index):
                found[body.qualname].append((index, body))
        return found

    @cached_property
    def declared(self) -> Declared:
        """What the module declares of itself."""
        return declared_by(self)

    @cached_property
    def once(self) -> frozenset[int]:
        """The statements that are written to run the first time only."""
        if not any(word in self.source.text for word in _ONCE):
            return frozenset()
        found = (index for index, facts in enumerate(self.all_facts) if facts.kind == "once")
        ours = self.contains("modcache")  # else `first_time` is somebody else's
        return frozenset(index for index in found if ours or not self._asks_first_time(index))

    def _asks_first_time(self, index: int) -> bool:
        node = self.statements[index].fragment.node
        return isinstance(node, ast.If) and asks_first_time(node.test)

    @cached_property
    def opaque(self) -> str:
        """Why statements of this module may see or make names that the text does not show; empty if not."""
        for facts in self.all_facts:
            if facts.opaque:
                return facts.opaque
        return ""

    def check(self) -> None:
        """Make sure that the version compiles; raises what compiling raises.

        What differs from a version that does is compiled, if it is nothing but definitions: only other statements can
        make one elsewhere wrong (by ``global``, or by a future import). Any other version is compiled whole.
        """
        fresh = self.source.fresh_definitions
        if self.compiles:
            return
        if fresh is None or not self._previous_compiles:
            _ = self.code
        else:
            for index in fresh:
                self.codes_of(index)
        self.compiles = True

    @cached_property
    def code(self) -> CodeType:
        """The whole module, compiled."""
        code = compile(self.source.text, self.source.filename, "exec", dont_inherit=True)
        self.compiles = True
        return code

    @cached_property
    def codes(self) -> Codes:
        """The code objects nested anywhere in the module's."""
        return _by_place(constants_of(self.code))

    def codes_of(self, index: int) -> Codes:
        """The code objects of one statement: those that the module's code has for it."""
        known = self._pieces.get(index)
        if known is None:
            if "code" not in self.__dict__ and is_apart(self.source, index):
                known = _by_place(compile_piece(self.source, index))
            else:
                lines = range(self.statements[index].lineno, self.statements[index].end_lineno + 1)
                known = {(name, line): codes for (name, line), codes in self.codes.items() if line in lines}
            self._pieces[index] = known
        return known

    def forget_code(self) -> None:
        """Let the code objects go: holding them would hide who else does."""
        self._pieces.clear()
        self.__dict__.pop("code", None)
        self.__dict__.pop("codes", None)


def _by_place(codes: Iterable[CodeType]) -> Codes:
    found: Codes = defaultdict(list)
    for code in nested_codes(codes):
        found[code.co_qualname, code.co_firstlineno].append(code)
    return found


def facts_for(fragment: Fragment, strings: bool) -> Facts:
    """The facts of a fragment, kept with it. ``strings``: annotations are not executed."""
    known = fragment.__dict__.get("facts")
    if known is None or known[0] is not strings:
        known = fragment.__dict__["facts"] = (strings, facts_of(fragment.node, string_annotations=strings))
    facts: Facts = known[1]
    return facts


def _words(fragment: Fragment) -> frozenset[str]:
    known: frozenset[str] | None = fragment.__dict__.get("words")
    if known is None:
        known = fragment.__dict__["words"] = frozenset(_WORD.findall(fragment.text))
    return known


def _bodies(fragment: Fragment) -> list[Body]:
    known: list[Body] | None = fragment.__dict__.get("bodies")
    if known is None:
        known = fragment.__dict__["bodies"] = bodies_of(fragment.node)
    return known
