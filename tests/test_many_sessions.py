"""Many sessions in one process do not stand in each other's way."""

from __future__ import annotations

from tests.conftest import Runner


def test_a_name_that_is_not_there_is_looked_for_once_by_each_session(run: Runner) -> None:
    script = """
        import sys, modcache
        asked = []
        class Last:
            def find_spec(self, name, path=None, target=None): asked.append(name)
        sys.meta_path.append(Last())
        sessions = [modcache.Session(["."]) for _ in range(12)]
        try:
            import nothing_of_this_name
        except ImportError:
            say(len(asked) <= 1 + 1 + len(sessions))
        import lib
        edit("lib.py", "1", "2")
        say(sessions[0].refresh().outcome, lib.f(), sum(one.refresh().complete is True for one in sessions))
        """
    said = run({"lib.py": "def f(): return 1\n"}, script)
    assert said.startswith("True | committed 2 ")
