"""Contract line 1: a refresh that failed keeps nothing of the stage alive."""

from __future__ import annotations

from tests.conftest import Runner


def test_c01_classes_in_the_frames_of_what_led_to_a_failure_go(run: Runner) -> None:
    failing = """
        from lib import C
        def inner():
            class Local(C): pass
            raise KeyError(1)
        try:
            inner()
        except KeyError:
            raise ValueError(2)
        """
    script = f"""
        import other, gc
        gc.disable()
        write("other.py", {failing!r})
        report = refresh()
        say(report.outcome, report.error.__context__ is not None, other.C.__subclasses__())
        """
    tree = {"lib.py": "class C: pass\n", "other.py": "from lib import C\n"}
    assert run(tree, script) == "aborted True []"
