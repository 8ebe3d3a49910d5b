"""Contract line 17: constants and derived values follow, across modules, whichever way they travelled."""

from __future__ import annotations

import pytest

from tests.conftest import Runner

READERS = {
    "from import": "from lib import K\nV = K\n",
    "from import as": "from lib import K as other\nV = other\n",
    "attribute": "import lib\nV = lib.K\n",
    "star": "from lib import *\nV = K\n",
    "default": "from lib import K\ndef f(k=K):\n    return k\nV = f()\n",
    "keyword default": "from lib import K\ndef f(*, k=K):\n    return k\nV = f()\n",
    "class attribute": "from lib import K\nclass C:\n    k = K\nV = C.k\n",
    "method default": "import lib\nclass C:\n    def m(self, k=lib.K):\n        return k\nV = C().m()\n",
    "call": "import lib\ndef get():\n    return lib.K\nV = get()\n",
    "comprehension": "from lib import K\nV = [K for _ in range(1)][0]\n",
    "container": "from lib import K\nT = {'a': (K,)}\nV = T['a'][0]\n",
    "f-string": "from lib import K\nV = int(f'{K}')\n",
    "lambda": "from lib import K\nV = (lambda: K)()\n",
    "decorator": "from lib import K\ndef d(k):\n    return lambda f: k\n@d(K)\ndef V():\n    pass\n",
    "condition": "from lib import K\nif K == 2:\n    V = 2\nelse:\n    V = 1\n",
    "loop": "from lib import K\nfor V in range(K + 1):\n    pass\n",
    "alias of the module": "import lib\nother = lib\nV = other.K\n",
    "alias of the value": "import lib\nA = lib.K\nB = A\nV = B\n",
    "a function of the library": "from lib import get\nV = get()\n",
    "an instance": "from lib import C\nV = C().k\n",
    "conditional import": "try:\n    from lib import K\nexcept ImportError:\n    K = None\nV = K\n",
    "import in a function": "def load():\n    from lib import K\n    return K\nV = load()\n",
    "walrus": "import lib\nif (V := lib.K):\n    pass\n",
    "annotation": "from lib import K\nclass C:\n    x: K\nV = C.__annotations__['x']\n",
    "dataclass default": "from dataclasses import *\nimport lib\n@dataclass\nclass D:\n    k: int = lib.K\nV = D.k\n",
    "named tuple": "import collections, lib\nN = collections.namedtuple('N', 'k', defaults=[lib.K])\nV = N().k\n",
    "partial": "from functools import partial\nfrom lib import K\np = partial(int, K)\nV = p()\n",
    "augmented": "from lib import K\nV = 0\nV += K\n",
    "unpacking": "from lib import K\nV, other = K, 0\n",
}
LIB = "K = 1\ndef get():\n    return K\nclass C:\n    k = K\n"


@pytest.mark.parametrize("name", READERS)
def test_c17_a_constant_reaches_a_reader(run: Runner, name: str) -> None:
    script = """
        import app
        edit("lib.py", "K = 1", "K = 2")
        report = refresh()
        say(report.outcome, report.complete, app.V)
        """
    assert run({"lib.py": LIB, "app.py": READERS[name]}, script) == "committed True 2"


@pytest.mark.parametrize("name", ["from import", "star", "attribute", "default", "class attribute", "call"])
def test_c17_through_a_package_that_re_exports(run: Runner, name: str) -> None:
    tree = {
        "pkg/__init__.py": "from .inner import K, get, C\nfrom . import inner\n",
        "pkg/inner.py": LIB,
        "lib.py": "from pkg import *\nfrom pkg import K\n",
        "app.py": READERS[name],
    }
    script = """
        import app, pkg
        edit("pkg/inner.py", "K = 1", "K = 2")
        report = refresh()
        say(report.outcome, app.V, pkg.K, pkg.inner.K, report.complete is not False)
        """
    assert run(tree, script) == "committed 2 2 2 True"


def test_c17_to_any_depth(run: Runner) -> None:
    tree = {"m0.py": "K = 0\n"}
    for n in range(1, 30):
        tree[f"m{n}.py"] = f"from m{n - 1} import K as below\nK = below + 1\n"
    script = """
        import m29
        edit("m0.py", "K = 0", "K = 100")
        report = refresh()
        say(report.outcome, report.complete, m29.K)
        """
    assert run(tree, script) == "committed True 129"


def test_c17_an_equal_value_of_a_derived_name_keeps_its_readers(run: Runner) -> None:
    tree = {
        "lib.py": "K = 5\nBIG = K > 3\n",
        "app.py": "from lib import BIG\nTHING = object() if BIG else None\n",
    }
    script = """
        import app, lib
        thing = app.THING
        edit("lib.py", "K = 5", "K = 6")
        report = refresh()
        say(report.complete, lib.K, lib.BIG, app.THING is thing)
        """
    assert run(tree, script) == "True 6 True True"


def test_c17_topology_one_object_stays_one(run: Runner) -> None:
    tree = {
        "lib.py": "T = {'a': 1}\n",
        "one.py": "from lib import T\nMINE = [T]\n",
        "two.py": "import lib\nfrom one import MINE\nSAME = MINE[0] is lib.T\n",
    }
    script = """
        import two, one, lib
        edit("lib.py", "'a': 1", "'a': 2")
        report = refresh()
        say(report.complete, one.T is lib.T, one.MINE[0] is lib.T, two.MINE is one.MINE, two.SAME, lib.T)
        """
    assert run(tree, script) == "True True True True True {'a': 2}"


def test_c17_two_files_edited_at_once_in_the_wrong_order(run: Runner) -> None:
    script = """
        import app
        write("app.py", "from lib import K, L\\nV = K + L\\n")
        write("lib.py", "K = 2\\nL = 3\\n")
        report = refresh()
        say(report.outcome, report.complete, app.V)
        """
    assert run({"lib.py": "K = 1\n", "app.py": "from lib import K\nV = K\n"}, script) == "committed True 5"


def test_c17_a_function_that_runs_while_a_module_executes(run: Runner) -> None:
    tree = {
        "lib.py": "def low():\n    return 1\ndef high():\n    return low() * 10\n",
        "app.py": "from lib import high\nV = high()\ndef later():\n    return high()\n",
    }
    script = """
        import app, lib
        high = lib.high
        edit("lib.py", "return 1", "return 2")
        report = refresh()
        say(report.complete, app.V, app.later(), lib.high is high, app.high is high)
        """
    assert run(tree, script) == "True 20 20 True True"
