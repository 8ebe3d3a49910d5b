"""Contract line 18: a registry, and what a program has put into it, stays when only what is registered changes."""

from __future__ import annotations

import pytest

from tests.conftest import Runner


@pytest.mark.parametrize("made", ["class Hub(Base): pass\nhub = Hub()\n", "class hub(Base): pass\n"])
def test_c18_an_edit_of_what_is_registered_leaves_the_registry_and_its_state_alone(run: Runner, made: str) -> None:
    base = """
        class Base:
            def __init__(self):
                self.handlers, self.live = {}, []
            def on(self, name):
                def decorate(function):
                    self.handlers[name] = function
                    return function
                return decorate
        """
    if "hub =" not in made:
        base = """
        class Base:
            handlers, live = {}, []
            @classmethod
            def on(cls, name):
                def decorate(function):
                    cls.handlers[name] = function
                    return function
                return decorate
        """
    script = """
        import app, reg
        reg.hub.live.append("a connection")
        edit("app.py", "return 1", "return 11")
        report = refresh()
        say(report.complete, report.statements, reg.hub.live, [h() for h in reg.hub.handlers.values()])
        """
    handlers = "from reg import hub\n@hub.on('a')\ndef a(): return 1\n@hub.on('b')\ndef b(): return 2\n"
    tree = {"base.py": base, "reg.py": "from base import Base\n" + made, "app.py": handlers}
    assert run(tree, script) == "True 0 ['a connection'] [11, 2]"
