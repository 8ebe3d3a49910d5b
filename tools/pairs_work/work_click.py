"""click at work: a group of commands, parsed, run and refused."""

from __future__ import annotations

import click
from click.testing import CliRunner


@click.group()
@click.option("--loud/--quiet", default=False)
@click.pass_context
def tool(context: click.Context, loud: bool) -> None:
    """A tool."""
    context.obj = loud


@tool.command()
@click.argument("name")
@click.option("-n", "count", type=click.IntRange(1, 3), default=1, show_default=True)
@click.pass_obj
def greet(loud: bool, name: str, count: int) -> None:
    """Say hello."""
    for _ in range(count):
        click.secho(f"hello {name}".upper() if loud else f"hello {name}", fg="green")


def work() -> str:
    """Run the commands, also with mistakes."""
    runner = CliRunner()
    done = runner.invoke(tool, ["--loud", "greet", "-n", "2", "bob"])
    assert done.exit_code == 0, done.output
    assert done.output == "HELLO BOB\nHELLO BOB\n"
    assert runner.invoke(tool, ["greet", "-n", "9", "bob"]).exit_code == 2
    assert "Say hello" in runner.invoke(tool, ["greet", "--help"]).output
    return "a group, options, a refusal, help"
