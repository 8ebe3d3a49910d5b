"""Packages that only keep what they are given: that is known of those alone, and only of what they were seen to do.

They stand in here as modules of the same names and of the same structure, outside of the roots.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import trees

FASTAPI = """
import functools
import inspect
import typing

class Depends:
    def __init__(self, call):
        self.call = call

@functools.lru_cache
def is_async(call):
    return inspect.iscoroutinefunction(call)

def asked(call):
    hints = typing.get_type_hints(call, include_extras=True) if inspect.isfunction(call) else {}
    rows = []
    for name, parameter in inspect.signature(call).parameters.items():
        hint, default = hints.get(name), parameter.default
        extras = [one.call for one in getattr(hint, "__metadata__", ()) if isinstance(one, Depends)]
        extras += [default.call] if isinstance(default, Depends) else []
        rows.append((name, [asked(one) for one in extras] if extras else default))
    return rows

class Route:
    def __init__(self, path, call):
        self.path, self.call, self.asked, self.doc = path, call, asked(call), call.__doc__

    def answer(self):
        return f"{self.path} {self.asked} {self.doc} {'async' if is_async(self.call) else self.call()}"

class APIRouter:
    def __init__(self):
        self.routes = []

    def get(self, path):
        def decorator(call):
            self.add_api_route(path, call)
            return call
        return decorator

    def add_api_route(self, path, call):
        self.routes.append(Route(path, call))

    def include_router(self, router):
        self.routes.extend(Route(route.path, route.call) for route in router.routes)

class FastAPI(APIRouter):
    def answers(self):
        return " ".join(route.answer() for route in self.routes)
"""
BOTTLE = """
import functools

class Bottle:
    def __init__(self):
        self.routes = {}

    def route(self, path):
        def decorator(call):
            self.routes[path] = call
            return call
        return decorator

class AppStack(list):
    def __call__(self):
        return self[-1]

apps = default_app = AppStack([Bottle()])

def of_default_app(name):
    @functools.wraps(getattr(Bottle, name))
    def wrapper(*args, **keywords):
        return getattr(default_app(), name)(*args, **keywords)
    return wrapper

route = of_default_app("route")
"""
TESTCLIENT = """
class TestClient:
    def __init__(self, app):
        self.app = app

    def get(self, path):
        return self.app.answers()
"""
READER = """
def upper(holder):
    return sorted((name, value) for name, value in vars(holder).items() if name.isupper())
"""


def play(folder: Path, tree: dict[str, str], script: str) -> str:
    """Run a script over a tree, with the packages beside it."""
    packages = {"fastapi.py": FASTAPI, "bottle.py": BOTTLE, "starlette/testclient.py": TESTCLIENT, "reader.py": READER}
    trees.lay(folder / "packages", {**packages, "starlette/__init__.py": ""})
    (folder / "roots").mkdir()
    head = f"import sys; sys.path.insert(0, {str(folder / 'packages')!r})\n"
    return trees.run(folder / "roots", tree, head + "\n".join(line.strip() for line in script.strip().splitlines()))


SHOP = {
    "deps.py": """
        class Service:
            def __init__(self, size=1):
                self.size = size

        def page(number=1):
            return number
        """,
    "shop.py": """
        from typing import Annotated
        from fastapi import APIRouter, Depends, FastAPI
        from deps import Service, page
        app = FastAPI()
        router = APIRouter()

        @app.get("/a")
        def a(n=Depends(page)):
            return "a"

        @router.get("/b")
        def b(s: Annotated[Service, Depends(Service)] = None):
            return "b"

        def c():
            '''First.'''
            return "c"

        app.add_api_route("/c", c)
        app.include_router(router)
        """,
}
EDITS = {
    "a parameter of a dependency": ("deps.py", "number=1", "number=2"),
    "the name of one": ("deps.py", "page(number=1):\n    return number", "page(count=1):\n    return count"),
    "the constructor of a class": ("deps.py", "size=1", "size=2"),
    "a route becomes async": ("shop.py", "def a(n", "async def a(n"),
    "a given function becomes async": ("shop.py", "def c():", "async def c():"),
    "its docstring": ("shop.py", "First.", "Second."),
    "a body": ("shop.py", 'return "b"', 'return "B"'),
    "a path": ("shop.py", '"/b"', '"/bb"'),
    "a decorator is gone": ("shop.py", '@app.get("/a")\n', ""),
}


@pytest.mark.parametrize("strings", [False, True], ids=["executed annotations", "annotations as text"])
@pytest.mark.parametrize("edit", EDITS)
def test_what_a_keeper_sees_of_a_function_is_as_in_a_fresh_process(tmp_path: Path, edit: str, strings: bool) -> None:
    name, old, new = EDITS[edit]
    tree = {**SHOP, "shop.py": "from __future__ import annotations\n" * strings + trees._dedented(SHOP["shop.py"])}
    script = f"""
        import subprocess
        import shop
        shop.app.answers()
        edit({name!r}, {old!r}, {new!r})
        report = refresh()
        fresh = "import sys; sys.path[:0] = sys.argv[1:]; import shop; print(shop.app.answers())"
        done = subprocess.run([sys.executable, "-c", fresh, ".", sys.path[1]], capture_output=True, text=True)
        say(report.complete, shop.app.answers() == done.stdout.strip() or (shop.app.answers(), done))
        """
    script = script.replace("sys.path[1]]", "next(p for p in sys.path if p.endswith('packages'))]")
    assert play(tmp_path, tree, script) == "True True"


def test_functions_of_a_package_that_keep_things_in_an_object_of_everybody_are_in_doubt(tmp_path: Path) -> None:
    site = """
        import bottle
        from bottle import Bottle, route
        own = Bottle()

        @route("/shared")
        def shared():
            pass

        @own.route("/own")
        def mine():
            pass
        """
    script = """
        import bottle, site_
        edit("site_.py", '"/own"', '"/mine"')
        report = refresh()
        say(report.complete, list(site_.own.routes))
        edit("site_.py", '"/shared"', '"/all"')
        report = refresh()
        say(report.complete, "route() did" in str(list(report.doubts)))
        """
    assert play(tmp_path, {"site_.py": site}, script) == "True ['/mine'] | None True"


def test_an_object_is_a_keepers_only_if_one_made_it_for_the_roots_alone(tmp_path: Path) -> None:
    box = """
        from bottle import Bottle, default_app
        app = Bottle()
        alias = app
        theirs = default_app()

        class Box:
            app = app

            def __init__(self):
                self.mine = app

        box = Box()
        """
    uses = """
        from box import Box, alias, box, theirs

        @{}.route("/a")
        def a():
            pass
        """
    script = """
        import uses
        edit("uses.py", '@{0}.route("/a")', '')
        report = refresh()
        say(report.complete, "/a" in {0}.routes)
        """
    expected = {"alias": "True False", "theirs": "None True", "Box.app": "None True", "box.mine": "None True"}
    for name, trace in expected.items():
        folder = tmp_path / name.replace(".", "_")
        folder.mkdir()
        tree = {"box.py": box, "uses.py": uses.format(name)}
        assert play(folder, tree, "from box import *\n" + trees._dedented(script.format(name))) == trace, name


def test_what_runs_a_program_while_it_is_imported_is_no_keeper(tmp_path: Path) -> None:
    app = """
        from fastapi import FastAPI
        from starlette.testclient import TestClient
        app = FastAPI()

        @app.get("/a")
        def a():
            return "a"

        client = TestClient(app)
        TEXT = client.get("/a")
        """
    script = """
        import app
        edit("app.py", 'return "a"', 'return "b"')
        say(refresh().complete)
        """
    assert play(tmp_path, {"app.py": app}, script) == "None"


def test_whoever_may_look_into_a_class_that_it_is_given_is_in_doubt(tmp_path: Path) -> None:
    tree = {
        "settings.py": """
            class Config:
                SIZE = 1
            """,
        "app.py": """
            import reader
            import settings
            from settings import Config
            FIRST = reader.upper(Config)
            SECOND = reader.upper(settings.Config)
            """,
    }
    script = """
        import app
        edit("settings.py", "SIZE = 1", "SIZE = 2")
        report = refresh()
        say(report.complete, sum("may have looked at Config" in doubt for doubt in report.doubts))
        """
    assert play(tmp_path, tree, script) == "None 1"
