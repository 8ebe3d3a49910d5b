"""The plug-in host of the demo: two plug-ins with clashing dependencies, one is refreshed, the other is closed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.trees import LIMIT, ROOT, environment


class Terminal:
    """A host that runs, asked line by line."""

    def __init__(self, host: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(host)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()
        )

    def ask(self, line: str) -> str:
        """Give a command; its first line of answer, and what comes before the answer of an unknown command."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{line}\ncall end\n")
        self.process.stdin.flush()
        rows: list[str] = []
        while not rows or rows[-1] != "no plug-in offers end\n":
            rows.append(self.process.stdout.readline())
        return "".join(rows[:-1])


def test_the_host(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "demo" / "host", tmp_path / "host")
    plugins = tmp_path / "host" / "plugins"
    host = Terminal(tmp_path / "host" / "host.py")
    assert [host.ask(f"load {name}") for name in ("invoice", "label")] == ["invoice 1.0 loaded\n", "label 2.3 loaded\n"]
    assert host.ask("call invoice.total 3.6 1") == "invoice 1: 4.60 EUR (money 1.4)\n"
    assert host.ask("call label.price tea 3.6") == "tea: € 3.60 (money 2.0)\n"
    money = plugins / "invoice" / "deps" / "money" / "__init__.py"
    for path, old, new in ((money, "EUR", "euro"), (plugins / "invoice" / "plugin.py", "invoice {", "no. {")):
        path.write_text(path.read_text().replace(old, new))
    assert "committed" in host.ask("refresh invoice")
    assert host.ask("call invoice.total 2") == "no. 2: 2.00 euro (money 1.4)\n"
    assert host.ask("close label") == "space 'label' closed, all of it is freed\n"
    assert host.ask("call label.price tea 1") == "no plug-in offers label.price\n"
    assert host.ask("call invoice.total 5") == "no. 3: 5.00 euro (money 1.4)\n"
    assert host.ask("call invoice.total x").startswith("ValueError")
    assert host.process.communicate(timeout=LIMIT)[0] == ""
    assert host.process.returncode == 0
