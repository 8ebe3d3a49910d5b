"""What is to be run, so that a probe gets into it: the command's words, and the environment of its process."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from modcache.errors import ProgramNotFound

__all__ = ["Command", "command_of", "import_of", "python_of"]

_INJECTED = str(Path(__file__).parent.parent / "_runtime" / "injected")
_HIDDEN = "MODCACHE_HIDDEN_"
_WITH_VALUE = "WX"
_ENDS = "cm"


@dataclass(frozen=True, slots=True)
class Command:
    """A command that can be run; ``shown`` is it as it was given."""

    shown: tuple[str, ...]
    words: tuple[str, ...]
    is_isolated: bool = False
    """Whether its interpreter was told to look at no variable of the environment."""

    def environment(self, folder: str) -> dict[str, str]:
        """The environment in which the interpreter finds the probe, which sets it back to what it is now."""
        made = dict(os.environ)
        for name in os.environ:
            if name == "PYTHONPATH" or (self.is_isolated and name.startswith("PYTHON")):
                made[_HIDDEN + name] = made.pop(name)
        kept = () if self.is_isolated else (os.environ.get("PYTHONPATH"),)
        made["PYTHONPATH"] = os.pathsep.join(filter(None, (_INJECTED, *kept)))
        made["MODCACHE_PROBE"] = folder
        return made


def command_of(words: Sequence[str], python: str | None = None) -> Command:
    """The command that was given after ``--``.

    A Python file, a folder or zip file with a ``__main__``, or ``-m`` is run by ``python``; anything else is run as it
    is, an installed script by the interpreter that its first line names. Raises :class:`ProgramNotFound`.
    """
    first = words[0]
    if first == "-m" or _is_program(first):
        made = (python_of(python), *words)
    else:
        path = shutil.which(first) or shutil.which(first, path=os.path.dirname(sys.executable))
        if path is None and not os.path.isfile(first):
            raise ProgramNotFound(_nothing(first))
        # a script of the working folder is not on PATH, and `python manage.py` is how people start it
        made = (*_interpreter_line(path), *words[1:]) if path is not None else (python_of(python), *words)
    return _with_options(tuple(words), made)


def import_of(name: str, python: str | None = None) -> Command:
    """The command that imports a module or package, and nothing else. Raises :class:`ProgramNotFound`."""
    if not all(part.isidentifier() for part in name.split(".")):
        way = "a program goes after --: modcache top -- COMMAND"
        raise ProgramNotFound(f"{name!r} is no name that can be imported; {way}")
    return Command((name,), (python_of(python), "-c", f"import {name}"))


def python_of(asked: str | None) -> str:
    """The interpreter for what names none: the one asked for, that of the active environment, or ours."""
    if asked is not None:
        found = shutil.which(asked)
        if found is None:
            raise ProgramNotFound(f"there is no interpreter {asked!r}: give its path (--python .venv/bin/python)")
        return found
    active = os.environ.get("VIRTUAL_ENV")
    if active and os.path.realpath(active) != os.path.realpath(sys.prefix):
        found = shutil.which("python", path=os.path.join(active, "Scripts" if os.name == "nt" else "bin"))
    else:
        found = None
    return found or sys.executable


def _is_program(word: str) -> bool:
    """A file that ``python`` can run and the system itself would not."""
    if os.path.isdir(word) and os.path.exists(os.path.join(word, "__main__.py")):
        return True
    if not os.path.isfile(word):
        return False
    return word.endswith((".py", ".pyc", ".pyz", ".zip")) and not (os.access(word, os.X_OK) and _shebang(word))


def _shebang(path: str) -> list[str]:
    """The words of a script's first line that name its interpreter."""
    try:
        with open(path, "rb") as file:
            line = file.readline(512)
    except OSError:
        return []
    return os.fsdecode(line[2:].strip()).split() if line.startswith(b"#!") else []


def _interpreter_line(path: str) -> tuple[str, ...]:
    """The command that runs a file: itself, or what its first line says if that has options that shut us out."""
    line = _shebang(path)
    if os.path.basename(line[0] if line else "").startswith("python") and any(map(_shuts_out, line[1:])):
        return (*line, path)
    return (path,)


def _shuts_out(option: str) -> bool:
    return option.startswith("-") and not option.startswith("--") and bool(set("IES") & set(option))


def _with_options(shown: tuple[str, ...], words: tuple[str, ...]) -> Command:
    """The command, with options of the interpreter that would keep the probe out said in another way.

    ``-E`` is the same as an environment without Python's variables, ``-I`` is that with ``-s`` and ``-P``.
    """
    if not os.path.basename(words[0]).startswith("python"):
        return Command(shown, words)
    made, at, isolated = [words[0]], 1, False
    while at < len(words) and words[at].startswith("-") and len(words[at]) > 1:
        word = words[at]
        at += 1
        letters = "" if word.startswith("--") else word[1:]
        flags = letters[: next((n for n, letter in enumerate(letters) if letter in _WITH_VALUE + _ENDS), len(letters))]
        if "S" in flags:
            raise ProgramNotFound(f"{word}: without `site` nothing can be put into the program; leave out the S")
        isolated = isolated or bool(set("IE") & set(flags))
        kept = flags.replace("E", "").replace("I", "sP") + letters[len(flags) :]
        made += [word if word.startswith("--") else f"-{kept}"] if kept or word.startswith("--") else []
        rest = letters[len(flags) :]
        if rest[:1] and rest[0] in _ENDS:
            break
        if (rest and rest[0] in _WITH_VALUE and len(rest) == 1) or word == "--check-hash-based-pycs":
            made.append(words[at])
            at += 1
    return Command(shown, (*made, *words[at:]), isolated)


def _nothing(word: str) -> str:
    ways = ["check the spelling, or give the path of a file"]
    if word.isidentifier():
        ways.append(f"a module or package is given without --: modcache top {word}")
        ways.append(f"or is run with -m: -- -m {word}")
    return f"there is no command or file {word!r} here: {'; '.join(ways)}"
