"""The demo: a web server is edited while it runs, and a client's connection stays open all the while.

`python demo/run.py` shows it at a pace to read, and then lets you edit; `--once` runs through, and exits with 0
only if every edit showed what it should.
"""

from __future__ import annotations

import argparse
import difflib
import http.client
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

APP = Path(__file__).resolve().parent / "app"
LIMIT = 60.0
BOLD, DIM, RED, GREEN, CYAN = "1", "2", "31", "32", "36"


@dataclass(frozen=True)
class Edit:
    """One edit of a file, what the report must say, and what the page must say then (``{n}`` is the next guest)."""

    title: str
    file: str
    old: str
    new: str
    report: str
    page: str


EDITS = [
    Edit(
        "The body of a function, called by the request handler",
        "page.py",
        'return f"Welcome, {book.next_guest()}."',
        'return f"Do come in, {book.next_guest()}!"',
        "patched page:greeting",
        "Do come in, guest {n}! At The Old Pot, a pot of tea is 3.60.",
    ),
    Edit(
        "A constant, which another module imported with `from`",
        "prices.py",
        'HOUSE = "The Old Pot"',
        'HOUSE = "The Blue Kettle"',
        "executed in",
        "Do come in, guest {n}! At The Blue Kettle, a pot of tea is 3.60.",
    ),
    Edit(
        "A method, of a class whose instance is in use",
        "guests.py",
        'return f"guest {self.count}"',
        'return f"guest number {self.count}"',
        "patched guests:GuestBook.next_guest",
        "Do come in, guest number {n}! At The Blue Kettle, a pot of tea is 3.60.",
    ),
    Edit(
        "A mistake: nothing changes, the server goes on",
        "page.py",
        "def greeting() -> str:",
        "def greeting( -> str:",
        "SyntaxError",
        "Do come in, guest number {n}! At The Blue Kettle, a pot of tea is 3.60.",
    ),
    Edit(
        "Mended, with a new wish",
        "page.py",
        "def greeting( -> str:",
        'def greeting(wish: str = "Lovely day!") -> str:',
        "generation",
        "Do come in, guest number {n}! At The Blue Kettle, a pot of tea is 3.60.",
    ),
    Edit(
        "The wish is used",
        "page.py",
        "{book.next_guest()}!",
        "{book.next_guest()}! {wish}",
        "patched page:greeting",
        "Do come in, guest number {n}! Lovely day! At The Blue Kettle, a pot of tea is 3.60.",
    ),
    Edit(
        "A number from which others are derived, in two modules",
        "prices.py",
        "TAX = 0.20",
        "TAX = 0.07",
        "executed in",
        "Do come in, guest number {n}! Lovely day! At The Blue Kettle, a pot of tea is 3.21.",
    ),
]


class Screen:
    """Where it is shown; with colours on a terminal, unless NO_COLOR is set."""

    def __init__(self, pace: float) -> None:
        self.pace = pace
        self.coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        self.width = min(100, shutil.get_terminal_size((100, 24)).columns)

    def paint(self, colour: str, text: str) -> str:
        """The text in a colour."""
        return f"\x1b[{colour}m{text}\x1b[0m" if self.coloured else text

    def say(self, text: str = "", indent: int = 2) -> None:
        """A few lines."""
        print("\n".join(" " * indent + line if line else "" for line in text.split("\n")), flush=True)

    def title(self, number: int, text: str) -> None:
        """The head of a step."""
        rule = "─" * max(3, self.width - len(text) - 8)
        self.say("\n" + self.paint(CYAN, f"── {number}  ") + self.paint(BOLD, text) + " " + self.paint(CYAN, rule), 0)

    def pause(self, share: float = 1.0) -> None:
        """Time to read; none with --once."""
        if self.pace:
            time.sleep(self.pace * share)

    def diff(self, name: str, before: str, after: str) -> None:
        """The lines of a file that an edit changed."""
        self.say(self.paint(DIM, name))
        for line in difflib.ndiff(before.splitlines(), after.splitlines()):
            if line[:2] in ("- ", "+ "):
                self.say(self.paint(RED if line[0] == "-" else GREEN, line))


class Served:
    """The server under `modcache run`, its reports, and one client with one connection."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes], url: str) -> None:
        self.folder = folder
        self.process = process
        self.url = url
        host, port = url.split("//")[1].rstrip("/").split(":")
        self._client = http.client.HTTPConnection(host, int(port), timeout=LIMIT)
        self._client.auto_open = 0  # should the connection break, that is an error: it must stay
        self._client.connect()
        self.count = 0
        self.seen: set[tuple[str, str]] = set()

    def get(self) -> str:
        """What the page says, asked for on the connection that is open all the time."""
        self._client.request("GET", "/")
        answer = self._client.getresponse()
        self.count += 1
        self.seen.add((answer.headers["X-Process"], answer.headers["X-Connection"]))
        return answer.read().decode().strip()

    def edit(self, edit: Edit) -> tuple[str, str]:
        """Save the edit; the file's text before and after."""
        path = self.folder / edit.file
        before = path.read_text(encoding="utf-8")
        if before.count(edit.old) != 1:
            raise SystemExit(f"demo: {edit.old!r} does not stand once in {path}")
        after = before.replace(edit.old, edit.new)
        path.write_text(after, encoding="utf-8")
        return before, after

    def report(self) -> str:
        """The next report; it is written in one piece, and so is read in one."""
        assert self.process.stderr is not None
        text = os.read(self.process.stderr.fileno(), 65536).decode()
        if not text:
            raise SystemExit(f"demo: the server has ended with status {self.process.wait()}")
        return text.rstrip("\n")


@contextmanager
def served(screen: Screen) -> Iterator[Served]:
    """A copy of the app in a temporary folder, running; both are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="modcache-demo-") as place:
        folder = Path(os.path.realpath(place)) / "app"
        shutil.copytree(APP, folder, ignore=shutil.ignore_patterns("__pycache__"))
        colours = {"FORCE_COLOR": "1"} if screen.coloured else {"NO_COLOR": "1"}
        process = subprocess.Popen(
            [sys.executable, "-m", "modcache", "run", "--root", ".", "serve.py"],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **colours, "PYTHONIOENCODING": "utf-8", "COLUMNS": str(screen.width)},
            start_new_session=True,  # Ctrl-C is for the demo, which then ends the server
        )
        assert process.stdout is not None
        with process:
            try:
                yield Served(folder, process, process.stdout.readline().decode().strip())
            finally:
                process.terminate()


def show(screen: Screen, server: Served) -> bool:
    """The whole of it; True if every step showed what it should."""
    screen.say(screen.paint(BOLD, "\nA web server is edited while it runs."), 0)
    screen.say(f"{screen.paint(DIM, '$')} cd {server.folder} && modcache run --root . serve.py")
    screen.say(server.report())
    screen.say(f"{screen.paint(DIM, 'GET ' + server.url)}   on a connection that stays open")
    screen.say(server.get())
    good = [step(screen, server, number, edit) for number, edit in enumerate(EDITS, 1)]
    one = len(server.seen) == 1
    screen.say(
        "\n"
        + (
            screen.paint(GREEN, f"{sum(good)} of {len(good)} edits live")
            + f"; {server.count} requests on one connection to one process, nothing restarted, every guest counted."
            if one
            else screen.paint(RED, f"the server or the connection was not the same throughout: {server.seen}")
        )
    )
    return all(good) and one


def step(screen: Screen, server: Served, number: int, edit: Edit) -> bool:
    """One edit: the change, the report, the page before and after."""
    screen.pause()
    screen.title(number, edit.title)
    before = server.get()
    screen.diff(edit.file, *server.edit(edit))
    report = server.report()
    screen.pause(0.3)
    screen.say("\n" + report)
    after = server.get()
    screen.pause(0.3)
    screen.say(f"\n{screen.paint(DIM, 'before')}  {before}\n{screen.paint(DIM, 'after ')}  {after}")
    expected = edit.page.format(n=server.count)
    good = edit.report in report and after == expected
    if not good:
        screen.say(
            screen.paint(RED, f"that is wrong: expected {edit.report!r} in the report, and the page {expected!r}")
        )
    return good


def invite(screen: Screen, server: Served) -> None:
    """Now it is the user's turn; ends with Ctrl-C."""
    names = ", ".join(sorted(path.name for path in server.folder.glob("*.py")))
    screen.say(
        f"\n{screen.paint(BOLD, 'Now you.')} Edit {names} in\n  {screen.paint(CYAN, str(server.folder))}\n"
        f"and see it here and at {server.url} (Ctrl-C ends)."
    )
    while True:
        screen.say("\n" + server.report())
        screen.say(f"{screen.paint(DIM, 'serves')}  {server.get()}")


def main() -> int:
    """Run the demo; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--once", action="store_true", help="run through without pauses and end")
    once = parser.parse_args().once
    screen = Screen(0.0 if once else 2.0)
    with served(screen) as server:
        guard = threading.Timer(LIMIT, server.process.kill) if once else None
        try:
            if guard is not None:
                guard.start()
            good = show(screen, server)
            if not once:
                invite(screen, server)
        except KeyboardInterrupt:
            print()
            return 0
        finally:
            if guard is not None:
                guard.cancel()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
