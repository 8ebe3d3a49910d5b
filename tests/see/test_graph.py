"""The graph of a process that was never prepared: importers, dependents, chains, cycles."""

from __future__ import annotations

import pytest

from modcache._model.edges import Edge
from modcache._model.importgraph import ImportGraph
from tests.conftest import Runner


def graph(text: str) -> ImportGraph:
    """``"a>b c~d e?f"``: a uses b while it executes, c has d lazily, e reads attributes of f."""
    kinds = {">": "exec", "~": "lazy", "?": "attribute", ":": "bind"}
    edges, names = [], {}
    for line, word in enumerate(text.split(), 1):
        sign = next(s for s in kinds if s in word)
        importer, imported = word.split(sign)
        names.update({importer: None, imported: None})
        edges.append(Edge(importer, imported, kinds[sign], f"{importer}.py", line, f"import {imported}"))  # type: ignore[arg-type]
    return ImportGraph(names, edges)


def ways(found: ImportGraph, name: str) -> str:
    return " ".join("".join([*(e.importer for e in way), name]) for way in found.chains(name, "a"))


def test_transitive_both_ways() -> None:
    found = graph("a>b b~c d?c")
    assert sorted(found.dependents("c")) == ["a", "b", "d"]
    assert sorted(found.dependents("c", lazy=False)) == ["d"]
    assert sorted(found.dependencies("a")) == ["b", "c"]
    assert [edge.importer for edge in found.importers("c")] == ["b", "d"]


def test_every_chain_shortest_first_and_through_no_module_twice() -> None:
    assert ways(graph("a>b b>c c>b a>c c>d a>x x>y y>d b>d"), "d") == "abd acd acbd abcd axyd"


def test_the_statement_that_is_executed_is_the_one_that_is_shown() -> None:
    found = graph("a~b a>b")
    assert [edge.line for edge in found.chain("b", "a")] == [2]


def test_no_chain() -> None:
    found = graph("a>b c>d")
    assert found.chain("d", "a") == ()
    with pytest.raises(KeyError):
        found.chain("nothing")


def test_without_a_main_module_a_chain_starts_where_nobody_imports() -> None:
    assert [edge.importer for edge in graph("a>b b>c x>b").chain("c")] == ["a", "b"]


def test_a_cycle_and_its_cheapest_statement() -> None:
    (cycle,) = graph("a>b b>c c?a c>d d~a").cycles
    assert (str(cycle), cycle.modules) == ("a -> b -> c -> a", ("a", "b", "c"))
    assert ([str(edge.importer) for edge in cycle.weakest], cycle.breaks) == (["c"], True)


def test_a_costlier_statement_that_breaks_all_is_better_than_a_cheap_one_that_does_not() -> None:
    (cycle,) = graph("a>b b?a b:c c?b a>c").cycles
    # a circle remains whichever of the two cheap ones goes
    assert [(e.importer, e.imported) for e in cycle.weakest] == [("b", "a")]
    assert not cycle.breaks


def test_lazy_imports_make_no_cycle() -> None:
    assert graph("a>b b~a").cycles == ()


def test_a_thousand_modules_in_one_circle() -> None:
    (cycle,) = graph(" ".join(f"m{n:04}>m{(n + 1) % 1000:04}" for n in range(1000))).cycles
    assert (len(cycle.modules), len(cycle.shortest), cycle.breaks) == (1000, 1000, True)


TREE = {
    "app/__init__.py": "",
    "app/main.py": "import os.path\nfrom . import low, high as h\nfrom .low import X\nfrom app.high import f\n",
    "app/low.py": "X = 1\ndef g():\n    from app import main\n",
    "app/high.py": "from .low import X\nY = X\ndef f(): pass\n",
    "start.py": "import app.main\n",
}
SHOW = """
key = lambda edge: (edge.importer, edge.line)
def show(*names):
    found = modcache.cache.graph()
    rows = [e for n in names for e in found.imports(n) if not e.implied and e.imported.startswith("app")]
    say(" ".join(f"{e.importer}:{e.line}>{e.imported}:{e.kind}" for e in sorted(rows, key=key)))
"""


def test_the_graph_of_what_is_loaded(run: Runner) -> None:
    script = SHOW + (
        "import modcache, start\nshow('start', 'app.main', 'app.low', 'app.high')\n"
        "say([str(e.path).rpartition('/')[2] for e in modcache.cache.graph().chain('app.low', 'start')])\n"
    )
    assert run(TREE, script, session=False) == (
        "app.high:1>app.low:exec app.low:3>app.main:lazy app.main:2>app.low:attribute app.main:2>app.high:attribute "
        "app.main:3>app.low:bind app.main:4>app.high:bind start:1>app.main:attribute | ['start.py', 'main.py']"
    )


def test_a_branch_that_was_not_taken_is_no_import(run: Runner) -> None:
    tree = {
        "one.py": "",
        "two.py": "def f(): pass\n",
        "three.py": "def f(): pass\n",
        "app.py": """\
            import sys
            if len(sys.argv) > 900:
                import one as choice
            else:
                import two as choice
            try:
                from three import f
            except ImportError:
                from two import f
            """,
    }
    script = """
        import modcache, one, two, three, app
        say(sorted({edge.imported for edge in modcache.cache.graph().imports("app")} - {"sys"}))
        """
    assert run(tree, script, session=False) == "['three', 'two']"


def test_the_graph_is_kept_and_follows_what_is_loaded(run: Runner) -> None:
    script = """
        import importlib, modcache, app.low
        first = modcache.cache.graph()
        say(modcache.cache.graph() is first, "app.high" in first.modules)
        import app.high
        second = modcache.cache.graph()
        say(second is first, "app.high" in second.modules, [e.importer for e in second.importers("app.low")])
        write("app/high.py", "import app\\n")
        say([e.imported for e in modcache.cache.graph().imports("app.high")])
        importlib.reload(app.high)
        say([e.imported for e in modcache.cache.graph().imports("app.high")])
        """
    assert run(TREE, script, session=False) == ("True False | False True ['app.high'] | ['app.low', 'app'] | ['app']")


def test_the_graph_is_of_what_was_loaded_though_the_file_has_been_written_since(run: Runner) -> None:
    script = """
        import modcache, sys
        sys.dont_write_bytecode = False
        import app.high
        write("app/high.py", "import json, app\\n")
        import json
        say([e.imported for e in modcache.cache.graph().imports("app.high") if not e.implied])
        """
    assert run(TREE, script, session=False) == "['app.low']"


def test_after_a_refresh_the_graph_is_of_the_new_source(run: Runner) -> None:
    script = """
        import modcache, app.high
        edit("app/high.py", "from .low import X", "from app import low\\nX = 2")
        session.refresh()
        edges = [e for e in modcache.cache.graph().imports("app.high") if not e.implied]
        say([(e.imported, e.kind) for e in edges], modcache.cache["app.high"].generation)
        """
    assert run(TREE, script) == "[('app.low', 'attribute')] 1"


def test_the_graph_of_a_private_system(run: Runner) -> None:
    script = """
        import modcache
        system = modcache.ImportSystem("mine", ["."])
        system.import_module("app.high")
        graph = system.cache.graph()
        say([e.imported for e in graph.imports("app.high")], "app.high" in modcache.cache)
        say(system.cache["app.high"].kind, sorted(n for n in system.cache if n.startswith("app")))
        """
    expected = "['app.low', 'app'] False | source ['app', 'app.high', 'app.low']"
    assert run(TREE, script, session=False) == expected


def test_it_can_be_told_as_data_and_made_of_it_again(run: Runner) -> None:
    script = """
        import json, modcache, app.high
        first = modcache.cache.graph()
        second = modcache.ImportGraph.from_dict(json.loads(json.dumps(first.to_dict())))
        say(second.edges == first.edges, list(second.modules) == list(first.modules))
        """
    assert run(TREE, script, session=False) == "True True"
