"""Contract lines 1 to 3: all or nothing, unseen while it is prepared, whole when it comes."""

from __future__ import annotations

import pytest

from tests.conftest import Runner

TWO = {
    "lib.py": """
        K = 1
        STATE = []
        class C:
            limit = 1
            def m(self):
                return K
        def f(a=K):
            return a
        """,
    "app.py": """
        from lib import K, C, f
        import lib
        c = C()
        V = K * 10
        """,
}

FAILURES = {
    "raises": "K = 2\nclass C:\n    limit = 2\nraise RuntimeError('no')\n",
    "does not compile": "K = 2\ndef f(:\n",
    "is not text": b"K = 2\nX = '\xff\xfe'\n",
    "has a null byte": b"K = 2\x00\n",
    "exits": "K = 2\nraise SystemExit(3)\n",
    "interrupts": "K = 2\nraise KeyboardInterrupt\n",
    "imports what is not there": "import nowhere_to_be_found\nK = 2\n",
    "fails in an importer": "K = 'text'\ndef f(a=K): return a\nclass C: pass\n",
}


@pytest.mark.parametrize("name", FAILURES)
def test_c01_a_failure_leaves_everything_as_it_was(run: Runner, name: str) -> None:
    tree = dict(TWO)
    tree["app.py"] = tree["app.py"].rstrip() + "\n        TOTAL = K + 1\n"
    script = f"""
        import app
        app.lib.STATE.append(1)
        before = state()
        write("lib.py", {FAILURES[name]!r})
        try:
            report = refresh()
            say(report.outcome, report.complete, report.generation, report.error is not None)
        except KeyboardInterrupt:
            say("aborted None 0 True")
        say(state() == before, app.c.m(), app.f(), app.lib.STATE)
        """
    outcome = "aborted {} 0 True | True 1 1 [1]"
    assert run(tree, script) in {outcome.format(None), outcome.format(False)}


def test_c01_what_fails_in_modcache_itself_leaves_nothing_of_the_stage(run: Runner) -> None:
    new = "K = 2\nclass C:\n    limit = K\nclass D(C): pass\ndef f(a=K): return a\n"
    script = f"""
        import app
        from modcache._refresh import transplant
        class Low(app.C): pass
        made = lambda: [c for c in [*app.C.__subclasses__(), *object.__subclasses__()] if c.__module__ == "lib"]
        before = made()
        redirect, transplant.Succession.redirect = transplant.Succession.redirect, {{}}.__getitem__
        write("lib.py", {new!r})
        report = refresh()
        say(report.outcome, type(report.error).__name__, type(report.error.__cause__).__name__)
        say(made() == before)
        transplant.Succession.redirect = redirect
        say(refresh().outcome, app.lib.D().limit)
        """
    assert run(TWO, script) == "aborted InternalError TypeError | True | committed 2"


def test_c01_a_failure_in_the_last_module_of_a_chain_undoes_the_first(run: Runner) -> None:
    tree = {
        "a.py": "K = 1\ndef f(): return 1\n",
        "b.py": "from a import K\nL = K + 1\n",
        "c.py": "from b import L\nM = 10 / (3 - L)\n",
    }
    script = """
        import c, b, a
        held = a.f
        before = state()
        write("a.py", "K = 2\\ndef f(): return 2\\n")
        report = refresh()
        say(report.outcome, type(report.error).__name__, state() == before, held(), b.L, c.M)
        """
    assert run(tree, script) == "aborted ZeroDivisionError True 1 2 10.0"


def test_c01_a_failure_holds_back_all_that_is_connected_with_it(run: Runner) -> None:
    tree = {
        "a.py": "K = 1\n",
        "b.py": "K = 1\n",
        "top.py": "from a import K as A\nfrom b import K as B\nBOTH = (A, B)\n",
    }
    for broken in ("a.py", "b.py"):
        script = f"""
            import top, a, b
            before = state()
            write("a.py", "K = 2\\n"); write("b.py", "K = 2\\n")
            write({broken!r}, "K = 2\\nraise ValueError\\n")
            report = refresh()
            say(report.outcome, top.BOTH, a.K, b.K, state() == before)
            write({broken!r}, "K = 2\\n")
            say(refresh().outcome, top.BOTH, a.K, b.K)
            """
        assert run(tree, script) == "aborted (1, 1) 1 1 True | committed (2, 2) 2 2", broken


def test_c01_what_is_not_connected_with_a_failure_is_whole_too(run: Runner) -> None:
    script = """
        import a, b
        write("a.py", "K = 2\\ndef f(): return 2\\nraise ValueError\\n")
        write("b.py", "K = 2\\ndef f(): return 2\\n")
        report = refresh()
        say((a.K, a.f()), (b.K, b.f()) in {(1, 1), (2, 2)}, report.complete is not True, report.error is not None)
        """
    text = "K = 1\ndef f(): return 1\n"
    assert run({"a.py": text, "b.py": text}, script) == "(1, 1) True True True"


def test_c01_the_error_has_its_traceback_into_the_new_source(run: Runner) -> None:
    script = """
        import traceback, lib
        write("lib.py", "K = 1\\n\\n\\ndef low():\\n    raise ValueError('deep')\\nlow()\\n")
        report = refresh()
        rows = traceback.extract_tb(report.error.__traceback__)
        say(*[f"{row.name}:{row.lineno}:{row.line}" for row in rows if row.filename.endswith("lib.py")])
        """
    assert run({"lib.py": "K = 1\n"}, script) == "<module>:6:low() low:5:raise ValueError('deep')"


def test_c01_a_new_module_that_fails_is_not_left_behind(run: Runner) -> None:
    script = """
        import sys, app
        before = state()
        write("fresh.py", "X = 1\\nraise RuntimeError\\n")
        write("app.py", "import fresh\\nK = 2\\n")
        say(refresh().outcome, "fresh" in sys.modules, hasattr(app, "fresh"), state() == before)
        write("fresh.py", "X = 1\\n")
        say(refresh().outcome, app.fresh.X, app.K)
        """
    assert run({"app.py": "K = 1\n"}, script) == "aborted False False True | committed 1 2"


def test_c01_a_new_submodule_that_fails_leaves_no_attribute_on_its_parent(run: Runner) -> None:
    tree = {"pkg/__init__.py": "", "pkg/a.py": "K = 1\n"}
    script = """
        import sys, pkg.a
        before = state()
        write("pkg/b.py", "raise RuntimeError\\n")
        write("pkg/a.py", "from . import b\\nK = 2\\n")
        say(refresh().outcome, "pkg.b" in sys.modules, hasattr(pkg, "b"), pkg.a.K, state() == before)
        """
    assert run(tree, script) == "aborted False False 1 True"


def test_c01_state_mutated_by_a_body_that_fails_is_as_it_was(run: Runner) -> None:
    tree = {
        "lib.py": "REG = {}\nORDER = []\n",
        "app.py": "from lib import REG, ORDER\nREG['a'] = 1\nORDER.append('a')\n",
    }
    script = """
        import app, lib
        registry = lib.REG
        before = state()
        write("app.py", "from lib import REG, ORDER\\nREG['b'] = 1\\nORDER.append('b')\\nraise KeyError\\n")
        say(refresh().outcome, lib.REG, lib.ORDER, lib.REG is registry, state() == before)
        """
    assert run(tree, script) == "aborted {'a': 1} ['a'] True True"


def test_c02_other_threads_see_only_the_old_while_the_new_is_staged(run: Runner) -> None:
    tree = {"lib.py": "K = 1\ndef f(): return 1\n", "app.py": "from lib import K\nV = K\n"}
    script = """
        import threading, sys, app, lib
        before = state()
        write("lib.py", "import gate\\nK = 2\\ndef f(): return 2\\ngate.entered.set()\\ngate.release.wait(300)\\n")
        worker = threading.Thread(target=refresh)
        worker.start()
        say(gate.entered.wait(300))
        say(lib.K, lib.f(), app.V, hasattr(lib, "gate"), sys.modules["lib"] is lib, state() == before)
        gate.release.set()
        worker.join()
        say(lib.K, lib.f(), app.V, hasattr(lib, "gate"))
        """
    assert run(tree, script) == "True | 1 1 1 False True True | 2 2 2 True"


def test_c02_an_import_by_another_thread_gets_the_old_while_the_new_is_staged(run: Runner) -> None:
    tree = {"lib.py": "K = 1\n"}
    script = """
        import threading, sys, importlib, lib
        write("lib.py", "import gate\\nK = 2\\ngate.entered.set()\\ngate.release.wait(300)\\n")
        worker = threading.Thread(target=refresh)
        worker.start()
        gate.entered.wait(300)
        again = importlib.import_module("lib")
        exec("from lib import K as seen")
        say(again is lib, seen)
        gate.release.set()
        worker.join()
        say(importlib.import_module("lib") is lib, lib.K)
        """
    assert run(tree, script) == "True 1 | True 2"


def test_c03_readers_never_see_a_torn_state(run: Runner) -> None:
    names = [f"m{n}" for n in range(6)]
    tree = {f"{name}.py": "N = 0\nclass C:\n    n = 0\ndef f():\n    return 0\n" for name in names}
    script = f"""
        import importlib, sys, threading
        sys.setswitchinterval(0.0001)
        mods = [importlib.import_module(n) for n in {names!r}]
        torn, done, ready = [], threading.Event(), threading.Barrier(3)
        def reader():
            first, last = mods[0], mods[-1]
            ready.wait()
            while not done.is_set():
                for look in (lambda m: m.N, lambda m: m.C.n, lambda m: m.f()):
                    one, other, again = look(first), look(last), look(first)
                    if one == again and other != one:
                        torn.append((one, other))
        readers = [threading.Thread(target=reader) for _ in range(2)]
        for thread in readers: thread.start()
        ready.wait()
        outcomes = set()
        for n in range(1, 21):
            for m in mods:
                write(m.__name__ + ".py", f"N = {{n}}\\nclass C:\\n    n = {{n}}\\ndef f():\\n    return {{n}}\\n")
            outcomes.add(refresh().outcome)
        done.set()
        for thread in readers: thread.join()
        say(outcomes, torn[:3], mods[0].N, mods[-1].f())
        """
    assert run(tree, script) == "{'committed'} [] 20 20"


@pytest.mark.skipif("not hasattr(__import__('signal'), 'setitimer')", reason="no interval timer here")
def test_c03_an_interrupt_never_leaves_half_a_commit(run: Runner) -> None:
    names = [f"m{n}" for n in range(6)]
    tree = {f"{name}.py": "N = 0\nclass C:\n    n = 0\ndef f():\n    return 0\n" for name in names}
    tree["top.py"] = "".join(f"from {name} import N as {name}\n" for name in names) + f"ALL = ({', '.join(names)})\n"
    script = f"""
        import importlib, random, signal, time, top
        mods = [importlib.import_module(n) for n in {names!r}]
        class Ring(Exception): pass
        armed = []
        def ring(*_):
            if armed: raise Ring  # not between the refresh and the end of the timer: nobody would catch it
        signal.signal(signal.SIGALRM, ring)
        rng, mixed, took, longest = random.Random(1), [], 0, 30.0
        for n in range(1, 81):
            for m in mods:
                write(m.__name__ + ".py", f"N = {{n}}\\nclass C:\\n    n = {{n}}\\ndef f():\\n    return {{n}}\\n")
            try:
                began = time.perf_counter()
                armed.append(True)
                signal.setitimer(signal.ITIMER_REAL, rng.uniform(longest / 100, longest))
                refresh()
                armed.clear()
                longest = (time.perf_counter() - began) * 1.1 if n == 1 else longest
            except Ring:
                took += 1
            finally:
                armed.clear()
                signal.setitimer(signal.ITIMER_REAL, 0)
            seen = {{v for m in mods for v in (m.N, m.C.n, m.f())}} | set(top.ALL)
            if len(seen) != 1: mixed.append((n, seen))
        refresh()
        say(mixed[:3], {{v for m in mods for v in (m.N, m.C.n, m.f())}}, took > 0)
        """
    assert run(tree, script) == "[] {80} True"


def test_c03_no_hash_eq_or_bool_of_users_is_called(run: Runner) -> None:
    tree = {
        "lib.py": """
            calls, watching = [], []
            class Odd:
                def __init__(self, n): self.n = n
                def __hash__(self):
                    if watching: calls.append("hash")
                    return self.n
                def __eq__(self, other):
                    if watching: calls.append("eq")
                    return self is other
                def __bool__(self):
                    if watching: calls.append("bool")
                    return False
                def __len__(self):
                    if watching: calls.append("len")
                    return 0
                def __getattr__(self, name):
                    if watching: calls.append(name)
                    raise AttributeError(name)
            KEPT = {Odd(1): [Odd(2)], "k": Odd(3)}
            BAG = {Odd(4)}
            """,
        "app.py": "from lib import KEPT, BAG, Odd\nMINE = Odd(7)\nV = 1\ndef f(x=MINE):\n    return 1\n",
    }
    script = """
        import app, lib
        lib.watching.append(1)
        edit("app.py", "return 1", "return 2")
        edit("app.py", "V = 1", "V = 2")
        say(refresh().outcome, app.f(), app.V)
        say(lib.calls)
        """
    assert run(tree, script) == "committed 2 2 | []"


def test_c03_a_finaliser_runs_only_when_the_commit_is_over(run: Runner) -> None:
    tree = {
        "lib.py": """
            class Final:
                def __del__(self):
                    import a, b, gate
                    gate.log.append((a.N, b.N))
            """,
        "a.py": "from lib import Final\nN = 1\nX = Final()\n",
        "b.py": "from lib import Final\nN = 1\nX = Final()\n",
    }
    script = """
        import gc, a, b
        edit("a.py", "N = 1\\nX = Final()", "N = 2\\nX = [Final()]")
        edit("b.py", "N = 1\\nX = Final()", "N = 2\\nX = [Final()]")
        say(refresh().outcome)
        session.close()
        del session
        gc.collect()
        say(set(gate.log) <= {(2, 2)})
        """
    assert run(tree, script) == "committed | True"


@pytest.mark.parametrize("ending", ["committed", "aborted"])
def test_c02_what_other_threads_do_to_their_state_meanwhile_is_not_lost(run: Runner, ending: str) -> None:
    tree = {
        "state.py": "LOG = []\nCOUNTS = {}\ndef serve(n):\n    LOG.append(n)\n    COUNTS[n] = n\n",
        "lib.py": "import pause\nN = 1\npause.hold()\n",
        "pause.py": "def hold(n=1):\n    pass\n",
    }
    more = "; raise OSError" if ending == "aborted" else ""
    script = f"""
        import threading, state, lib, pause
        begun, done, calls = threading.Event(), threading.Event(), []
        def serve():
            begun.wait()
            state.serve(7)
            done.set()
            calls.append(1)
        def hold(n):
            begun.set()
            done.wait()
        pause.hold = hold
        state.serve(1)
        thread = threading.Thread(target=serve)
        thread.start()
        edit("lib.py", "N = 1", "N = 2")
        edit("lib.py", "pause.hold()", "pause.hold(2){more}")
        say(refresh().outcome)
        thread.join()
        say(state.LOG, state.COUNTS, calls)
        """
    assert run(tree, script) == f"{ending} | [1, 7] {{1: 1, 7: 7}} [1]"


def test_c02_what_staged_code_reaches_by_another_name_is_not_taken_for_what_another_thread_did(run: Runner) -> None:
    tree = {
        "state.py": """
            class App:
                def __init__(self):
                    self.rows = []
                def add(self, row):
                    self.rows.append(row)
            app = App()
            """,
        "lib.py": "import state\nsite = state.app\n",
        "use.py": "import lib\nN = 1\ngetattr(lib, 'si' 'te').add('a')\n",
    }
    script = """
        import threading, lib, state, use
        stop = threading.Event()
        thread = threading.Thread(target=stop.wait)
        thread.start()
        edit("use.py", "add('a')", "add('b')")
        report = refresh()
        stop.set()
        thread.join()
        say(report.complete, state.app.rows, lib.site is state.app)
        """
    assert run(tree, script) == "None ['b'] True"
