"""Contract line 2: a module that the stage makes, and that nobody has yet, is there for the stage alone."""

from __future__ import annotations

from tests.conftest import Runner

NEW = """\
from __future__ import annotations
import sys, threading
from dataclasses import dataclass
@dataclass
class Node:
    count: int
MINE = sys.modules[__name__].Node is Node
FOUND = []
thread = threading.Thread(target=lambda: FOUND.append("new" in sys.modules))
thread.start()
thread.join()
del thread
"""
TREE = {"lib.py": "K = 1\n", "app.py": "import lib\n"}


def test_c02_a_module_that_is_made_is_found_by_name_by_nobody_but_the_stage(run: Runner) -> None:
    script = f"""
        import sys, app
        cache = sys.modules
        write("new.py", {NEW!r})
        write("app.py", "import lib\\nimport new\\n")
        say(refresh().outcome, app.new.MINE, app.new.FOUND, sys.modules is cache, sys.modules["new"] is app.new)
        """
    assert run(TREE, script) == "committed True [False] True True"


def test_c02_a_module_that_could_not_be_made_is_found_by_nobody(run: Runner) -> None:
    script = f"""
        import sys, app
        cache = sys.modules
        write("new.py", {NEW + "1 / 0"!r})
        write("app.py", "import lib\\nimport new\\n")
        say(refresh().outcome, "new" in sys.modules, sys.modules is cache)
        """
    assert run(TREE, script) == "aborted False True"
