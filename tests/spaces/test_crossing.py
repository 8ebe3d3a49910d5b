"""Trap 7: pickles that say (space, module, name), read in any thread and any process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.spaces.play import play
from tests.trees import environment, lay

LIB = """
import enum, collections

class Kind(enum.Enum):
    A = 1

class Data:
    class Inner:
        pass
    def __init__(self, value): self.value = value
    def __eq__(self, other): return type(other) is Data and other.value == self.value
    __hash__ = None

Row = collections.namedtuple("Row", "x")

def double(data):
    return Data(data.value * 2)

def version(_=None):
    return WORD
"""
TREE = {f"{word}/lib.py": f"WORD = {word!r}\n{LIB}" for word in "12"}


def test_everything_with_a_name_comes_back_itself(tmp_path: Path) -> None:
    script = """
        import pickle, threading
        with Space("a", "1") as a, Space("b", "2") as b:
            first, second = (space.import_module("lib") for space in (a, b))
            things = [(m.Data, m.Data.Inner, m.Kind.A, m.Row(1), m.double, m.Data(3), m) for m in (first, second)]
            back = []
            thread = threading.Thread(target=lambda: back.extend(pickle.loads(a.dumps(things))))
            thread.start()
            thread.join()
            say(back == things, [[x is y for x, y in zip(*pair)] for pair in zip(back, things)][1])
            say(pickle.loads(a.dumps([1, json.dumps])) == [1, json.dumps] if (json := __import__("json")) else 0)
            try:
                first.Data.double = first.double
                first.double = None
                a.dumps(first.Data.double)
            except pickle.PicklingError as error:
                say("lib.double" in str(error))
    """
    trace = "True [True, True, True, False, True, False, True] | True | True"
    assert play(tmp_path, TREE, script) == trace


def test_a_process_without_the_space_makes_it(tmp_path: Path) -> None:
    lay(tmp_path, {**TREE, "host.py": "WORD = 'host'"})
    write = f"""
import modcache, sys, host
space = modcache.Space("a", {str(tmp_path / "1")!r}, share=["shared"], provide={{"given": "X = 5", "host_api": host}})
lib = space.import_module("lib")
sys.stdout.buffer.write(space.dumps([lib.Data(3), lib.Kind.A, lib.version]))
"""
    read = """
import pickle, sys
data, kind, version = pickle.loads(sys.stdin.buffer.read())
import modcache
space = modcache.Space.owner_of(data)
given = space.import_module("given").X, space.import_module("host_api").WORD
print(space.name, data.value, kind.name, version(), given, "lib" in sys.modules)
"""
    more = environment()
    more["PYTHONPATH"] += os.pathsep + str(tmp_path)
    wrote = subprocess.run([sys.executable, "-c", write], capture_output=True, check=True, env=more)
    done = subprocess.run([sys.executable, "-c", read], input=wrote.stdout, capture_output=True, env=more, check=False)
    assert done.stdout.decode().split("\n")[0] == "a 3 A 1 (5, 'host') False", done.stderr.decode()


def test_a_space_of_that_name_that_is_another_is_an_error(tmp_path: Path) -> None:
    script = """
        import pickle
        with Space("a", "1") as space:
            data = space.dumps(space.import_module("lib").version)
        with Space("a", "2"):
            try:
                pickle.loads(data)
            except errors.SpaceMismatch as error:
                say("1" in str(error))
        say(pickle.loads(data)())
        Space.owner_of(pickle.loads(data)).close()
        say(as_it_was())
    """
    assert play(tmp_path, TREE, script) == "True | 1 | True"


def test_plain_pickles_mean_the_names_of_the_space_that_loads_them(tmp_path: Path) -> None:
    script = """
        import pickle
        sys.path.insert(0, "1")
        import lib
        data = pickle.dumps(lib.Data(7))
        with Space("b", "2") as space:
            back = space.loads(data)
            say(type(back) is space.import_module("lib").Data, back.value, type(pickle.loads(data)) is lib.Data)
    """
    assert play(tmp_path, TREE, script) == "True 7 True"


@pytest.mark.parametrize("loaded", ["before", "after"])
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_multiprocessing(tmp_path: Path, method: str, loaded: str) -> None:
    if method == "fork" and not hasattr(os, "fork"):
        pytest.skip("there is no fork here")
    lay(tmp_path, TREE)
    program = f"""
import sys
{"import multiprocessing" if loaded == "before" else ""}
import modcache

def main():
    before = sys.modules
    with modcache.Space("a", "1") as a, modcache.Space("b", "2") as b:
        import multiprocessing
        libs = [space.import_module("lib") for space in (a, b)]
        with multiprocessing.get_context({method!r}).Pool(1) as pool:
            for lib in libs:
                print(pool.map(lib.double, [lib.Data(4)]) == [lib.Data(8)], pool.apply(lib.version))
            print(pool.apply(a.bind(len), ([1],)))
            pool.close()
            pool.join()
    from multiprocessing.reduction import ForkingPickler
    print("reducer_override" in vars(ForkingPickler), sys.modules is before)

if __name__ == "__main__":
    main()
"""
    (tmp_path / "program.py").write_text(program)
    line = [sys.executable, "program.py"]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, env=environment(), timeout=100)
    assert done.stdout == "True 1\nTrue 2\n1\nFalse True\n", done.stderr
