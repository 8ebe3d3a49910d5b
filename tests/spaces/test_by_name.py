"""Trap 4: what looks modules up by name finds those of the space whose code asks, whatever the interpreter has."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.spaces.play import play

FEATURES = """
from __future__ import annotations

import copy, dataclasses, enum, importlib, importlib.metadata, importlib.resources, importlib.util, inspect
import logging, logging.config, pickle, pkgutil, pydoc, runpy, sys, typing, unittest, unittest.mock

WORD = __file__.replace("\\\\", "/").split("/")[-3]


class Other:
    word = WORD


class Handler(logging.Handler):
    seen = []

    def emit(self, record):
        self.seen.append(record.getMessage())


@dataclasses.dataclass
class Data:
    once: typing.ClassVar[Other]
    other: Other = None


class Row(typing.NamedTuple):
    other: Other


class Kind(enum.Enum):
    A = 1


def test_dataclass_strings():
    return [field.name for field in dataclasses.fields(Data)] == ["other"]


def test_hints():
    return typing.get_type_hints(Data)["other"] is Other and typing.get_type_hints(Row)["other"] is Other


def test_enum():
    made = enum.Enum("Made", "A B", module=__name__)
    return made.__module__ == __name__ and enum.global_enum(Kind) is Kind and A is Kind.A


def test_pickle():
    back = pickle.loads(pickle.dumps([Data(Other()), Kind.A, Row(1), Other, test_pickle]))
    return type(back[0].other) is Other and back[1] is Kind.A and back[3:] == [Other, test_pickle]


def test_pickle_in_python():
    return pickle._loads(pickle._dumps([Other, Kind.A])) == [Other, Kind.A]


def test_copy():
    return copy.deepcopy(Data(Other)).other is Other


def test_inspect():
    return inspect.getmodule(Other) is sys.modules[__name__] and "word = WORD" in inspect.getsource(Other)


def test_sys_modules():
    return sys.modules[__name__].Other is Other and __name__ in sys.modules and None not in sys.modules


def test_import_module():
    return importlib.import_module(".part", __package__).WORD == importlib.import_module("feat.part").WORD == WORD


def test_reload():
    module = importlib.import_module("feat.part")
    module.WORD = None
    return importlib.reload(module) is module and module.WORD == WORD


def test_find_spec():
    return WORD in importlib.util.find_spec("feat.part").origin


def test_pkgutil():
    names = [name for _, name, _ in pkgutil.walk_packages(sys.modules["feat"].__path__, "feat.")]
    data = pkgutil.get_data("feat", "data.txt")
    return pkgutil.resolve_name("feat.core:Other") is Other and "feat.part" in names and data == WORD.encode()


def test_resources():
    return (importlib.resources.files("feat") / "data.txt").read_text() == WORD


def test_metadata():
    (point,) = importlib.metadata.entry_points(group="feat")
    return importlib.metadata.version("feat") == WORD and point.load() is Other


def test_runpy():
    return runpy.run_module("feat.part")["WORD"] == WORD


def test_mock():
    with unittest.mock.patch("feat.part.WORD", "mocked"):
        from feat.part import WORD as now
    return now == "mocked"


def test_mock_import():
    with unittest.mock.patch("feat.lazy.WORD", "mocked"):
        from feat import lazy
        return lazy.WORD == "mocked" and lazy.__file__.endswith(WORD + "/feat/lazy.py")


def test_logging():
    logging.config.dictConfig({
        "version": 1, "handlers": {"own": {"class": "feat.core.Handler"}},
        "loggers": {"feat." + WORD: {"handlers": ["own"], "level": "INFO"}},
    })
    logging.getLogger("feat." + WORD).info(WORD)
    return Handler.seen == [WORD]


def test_pydoc():
    return pydoc.locate("feat.core.Other") is Other


def test_loader():
    return unittest.defaultTestLoader.loadTestsFromName("feat.cases").countTestCases() == 1 and Cases().word == WORD


def test_missing():
    try:
        from feat import only_the_interpreters
    except ImportError:
        return WORD != "0"
    return WORD == "0"


def Cases():
    from feat.cases import Case
    return Case("test")


def work():
    wrong = []
    for name, function in list(globals().items()):
        if name.startswith("test_"):
            try:
                if function() is not True:
                    wrong.append(name)
            except Exception as error:
                import traceback
                wrong.append(f"{name}: {type(error).__name__}: {error} {traceback.format_exc()[-700:]}")
    return wrong or "all right"
"""
CASES = """
import unittest
from feat.part import WORD
class Case(unittest.TestCase):
    word = WORD
    def test(self): pass
"""


def version(word: str) -> dict[str, str]:
    place = f"{word}/feat"
    return {
        f"{place}/__init__.py": "",
        f"{place}/core.py": FEATURES,
        f"{place}/part.py": f"WORD = {word!r}\n",
        f"{place}/lazy.py": f"WORD = {word!r}\n",
        f"{place}/cases.py": CASES,
        f"{place}/data.txt": word,
        f"{word}/feat-1.dist-info/METADATA": f"Metadata-Version: 2.1\nName: feat\nVersion: {word}\n",
        f"{word}/feat-1.dist-info/entry_points.txt": "[feat]\nown = feat.core:Other\n",
    }


TREE = {**version("1"), **version("2"), **version("0"), "0/feat/only_the_interpreters.py": ""}


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("host", [False, True], ids=["alone", "beside the interpreter's"])
def test_c26_by_name(tmp_path: Path, host: bool, deep: bool) -> None:
    load = "sys.path.insert(0, '0'); import feat.core, feat.part, feat.only_the_interpreters" if host else "feat = None"
    script = f"""
        import warnings
        warnings.simplefilter("ignore", DeprecationWarning)
        {load}
        with Space("a", "1", deep={deep}) as a, Space("b", "2", deep={deep}) as b:
            cores = [space.import_module("feat.core") for space in (a, b)]
            for core in cores:
                say(core.WORD, core.work())
        if feat:
            say(feat.core.WORD, feat.core.work())
        say(as_it_was())
    """
    right = "1 all right | 2 all right | " + ("0 all right | " if host else "") + "True"
    assert play(tmp_path, TREE, script) == right


def test_the_dispatcher_is_there_only_while_a_space_is_open(tmp_path: Path) -> None:
    script = """
        first = Space("a")
        cache = sys.modules
        say(cache is REAL, isinstance(cache, dict), dict(cache) == REAL, len(cache) == len(REAL))
        second = Space("b")
        first.close()
        say(sys.modules is REAL, as_it_was())
        second.close()
        say(as_it_was())
    """
    assert play(tmp_path, {}, script) == "False True True True | False False | True"


def test_the_dispatcher_takes_what_a_dict_takes(tmp_path: Path) -> None:
    script = """
        import types
        with Space("a"):
            cache = sys.modules
            say(None in cache, cache.get(None), cache.get(3, 4), "sys" in cache, cache["sys"] is sys)
            cache["made"] = types.ModuleType("made")
            import made
            say(REAL["made"] is made, cache.pop("made") is made, "made" in REAL, cache.pop("made", None))
            say(cache == REAL, list(cache) == list(REAL), {**cache} == REAL, (cache | {}) == REAL, cache.copy() == REAL)
            say(type(cache.copy()) is dict, cache.setdefault("sys") is sys)
            say(list(reversed(cache)) == list(reversed(REAL)))
            try:
                cache["nothing"]
            except KeyError as error:
                say(repr(error))
    """
    trace = "False None 4 True True | True True False None | True True True True True | True True | True"
    assert play(tmp_path, {}, script) == f"{trace} | KeyError('nothing')"


def test_shared_code_that_loads_the_standard_library_loads_it_for_all(tmp_path: Path) -> None:
    tree = {"use.py": "import time\nimport decimal\ndef work():\n    time.strptime('2020', '%Y')\n"}
    script = """
        with Space("a", ".") as space:
            space.import_module("use").work()
            say("_strptime" in REAL, "decimal" in REAL, "_strptime" in space.modules)
        say(as_it_was())
    """
    assert play(tmp_path, tree, script) == "True True True | True"


def test_bind_speaks_for_the_space_where_no_frame_of_it_is(tmp_path: Path) -> None:
    tree = {"use.py": "class Mine: pass\n"}
    script = """
        import pickle, threading
        with Space("a", ".") as space:
            mine = space.import_module("use").Mine
            data = b"cuse\\nMine\\n."
            results = []
            def call(function):
                try:
                    results.append(function(data) is mine)
                except ImportError as error:
                    results.append(str(error))
            for target in (pickle.loads, space.bind(pickle.loads), space.loads):
                thread = threading.Thread(target=call, args=[target])
                thread.start()
                thread.join()
            say(*results)
            say(space.bind(sys.modules.get)("use") is space.modules["use"], "use" in REAL)
    """
    assert play(tmp_path, tree, script) == "No module named 'use' True True | True False"


def test_many_threads_in_many_spaces(tmp_path: Path) -> None:
    script = """
        import threading
        spaces = [Space(str(n), str(n % 2 + 1)) for n in range(4)]
        wrong = []
        def work(space):
            core = space.import_module("feat.core")
            for name in ("pickle", "hints", "dataclass_strings", "enum", "import_module", "metadata", "mock_import"):
                if getattr(core, f"test_{name}")() is not True or core is not space.modules["feat.core"]:
                    wrong.append((space.name, name))
        threads = [threading.Thread(target=work, args=[space]) for space in spaces for _ in range(3)]
        [thread.start() for thread in threads], [thread.join() for thread in threads]
        [space.close() for space in spaces]
        say(wrong, as_it_was(), "feat" in sys.modules)
    """
    assert play(tmp_path, TREE, script) == "[] True False"
