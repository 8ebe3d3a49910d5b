"""Contract line 15: a frame that runs finishes on its code, the next call is new; `lingering()` lists old frames."""

from __future__ import annotations

from tests.conftest import Runner

APP = """
    import gate

    def wait(name):
        gate.entered.set()
        gate.release.wait(300)
        return name

    def outer():
        return wait("old")

    def numbers():
        yield 1
        yield 2

    async def later(event):
        await event.wait()
        return "old"

    async def handler(event):
        return await later(event)

    async def letters():
        yield "a"
        yield "b"

    class C:
        def rows(self):
            def inner():
                yield 1
                yield self
            return inner()
    """


def test_c15_a_thread_finishes_on_the_code_that_it_has_and_is_listed_until_then(run: Runner) -> None:
    script = """
        import threading, app
        results = []
        thread = threading.Thread(target=lambda: results.append(app.outer()), name="worker")
        thread.start()
        gate.entered.wait(300)
        edit("app.py", 'wait("old")', 'wait("new")')
        report = refresh()
        say(report.outcome, report.complete, *report.lingering)
        say(report.lingering == session.lingering())
        gate.release.set()
        thread.join()
        say(results, app.outer(), session.lingering())
        """
    assert run({"app.py": APP}, script) == (
        "committed True thread 'worker' in app:outer (line 9), old since generation 1 | True | ['old'] new ()"
    )


def test_c15_any_frame_of_a_stack_is_seen_and_only_those_in_old_code(run: Runner) -> None:
    script = """
        import threading, app
        thread = threading.Thread(target=app.outer, name="worker")
        thread.start()
        gate.entered.wait(300)
        edit("app.py", 'yield 2', 'yield 3')
        say(refresh().lingering, session.lingering())
        edit("app.py", 'return name', 'return name * 2')
        edit("app.py", 'wait("old")', 'wait("new")')
        say(*[row.object for row in refresh().lingering])
        gate.release.set()
        thread.join()
        """
    assert run({"app.py": APP}, script) == "() () | app:wait app:outer"


def test_c15_the_one_who_asks_is_listed_too(run: Runner) -> None:
    tree = {"app.py": "def ask(refresh):\n    return refresh()\n"}
    script = """
        import app
        edit("app.py", "return refresh()", "report = refresh()\\n    return report")
        say(*[(row.kind, row.name, row.object, row.line) for row in app.ask(refresh).lingering])
        say(session.lingering())
        """
    assert run(tree, script) == "('thread', 'MainThread', 'app:ask', 2) | ()"


SUSPENDED = {
    "generator": ("held = app.numbers(); next(held)", "yield 2", "yield 3"),
    "generator that has not begun": ("held = app.numbers()", "yield 2", "yield 3"),
    "generator of a nested function": ("held = app.C().rows(); next(held)", "yield self", "yield self, 1"),
    "coroutine": ("held = app.handler(None)", "await later(event)", "await later(event), 1"),
    "async generator": ("held = app.letters()", 'yield "b"', 'yield "c"'),
}


def test_c15_what_waits_is_found_by_one_walk_over_the_heap(run: Runner) -> None:
    for kind, (begin, old, new) in SUSPENDED.items():
        script = f"""
            import app
            {begin}
            edit("app.py", {old!r}, {new!r})
            say(refresh().lingering)
            say(*[(row.kind, row.object, row.since) for row in session.lingering()])
            getattr(held, "close", bool)()
            del held
            say(session.lingering())
            """
        name = kind.partition(" that")[0].partition(" of")[0]
        found = run({"app.py": APP}, script)
        assert found.startswith(f"() | ('{name}', 'app:"), (kind, found)
        assert found.endswith(", 1) | ()"), (kind, found)


def test_c15_a_task_is_named_for_every_coroutine_that_it_waits_in(run: Runner) -> None:
    script = """
        import asyncio, app
        async def main():
            event = asyncio.Event()
            task = asyncio.create_task(app.handler(event), name="request 7")
            await asyncio.sleep(0)
            edit("app.py", 'return "old"', 'return "new"')
            edit("app.py", "return await later(event)", "return (await later(event)).upper()")
            refresh()
            say(*sorted((row.kind, row.name, row.object) for row in session.lingering()))
            event.set()
            say(await task, await app.handler(event), session.lingering())
        asyncio.run(main())
        """
    assert run({"app.py": APP}, script) == (
        "('task', 'request 7', 'app:handler') ('task', 'request 7', 'app:later') | old NEW ()"
    )


def test_c15_a_function_that_only_moved_or_came_back_is_not_old(run: Runner) -> None:
    script = """
        import app
        held = app.numbers()
        next(held)
        edit("app.py", "import gate", "import gate\\n\\n\\n")
        say(refresh().outcome, session.lingering())
        edit("app.py", "yield 2", "yield 3")
        refresh()
        say([row.object for row in session.lingering()])
        edit("app.py", "yield 3", "yield 2")
        say(refresh().outcome, session.lingering())
        """
    assert run({"app.py": APP}, script) == "committed () | ['app:numbers'] | committed ()"


def test_c15_code_of_names_and_modules_that_are_gone_is_old(run: Runner) -> None:
    script = """
        import sys, app, other
        held, theirs = app.numbers(), other.rows()
        edit("app.py", "def numbers", "def others")
        refresh()
        say(*[row.object for row in session.lingering()])
        write("other.py", None)
        refresh()
        say("other" in sys.modules, *sorted((row.object, row.since) for row in session.lingering()))
        """
    assert run({"app.py": APP, "other.py": "def rows():\n    yield 1\n"}, script) == (
        "app:numbers | False ('app:numbers', 1) ('other:rows', 2)"
    )


def test_c15_after_an_undo_it_is_the_newer_code_that_lingers(run: Runner) -> None:
    script = """
        import app
        old = app.numbers()
        edit("app.py", "yield 2", "yield 3")
        refresh()
        new = app.numbers()
        say(*[(row.object, row.since) for row in session.lingering()])
        del old
        session.undo()
        say(*[(row.object, row.since) for row in session.lingering()])
        """
    assert run({"app.py": APP}, script) == "('app:numbers', 1) | ('app:numbers', 2)"


def test_c15_the_main_script_lingers_in_a_statement_that_was_edited(run: Runner) -> None:
    tree = {
        "main.py": """
            import sys, threading, modcache, helper
            session = modcache.Session([sys.path[0]])
            session.adopt(sys.modules["__main__"], __file__, open(__file__, "rb").read())
            if session:
                thread = threading.Thread(target=helper.ask, args=(session, __file__))
                thread.start()
                thread.join()
            """,
        "helper.py": """
            def ask(session, path):
                for edit in ("modcache, helper", "thread.join()"):
                    with open(path) as file:
                        text = file.read()
                    with open(path, "w") as file:
                        file.write(text.replace(edit, edit + "; MORE = 1"))
                    session.refresh()
                    print([(row.kind, row.name, row.object) for row in session.lingering()])
            """,
    }
    script = """
        import subprocess, sys
        done = subprocess.run([sys.executable, "main.py"], capture_output=True, text=True)
        print(done.stdout, done.stderr)
        """
    found = run(tree, script).split(" | ")
    assert found[:2] == ["[]", "[('thread', 'MainThread', '__main__:<module>')]"], found


def test_c20_old_code_is_collected_once_nothing_lingers_in_it(run: Runner) -> None:
    script = """
        import gc, weakref, app
        held = app.numbers()
        next(held)
        old = weakref.ref(app.numbers.__code__)
        for number in range(3, 13):  # more than are kept for an undo
            edit("app.py", f"yield {number - 1}", f"yield {number}")
            refresh()
        say(old() is not None, len(session.lingering()))
        held.close()
        del held
        gc.collect()
        say(old() is not None, session.lingering())
        """
    assert run({"app.py": APP}, script) == "True 1 | False ()"
