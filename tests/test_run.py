"""`modcache run` against `python`: the same program in both, and all that can be seen of it from outside compared."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.trees import LIMIT, environment, lay

SHOW = """
import os, sys
main = sys.modules["__main__"]
for name, value in list(vars(main).items()):
    kind = type(value).__name__ if "oader" in name else value
    kind = (value.name, value.origin, value.parent) if name == "__spec__" and value else kind
    if name not in ("os", "sys", "main"):
        print(name, "=", kind)
print(sys.argv, sys.path[:2], os.getcwd(), main is __import__("__main__"), list(vars(main))[:8])
print(sys._getframe().f_code.co_filename, [name for name in ("click", "rich", "watchfiles") if name in sys.modules])
"""
PACKAGE = {
    "pkg/__init__.py": "print('init', __name__)\n",
    "pkg/__main__.py": SHOW + "from . import part\nprint(part.__name__)\n",
    "pkg/part.py": "from .other import name\n",
    "pkg/other.py": "name = __name__\n",
    "pkg/broken/__init__.py": "1 / 0\n",
    "pkg/broken/inner.py": "",
    "pkg/needs/__init__.py": "import not_there_at_all\n",
    "pkg/needs/inner.py": "",
    "pkg/eager/__init__.py": "from . import inner\n",
    "pkg/eager/inner.py": "print('run as', __name__)\n",
}


@dataclass
class Case:
    """A program, how it is called, and what is typed."""

    program: str | dict[str, str] = ""
    arguments: tuple[str, ...] = ("prog.py",)
    typed: str = ""
    options: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)


CASES = {
    "its own attributes": Case(SHOW),
    "arguments": Case(SHOW, ("prog.py", "a", "--quiet", "-m", "x", "--", "--root=1", "-")),
    "a path with dots": Case({"sub/prog.py": SHOW}, ("./sub/../sub/prog.py",)),
    "a script in another folder imports from there": Case(
        {"sub/prog.py": "import near; print(near.x)", "sub/near.py": "x = 1"}, ("sub/prog.py",)
    ),
    "a module of the program that is named like one of ours": Case(
        {"prog.py": "import click; print(click.x)", "click.py": "x = 1"}
    ),
    "no path before the others": Case(SHOW, options=("-P",)),
    "an environment without the script's folder": Case(SHOW, env={"PYTHONSAFEPATH": "1"}),
    "optimised": Case("assert False\nprint(__debug__)", options=("-O",)),
    "-m of a package": Case(PACKAGE, ("-m", "pkg", "-m", "--help")),
    "-m of a module in a package": Case({**PACKAGE, "pkg/mod.py": SHOW}, ("-m", "pkg.mod", "x")),
    "-m of a module": Case(SHOW, ("-m", "prog", "x", "-y")),
    "-mNAME": Case(SHOW, ("-mprog", "x")),
    "-m of the standard library": Case("", ("-m", "json.tool"), typed='{"a": 1}'),
    "-m whose package raises": Case(PACKAGE, ("-m", "pkg.broken.inner")),
    "-m whose package lacks something": Case(PACKAGE, ("-m", "pkg.needs.inner")),
    "-m of what its package has imported": Case(PACKAGE, ("-m", "pkg.eager.inner")),
    "a folder": Case({"app/__main__.py": SHOW + "import near", "app/near.py": "print(__name__)"}, ("app", "x")),
    "a folder with a slash": Case({"app/__main__.py": SHOW}, ("app/",)),
    "a zip file": Case({"__main__.py": SHOW}, ("app.zip", "x")),
    "exit with a number": Case("import sys; sys.exit(7)"),
    "exit with a large number": Case("import sys; sys.exit(300)"),
    "exit with minus one": Case("import sys; sys.exit(-1)"),
    "exit with nothing": Case("import sys; sys.exit()"),
    "exit with a text": Case("import sys; sys.exit('so it ends')"),
    "exit with a boolean": Case("raise SystemExit(True)"),
    "exit with a tuple": Case("raise SystemExit((1, 2))"),
    "exit in atexit": Case("import atexit, sys; atexit.register(sys.exit, 3); print('x')"),
    "os._exit": Case("import os; os._exit(9)"),
    "an exception": Case("def f():\n    raise ValueError('no')\n\nf()\n"),
    "an exception with a cause": Case("try:\n    1 / 0\nexcept Exception as e:\n    raise KeyError('x') from e\n"),
    "an exception in a module": Case({"prog.py": "import near", "near.py": "\n\n1 / 0"}),
    "an exception with notes": Case("e = ValueError('a')\ne.add_note('a note')\nraise e"),
    "an exception group": Case("raise ExceptionGroup('some', [ValueError(1), TypeError(2)])"),
    "a base exception": Case("class Odd(BaseException): pass\nraise Odd('x')"),
    "a deep recursion": Case("def f(n): return 1 if n == 0 else 1 + f(n - 1)\nprint(f(900))"),
    "a syntax error": Case("x = 1\nif x\n    pass\n"),
    "a syntax error in a module": Case({"prog.py": "import near", "near.py": "def f(:\n  pass"}),
    "an encoding": Case("# -*- coding: latin-1 -*-\nprint('é')"),
    "a byte order mark": Case("\ufeffprint('x')"),
    "a syntax warning": Case("x = '\\d'\nprint(x is 'y')"),
    "a deprecation warning in the main module": Case("import warnings; warnings.warn('old', DeprecationWarning)"),
    "a hook for exceptions": Case(
        "import sys, traceback\n"
        "sys.excepthook = lambda k, v, t: print('hook', k, v, [f.name for f in traceback.extract_tb(t)])\n"
        "1 / 0"
    ),
    "the last exception": Case(
        "import atexit, sys\n"
        "atexit.register(lambda: print(sys.last_type, sys.last_value, sys.last_traceback.tb_lineno))\n"
        "1 / 0"
    ),
    "standard input": Case("import sys\nprint(input('? '), sys.stdin.read().split())", typed="a\nb c\nd\n"),
    "atexit in order": Case(
        "import atexit\natexit.register(print, 'first')\natexit.register(print, 'second')\nprint('end')"
    ),
    "atexit after an exception": Case("import atexit\natexit.register(print, 'still')\n1 / 0"),
    "threads are waited for": Case(
        "import threading, atexit\n"
        "go = threading.Event()\n"
        "threading.Thread(target=lambda: (go.wait(), print('thread'))).start()\n"
        "atexit.register(print, 'atexit')\n"
        "print('main'); go.set()"
    ),
    "a thread that raises": Case(
        "import threading\nt = threading.Thread(target=lambda: 1 / 0, name='T')\nt.start(); t.join(); print('on')"
    ),
    "pickle of a class of the main module": Case(
        "import pickle\nclass A: pass\nprint(pickle.loads(pickle.dumps(A)) is A)"
    ),
    "a dataclass, annotations, typing": Case(
        "import dataclasses, typing\nx: int = 1\n@dataclasses.dataclass\nclass A:\n    a: 'B'\nclass B: pass\n"
        "print(__annotations__, typing.get_type_hints(A), A(1))"
    ),
    "a process that is spawned": Case(
        "import multiprocessing as m\ndef f(x): return x * 2\n"
        "if __name__ == '__main__':\n    print(m.get_context('spawn').Pool(1).map(f, [1, 2]))"
    ),
    "a process that is forked": Case(
        "import os, sys\nif os.fork() == 0:\n    sys.exit(0)\nos.wait()\nprint('parent')",
        env={"PYTHONWARNINGS": "ignore::DeprecationWarning"},  # of a fork while a thread, ours, is there (3.12+)
    ),
    "asyncio": Case("import asyncio\nasync def f():\n    await asyncio.sleep(0)\n    print('x')\nasyncio.run(f())"),
    "its own name in sys.modules": Case("import __main__\nx = 3\nprint(__main__.x, __name__)"),
    "inspect": Case("import inspect\ndef f():\n    return 1\nprint(inspect.getsource(f), inspect.getfile(f))"),
}


def call(folder: Path, case: Case, *before: str) -> tuple[int, str, str]:
    command = [sys.executable, *case.options, *before, *case.arguments]
    done = subprocess.run(
        command,
        input=case.typed,
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=folder,
        env=environment(PYTHONDONTWRITEBYTECODE="1", PYTHONIOENCODING="utf-8", **case.env),
        timeout=LIMIT,
        check=False,
    )
    return done.returncode, done.stdout, comparable(done.stderr)


def comparable(text: str) -> str:
    """Without what only `python -m` has in its tracebacks, and the number of a thread or process."""
    text = re.sub(r'  File "<frozen runpy>".*\n', "", text)
    if "Traceback" in text and '  File "' not in text:
        text = text.replace("Traceback (most recent call last):\n", "")
    return re.sub(r"^<frozen runpy>:\d+", "<frozen runpy>", text)


@pytest.mark.parametrize("name", CASES)
def test_it_runs_as_python_would(tmp_path: Path, name: str) -> None:
    case = CASES[name]
    tree = case.program if isinstance(case.program, dict) else {"prog.py": case.program}
    lay(tmp_path, tree)
    if "encoding" in name:
        (tmp_path / "prog.py").write_bytes(tree["prog.py"].encode("latin-1"))
    if case.arguments[0].endswith(".zip"):
        with zipfile.ZipFile(tmp_path / "app.zip", "w") as archive:
            archive.write(tmp_path / "__main__.py", "__main__.py")
    assert call(tmp_path, case, "-m", "modcache", "run", "--quiet") == call(tmp_path, case)


def test_a_script_behind_a_link(tmp_path: Path) -> None:
    lay(tmp_path, {"real/prog.py": SHOW + "import near", "real/near.py": "print(__file__)"})
    (tmp_path / "link.py").symlink_to("real/prog.py")
    case = Case(arguments=("link.py",))
    assert call(tmp_path, case, "-m", "modcache", "run", "-q") == call(tmp_path, case)


def test_compiled_programs(tmp_path: Path) -> None:
    lay(tmp_path, {"prog.py": "print('compiled', __file__, type(__loader__).__name__)"})
    code = "import py_compile; py_compile.compile('prog.py', 'prog.pyc')"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    case = Case(arguments=("prog.pyc",))
    assert call(tmp_path, case, "-m", "modcache", "run", "-q") == call(tmp_path, case)


def test_the_console_script_does_the_same(tmp_path: Path) -> None:
    lay(tmp_path, {"prog.py": SHOW})
    script = tmp_path / "bin" / "modcache"
    script.parent.mkdir()
    script.write_text("import sys\nfrom modcache.__main__ import main\nsys.exit(main())\n")
    case = Case(SHOW, ("prog.py", "x"))
    assert call(tmp_path, case, str(script), "run", "-q") == call(tmp_path, case)


INTERRUPTED = """
import atexit, sys, threading
atexit.register(print, "atexit", flush=True)
try:
    print("ready", flush=True)
    {wait}
finally:
    print("finally")
"""
WAITS = {
    "in a lock": "threading.Event().wait()",
    "in a read": "sys.stdin.read()",
    "in a loop": "while True: pass",
    "caught": "threading.Event().wait()\nexcept KeyboardInterrupt:\n    print('caught'); sys.exit(4)",
    "in a thread's end": "t = threading.Thread(target=threading.Event().wait, daemon=True); t.start(); t.join()",
}


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("wait", WAITS)
def test_ctrl_c_ends_it_as_it_ends_python(tmp_path: Path, wait: str) -> None:
    lay(tmp_path, {"prog.py": INTERRUPTED.format(wait=WAITS[wait])})
    assert interrupted(tmp_path, "-m", "modcache", "run", "-q") == interrupted(tmp_path)


def interrupted(folder: Path, *before: str) -> tuple[int, str, list[str]]:
    """How it ends; where in its loop the signal hits is chance, so only the last line of the traceback is told."""
    process = subprocess.Popen(
        [sys.executable, *before, "prog.py"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=environment(),
    )
    assert process.stdout is not None
    with process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(2)
        out, errors = process.communicate(timeout=LIMIT)
    assert "modcache" not in errors
    return process.returncode, out, errors.splitlines()[-1:]
