"""Real frameworks under a session: Flask's routes and click's commands follow the source, the app object stays."""

from __future__ import annotations

import pytest

from tests.conftest import Runner

SHOP = """
from flask import Flask
import pages
app = Flask(__name__)

@app.get("/")
def index():
    return "one"

@app.get("/about")
def about():
    return "about"

app.register_blueprint(pages.bp)
"""
PAGES = """
from flask import Blueprint
bp = Blueprint("pages", __name__, url_prefix="/p")

@bp.get("/x")
def x():
    return "x"
"""
SERVED = """
import shop
app = shop.app
client = app.test_client()
get = lambda *paths: [client.get(path).text if client.get(path).status_code == 200 else 404 for path in paths]
get("/")  # after its first request an app takes no new routes: not that it matters here
"""
TOOL = """
import click

@click.group()
def cli():
    pass

@cli.command()
@click.argument("name")
def greet(name):
    click.echo("hello " + name)

@cli.command("bye")
def leave():
    click.echo("bye")
"""


def served(script: str) -> str:
    return SERVED + "\n".join(line.strip() for line in script.strip().splitlines())


def test_a_view_is_patched_and_nothing_is_executed(run: Runner) -> None:
    pytest.importorskip("flask")
    script = """
        edit("shop.py", '"one"', '"two"')
        report = refresh()
        say(report.complete, report.statements, get("/"), shop.app is app)
        """
    assert run({"shop.py": SHOP, "pages.py": PAGES}, served(script)) == "True 0 ['two'] True"


def test_routes_come_and_go_with_the_source(run: Runner) -> None:
    pytest.importorskip("flask")
    script = """
        edit("shop.py", '"/about"', '"/info"')
        report = refresh()
        say(report.complete, get("/", "/about", "/info"))
        edit("shop.py", '@app.get("/info")', '')
        say(refresh().complete, get("/info"))
        edit("shop.py", 'app.register', '@app.get("/new")\\ndef new():\\n    return "new"\\n\\napp.register')
        say(refresh().complete, get("/new", "/p/x"), shop.app is app)
        edit("pages.py", '"/x"', '"/y"')
        say(refresh().complete, get("/p/x", "/p/y"))
        """
    expected = "True ['one', 404, 'about'] | True [404] | True ['new', 'x'] True | True [404, 'x']"
    assert run({"shop.py": SHOP, "pages.py": PAGES}, served(script)) == expected


def test_commands_come_and_go_with_the_source(run: Runner) -> None:
    pytest.importorskip("click")
    script = """
        from click.testing import CliRunner
        import tool
        cli = tool.cli
        ran = lambda *words: CliRunner().invoke(cli, words).output.strip()
        edit("tool.py", "hello ", "hi ")
        report = refresh()
        say(report.complete, report.statements, ran("greet", "you"))
        edit("tool.py", '"bye")\\ndef', '"ciao")\\ndef')
        say(refresh().complete, sorted(cli.commands), tool.cli is cli)
        edit("tool.py", '@cli.command("ciao")', '')
        say(refresh().complete, sorted(cli.commands))
        """
    expected = "True 0 hi you | True ['ciao', 'greet'] True | True ['greet']"
    assert run({"tool.py": TOOL}, script) == expected
