"""Contract line 11 on models: classes of attrs, and of pydantic, which compiles something for them in C."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Runner
from tests.fresh import live_and_fresh
from tests.hostile import Case, table

TREE = {
    "lib.py": """
        from pydantic import BaseModel
        class In(BaseModel):
            x: int = 1
            def total(self): return self.x
        """,
    "app.py": """
        from pydantic import BaseModel
        from lib import In
        class Out(BaseModel):
            i: In = In()
            many: list[In] = []
        class Sub(In):
            z: int = 5
        """,
}


def test_c11_a_model_with_another_field_is_replaced_for_all_who_hold_it(run: Runner) -> None:
    script = """
        import app, lib
        places = {"key": (app.In, [app.Sub]), app.Out: 1}
        old = app.In(x=3)
        edit("lib.py", "x: int = 1", "x: int = 1\\n    y: int = 2")
        report = refresh()
        say(report.remains, report.replaced)
        out = app.Out.model_validate({"i": {"x": "7", "y": "8"}, "many": [{"y": 1}]})
        say(out.i, type(out.i) is lib.In, type(out.many[0]) is lib.In, places["key"][0] is lib.In, places[app.Out])
        say(type(old) is lib.In, old.x, places["key"][1][0] is app.Sub, app.Sub(y=1, z=2))
        """
    assert run(TREE, script) == (
        "() ('lib:In', 'app:Out', 'app:Sub') | x=7 y=8 True True True 1 | True 3 True x=1 y=1 z=2"
    )


def test_c11_a_model_whose_method_alone_changed_is_the_same_class(run: Runner) -> None:
    script = """
        import app, lib
        before, old = id(lib.In), app.Sub(x=3)
        edit("lib.py", "return self.x", "return self.x * 10")
        say(refresh().complete, id(lib.In) == before, old.total(), app.In(x="2").total())
        """
    assert run(TREE, script) == "True True 30 20"


ROWS = [case for case in table() if case.family == "models"]


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case.name)
def test_c11_a_model_that_is_edited_is_what_a_fresh_process_has(tmp_path: Path, case: Case) -> None:
    result = live_and_fresh(tmp_path, before=case.before, after=dict(case.after), modules=["app"], hold=case.hold)
    assert result.right, result
