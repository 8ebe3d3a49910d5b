"""Contract line 18: state stays, and a module has a say in what does: ``__modcache__`` and what runs once."""

from __future__ import annotations

import pytest

from tests.conftest import Runner

POOL = {
    "db.py": """
        import gate
        URL = "one"
        class Pool:
            def __init__(self, url):
                self.url = url
                gate.log.append(url)
            def size(self):
                return 1
        pool = Pool(URL)
        NAME = pool.url + "!"
        __modcache__ = {"keep": ["pool"]}
        """,
    "app.py": "from db import pool\nURL = pool.url\n",
}


def test_c18_state_whose_statement_and_inputs_did_not_change_keeps_its_object(run: Runner) -> None:
    tree = {"lib.py": "import gate\nDATA = [gate.log.append('made')]\ndef f(): return 1\n", "app.py": "import lib\n"}
    script = """
        import app, lib
        held = lib.DATA
        lib.DATA.append("run")
        edit("lib.py", "return 1", "return 2")
        say(refresh().complete, lib.DATA is held, held, gate.log)
        write("lib.py", "import gate\\nDATA = [gate.log.append('made')]\\nMORE = 1\\n")
        say(refresh().complete, lib.DATA is held, held, gate.log)
        """
    assert run(tree, script) == "True True [None, 'run'] ['made'] | True True [None, 'run'] ['made']"


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        ('"db.py", "Pool(URL)", "Pool(URL.upper())"', "its statement"),
        ('"db.py", \'"one"\', \'"two"\'', "its input"),
        ('"db.py", "self.url = url", "self.url = url * 2"', "the class that it is of"),
    ],
)
def test_c18_what_is_kept_stays_whatever_changes(run: Runner, edit: str, reason: str) -> None:
    script = f"""
        import app, db
        held = db.pool
        edit({edit})
        plan = session.plan()
        report = refresh()
        say(db.pool is held, app.pool is held, held.url, gate.log, "db:pool" in report.kept, "db:pool" in plan.kept)
        say(report.outcome, report.remains)
        say("kept" in str(report), "kept" in str(plan))
        """
    assert run(POOL, script) == "True True one ['one'] True True | committed () | True True", reason


def test_c18_what_derives_from_a_kept_name_uses_the_kept_object(run: Runner) -> None:
    script = """
        import app, db
        db.pool.url = "moved"
        edit("db.py", 'Pool(URL)', 'Pool("other")')
        edit("db.py", 'pool.url + "!"', 'pool.url + "?"')
        edit("app.py", "URL = pool.url", "URL = pool.url.upper()")
        report = refresh()
        say(db.NAME, app.URL, report.kept, ran(report), gate.log)
        """
    assert run(POOL, script) == "moved? MOVED ('db:pool',) db:10 app:2 ['one']"


def test_c18_a_kept_object_gets_the_new_code_of_its_class(run: Runner) -> None:
    script = """
        import app, db
        edit("db.py", "return 1", "return 2")
        report = refresh()
        say(app.pool.size(), report.kept, report.complete)
        """
    assert run(POOL, script) == "2 () True"


def test_c18_a_new_name_is_made_though_it_is_to_be_kept(run: Runner) -> None:
    script = """
        import app, db
        edit("db.py", 'NAME =', 'spare = Pool("spare")\\nNAME =')
        edit("db.py", '["pool"]', '["pool", "spare"]')
        say(refresh().complete is not False, db.spare.url, gate.log)
        """
    assert run(POOL, script) == "True spare ['one', 'spare']"


def test_c18_what_is_kept_no_more_is_made_anew(run: Runner) -> None:
    script = """
        import app, db
        held = db.pool
        edit("db.py", '"one"', '"two"')
        say(refresh().kept, db.pool is held)
        edit("db.py", 'return 1', 'return 2')
        say(refresh().kept, db.pool is held)
        edit("db.py", '["pool"]', '[]')
        report = refresh()
        say(report.kept, db.pool is app.pool, db.pool.url, db.NAME, app.URL)
        session.undo()
        say(db.pool.url, app.pool.url)
        say(refresh().kept, db.pool.url)
        """
    expected = "('db:pool',) True | () True | () True two two! two | one one | () two"
    assert run(POOL, script) == expected


def test_c18_a_kept_container_is_not_filled_again(run: Runner) -> None:
    tree = {
        "lib.py": """
            SEEN = {}
            SEEN["a"] = 1
            SEEN["b"] = 2
            __modcache__ = {"keep": ["SEEN"]}
            """
    }
    script = """
        import lib
        held = lib.SEEN
        held["run"] = True
        edit("lib.py", '"b"] = 2', '"c"] = 3')
        report = refresh()
        say(lib.SEEN is held, held, report.kept)
        """
    assert run(tree, script) == "True {'a': 1, 'b': 2, 'run': True, 'c': 3} ('lib:SEEN',)"


def test_c18_what_is_kept_stays_when_the_whole_module_is_executed(run: Runner) -> None:
    script = """
        import app, db, modcache
        held = db.pool
        edit("db.py", '"one"', '"two"')
        modcache.reload(db)
        say(db.pool is held, db.URL, db.NAME, gate.log)
        edit("db.py", 'NAME =', 'globals()["MADE"] = 1\\nNAME =')
        report = session.refresh()
        say(db.pool is held, db.MADE, gate.log, report.kept, db.__doc__)
        """
    assert run(POOL, script) == "True two one! ['one'] | True 1 ['one'] ('db:pool',) None"


def test_c18_an_import_can_be_kept(run: Runner) -> None:
    tree = {"lib.py": "K = 1\n", "app.py": "from lib import K\nV = K\n__modcache__ = {'keep': ['K']}\n"}
    script = """
        import app
        edit("lib.py", "K = 1", "K = 2")
        report = refresh()
        say(app.K, app.V, report.kept, report.complete)
        """
    assert run(tree, script) == "1 1 ('app:K',) True"


def test_c18_a_kept_name_of_several_in_a_statement(run: Runner) -> None:
    tree = {"lib.py": "a, b = 1, 2\nc = a + b\n__modcache__ = {'keep': ['a']}\n"}
    script = """
        import lib
        edit("lib.py", "1, 2", "10, 20")
        report = refresh()
        say(lib.a, lib.b, lib.c)
        """
    assert run(tree, script) == "1 20 21"


def test_c18_remake_builds_a_name_anew_whenever_the_module_is_touched(run: Runner) -> None:
    tree = {
        "conf.py": "K = 1\n",
        "lib.py": """
            import gate
            from conf import K
            TABLE = {"a": len(gate.log)}
            TABLE["b"] = 1
            SIZE = len(TABLE)
            V = K
            def f(): return 1
            __modcache__ = {"remake": ["TABLE"]}
            """,
        "app.py": "import lib\n",
    }
    script = """
        import app, lib
        for edits in (("lib.py", "return 1", "return 2"), ("conf.py", "K = 1", "K = 2"), ("app.py", "lib", "lib as l")):
            held = lib.TABLE
            held["run"] = True
            edit(*edits)
            report = refresh()
            say(lib.TABLE is held, sorted(held), ran(report))
        edit("lib.py", "def f", "\\n\\ndef f")
        say(ran(refresh()) or "moved only")
        """
    assert run(tree, script) == (
        "True ['a', 'b'] lib:3 lib:4 lib:5 | True ['a', 'b'] conf:1 lib:2 lib:3 lib:4 lib:5 lib:6 | "
        "True ['a', 'b', 'run'] app:1 | moved only"
    )


GUARDS = {
    "first_time": "import modcache\nif modcache.first_time():\n    pool = [LOG.append('made')]\n",
    "alias": "import modcache as mc\nif mc.first_time():\n    pool = [LOG.append('made')]\n",
    "from": "from modcache import first_time\nif first_time():\n    pool = [LOG.append('made')]\n",
    "else": "import modcache\nif modcache.first_time():\n    pool = [LOG.append('made')]\nelse:\n    len(LOG)\n",
    "NameError": "try:\n    pool\nexcept NameError:\n    pool = [LOG.append('made')]\n",
    "globals": "if 'pool' not in globals():\n    pool = [LOG.append('made')]\n",
}


@pytest.mark.parametrize("guard", GUARDS)
def test_c18_what_runs_once_runs_once(run: Runner, guard: str) -> None:
    tree = {"made.py": "LOG = []\n", "lib.py": f"from made import LOG\nK = 1\n{GUARDS[guard]}V = len(pool) + K\n"}
    script = """
        import importlib, modcache, lib
        held = lib.pool
        held.append("run")
        def told(report):
            say(lib.pool is held, lib.V, lib.LOG, "lib:pool" in report.kept, report.remains)
        edit("lib.py", "K = 1", "K = 2")
        told(refresh())
        edit("lib.py", "append('made')", "append('anew')")
        told(refresh())
        modcache.reload(lib)
        told(refresh())
        importlib.reload(lib)
        told(refresh())
        """
    row = "True {} ['made'] {} ()"
    rows = [row.format(4, False), row.format(4, True), row.format(4, False), row.format(4, False)]
    assert run(tree, script) == " | ".join(rows)


def test_c18_what_has_been_made_is_not_made_again_when_a_guard_is_put_around_it(run: Runner) -> None:
    tree = {"lib.py": "import gate\npool = [gate.log.append('made')]\n"}
    script = """
        import lib
        held = lib.pool
        write("lib.py", "import gate, modcache\\nif modcache.first_time():\\n    pool = [gate.log.append('made')]\\n")
        report = refresh()
        say(lib.pool is held, gate.log, report.complete)
        write("lib.py", "import gate\\npool = [gate.log.append('made')]\\n")
        refresh()
        say(gate.log)
        """
    assert run(tree, script) == "True ['made'] True | ['made', 'made']"


def test_c18_what_runs_once_and_is_new_to_the_process_runs(run: Runner) -> None:
    tree = {"lib.py": "import gate, modcache\nK = 1\n"}
    script = """
        import lib
        edit("lib.py", "K = 1", "K = 1\\nif modcache.first_time():\\n    gate.log.append('started')")
        say(refresh().outcome, gate.log)
        edit("lib.py", "'started'", "'started anew'")
        report = refresh()
        say(gate.log, report.complete, report.remains)
        edit("lib.py", "K = 1", "K = 2")
        say(refresh().complete, gate.log)
        """
    assert run(tree, script) == (
        "committed ['started'] | ['started'] False ('lib:3 if modcache.first_time(): gate.log.appen: it runs once; "
        "the edit takes effect when the program is started anew',) | False ['started']"
    )


def test_c18_first_time_in_a_module_that_a_refresh_brings_in(run: Runner) -> None:
    tree = {"app.py": "K = 1\n", "new.py": "import modcache\nFIRST = modcache.first_time()\n"}
    script = """
        import app, modcache
        edit("app.py", "K = 1", "import new\\nK = 1")
        refresh()
        say(app.new.FIRST)
        modcache.reload(app.new)
        say(app.new.FIRST, modcache.first_time())
        """
    assert run(tree, script) == "True | False True"


def test_c18_verify_takes_what_is_kept_for_state(run: Runner) -> None:
    script = """
        import app, db
        edit("db.py", '"one"', '"two"')
        report = refresh(verify=True)
        say(report.complete, report.verified, report.remains, report.kept)
        edit("db.py", 'pool.url + "!"', 'pool.url + "?"')
        report = refresh(verify=True)
        say(report.complete, report.remains)
        found = session.verify()
        say(found.ok, sorted({f"{d.module}:{d.name}" for d in found.kept}))
        db.NAME = 5
        app.pool.url = "moved"
        say(session.verify().ok)
        app.EXTRA = lambda: 1
        say(session.verify().ok)
        """
    expected = "True True () ('db:pool',) | True () | True ['app:URL', 'app:pool', 'db:NAME'] | True | False"
    tree = {**POOL, "db.py": POOL["db.py"].replace("gate.log.append(url)", "pass").replace("import gate", "")}
    assert run(tree, script) == expected


MISTAKES = {
    "{'keep': ['nothing']}": "names 'nothing', which nothing in the module binds",
    "['pool']": "can't be read",
    "{'keep': pool}": "can't be read",
    "{'keep': 'pool'}": "has 'pool' for 'keep': write a list of names",
    "{'keeps': ['pool']}": "has 'keeps', which means nothing",
    "{'keep': ['pool'], 'remake': ['pool']}": "both keeps and remakes 'pool'",
    "{'keep': ['Pool']}": "keeps 'Pool', a function or class",
    "{'remake': ['ghost']}": "remakes 'ghost', which no statement",
    "{'accept': ['json']}": "accepts 'json', which the module does not import",
    "{'decline': 'pool'}": "write a list of names, or True",
    "{'decline': ['ghost']}": "names 'ghost'",
    "{}\n__modcache__ = {}": "is bound more than once",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_c18_a_mistaken_declaration_is_an_error_and_nothing_is_changed(run: Runner, text: str) -> None:
    script = f"""
        import app, db, modcache
        before = state()
        edit("db.py", "{{'keep'" if False else '{{"keep": ["pool"]}}', {text!r})
        edit("db.py", '"one"', '"two"')
        plan = session.plan()
        report = refresh()
        say(report.outcome, type(report.error).__name__, {MISTAKES[text]!r} in str(report.error), state() == before)
        say([name for name, message in plan.errors], {MISTAKES[text]!r} in plan.errors[0][1], "db.py" in str(plan))
        """
    assert run(POOL, script) == "aborted DeclarationMistaken True True | ['db'] True True"


def test_c18_a_mistake_that_was_there_before_is_a_doubt(run: Runner) -> None:
    tree = {"conf.py": "K = 1\n", "lib.py": "from conf import K\nV = K\n__modcache__ = {'keep': V}\n"}
    script = """
        import lib
        edit("conf.py", "K = 1", "K = 2")
        report = refresh()
        say(report.outcome, report.complete, lib.V, [row for row in report.doubts if "__modcache__" in row])
        """
    assert run(tree, script) == (
        "committed None 2 [\"lib: line 3: __modcache__ can't be read: write it as one literal dict at the top level, "
        'it is not executed to be read; nothing that it declares is heeded"]'
    )


def test_c18_a_declaration_is_read_from_the_text_and_costs_nothing_where_there_is_none(run: Runner) -> None:
    tree = {"lib.py": "K = 1\ndef f(): return K\n", "app.py": "import lib\nV = lib.f()\n"}
    script = """
        import app
        from modcache._model import declared
        from modcache._refresh import partaking
        read = []
        literal, declared._literal = declared._literal, lambda node: read.append(node)
        edit("lib.py", "K = 1", "K = 2")
        report = refresh()
        say(app.V, report.complete, read, [e.held for e in session._refresher.knowledge.entries.values()])
        """
    assert run(tree, script) == "2 True [] [{}, {}]"


def test_c18_what_a_class_has_gathered_stays_when_another_member_of_it_is_edited(run: Runner) -> None:
    tree = {
        "lib.py": """
            class Pool:
                seen, table, deep = [], {}, {"a": [], "b": {}}
                size = 1
                @classmethod
                def put(cls, value):
                    cls.seen.append(value); cls.table[value] = 1; cls.deep["a"].append(value); cls.deep["b"][value] = 1
            """,
        "app.py": "import lib\n",
    }
    script = """
        import app, lib
        held = lib.Pool.seen, lib.Pool.table, lib.Pool.deep["a"], lib.Pool.deep["b"]
        lib.Pool.put("x")
        edit("lib.py", "size = 1", "size = 2")
        report = refresh()
        say(report.complete, lib.Pool.size, report.kept[:2], *held)
        say([one is other for one, other in zip(held, (lib.Pool.seen, lib.Pool.table, *lib.Pool.deep.values()))])
        edit("lib.py", "[], {}, {", "['new'], {}, {")
        say(refresh().complete, *held)
        """
    assert run(tree, script) == (
        "True 2 ('lib:Pool.seen', 'lib:Pool.table') ['x'] {'x': 1} ['x'] {'x': 1} | "
        "[True, True, True, True] | True ['new'] {} [] {}"
    )
