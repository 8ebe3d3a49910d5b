"""Runs one page of the documentation, from top to bottom, in a folder of its own: `python docs_page.py PAGE.md`.

What a fence says decides what happens with it:

- ``python title="app.py"``: a file, of any language; it is written. The same title again is an edit.
- ``python``: code, run in the page's own interpreter, as is ``pycon``, whose printed results must be right too.
- ``console``: after each ``$`` a command of a shell; what follows is what it must print (stdout and stderr together).
- ``console figures``: the same, but no figure is compared with another, nor the width of a column or of a bar.
- ``console background``: one such command, left running until the page ends; ``output``: lines that it must have
  printed by now, in that order, among others (those on stderr first).
- anything else is not run.

``...`` in a result stands for anything, and a time in milliseconds equals any other.
"""

from __future__ import annotations

import doctest
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

FENCE = re.compile(r"^( *)```(\w+)[ \t]*([^\n]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
TITLE = re.compile(r'title="([^"]+)"')
MILLISECONDS = re.compile(r"\d+(?:\.\d+)? ms\b")
FIGURE = re.compile(r"[+-]?\d+(?:\.\d+)*")
DRAWN = re.compile(r"[ █▏▎▍▌▋▊▉]+")
RUN = ("python", "pycon", "console", "output")
PATIENCE = 300.0
SHOWN = 30


class Block(NamedTuple):
    """One fence: its language, the rest of its first line, its text, and the line that it starts on."""

    language: str
    info: str
    text: str
    line: int


def blocks(page: str) -> list[Block]:
    """The fences of a page that are run, in order; one inside a list is taken out of its indentation."""
    found = []
    for fence in FENCE.finditer(page):
        indent, language, info, text = fence.groups()
        if language in RUN or TITLE.search(info):
            lines = [row.removeprefix(indent) for row in text.splitlines(keepends=True)]
            found.append(Block(language, info.strip(), "".join(lines), page.count("\n", 0, fence.start()) + 1))
    return found


class Checker(doctest.OutputChecker):
    """Compares results as doctest does, but no time with another."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        """Whether the result is the one wanted."""
        flags = optionflags | doctest.ELLIPSIS
        return super().check_output(MILLISECONDS.sub("0 ms", want), MILLISECONDS.sub("0 ms", got), flags)


class Page:
    """A page while it is run: where it is, its namespace, what it has left running, what went wrong."""

    def __init__(self, path: Path, namespace: dict[str, object]) -> None:
        self.path = path
        self.namespace = namespace
        self.failures: list[str] = []
        self.background: subprocess.Popen[bytes] | None = None
        folder = Path(tempfile.mkdtemp())
        self.printed = folder / "stderr", folder / "stdout"

    def run(self) -> None:
        """Every block in order; the first that fails ends the page."""
        try:
            for block in blocks(self.path.read_text(encoding="utf-8")):
                self.run_block(block)
                if self.failures:
                    return
        finally:
            self.stop()

    def run_block(self, block: Block) -> None:
        """One block, by its language."""
        title = TITLE.search(block.info)
        if title is not None:
            Path(title[1]).parent.mkdir(parents=True, exist_ok=True)
            Path(title[1]).write_text(block.text, encoding="utf-8")
        elif block.language in ("python", "pycon"):
            self.run_python(block)
        elif block.language == "output":
            self.await_output(block)
        elif block.info == "background":
            self.start(block)
        else:
            self.run_console(block)

    def run_python(self, block: Block) -> None:
        """A script or a conversation with the page's interpreter."""
        name = f"{self.path.name}, line {block.line}"
        if block.language == "python":
            exec(compile(block.text, name, "exec"), self.namespace)
            return
        test = doctest.DocTestParser().get_doctest(block.text, {}, name, str(self.path), block.line)
        test.globs = self.namespace
        said: list[str] = []
        if doctest.DocTestRunner(Checker(), verbose=False).run(test, out=said.append, clear_globs=False).failed:
            self.failures.append("".join(said))

    def run_console(self, block: Block) -> None:
        """Commands of a shell, each with what it must print."""
        for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            command, _, want = part.partition("\n")
            done = subprocess.run(command, shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            self.compare(block, want, done.stdout)

    def start(self, block: Block) -> None:
        """A command that stays running; what it prints goes to a file each: in one, a line could end up in another."""
        command = block.text.removeprefix("$ ")
        errors, output = self.printed
        with errors.open("wb") as err, output.open("wb") as out:
            environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
            self.background = subprocess.Popen(f"exec {command}", shell=True, stdout=out, stderr=err, env=environment)

    def await_output(self, block: Block) -> None:
        """Wait until the command in the background has printed this; a page that waits in vain has failed."""
        end = time.monotonic() + PATIENCE
        running = True
        while running and time.monotonic() < end:
            running = self.background is not None and self.background.poll() is None
            if in_order(block.text, self.so_far()):
                return
            time.sleep(0.02)
        self.fail(block, block.text, self.so_far())

    def so_far(self) -> str:
        """What the command in the background has printed on stderr, and then on stdout."""
        return "\n".join(file.read_text() for file in self.printed)

    def stop(self) -> None:
        """End what was left running, as Ctrl-C would."""
        if self.background is not None:
            self.background.send_signal(signal.SIGINT)
            try:
                self.background.wait(PATIENCE)
            finally:
                self.background.kill()

    def compare(self, block: Block, want: str, got: str) -> None:
        """Note a result that is not the one wanted."""
        shown = got
        if block.info == "figures":
            want, shown = without_figures(want), without_figures(got)
        if not Checker().check_output(want, shown, 0):
            self.fail(block, want, got)

    def fail(self, block: Block, want: str, got: str) -> None:
        """Note that something else was printed."""
        got = "".join(got.splitlines(keepends=True)[-SHOWN:])
        self.failures.append(f"{self.path.name}, line {block.line}: should print\n{want}\nprints\n{got}")


def without_figures(text: str) -> str:
    """The text as if all figures were the same, and nothing had to be in columns."""
    return DRAWN.sub(" ", FIGURE.sub("0", text))


def in_order(want: str, got: str) -> bool:
    """Whether all the lines wanted are among those printed, in their order."""
    printed = iter(got.splitlines())
    return all(any(Checker().check_output(line, row, 0) for row in printed) for line in want.splitlines())


def main(path: str, namespace: dict[str, object]) -> int:
    """Run a page in the current folder; 1 and the differences on stderr if a result is another."""
    page = Page(Path(path).resolve(), namespace)
    page.run()
    print("\n".join(page.failures), file=sys.stderr)
    return 1 if page.failures else 0
