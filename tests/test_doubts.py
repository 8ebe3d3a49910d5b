"""Doubts that say nothing teach people to ignore doubts: ordinary edits that a refresh must be sure of."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fresh import live_and_fresh
from tests.trees import run

SURE: dict[str, tuple[dict[str, str], tuple[str, str, str]]] = {
    "a pattern that tables, defaults and instances have": (
        {
            "lib.py": "import re\nRX = re.compile('a')\n",
            "app.py": "from lib import RX\nclass Row:\n    def __init__(self, rx):\n        self.rx = rx\n"
            "TABLE = {'x': [('n', RX)]}\nROW = Row(RX)\ndef f(rx=RX):\n    return rx\n",
        },
        ("lib.py", "'a'", "'b'"),
    ),
    "a logger in a list": (
        {"lib.py": "import logging\nLOG = logging.getLogger('a')\n", "app.py": "from lib import LOG\nALL = [LOG]\n"},
        ("lib.py", "'a'", "'b'"),
    ),
    "an alias of types in a list": (
        {
            "lib.py": "from typing import Callable\nHook = Callable[[int], None]\n",
            "app.py": "from lib import Hook\nALL = [Hook]\ndef f(x: Hook): ...\n",
        },
        ("lib.py", "[int]", "[str]"),
    ),
    "a factory's function under another name": (
        {
            "lib.py": "def make(n):\n    def inner():\n        return n\n    return inner\nf = make(1)\n",
            "app.py": "import lib\nN = lib.f()\n",
        },
        ("lib.py", "make(1)", "make(2)"),
    ),
    "a method that a decorator of others made anew": (
        {
            "app.py": "import functools\n@functools.total_ordering\nclass A:\n    x = 1\n    def __lt__(self, other):\n"
            "        return True\n    def __eq__(self, other):\n        return self is other\n"
        },
        ("app.py", "x = 1", "x = 2"),
    ),
    "an import that others do as well goes": (
        {
            "util.py": "import re\nRX = re.compile('a')\ndef helper():\n    return 1\n",
            "other.py": "import util\nX = util.RX\n",
            "app.py": "import util\nimport other\ndef f():\n    return other.X\n",
        },
        ("app.py", "import util\n", ""),
    ),
    "imports of definitions change places": (
        {
            "a.py": "import enum, logging\nLOG = logging.getLogger(__name__)\nclass A(enum.Enum):\n    X = 1\n",
            "b.py": "import dataclasses\nfrom a import A\n@dataclasses.dataclass\nclass B:\n    x: A = A.X\n",
            "app.py": "import a\nimport b\ndef f():\n    return a.A, b.B\n",
        },
        ("app.py", "import a\nimport b", "import b\nimport a"),
    ),
    "a model's field": (
        {
            "lib.py": "from pydantic import BaseModel, Field\nclass M(BaseModel):\n    x: int = Field(1, ge=0)\n",
            "app.py": "import lib\nONE = lib.M(x=3)\n",
        },
        ("lib.py", "ge=0", "ge=1"),
    ),
}
"""What is sure -> files, and the edit: a file, what is replaced in it, and by what."""

COMPUTED = {
    "hashlib": "hashlib.sha256(b'{}').hexdigest()",
    "urllib.parse": "urllib.parse.urljoin('http://x', '{}')",
    "base64": "base64.b64encode(b'{}')",
    "keyword": "keyword.iskeyword('{}')",
    "string": "string.Template('{}')",
    "html": "html.escape('{}')",
    "shlex": "shlex.split('{}')",
    "argparse": "argparse.ArgumentParser('{}')",
    "asyncio": "(asyncio.Lock(), '{}')",
    "concurrent.futures": "(concurrent.futures.ThreadPoolExecutor(2), '{}')",
    "ipaddress": "(ipaddress.ip_network('10.0.0.0/8'), '{}')",
    "zoneinfo": "(zoneinfo.ZoneInfo('UTC'), '{}')",
    "heapq": "heapq.nsmallest(1, ['{}'])",
    "struct": "(struct.Struct('bb'), '{}')",
    "io": "io.StringIO('{}')",
}
"""Module -> what is computed with it."""


@pytest.mark.parametrize("what", SURE)
def test_an_ordinary_edit_is_sure(tmp_path: Path, what: str) -> None:
    before, (name, old, new) = SURE[what]
    result = live_and_fresh(tmp_path, before, {name: before[name].replace(old, new)})
    assert result.right, result
    assert result.report["complete"] is True, result


@pytest.mark.parametrize("module", COMPUTED)
def test_a_value_of_what_leaves_nothing_behind_is_sure(tmp_path: Path, module: str) -> None:
    text = f"import {module}\nK = {COMPUTED[module]}\n"
    result = live_and_fresh(tmp_path, {"app.py": text.format("a")}, {"app.py": text.format("b")})
    assert result.right, result
    assert result.report["complete"] is True, result


HOLDERS = {
    "a list": "held.append(lib.RX)",
    "a tuple in a dict": "held.append({'k': (1, (lib.RX,))})",
    "a bound method": "held.append(lib.RX.match)",
    "a closure": "held.append((lambda rx: lambda: rx)(lib.RX))",
    "an iterator": "held.append(iter([lib.RX]))",
    "an attribute": "held.append(app); app.mine = (lib.RX,)",
}
HOLDERS_SCRIPT = """
import app, lib
held = []
HOLD
edit("lib.py", "'a'", "'b'")
report = refresh()
say(report.complete, len(report.doubts), refresh().complete, session.undo().outcome)
"""


@pytest.mark.parametrize("holder", HOLDERS)
def test_it_stays_in_doubt_if_the_program_holds_the_old_one(tmp_path: Path, holder: str) -> None:
    tree = {"lib.py": "import re\nRX = re.compile('a')\n", "app.py": "from lib import RX\nALL = [RX]\n"}
    said = run(tmp_path, tree, HOLDERS_SCRIPT.replace("HOLD", HOLDERS[holder]))
    assert said == "None 1 None committed"


def test_an_alias_of_the_same_types_stays_the_same_object(tmp_path: Path) -> None:
    lib = "class Foo:\n    x = 1\nMany = dict[str, Foo]\nEither = Foo | None\n"
    script = """
    import lib
    olds = [lib.Many, lib.Either]
    edit("lib.py", "x = 1", "x = 2")
    edit("lib.py", "dict[str, Foo]", "dict[str,  Foo] or 0")
    edit("lib.py", "Foo | None", "(Foo | None) or 0")
    report = refresh()
    say(report.complete, lib.Many is olds[0], lib.Either is olds[1])
    """
    assert run(tmp_path, {"lib.py": lib}, script) == "True True True"
